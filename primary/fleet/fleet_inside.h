// fleet_inside.h - what the files of the fleet thread share: fleet.c (thread), fleet_callers.c (door), fleet_order.c (requests),
// fleet_state.c (answers).
#pragma once
#include <pthread.h>
#include "primary/brood/brood.h"
#include "primary/fleet/fleet.h"
#include "primary/loop/trace.h"
#include "proto/fleet.pb-c.h"
#include "proto/talk.h"

#define FLEET_EVENTS 256u // in one answer
#define FLEET_OWN 64u
#define FLEET_PARKED 1024u   // in one answer
#define FLEET_RELEASES 4096u // in one order
#define FLEET_DROPS 256u     // in one order
#define FLEET_EXTRAS 40u
#define FLEET_CALLERS 8u  // ctrl, and those before it whose end is still to be heard
#define FLEET_TRACED 128u // packets in one answer

// The parts of one State, so that an answer needs no memory of its own.
struct fleet_state {
	Shoal__Fleet__State state;
	Shoal__Fleet__Account account;
	Shoal__Fleet__Seat seat[PLANE_SEATS], *seats[PLANE_SEATS];
	Shoal__Fleet__Nest nest[PLANE_NESTS], *nests[PLANE_NESTS];
	Shoal__Fleet__Port port[PLANE_PORTS], *ports[PLANE_PORTS];
	Shoal__Fleet__Event event[FLEET_EVENTS], *events[FLEET_EVENTS];
	Shoal__Fleet__Extra extra[FLEET_EXTRAS], *extras[FLEET_EXTRAS];
	Shoal__Fleet__Parked parked[FLEET_PARKED], *parks[FLEET_PARKED];
	uint8_t owners[SHARDS], pins[SHARDS / 8];
	uint64_t refused[QUARANTINE_MAX];
	Shoal__Fleet__Suspect suspect[FLEET_EVENTS];
	struct tally tally;
};

// Copies of packets in an answer, and what is traced.
struct fleet_traced {
	Shoal__Fleet__Traced traced;
	Shoal__Fleet__TracedPacket packet[FLEET_TRACED], *packets[FLEET_TRACED];
	Shoal__Fleet__TracedSight came[FLEET_TRACED], left[FLEET_TRACED];
	uint32_t numbers[FLEET_TRACED][TRACE_KEYS], through[FLEET_TRACED][TRACE_STEPS];
	struct trace_cell *cell[FLEET_TRACED]; // to be given back
	unsigned cells;
	Shoal__Fleet__TraceCount count[TRACE_KEYS], *counts[TRACE_KEYS];
	struct trace_key key[TRACE_KEYS];
	uint64_t told[TRACE_KEYS];
	uint64_t ordered_ns; // 0: nothing is traced
};

// An addition to the quarantine that ctrl may not have heard of yet.
struct fleet_own {
	struct quarantine_suspect suspect;
	uint64_t event; // number of its event
};

struct fleet_callers {
	struct talk_door door;
	struct talk talk[FLEET_CALLERS];
	int epoll; // of all of them
};

struct fleet {
	struct fleet_parts part;
	struct brood *brood;
	struct journal journal;
	struct fleet_callers callers;
	int epoll, signals;
	uint32_t link; // set of ports that are up
	uint64_t start_ns, link_ns;
	uint64_t stranded_ns;            // when a stranded worker was last told to go
	struct fleet_own own[FLEET_OWN]; // the loop's last additions to the quarantine
	uint32_t owns;                   // how many there were; the last one's number
	uint64_t drop_asked, drop_done;  // numbers of orders
	void *drop_list;                 // the loop has it; null: nothing is under way
	uint64_t waits_ns[PLANE_SEATS];  // when an operator was told that a worker gets no processor time
	bool ended;
	pthread_t thread;
	struct fleet_state state;
	struct fleet_traced traced;
	char fault[NURSERY_TEXT]; // why an order was refused
};

// Fills fleet->state for an answer.
Shoal__Fleet__State *fleet_state_fill(struct fleet *fleet, const Shoal__Fleet__Poll *poll);

// The loop has set somebody apart by itself; its event is the journal's last.
void fleet_apart(struct fleet *fleet, const struct record *record);

// ctrl's table of whom to refuse. 0 or -errno.
int fleet_quarantine(struct fleet *fleet, const Shoal__Fleet__Quarantine *order);

// How many packets of each were refused: first in the order of ctrl's table, then those the loop has added since.
void fleet_refused_fill(struct fleet *fleet, Shoal__Fleet__State *state);

// What waits for the radio side: which cells from this one on; orders about it, and End Markers. 0 or -errno.
void fleet_parked_fill(struct fleet *fleet, Shoal__Fleet__State *state, uint32_t from);
int fleet_release(struct fleet *fleet, const Shoal__Fleet__Release *order);
int fleet_drop(struct fleet *fleet, const Shoal__Fleet__Drop *order);
void fleet_returned(struct fleet *fleet, const void *list); // by the loop
int fleet_markers(struct fleet *fleet, const Shoal__Fleet__EndMarkers *order);
int fleet_echoes(struct fleet *fleet, const Shoal__Fleet__Echoes *order);

// Workers without a nursery make room for others, one at a time. Now and then.
void fleet_stranded(struct fleet *fleet, uint64_t now_ns);

// Whose packets are copied from now on; fills fleet->traced with what is ready. 0 or -errno. fleet_traced_sent: the answer is packed.
// fleet_trace_tick: whoever ordered it may be gone.
int fleet_traces(struct fleet *fleet, const Shoal__Fleet__Traces *order);
void fleet_traced_sent(struct fleet *fleet);
void fleet_trace_tick(struct fleet *fleet, uint64_t now_ns);

// 0, or -errno and nothing to close. Whoever calls is answered in fleet_callers_serve, when callers.epoll has something.
int fleet_callers_open(struct fleet *fleet, const char *path);
void fleet_callers_close(struct fleet *fleet);
void fleet_callers_serve(struct fleet *fleet);

// Carries out one request and fills the answer, which points into fleet->state and static text.
void fleet_order(struct fleet *fleet, const uint8_t *bytes, size_t length, Shoal__Fleet__Answer *answer);
