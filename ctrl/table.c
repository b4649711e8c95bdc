// table.c - linear probing at a load of at most one half; a hole left by a drop is closed by moving entries back.
#include "ctrl/table.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/hash.h"

#define SLOTS_FIRST 1024u

int table_open(struct table *table)
{
	*table = (struct table){ .seed = hash_seed(), .mask = SLOTS_FIRST - 1 };
	table->slots = calloc(SLOTS_FIRST, sizeof(*table->slots));
	return table->slots ? 0 : -ENOMEM;
}

void table_close(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

static uint32_t home_of(const struct table *table, uint64_t key)
{
	return (uint32_t)hash_u64(table->seed, key) & table->mask;
}

// The slot that holds key, or the free one where it would go.
static uint32_t slot_of(const struct table *table, uint64_t key)
{
	uint32_t slot = home_of(table, key);

	while (table->slots[slot].key && table->slots[slot].key != key)
		slot = (slot + 1) & table->mask;
	return slot;
}

void *table_get(const struct table *table, uint64_t key)
{
	return key ? table->slots[slot_of(table, key)].value : NULL;
}

static int table_grow(struct table *table)
{
	struct table grown = { .seed = table->seed, .count = table->count, .mask = table->mask * 2 + 1 };

	grown.slots = calloc((size_t)grown.mask + 1, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i <= table->mask; i++)
		if (table->slots[i].key)
			grown.slots[slot_of(&grown, table->slots[i].key)] = table->slots[i];
	free(table->slots);
	*table = grown;
	return 0;
}

int table_put(struct table *table, uint64_t key, void *value)
{
	if (table->count >= table->mask / 2 && table_grow(table) < 0)
		return -ENOMEM;
	table->slots[slot_of(table, key)] = (struct table_slot){ key, value };
	table->count++;
	return 0;
}

void table_drop(struct table *table, uint64_t key)
{
	uint32_t hole = slot_of(table, key);

	if (!key || !table->slots[hole].key)
		return;
	for (uint32_t i = (hole + 1) & table->mask; table->slots[i].key; i = (i + 1) & table->mask) {
		uint32_t home = home_of(table, table->slots[i].key);

		// An entry may move back only as far as its home.
		if (((i - home) & table->mask) < ((i - hole) & table->mask))
			continue;
		table->slots[hole] = table->slots[i];
		hole = i;
	}
	table->slots[hole] = (struct table_slot){ 0, NULL };
	table->count--;
}
