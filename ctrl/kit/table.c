// table.c - linear probing at a load of at most one half; a hole left by a drop is closed by moving entries back.
#include "ctrl/kit/table.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/kit/hash.h"

#define SLOTS_FIRST 1024u
#define PIECES 256u

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

void table_call(const struct table *table, uint64_t key)
{
	__builtin_prefetch(&table->slots[home_of(table, key)], 1);
}

static int table_grow(struct table *table, uint32_t mask)
{
	struct table grown = { .seed = table->seed, .count = table->count, .mask = mask };

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

// So that there is room for so many, all in all.
static int table_room(struct table *table, uint32_t count)
{
	uint32_t mask = table->mask;

	while (count > mask / 2 && mask < UINT32_MAX)
		mask = mask * 2 + 1;
	return mask == table->mask ? 0 : table_grow(table, mask);
}

int table_put(struct table *table, uint64_t key, void *value)
{
	if (table_room(table, table->count + 1))
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

static uint32_t piece_of(const struct table *table, uint64_t key)
{
	return (uint32_t)((uint64_t)home_of(table, key) * PIECES / ((uint64_t)table->mask + 1));
}

// What is to be filled in, by the piece of the table it goes to, otherwise in the order given.
static void pieces_sort(const struct table *table, const struct table_slot *slots, uint32_t count,
			struct table_slot *sorted)
{
	uint32_t at[PIECES + 1] = { 0 };

	for (uint32_t i = 0; i < count; i++)
		at[piece_of(table, slots[i].key) + 1]++;
	for (uint32_t piece = 0; piece < PIECES; piece++)
		at[piece + 1] += at[piece];
	for (uint32_t i = 0; i < count; i++)
		sorted[at[piece_of(table, slots[i].key)]++] = slots[i];
}

int table_fill(struct table *table, const struct table_slot *slots, uint32_t count)
{
	struct table_slot *sorted = malloc(((size_t)count + 1) * sizeof(*sorted));

	if (!sorted || table_room(table, table->count + count)) {
		free(sorted);
		return -ENOMEM;
	}
	pieces_sort(table, slots, count, sorted);
	for (uint32_t i = 0; i < count; i++) {
		struct table_slot *slot;

		if (!sorted[i].key)
			continue;
		slot = &table->slots[slot_of(table, sorted[i].key)];
		table->count += !slot->key;
		*slot = sorted[i];
	}
	free(sorted);
	return 0;
}
