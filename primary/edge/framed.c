// framed.c - the table of framed.h. Look-ups are the rarer packets': those for no pool, while there are such networks.
#include "primary/edge/framed.h"
#include <errno.h>
#include <stdlib.h>

#define PLACES (2 * FRAMED_MAX)

_Static_assert(!(PLACES & (PLACES - 1)), "a power of two");

int framed_init(struct framed_table *table)
{
	*table = (struct framed_table){ .mask = PLACES - 1 };
	table->entries = calloc(PLACES, sizeof(*table->entries));
	return table->entries ? 0 : -ENOMEM;
}

void framed_fini(struct framed_table *table)
{
	free(table->entries);
	*table = (struct framed_table){ 0 };
}

static uint32_t home_of(const struct framed_table *table, const struct framed *framed)
{
	const struct prefix *prefix = &framed->prefix;
	uint64_t sum = (prefix->low * 0x9e3779b97f4a7c15ull ^ prefix->high) + prefix->length +
		       (uint64_t)framed->network * 0xc2b2ae3d27d4eb4full;

	return (uint32_t)(sum * 0xd6e8feb86659fd93ull >> 32) & table->mask;
}

static bool same(const struct framed *a, const struct framed *b)
{
	return !((a->prefix.high ^ b->prefix.high) | (a->prefix.low ^ b->prefix.low) |
		 (a->prefix.length ^ b->prefix.length) | (a->network ^ b->network));
}

// Where its prefix in its network is, or would be.
static uint32_t place_of(const struct framed_table *table, const struct framed *framed)
{
	uint32_t i = home_of(table, framed);

	while (table->entries[i].own && !same(&table->entries[i], framed))
		i = (i + 1) & table->mask;
	return i;
}

static void length_count(struct framed_table *table, uint32_t length, bool more)
{
	uint64_t bit = 1ull << length % 64;

	table->count += more ? 1 : UINT32_MAX;
	table->of[length] += more ? 1 : UINT32_MAX;
	if (table->of[length])
		table->there[length / 64] |= bit;
	else
		table->there[length / 64] &= ~bit;
}

// Those behind that may stand in the place that is free now move up.
static void place_free(struct framed_table *table, uint32_t hole)
{
	uint32_t i = hole;

	length_count(table, table->entries[hole].prefix.length, false);
	while (table->entries[i = (i + 1) & table->mask].own) {
		uint32_t home = home_of(table, &table->entries[i]);

		if (((i - home) & table->mask) < ((i - hole) & table->mask))
			continue;
		table->entries[hole] = table->entries[i];
		hole = i;
	}
	table->entries[hole] = (struct framed){ 0 };
}

int framed_set(struct framed_table *table, const struct framed *framed)
{
	uint32_t i;

	if (!prefix_sound(&framed->prefix))
		return -EINVAL;
	i = place_of(table, framed);
	if (!framed->own) {
		if (table->entries[i].own)
			place_free(table, i);
		return 0;
	}
	if (!table->entries[i].own) {
		if (table->count == FRAMED_MAX)
			return -ENOSPC;
		length_count(table, framed->prefix.length, true);
	}
	table->entries[i] = *framed;
	return 0;
}

// The bits of the lengths from 64 * word on that an address of the family may have.
static uint64_t lengths_of(const struct framed_table *table, unsigned word, bool ipv4)
{
	uint64_t least = word * 64 < PREFIX_IPV4_BITS ? ~0ull << PREFIX_IPV4_BITS % 64 : ~0ull;

	if (ipv4 && word == 0)
		return 0;
	return table->there[word] & (ipv4 ? least : ~0ull);
}

uint32_t framed_find(const struct framed_table *table, unsigned network, struct address to)
{
	bool ipv4 = address_is_ipv4(to);
	struct framed key = { .network = network };

	for (unsigned word = 3; word-- > 0;)
		for (uint64_t left = lengths_of(table, word, ipv4); left;) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(left);
			uint32_t length = word * 64 + bit, i;

			key.prefix = (struct prefix){ to.high & ~prefix_rest_high(length),
						      to.low & ~prefix_rest_low(length), length, 0 };
			left &= ~(1ull << bit);
			i = place_of(table, &key);
			if (table->entries[i].own)
				return table->entries[i].own;
		}
	return 0;
}
