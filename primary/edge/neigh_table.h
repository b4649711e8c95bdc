// neigh_table.h - the entries behind neigh: found by (port, address) in a keyed hash, each with its queue of packets.
//
// Bounded and allocated once. Owned by struct neigh; the primary's loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "primary/edge/address.h"
#include "primary/edge/neigh.h"

#define NEIGH_L2 18u // longest L2 header: Ethernet and one tag
#define NEIGH_NONE UINT16_MAX

enum neigh_state {
	NEIGH_FREE,
	NEIGH_ASKING, // no MAC yet: packets wait
	NEIGH_KNOWN,  // packets go
};

struct neigh_entry {
	struct address address;
	uint64_t proven_ns;   // when last known to be right; ASKING: since when
	uint64_t asked_ns;    // last question
	uint8_t l2[NEIGH_L2]; // header for packets to it, right-aligned; KNOWN
	uint8_t state;        // enum neigh_state
	uint8_t port;
	uint8_t l2_bytes;
	uint8_t asks;         // questions since the last answer
	bool used;            // sent to since last proven
	bool pinned;          // a gateway: never given up for others
	uint8_t waiting;      // packets in its queue
	uint16_t first, last; // of its queue; NEIGH_NONE
	uint16_t next;        // in its hash chain, or of the free list
};
_Static_assert(sizeof(struct neigh_entry) == 64, "one line a look-up");

// The packet's frame, once its L2 header is written.
static inline struct nic_frame neigh_frame_of(struct nic_frame packet, const struct neigh_entry *entry)
{
	return (struct nic_frame){ packet.room, (uint16_t)(packet.offset - entry->l2_bytes),
				   (uint16_t)(packet.length + entry->l2_bytes) };
}

// In one copy, whatever its length: before a shorter one lies headroom.
static inline void neigh_l2_copy(uint8_t *ip, const struct neigh_entry *entry)
{
	memcpy(ip - NEIGH_L2, entry->l2, NEIGH_L2);
}

struct neigh_waiter {
	struct nic_frame frame; // from the IP header on
	uint16_t next;
};

struct neigh_table {
	_Alignas(64) struct neigh_entry entry[NEIGH_ENTRIES];
	uint16_t chain[NEIGH_ENTRIES];
	struct neigh_waiter waiter[NEIGH_WAITING];
	uint64_t key[2]; // odd random multipliers: nobody outside can choose colliding addresses
	uint16_t free, free_waiter;
	unsigned top;    // entries from here on were never used
	unsigned asking; // entries in that state
	unsigned waiting;
	unsigned hand;     // where eviction looks next
	uint64_t removals; // so far
};

int neigh_table_init(struct neigh_table *table); // 0 or -errno: no random bytes

// Multiply-shift hashing of two words: collisions are at most twice as likely as by chance, for any two keys.
static inline uint32_t neigh_table_home(const struct neigh_table *table, unsigned port, struct address address)
{
	_Static_assert(NEIGH_ENTRIES == 1u << 12, "the shift below");
	return (uint32_t)((address.low * table->key[0] + (address.high + port) * table->key[1]) >> 52);
}

static inline struct neigh_entry *neigh_table_find(struct neigh_table *table, unsigned port, struct address address)
{
	for (uint16_t i = table->chain[neigh_table_home(table, port, address)]; i != NEIGH_NONE;
	     i = table->entry[i].next)
		if (address_same(table->entry[i].address, address) && table->entry[i].port == port)
			return &table->entry[i];
	return NULL;
}

// A new entry in state ASKING, for a key that has none. Full: takes the place of one that is stale and not in use. Null if
// there is none such, or if too many are being asked for already (a scan must not push out what is known).
struct neigh_entry *neigh_table_add(struct neigh_table *table, unsigned port, struct address address, uint64_t now_ns);

// Its queue must be empty.
void neigh_table_remove(struct neigh_table *table, struct neigh_entry *entry);

void neigh_table_state(struct neigh_table *table, struct neigh_entry *entry, enum neigh_state state);

bool neigh_table_wait(struct neigh_table *table, struct neigh_entry *entry, struct nic_frame frame);  // false: full
bool neigh_table_take(struct neigh_table *table, struct neigh_entry *entry, struct nic_frame *frame); // false: empty
