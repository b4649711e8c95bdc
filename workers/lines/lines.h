// lines.h - writes sessions into a shard: the two lines of a cell, the address index, the rate table, the digest.
//
// Used by the shard's owner between bursts, never by two threads at once. The owner may be killed at any instruction: a
// cell is then still the old one, or not valid, or the new one, and whoever takes the shard over calls lines_adopt
// first. Every order may be repeated without harm.
//
//   cell = uplink[slot] + downlink[slot] + rest[slot];  valid = both lines carry LINE_VALID
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/plane.h"

// A shard as its owner holds it. Cheap to make on the spot; owns nothing.
struct lines {
	const struct region *region;
	const struct region_shape *shape;
	const struct plane_net *net;
	uint64_t life;  // of counters that begin now (plane_wall_ns)
	uint64_t now;   // clock, where rules are written
	uint32_t ruled; // where lines_set finds the sheet its bearer names: the room it was written to (lines_rules.h)
};

// What a session has used since its TEID was first SET. Index: LINE_UPLINK, LINE_DOWNLINK.
struct lines_count {
	uint32_t teid; // ours; 0 = the cell was never used
	uint64_t packets[LINE_WAYS], bytes[LINE_WAYS];
	uint64_t red_packets[LINE_WAYS], red_bytes[LINE_WAYS];
	uint64_t life; // region.h
};

static inline bool lines_valid(const struct lines *lines, uint32_t slot)
{
	return lines->region->uplink[slot].flags & lines->region->downlink[slot].flags & LINE_VALID;
}

// O(1), before the first packet and the first change of a shard just taken over: finishes or undoes the book-keeping of
// a change that the last owner died in. A cell caught half-written is cleared; its change was never acknowledged and
// comes again.
void lines_adopt(const struct lines *lines);

// Upsert. Counters and tokens of a living TEID stay, a new TEID starts fresh (and forgets the counters of the old: read
// them first). Returns 0; -EINVAL the bearer does not fit this cell (range, TEID of another place,
// pool address of another cell, a sheet that is not there); -ENOSPC the address index is full. On error nothing has changed.
int lines_set(const struct lines *lines, uint32_t slot, const struct bearer *bearer);

// Removes the cell if it holds `teid` (0 = whatever is there). Returns 1 with *final filled if the cell holds or last
// held that session (so a repeated order reports again), 0 if there is nothing to clear, -EINVAL no such slot.
int lines_clear(const struct lines *lines, uint32_t slot, uint32_t teid, struct lines_count *final);

// Defines rate[index]. Tokens of sessions that use it are clamped when their next packet comes. 0 or -EINVAL.
int lines_rate_set(const struct lines *lines, uint32_t index, const struct bearer_rate *rate);

// The cell as a bearer. 0, or -ENOENT if the cell is not valid or there is no such slot.
int lines_read(const struct lines *lines, uint32_t slot, struct bearer *bearer);

// The cell's counters. May be called from any process that has the region mapped, while the owner counts on. False: they
// belong to nobody, or were just beginning anew and may be mixed.
bool lines_count(const struct region *region, uint32_t slot, struct lines_count *count);

// Counters begin at zero, in a new life: lines->life, or one more than the cell's last where that is not larger.
void lines_count_begin(const struct lines *lines, uint32_t slot, uint32_t teid);

// The cell goes on from these counters and in this life: the shard comes from a region of another build. Before lines_set.
void lines_count_restore(const struct lines *lines, uint32_t slot, const struct lines_count *count);

// Compares the configured part with its check and its place. A cell that fails is made invalid, and the digest then differs from
// ctrl's, which sends the shard again. True if the cell is good or empty.
bool lines_validate_slot(const struct lines *lines, uint32_t slot);

// For a walk through everything, over and over (audit.h). A cell that is not sound is dropped; one whose addresses the index has
// lost gets its entries again.
enum lines_found { LINES_SOUND, LINES_MENDED, LINES_LOST };
enum lines_found lines_look(const struct lines *lines, uint32_t slot);

// False: the rate was not sound, and is undefined now.
bool lines_look_rate(const struct lines *lines, uint32_t index);

// False: the bucket had entries that lead to no session, and is rid of them.
bool lines_look_bucket(const struct lines *lines, uint32_t bucket);

// What the cell adds to the shard's digest and number of sessions: nothing while a sweep is on and it was not SET since (change.h).
uint64_t lines_share(const struct lines *lines, uint32_t slot, uint32_t *sessions);

// Says in the header what all cells come to.
void lines_sum_set(const struct lines *lines, uint64_t digest, uint32_t sessions);

// Snapshot (change.h). From begin on, digest and sessions are of the cells SET since; the others go on serving packets.
void lines_sweep_begin(const struct lines *lines);

// Looks for the next cell that was not SET since begin, at no more than `budget` slots. Returns 1 with *slot: clear it,
// and call again; -EAGAIN: budget spent, call again later; 0: done. The place is kept in the header, so a new owner
// goes on.
int lines_sweep_end(const struct lines *lines, unsigned budget, uint32_t *slot);
