// foreign.c - two-choice buckets: find, add, remove.
#include "workers/foreign.h"

#define PLACES 8u

struct foreign_pair foreign_buckets(const struct region *region, const struct region_shape *shape, uint32_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15ull;
	uint32_t mask = shape->buckets - 1;

	return (struct foreign_pair){ { region->index + (hash >> 30 & mask), region->index + (hash >> 47 & mask) } };
}

// One bit for each place that holds the key.
static uint32_t matches(const struct region_bucket *bucket, uint32_t key)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < PLACES; i++)
		bits |= (uint32_t)(bucket->key[i] == key) << i;
	return bits;
}

static bool line_has(const struct line *line, uint32_t address, uint64_t prefix)
{
	return line->flags & LINE_VALID && line->ue_ipv4 == (address ? address : line->ue_ipv4) &&
	       line->ue_ipv6 == (prefix ? prefix : line->ue_ipv6);
}

static uint32_t find(const struct region *region, const struct region_shape *shape, uint32_t address, uint64_t prefix)
{
	uint32_t key = address ? foreign_key4(address) : foreign_key6(prefix);
	struct foreign_pair pair = foreign_buckets(region, shape, key);

	for (unsigned b = 0; b < 2; b++) {
		for (uint32_t bits = matches(pair.bucket[b], key); bits; bits &= bits - 1) {
			uint32_t slot = pair.bucket[b]->slot[__builtin_ctz(bits)];

			if (slot < shape->slots && line_has(region->downlink + slot, address, prefix))
				return slot;
		}
	}
	return FOREIGN_NONE;
}

uint32_t foreign_find4(const struct region *region, const struct region_shape *shape, uint32_t address)
{
	return address ? find(region, shape, address, 0) : FOREIGN_NONE;
}

uint32_t foreign_find6(const struct region *region, const struct region_shape *shape, uint64_t prefix)
{
	return prefix ? find(region, shape, 0, prefix) : FOREIGN_NONE;
}

// The place of an entry, in which of the pair, or PLACES.
static unsigned place_of(const struct foreign_pair *pair, struct foreign_entry entry, unsigned *which)
{
	for (*which = 0; *which < 2; ++*which) {
		for (uint32_t bits = matches(pair->bucket[*which], entry.key); bits; bits &= bits - 1) {
			unsigned place = (unsigned)__builtin_ctz(bits);

			if (pair->bucket[*which]->slot[place] == entry.slot)
				return place;
		}
	}
	return PLACES;
}

static struct region_bucket *emptier(const struct foreign_pair *pair, unsigned *empty)
{
	unsigned first = (unsigned)__builtin_popcount(matches(pair->bucket[0], 0));
	unsigned second = (unsigned)__builtin_popcount(matches(pair->bucket[1], 0));

	*empty = first >= second ? first : second;
	return pair->bucket[first < second];
}

bool foreign_has(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	unsigned which;

	return place_of(&pair, entry, &which) < PLACES;
}

bool foreign_room(const struct region *region, const struct region_shape *shape, const struct foreign_entry *entries,
		  unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct foreign_pair pair = foreign_buckets(region, shape, entries[i].key);
		unsigned empty;

		emptier(&pair, &empty);
		if (empty < count && !foreign_has(region, shape, entries[i]))
			return false;
	}
	return true;
}

void foreign_add(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	struct region_bucket *bucket;
	unsigned place, empty;

	if (place_of(&pair, entry, &place) < PLACES)
		return;
	bucket = emptier(&pair, &empty);
	if (!empty)
		return;
	place = (unsigned)__builtin_ctz(matches(bucket, 0));
	bucket->slot[place] = entry.slot;
	atomic_signal_fence(memory_order_seq_cst); // a killed owner leaves a free place, not a key with another's slot
	bucket->key[place] = entry.key;
}

void foreign_remove(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	unsigned which, place = place_of(&pair, entry, &which);

	if (place < PLACES)
		pair.bucket[which]->key[place] = 0;
}
