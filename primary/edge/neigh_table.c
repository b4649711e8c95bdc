// neigh_table.c - entries of next hops, their hash chains and their queues.
//
// State belongs to struct neigh; the primary's loop calls. Nothing is allocated after init.
#include "primary/edge/neigh_table.h"
#include <errno.h>
#include <sys/random.h>

#define NEIGH_STALE_NS 30000000000ull
#define NEIGH_LOOK 64u // entries an eviction looks at
#define NEIGH_ASKING_MAX (NEIGH_ENTRIES / 2)

int neigh_table_init(struct neigh_table *table)
{
	if (getrandom(table->key, sizeof(table->key), 0) != (ssize_t)sizeof(table->key))
		return -EIO;
	table->key[0] |= 1;
	table->key[1] |= 1;
	for (unsigned i = 0; i < NEIGH_ENTRIES; i++) {
		table->chain[i] = NEIGH_NONE;
		table->entry[i].next = (uint16_t)(i + 1 < NEIGH_ENTRIES ? i + 1 : NEIGH_NONE);
	}
	for (unsigned i = 0; i < NEIGH_WAITING; i++)
		table->waiter[i].next = (uint16_t)(i + 1 < NEIGH_WAITING ? i + 1 : NEIGH_NONE);
	return 0;
}

void neigh_table_state(struct neigh_table *table, struct neigh_entry *entry, enum neigh_state state)
{
	table->asking -= entry->state == NEIGH_ASKING;
	table->asking += state == NEIGH_ASKING;
	entry->state = (uint8_t)state;
}

static bool neigh_table_stale(const struct neigh_entry *entry, uint64_t now_ns)
{
	return !entry->used && !entry->pinned && !entry->asks && // what is not known is being asked for

	       now_ns - entry->proven_ns >= NEIGH_STALE_NS;
}

// Frees one stale entry, if a bounded look finds one.
static void neigh_table_evict(struct neigh_table *table, uint64_t now_ns)
{
	for (unsigned i = 0; i < NEIGH_LOOK; i++) {
		struct neigh_entry *entry = &table->entry[table->hand];

		table->hand = (table->hand + 1) & (NEIGH_ENTRIES - 1);
		if (neigh_table_stale(entry, now_ns)) {
			neigh_table_remove(table, entry);
			return;
		}
	}
}

struct neigh_entry *neigh_table_add(struct neigh_table *table, unsigned port, struct address address, uint64_t now_ns)
{
	if (table->asking >= NEIGH_ASKING_MAX)
		return NULL;
	if (table->free == NEIGH_NONE)
		neigh_table_evict(table, now_ns);
	if (table->free == NEIGH_NONE)
		return NULL;

	uint16_t index = table->free;
	uint16_t *chain = &table->chain[neigh_table_home(table, port, address)];
	struct neigh_entry *entry = &table->entry[index];

	table->free = entry->next;
	*entry = (struct neigh_entry){ .address = address,
				       .port = (uint8_t)port,
				       .proven_ns = now_ns,
				       .first = NEIGH_NONE,
				       .last = NEIGH_NONE,
				       .next = *chain };
	*chain = index;
	neigh_table_state(table, entry, NEIGH_ASKING);
	if (table->top <= index)
		table->top = index + 1u;
	return entry;
}

void neigh_table_remove(struct neigh_table *table, struct neigh_entry *entry)
{
	uint16_t index = (uint16_t)(entry - table->entry);
	uint16_t *link = &table->chain[neigh_table_home(table, entry->port, entry->address)];

	while (*link != index)
		link = &table->entry[*link].next;
	*link = entry->next;
	neigh_table_state(table, entry, NEIGH_FREE);
	entry->next = table->free;
	table->free = index;
	table->removals++;
}

bool neigh_table_wait(struct neigh_table *table, struct neigh_entry *entry, struct nic_frame frame)
{
	uint16_t index = table->free_waiter;

	if (index == NEIGH_NONE || entry->waiting >= (NEIGH_WAITING - table->waiting) / NEIGH_WAITING_PART)
		return false;
	table->free_waiter = table->waiter[index].next;
	table->waiter[index] = (struct neigh_waiter){ frame, NEIGH_NONE };
	if (entry->first == NEIGH_NONE)
		entry->first = index;
	else
		table->waiter[entry->last].next = index;
	entry->last = index;
	entry->waiting++;
	table->waiting++;
	return true;
}

bool neigh_table_take(struct neigh_table *table, struct neigh_entry *entry, struct nic_frame *frame)
{
	uint16_t index = entry->first;

	if (index == NEIGH_NONE)
		return false;
	*frame = table->waiter[index].frame;
	entry->first = table->waiter[index].next;
	entry->waiting--;
	table->waiting--;
	table->waiter[index].next = table->free_waiter;
	table->free_waiter = index;
	return true;
}
