// framed.h - networks behind subscribers (framed routes, TS 29.244 5.16): which session's a downlink destination is, where it is in no
// pool.
//
// Prefixes and the TEIDs of their sessions, as ctrl says (ctrl/fleet/framed.h), each in the network of its session (network.h); none holds an
// address of a pool there. Open addressing, at most half full, looked up by each length that there is, the longest first. Private to the
// loop, which looks up, adds and drops. Its memory is there from the start, untouched pages cost nothing.
#pragma once
#include "primary/edge/address.h"
#include "shared/wire/prefix.h"

#define FRAMED_MAX 65536u // fleet.proto: so many are told at most
#define FRAMED_LENGTHS 129u

struct framed {
	struct prefix prefix;
	uint32_t own;     // TEID; 0 = no entry
	uint32_t network; // 0: none is named
};

// As it is told.
struct framed_word {
	struct prefix prefix;
	uint32_t own; // 0: it is nobody's any more,
	uint32_t was; // and was this one's; 0: whoever's
};

struct framed_table {
	struct framed *entries;
	uint32_t mask, count;
	uint64_t there[3];           // lengths that some entry has: a set
	uint32_t of[FRAMED_LENGTHS]; // how many entries have each
};

int framed_init(struct framed_table *table); // 0 or -ENOMEM
void framed_fini(struct framed_table *table);

// The prefix is that session's in that network from now on; own 0: nobody's. -ENOSPC: the table is full; -EINVAL: bits beyond its length.
int framed_set(struct framed_table *table, const struct framed *framed);

// The TEID of the session behind which the address is in that network; 0: none.
uint32_t framed_find(const struct framed_table *table, unsigned network, struct address to);
