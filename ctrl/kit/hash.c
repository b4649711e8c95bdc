// hash.c - hashes of byte strings. Pure but for the seed.
#include "ctrl/kit/hash.h"
#include <string.h>
#include <sys/random.h>
#include "shared/base/clock.h"

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t hash = seed ^ length * 0x9e3779b97f4a7c15ull;
	uint64_t word = 0;

	for (; length >= 8; at += 8, length -= 8) {
		memcpy(&word, at, 8);
		hash = hash_u64(hash, word);
	}
	word = 0;
	memcpy(&word, at, length);
	return hash_u64(hash, word);
}

void hash_bytes_twice(uint64_t hash[2], const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t first = hash[0] ^ length * 0x9e3779b97f4a7c15ull, second = hash[1] ^ length * 0x9e3779b97f4a7c15ull;
	uint64_t word = 0;

	for (; length >= 8; at += 8, length -= 8) {
		memcpy(&word, at, 8);
		first = hash_u64(first, word);
		second = hash_u64(second, word);
	}
	word = 0;
	memcpy(&word, at, length);
	hash[0] = hash_u64(first, word);
	hash[1] = hash_u64(second, word);
}

uint64_t hash_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = clock_ns();
	return seed;
}
