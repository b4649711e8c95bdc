// foreign.c - two-choice buckets: find, make room, add, remove.
#include "workers/lines/foreign.h"
#include <stddef.h>

#define PLACES 8u
#define FIRST_ENOUGH 5u // entries that make a first bucket send newcomers to the emptier one
#define MOVES 4u        // of others, for one newcomer

static uint32_t matches(const struct region_bucket *bucket, uint32_t key)
{
	return eight_equal(bucket->key, key);
}

static uint32_t find(const struct region *region, const struct region_shape *shape, uint32_t address, uint64_t prefix)
{
	uint32_t key = address ? foreign_key4(address) : foreign_key6(prefix);
	struct foreign_pair pair = foreign_buckets(region, shape, key);

	for (unsigned b = 0; b < 2; b++) {
		for (uint32_t bits = matches(pair.bucket[b], key); bits; bits &= bits - 1) {
			uint32_t slot = pair.bucket[b]->slot[__builtin_ctz(bits)];

			if (slot < shape->slots && foreign_agrees(region->downlink + slot, address, prefix))
				return slot;
		}
	}
	return FOREIGN_NONE;
}

uint32_t foreign_find4(const struct region *region, const struct region_shape *shape, uint32_t address)
{
	return find(region, shape, address, 0);
}

uint32_t foreign_find6(const struct region *region, const struct region_shape *shape, uint64_t prefix)
{
	return find(region, shape, 0, prefix);
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

static unsigned empty_places(const struct region_bucket *bucket)
{
	return (unsigned)__builtin_popcount(matches(bucket, 0));
}

static struct region_bucket *emptier(const struct foreign_pair *pair, unsigned *empty)
{
	unsigned first = empty_places(pair->bucket[0]), second = empty_places(pair->bucket[1]);

	*empty = first >= second ? first : second;
	return pair->bucket[first < second];
}

// Where a newcomer goes, or NULL. At half load, the most there is, nine in ten lie in their first bucket.
static struct region_bucket *bucket_for(const struct foreign_pair *pair)
{
	struct region_bucket *bucket;
	unsigned empty;

	if (empty_places(pair->bucket[0]) > PLACES - FIRST_ENOUGH)
		return pair->bucket[0];
	bucket = emptier(pair, &empty);
	return empty ? bucket : NULL;
}

static void put(struct region_bucket *bucket, struct foreign_entry entry)
{
	unsigned place = (unsigned)__builtin_ctz(matches(bucket, 0));

	bucket->slot[place] = entry.slot;
	atomic_signal_fence(memory_order_seq_cst); // a killed owner leaves a free place, not a key with another's slot
	bucket->key[place] = entry.key;
}

bool foreign_has(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	unsigned which;

	return place_of(&pair, entry, &which) < PLACES;
}

// Where else this entry of the bucket may lie.
static struct region_bucket *other_bucket(const struct region *region, const struct region_shape *shape,
					  const struct region_bucket *bucket, unsigned place)
{
	struct foreign_pair pair = foreign_buckets(region, shape, bucket->key[place]);

	return pair.bucket[pair.bucket[0] == bucket];
}

// Moves the entry whose other bucket is the emptiest there. A killed owner leaves it in both: either is found, and both are removed.
static bool relieve(const struct region *region, const struct region_shape *shape, struct region_bucket *bucket)
{
	struct region_bucket *to = NULL;
	unsigned from = 0, most = 0;

	for (unsigned place = 0; place < PLACES; place++) {
		struct region_bucket *other = other_bucket(region, shape, bucket, place);
		unsigned empty = bucket->key[place] && other != bucket ? empty_places(other) : 0;

		if (empty <= most)
			continue;
		most = empty;
		from = place;
		to = other;
	}
	if (!to)
		return false;
	put(to, (struct foreign_entry){ bucket->key[from], bucket->slot[from] });
	atomic_signal_fence(memory_order_seq_cst);
	bucket->key[from] = 0;
	return true;
}

static bool pairs_meet(const struct foreign_pair *one, const struct foreign_pair *other)
{
	return one->bucket[0] == other->bucket[0] || one->bucket[0] == other->bucket[1] ||
	       one->bucket[1] == other->bucket[0] || one->bucket[1] == other->bucket[1];
}

// Whether there is room for all; the buckets of the first one for which there is none.
static bool room_now(const struct region *region, const struct region_shape *shape, const struct foreign_entry *entries,
		     unsigned count, struct foreign_pair *pair)
{
	struct foreign_pair before = { { NULL, NULL } };

	for (unsigned i = 0; i < count; i++, before = *pair) {
		unsigned empty, wanted;

		*pair = foreign_buckets(region, shape, entries[i].key);
		wanted = 1 + pairs_meet(pair, &before); // the entry before may take a place that this one counts on
		emptier(pair, &empty);
		if (empty < wanted && !foreign_has(region, shape, entries[i]))
			return false;
	}
	return true;
}

bool foreign_make_room(const struct region *region, const struct region_shape *shape,
		       const struct foreign_entry *entries, unsigned count)
{
	struct foreign_pair full;

	for (unsigned moves = 0; !room_now(region, shape, entries, count, &full); moves++) {
		if (moves == MOVES)
			return false;
		if (!relieve(region, shape, full.bucket[0]) && !relieve(region, shape, full.bucket[1]))
			return false;
	}
	return true;
}

void foreign_add(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	struct region_bucket *bucket;
	unsigned which;

	if (place_of(&pair, entry, &which) < PLACES)
		return;
	bucket = bucket_for(&pair);
	if (bucket)
		put(bucket, entry);
}

void foreign_remove(const struct region *region, const struct region_shape *shape, struct foreign_entry entry)
{
	struct foreign_pair pair = foreign_buckets(region, shape, entry.key);
	unsigned which, place;

	while ((place = place_of(&pair, entry, &which)) < PLACES)
		pair.bucket[which]->key[place] = 0;
}
