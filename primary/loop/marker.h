// marker.h - End Markers (TS 29.281 7.3.2, TS 23.501 5.8.2.9): the last word into a tunnel that a session has left.
//
// Asked for once the worker sends the session's packets elsewhere; what went into the old tunnel it has had in hand before then. So
// everything it holds at that moment is waited for, and the marker leaves behind it; nothing else waits. A seat that dies meanwhile has
// sent what it will send: its packets go on by the new rules. One list a seat. The primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/loop/own.h"
#include "primary/loop/post.h"
#include "shared/plane/limits.h"

#define MARKERS 1024u
#define MARKER_COPIES 3u

struct lane_handle;
struct loop;

struct marker_order {
	uint8_t shard;
	uint8_t copies; // 1..MARKER_COPIES
	uint32_t teid;  // the old tunnel's, at its far end,
	uint32_t ipv4;  // which is there; 0 = by IPv6:
	uint8_t ipv6[16];
};

struct marker {
	struct marker_order order;
	uint32_t position; // of the seat's lane: what was lent before it has to come back
	uint32_t next;
};

struct markers {
	uint32_t waiting;
	uint32_t count[PLANE_SEATS], first[PLANE_SEATS], last[PLANE_SEATS]; // by seat
	uint32_t unused;
	struct marker marker[MARKERS];
};

void marker_init(struct markers *markers);

void marker_order(struct loop *loop, const struct post_word *order); // POST_MARKERS; hands the list back
void marker_go(struct loop *loop);                                   // sends those whose turn it is
void marker_lost(struct loop *loop, unsigned seat);                  // the seat is dead, and what it gave back is out

// One that has come out of a tunnel of ours goes on into several (VERDICT_END_MARKERS): what the worker had before it has left already.
bool marker_sound(const struct lane_handle *back,
		  const struct lane_handle *lent); // as far as it is not so of all that comes back
void marker_relay(struct loop *loop, const struct lane_handle *back);

// Writes the IP packet, at most OWN_BYTES. Returns its length. Pure.
#define MARKER_MESSAGE 8u
void marker_message(uint8_t message[MARKER_MESSAGE], uint32_t teid);
uint16_t marker_write(uint8_t *packet, const struct marker_order *order, const struct own_way *way);
