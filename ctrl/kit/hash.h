// hash.h - mixing for tables and content hashes. Not cryptographic; `seed` keeps clients from choosing their buckets.
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_u64(uint64_t seed, uint64_t word)
{
	word = (word ^ seed) * 0xbf58476d1ce4e5b9ull;
	word = (word ^ word >> 29) * 0x94d049bb133111ebull;
	return word ^ word >> 32;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length);

// With two seeds at once, which become the hashes: each step waits for the one before, so two together take hardly longer than one.
void hash_bytes_twice(uint64_t hash[2], const void *bytes, size_t length);

// Random for each process.
uint64_t hash_seed(void);
