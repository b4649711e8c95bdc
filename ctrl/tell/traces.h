// traces.h - sessions whose packets somebody looks at: the copies that the primary makes of them, kept until they are read.
//
//   start -> the primary is ordered which ones, again and again --> its answers bring packets -> kept -> read, and forgotten when the
//   next read says up to which they came.  Nobody reads for a while, or the session is deleted: the trace ends, and the primary is told.
//
// Nothing is durable: a trace goes with ctrl, and the primary stops by itself. Bounded: so many traces, of each so many bytes unread;
// what finds no place, here or there, is counted. No socket, no clock. The main thread owns it.
#pragma once
#include <stdbool.h>
#include "ctrl/session/session.h"
#include "proto/fleet.pb-c.h"
#include "proto/oss.pb-c.h"

#define TRACES_MAX 8u                     // as many as the primary has places for
#define TRACES_BYTES (4u << 20)           // of one, unread
#define TRACES_SNAP 2048u                 // bytes of a packet, at most
#define TRACES_RATE_MAX 20000u            // packets a second
#define TRACES_RATE 2000u                 // where none is said
#define TRACES_PATIENCE_NS 10000000000ull // without a reader
#define TRACES_KEY 64u
#define TRACES_STEPS 4u

// A message and what it points to, in one piece.
struct trace_packet {
	struct trace_packet *next;
	size_t bytes;
	Shoal__Oss__TracePacket message;
	Shoal__Oss__TraceSight came, left;
	char *through[TRACES_STEPS];
	uint8_t store[];
};

struct trace_sum { // a count of the primary's, which begins anew with the next one
	uint64_t before, last;
};

struct trace {
	uint64_t id;     // as clients know it; 0: nobody's place
	uint32_t number; // as the primary knows it
	uint64_t session;
	uint32_t snap, per_second;
	uint8_t key[TRACES_KEY]; // of the request that began it
	size_t key_bytes;
	uint64_t read_ns; // when it was asked for last; or until when somebody waits
	struct trace_packet *first, *last;
	size_t bytes;
	uint64_t numbered; // packets that came from the primary
	struct trace_sum seen, missed, told;
	uint64_t dropped; // that came and found no place, or did not come
	enum {
		TRACE_RUNS,
		TRACE_STOPS,
		TRACE_STOPPING
	} stop;         // wanted; the primary has been told, its last packets are on their way
	char ended[96]; // why; "": it goes on
	bool over;      // and somebody has heard so
};

struct trace_wish {
	uint64_t session;
	uint32_t snap, per_second; // in their bounds, not 0
	const uint8_t *key;        // null: none
	size_t key_bytes;
};

struct traces {
	// Set by the caller:
	const struct sessions *sessions;
	uint64_t starts; // of ctrl: names of traces never come again
	void *with;
	bool (*order)(void *with,
		      const Shoal__Fleet__Order *order); // false: not now. Its answer comes to traces_answered
	// Its own:
	struct trace trace[TRACES_MAX];
	uint32_t begun;
	bool asked, more, quiet; // an order is on its way; go on at once; the primary knows that nobody is traced
	uint64_t asked_ns;
	uint64_t arrived;       // grows with whatever a reader may wait for
	uint64_t packets, lost; // counters
};

// The one with this key, or a new one; null: there are as many as may be.
struct trace *traces_start(struct traces *traces, const struct trace_wish *wish, uint64_t now_ns);
struct trace *traces_find(struct traces *traces, uint64_t id);

// It ends once the primary's last packets of it are here. Whoever reads that it has ended, and all of it, makes its place free.
void traces_stop(struct traces *traces, struct trace *trace);

void trace_forget(struct trace *trace, uint64_t number); // packets up to this one have been read
uint64_t trace_lost(const struct trace *trace);
unsigned traces_count(const struct traces *traces);

void traces_turn(struct traces *traces, uint64_t now_ns);               // ends what is over, orders what is due
void traces_answered(void *traces, const Shoal__Fleet__Answer *answer); // null: none came
