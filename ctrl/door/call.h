// call.h - one request between its connection and the desk, and its answer on the way out; or an event, which nobody asked for. For caller.c
// alone.
#pragma once
#include "ctrl/door/caller.h"

#define CALL_USUAL 1536u // bytes of a request: most are shorter
#define CALLS_KEPT 1024u // pieces of memory for such

struct call {
	struct request request;      // first: it is what the desk gives back
	struct caller *caller;       // null = gone meanwhile
	struct caller_desk *desk;    // null: an event
	struct call *before, *after; // among the caller's, while working
	struct call *next;           // to be written
	size_t prefix_bytes;
	uint8_t prefix[SP_FRAME_MAX + SP_TRACE_MAX]; // of the answer
	uint8_t body[];
};

// The memory kept for usual requests, when there is none yet. Closed once no call is left.
#define CALLS_NONE ((struct spares){ .bytes = sizeof(struct call) + CALL_USUAL, .most = CALLS_KEPT })

// Both copy the bytes, the event's to where an answer is. Null: no memory.
struct call *call_make(struct caller_desk *desk, const uint8_t *bytes, size_t length);
struct call *call_event(const void *bytes, size_t length);
void call_end(struct call *call); // with its answer
