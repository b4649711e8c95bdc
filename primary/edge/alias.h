// alias.h - TEIDs that the control plane chose itself (F-TEID without CHOOSE, TS 29.244 5.5.3), and ours that stand for them.
//
// Our own TEIDs name the place of a session (shared/wire/shard.h). A G-PDU for a foreign one gets ours written into its header at the
// door, so nothing behind the door knows that there are others. One table of pairs, open addressing, at most half full; private to
// the loop, which looks up, adds and drops, a few at a time. Its memory is there from the start, untouched pages cost nothing.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct alias {
	uint32_t teid, own; // own 0 = no entry
};

struct aliases {
	struct alias *entries;
	uint32_t mask, count, limit;
};

int aliases_init(struct aliases *aliases, uint32_t limit); // room for so many pairs: 0 or -ENOMEM
void aliases_fini(struct aliases *aliases);

// teid stands for own from now on; own 0: for nothing. -ENOSPC: the table is full.
int aliases_set(struct aliases *aliases, struct alias alias);

static inline uint32_t alias_home(const struct aliases *aliases, uint32_t teid)
{
	return (uint32_t)(teid * 0x9e3779b97f4a7c15ull >> 32) & aliases->mask;
}

// Our TEID for this one: the same, unless it is foreign.
static inline uint32_t aliases_own(const struct aliases *aliases, uint32_t teid)
{
	if (!aliases->count)
		return teid;
	for (uint32_t i = alias_home(aliases, teid); aliases->entries[i].own; i = (i + 1) & aliases->mask)
		if (aliases->entries[i].teid == teid)
			return aliases->entries[i].own;
	return teid;
}
