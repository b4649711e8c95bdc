// tally.h - every counter of the primary, and a board on which the loop shows them to the fleet thread.
//
// The loop counts in plain private memory and shows a copy between two turns, when no packet is in its hands: so any copy
// the fleet thread reads closes the account  rx = sum(final verdicts) + lent + held + waiting  exactly.
#pragma once
#include <stdatomic.h>
#include <stdint.h>
#include "shared/plane/limits.h"
#include "shared/plane/verdict.h"
#include "shared/wire/shard.h"

// As many as make nine lines of a seat: where it lies is found without a multiplication.
#define TALLY_VERDICTS 62u
_Static_assert(VERDICT_COUNT <= TALLY_VERDICTS, "room for all");

struct tally_seat {
	uint64_t in_packets, in_bytes; // lent to it, replays included
	uint64_t out_packets;          // come back
	uint64_t forged;               // handles refused: it did not hold them
	uint64_t replayed;             // packets taken from its hands when it died
	uint64_t deaths;
	uint64_t late;       // times it was not fed because it gave nothing back
	uint64_t waits;      // times it got no processor time while it held packets
	uint32_t lent, held; // now
	uint32_t phase;      // enum crew_phase
	uint16_t wanted, guest;
	uint64_t verdict[TALLY_VERDICTS]; // what it said
};
_Static_assert(sizeof(struct tally_seat) == 576, "nine lines");

struct tally {
	uint64_t rx;                     // frames received on all ports
	uint64_t verdict[VERDICT_COUNT]; // how they ended; of those that are not final none
	uint64_t lent, held, waiting;    // where the others are: with workers, in the hold, at a next hop
	uint64_t parked, parked_ever;    // of the held: until their session's rules let them go; all there were
	uint64_t released, releases;     // packets that were let go; fences for that
	uint64_t releases_refused;       // too many at once
	uint64_t losses_lost;            // packets dropped while they waited that nobody's rules could count
	uint64_t release_ns_max;         // the longest that a shard stood still for one
	uint64_t cut, pieces_lost;       // packets sent in fragments; fragments but the first ones that could not leave
	uint64_t among, home;            // from subscriber to subscriber; from one tunnel of ours into another
	uint64_t markers, markers_lost;  // End Markers sent, or not
	uint64_t asked, asked_lost;      // Echo Requests, the same
	uint64_t rooms, rooms_idle, rooms_out;
	uint64_t turns, idle_turns, sleeps;
	uint64_t moves;                         // shards given to a seat
	uint64_t plans, plans_ns, plans_ns_max; // of those, planned: how many, and how long their packets waited
	uint64_t pinned[SHARDS / 64];           // set of shards
	uint64_t owner[SHARDS];
	struct tally_seat seat[PLANE_SEATS];
};

#define TALLY_WORDS (sizeof(struct tally) / sizeof(uint64_t))

struct tally_board {
	_Atomic uint32_t turn; // odd while the loop writes
	_Alignas(64) _Atomic uint64_t word[TALLY_WORDS];
};

void tally_show(struct tally_board *board, const struct tally *tally); // loop
void tally_read(struct tally_board *board, struct tally *tally);       // any one other thread; waits for a whole copy

// What the account is short of: 0 = it closes.
int64_t tally_gap(const struct tally *tally);
