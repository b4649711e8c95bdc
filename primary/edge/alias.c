// alias.c - the table's changes: what is dropped leaves no gap in the run of entries that it stood in.
#include "primary/edge/alias.h"
#include <errno.h>
#include <stdlib.h>

int aliases_init(struct aliases *aliases, uint32_t limit)
{
	uint32_t places = 2;

	while (places < 2 * (uint64_t)limit && places < UINT32_C(1) << 31)
		places *= 2;
	*aliases = (struct aliases){ .mask = places - 1, .limit = places / 2 };
	aliases->entries = calloc(places, sizeof(*aliases->entries));
	return aliases->entries ? 0 : -ENOMEM;
}

void aliases_fini(struct aliases *aliases)
{
	free(aliases->entries);
	*aliases = (struct aliases){ 0 };
}

static uint32_t place_of(const struct aliases *aliases, uint32_t teid)
{
	uint32_t i = alias_home(aliases, teid);

	while (aliases->entries[i].own && aliases->entries[i].teid != teid)
		i = (i + 1) & aliases->mask;
	return i;
}

// Those behind that may stand in the place that is free now move up.
static void place_free(struct aliases *aliases, uint32_t hole)
{
	uint32_t i = hole;

	while (aliases->entries[i = (i + 1) & aliases->mask].own) {
		uint32_t home = alias_home(aliases, aliases->entries[i].teid);

		if (((i - home) & aliases->mask) < ((i - hole) & aliases->mask))
			continue;
		aliases->entries[hole] = aliases->entries[i];
		hole = i;
	}
	aliases->entries[hole] = (struct alias){ 0 };
	aliases->count--;
}

int aliases_set(struct aliases *aliases, struct alias alias)
{
	uint32_t i = place_of(aliases, alias.teid);

	if (!alias.own) {
		if (aliases->entries[i].own)
			place_free(aliases, i);
		return 0;
	}
	if (!aliases->entries[i].own) {
		if (aliases->count == aliases->limit)
			return -ENOSPC;
		aliases->count++;
	}
	aliases->entries[i] = alias;
	return 0;
}
