// table.h - a hash table from 64-bit keys to pointers: open addressing, linear probing, no tombstones.
//
// Key 0 is no key. Owned by whoever owns what it points to; not thread-safe.
#pragma once
#include <stdint.h>

struct table_slot {
	uint64_t key; // 0 = free
	void *value;
};

struct table {
	uint64_t seed;
	uint32_t count;
	uint32_t mask; // slots - 1
	struct table_slot *slots;
};

int table_open(struct table *table); // 0 or -ENOMEM
void table_close(struct table *table);

void *table_get(const struct table *table, uint64_t key); // null: no such key
void table_call(const struct table *table,
		uint64_t key); // calls the slot from memory: it will be looked for or put soon

// The key must not be there yet. 0, or -ENOMEM with the table unchanged.
int table_put(struct table *table, uint64_t key, void *value);
void table_drop(struct table *table, uint64_t key); // a key that is not there is no fault

// Puts many at once, in an order that meets the table's memory piece by piece: a million one by one are a million cache misses. Of one
// key twice, or there already, the last value stands; key 0 is left out. 0, or -ENOMEM with the table unchanged.
int table_fill(struct table *table, const struct table_slot *slots, uint32_t count);
