// release.h - orders the primary to let go what it has parked of a session, and to end a tunnel with End Markers.
//
// Packets of a session may go once other rules than those that kept them are in force, that is: confirmed by the shard's owner; or once
// the session is gone. Then the order is given at once: what some rule keeps still, comes back to where it was. Whatever gets lost on the way, here or there, is found again by what the primary says it has parked:
// an order may always be repeated. Not so End Markers: those that wait for a change to be confirmed, or for the primary, go with ctrl when
// it dies. The far end gives the old tunnel up by itself then (TS 23.501 5.8.2.9 knows a timer).
//
// Packets that were parked when a change was decided can be dropped with it (release_drop.c): once it is in force, and before it lets the
// others go. What is to be dropped is durable with the session (struct measured_state), by the primary that had it and its clock: so the order may
// be repeated, by another ctrl, too, and never costs what came later.
//
// No socket, no clock. The main thread owns it.
#pragma once
#include <stdbool.h>
#include "ctrl/feed/push.h"
#include "ctrl/session/cell.h"
#include "proto/fleet.pb-c.h"
#include "proto/oss.pb-c.h"
#include "shared/wire/sheet.h"

#define RELEASE_CELLS 4096u   // in one order, and to be ordered
#define RELEASE_MARKERS 1024u // that wait, or are ordered
#define RELEASE_PEERS 64u     // tunnels that one change leaves
#define RELEASE_DROPS 4096u   // that wait, or are ordered

struct release_peer {
	uint32_t ipv4, teid; // ipv4 0: by IPv6
	uint8_t ipv6[16];
};

struct release_marker {
	struct release_peer peer;
	uint32_t cell;
	uint64_t number; // of the change that left the tunnel, in its shard
	bool durable;
};

// Packets of the cell that were parked before then are dropped.
struct release_dropped {
	uint64_t before_ns;  // the primary's clock, CLOCK_MONOTONIC
	uint64_t generation; // of the primary that has them; 0 = whoever there is
	uint64_t number;     // of the change, in the cell's shard
	uint64_t turn;       // of the drop: each its own, in their order
	uint32_t cell;
	bool durable;
	bool asked; // is in the order under way
	bool frees; // then others of the cell go
};

struct release {
	// Set by the caller:
	const struct grid *grid;
	const struct push *push;
	uint64_t opened_ns; // when: CLOCK_MONOTONIC; numbers of orders begin there
	void *with;
	bool (*order)(void *with,
		      const Shoal__Fleet__Order *order); // false: not now. Its answer comes to release_answered

	uint64_t *keeps; // set of cells: rules that were in force last keep packets
	uint32_t cells, markers;
	uint32_t cell[RELEASE_CELLS]; // to be let go
	struct release_marker marker[RELEASE_MARKERS];
	uint32_t drops;
	struct release_dropped drop[RELEASE_DROPS];
	uint64_t turns;                  // of the last drop
	uint64_t drop_number, drop_last; // of the order of drops under way, 0 = none; of the last one
	bool drops_asked, drops_refused; // it is on its way; not now
	uint64_t generation;             // of the primary; 0 = not known yet
	bool asked;                      // an order is on its way
	uint64_t drops_done;
	uint64_t cells_ordered, markers_ordered, lost;
};

// Whether rules keep packets. Null: none do.
bool release_keeps(const struct sheet *sheet);
// Whether packets wait, as far as is known: ctrl was told of one, or rules keep them and tell nobody.
bool release_parked(const struct session *session);

// Tunnels that the change asks to end: of rules that say so and have another peer than the rule of their number had. How many.
unsigned release_left(const Shoal__Oss__Session *before, const Shoal__Oss__Session *after,
		      struct release_peer peer[RELEASE_PEERS]);

// After the sessions are loaded; what is set by the caller is. 0 or -ENOMEM.
int release_open(struct release *release);
void release_close(struct release *release);

// A change of the cell leaves these tunnels; it has the number, and is decided. release_settle: what was decided is durable, or undone.
void release_leave(struct release *release, uint32_t cell, uint64_t number, const struct release_peer *peer,
		   unsigned peers);
void release_settle(struct release *release, bool durable);

// What the cell has parked by now goes when the change with this number is in force. The drop's turn; 0: too many wait.
uint64_t release_drop(struct release *release, uint32_t cell, uint64_t number, struct release_dropped when);
void release_undrop(struct release *release, uint32_t cell); // unless the order is on its way
// Whether such a drop, or with `earlier` any one up to it, has not been done yet. release_dropping: one of this cell.
bool release_drops(const struct release *release, uint64_t turn, bool earlier);
bool release_dropping(const struct release *release, uint32_t cell);

void release_applied(struct release *release, uint32_t cell);                  // its last change is confirmed
void release_state(struct release *release, const Shoal__Fleet__State *state); // null: there is no primary
void release_answered(void *release, const Shoal__Fleet__Answer *answer);      // null: none came
void release_go(struct release *release);                                      // orders what is to be ordered
