// shard.h - where a session lives: shard, slot, TEID, UE address, and the arithmetic between them.
//
// A session occupies one cell: (shard 0..255, slot 0..slots-1). Its uplink TEID names the cell, and an address
// from one of our own pools does too, so neither direction needs a table:
//
//   TEID  = generation | slot (slot_bits) | shard (8 bits)          generation >= 1, so no TEID is 0
//   shard = XOR of the bytes of the IPv4 address, or of the first eight bytes of the IPv6 address
//   slot  = pool.first_slot + row, row = the pool's 256-address block the address lies in
//
// For any fixed upper bytes the XOR maps the 256 low bytes one to one onto the 256 shards: each block holds
// exactly one address for every shard, and shards fill evenly.
//
// All addresses here are host-order integers; an IPv6 prefix is its first eight bytes read big-endian.
// Pure functions; any process may call them.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SHARDS 256u
#define SHARD_BITS 8u
#define SHARD_SLOT_BITS_MAX 16u
#define SHARD_POOLS_MAX 16u

// One UE address pool. ipv4_len 0 means no IPv4, ipv6_len 0 no IPv6; a pool has at least one of them.
struct shard_pool {
	uint64_t ipv6;       // first /64 prefix of the pool
	uint32_t ipv4;       // first address of the pool
	uint32_t first_slot; // slot of row 0
	uint32_t rows;       // blocks of 256 cells: min over the families present
	uint8_t ipv4_len;    // prefix length 8..24, or 0
	uint8_t ipv6_len;    // prefix length 16..56, or 0
	uint8_t reserved[2];
};
_Static_assert(sizeof(struct shard_pool) == 24, "laid out in shared memory");

static inline uint8_t shard_of_ipv4(uint32_t address)
{
	address ^= address >> 16;
	return (uint8_t)(address ^ address >> 8);
}

static inline uint8_t shard_of_ipv6(uint64_t prefix)
{
	return shard_of_ipv4((uint32_t)(prefix ^ prefix >> 32));
}

static inline uint8_t shard_of_teid(uint32_t teid)
{
	return (uint8_t)teid;
}

// What a handle says of a downlink packet (lane.h): the shard, and of an IPv4 destination all but the last byte, which follows from the
// rest wherever the address is in the shard that it hashes to.
static inline uint32_t shard_hint(uint32_t address, uint8_t shard)
{
	return address ^ (uint8_t)(address ^ shard);
}

static inline uint32_t shard_hint_ipv4(uint32_t hint)
{
	return (hint & ~0xffu) | shard_of_ipv4(hint);
}

static inline uint32_t shard_slot_of_teid(uint32_t teid, unsigned slot_bits)
{
	return teid >> SHARD_BITS & ((1u << slot_bits) - 1);
}

// generation is cut to the bits that are left; the caller skips generation 0.
static inline uint32_t shard_teid(uint32_t generation, uint32_t slot, uint8_t shard, unsigned slot_bits)
{
	return generation << (SHARD_BITS + slot_bits) | slot << SHARD_BITS | shard;
}

static inline uint32_t shard_teid_generation(uint32_t teid, unsigned slot_bits)
{
	return teid >> (SHARD_BITS + slot_bits);
}

// The slot an address of this pool maps to, or UINT32_MAX if the pool does not hold it. O(1), no memory but *pool.
static inline uint32_t shard_pool_slot4(const struct shard_pool *pool, uint32_t address)
{
	uint64_t row = ((uint64_t)address - pool->ipv4) >> 8; // far beyond the last row for addresses below the first

	return row < pool->rows && pool->ipv4_len ? pool->first_slot + (uint32_t)row : UINT32_MAX;
}

static inline uint32_t shard_pool_slot6(const struct shard_pool *pool, uint64_t prefix)
{
	uint64_t row = (prefix - pool->ipv6) >> 8;

	return pool->ipv6_len && prefix >= pool->ipv6 && row < pool->rows ? pool->first_slot + (uint32_t)row
									  : UINT32_MAX;
}

// The one address of the pool that maps to the cell (shard, pool->first_slot + row); row < pool->rows.
uint32_t shard_pool_ipv4(const struct shard_pool *pool, uint32_t row, uint8_t shard);
uint64_t shard_pool_ipv6(const struct shard_pool *pool, uint32_t row, uint8_t shard);

// Fills rows and first_slot of count pools from their prefixes, in order, starting at slot 0; base addresses must
// have no bits below their prefix. Returns the number of slots used, or -EINVAL with *bad set to the first pool
// whose prefix or length is out of range, or -E2BIG where the slots would pass 1 << SHARD_SLOT_BITS_MAX.
int shard_pools_lay(struct shard_pool *pools, unsigned count, unsigned *bad);

// Bits needed to number slots 0..slots-1; at least 1.
unsigned shard_slot_bits(uint32_t slots);
