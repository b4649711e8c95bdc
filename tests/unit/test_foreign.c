// test_foreign.c - the address index: where entries go, that it holds what it must, and bursts of look-ups.
//
//   usage: test_foreign [INSERTIONS]    into a full shard of each size; default 1,000,000; by hand 100,000,000
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/stand/stand.h"
#include "tests/bench/tables/foreign_query.h"

#define SHARD 7u
#define CELLS 64u // for foreign addresses, in the stand

static struct stand stand;
static const struct region *region;
static unsigned long insertions = 1000000;

static int setup(void **state)
{
	struct lines lines;

	stand_open(&stand);
	region = &stand.pipe.shard[SHARD];
	lines = stand_lines(&stand, SHARD);
	for (uint32_t i = 0; i < CELLS; i++) {
		struct bearer bearer = stand_foreign_bearer(&stand, SHARD, STAND_FIRST_FOREIGN + i, 1);

		assert_int_equal(lines_set(&lines, STAND_FIRST_FOREIGN + i, &bearer), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	stand_close(&stand);
	return 0;
}

static void eight_are_compared_as_one_by_one(void **state)
{
	srandom(1);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t keys[9], key = (uint32_t)random() % 4 << 30;

		for (unsigned k = 0; k < 9; k++)
			keys[k] = (uint32_t)random() % 4 << 30;
		assert_int_equal(eight_equal(keys + i % 2, key), eight_equal_plain(keys + i % 2, key));
	}
}

static uint32_t slot_of(const struct line *line)
{
	return line ? (uint32_t)(line - region->downlink) : FOREIGN_NONE;
}

static uint32_t answer(uint32_t address, uint64_t prefix, unsigned expectations)
{
	struct foreign_query query;

	if (address)
		foreign_ask4(&query, region, &stand.shape, address);
	else
		foreign_ask6(&query, region, &stand.shape, prefix);
	if (expectations > 0 && !foreign_expect(&query, &stand.shape) && expectations > 1)
		foreign_expect_again(&query, &stand.shape);
	return slot_of(address ? foreign_answer4(&query, &stand.shape, address)
			       : foreign_answer6(&query, &stand.shape, prefix));
}

// By address and by prefix, known ones, unknown ones and none: whatever steps were taken before.
static void steps_find_what_single_looks_find(void **state)
{
	unsigned promised = 0;

	for (unsigned expectations = 0; expectations < 3; expectations++) {
		for (uint32_t i = 0; i < 2 * CELLS; i++) {
			uint32_t slot = i < CELLS ? STAND_FIRST_FOREIGN + i : FOREIGN_NONE;
			struct bearer bearer = stand_foreign_bearer(&stand, SHARD, STAND_FIRST_FOREIGN + i, 1);

			assert_int_equal(answer(bearer.ue_ipv4, 0, expectations), slot);
			assert_int_equal(answer(0, bearer.ue_ipv6, expectations), slot);
			assert_int_equal(foreign_find4(region, &stand.shape, bearer.ue_ipv4), slot);
			assert_int_equal(foreign_find6(region, &stand.shape, bearer.ue_ipv6), slot);
			promised += foreign_promise4(region, &stand.shape, bearer.ue_ipv4) == slot && i < CELLS;
		}
		assert_int_equal(answer(0, 0, expectations), FOREIGN_NONE);
	}
	assert_in_range(promised, 3 * CELLS / 2, 3 * CELLS); // those in their first bucket
}

// No address is no session's, even where a session has none of that family.
static void no_address_finds_nobody(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);

	for (uint32_t slot = STAND_FIRST_FOREIGN; slot < STAND_FIRST_FOREIGN + CELLS; slot++) {
		struct bearer bearer = stand_foreign_bearer(&stand, SHARD, slot, 1);
		struct foreign_query query;

		if (slot % 2)
			bearer.ue_ipv4 = 0;
		else
			bearer.ue_ipv6 = 0;
		assert_int_equal(lines_set(&lines, slot, &bearer), 0);
		foreign_ask4(&query, region, &stand.shape, 0);
		foreign_expect(&query, &stand.shape);
		assert_null(foreign_answer4(&query, &stand.shape, 0));
		foreign_ask6(&query, region, &stand.shape, 0);
		foreign_expect(&query, &stand.shape);
		assert_null(foreign_answer6(&query, &stand.shape, 0));
	}
}

// A key that two sessions share, an entry a kill has left, and one that names no cell: the line decides.
static void only_the_line_is_believed(void **state)
{
	struct bearer bearer = stand_foreign_bearer(&stand, SHARD, STAND_FIRST_FOREIGN + 3, 1);
	uint32_t key = foreign_key4(bearer.ue_ipv4), good = STAND_FIRST_FOREIGN + 3;
	const uint32_t wrong[] = { good + 1, stand.shape.slots, UINT32_MAX };

	foreign_remove(region, &stand.shape, (struct foreign_entry){ key, good });
	for (unsigned i = 0; i < 3; i++)
		foreign_add(region, &stand.shape, (struct foreign_entry){ key, wrong[i] });
	assert_int_equal(answer(bearer.ue_ipv4, 0, 2), FOREIGN_NONE);
	foreign_add(region, &stand.shape, (struct foreign_entry){ key, good });
	assert_int_equal(answer(bearer.ue_ipv4, 0, 2), good);
}

// Two entries of one session never count on the same place.
static void two_entries_find_room_for_two(void **state)
{
	struct region_bucket bucket = { { 0 }, { 0 } };
	const struct region one = { .index = &bucket };
	const struct region_shape shape = { .slots = 16, .foreign = 16, .buckets = 1 };
	const struct foreign_entry two[] = { { 101, 1 }, { 102, 1 } };

	for (uint32_t i = 1; i <= 6; i++)
		foreign_add(&one, &shape, (struct foreign_entry){ i, i });
	assert_true(foreign_make_room(&one, &shape, two, 2));
	foreign_add(&one, &shape, (struct foreign_entry){ 7, 7 });
	assert_false(foreign_make_room(&one, &shape, two, 2));
	assert_true(foreign_make_room(&one, &shape, two, 1));
	foreign_add(&one, &shape, two[0]);
	assert_true(foreign_make_room(&one, &shape, two, 1)); // it is there already
	assert_false(foreign_make_room(&one, &shape, two + 1, 1));
}

static struct region_bucket *index_of(uint32_t buckets)
{
	struct region_bucket *index = aligned_alloc(64, buckets * sizeof(*index));

	assert_non_null(index);
	memset(index, 0, buckets * sizeof(*index));
	return index;
}

static uint32_t entries_in(const struct region *of, const struct region_shape *shape)
{
	uint32_t count = 0;

	for (uint32_t b = 0; b < shape->buckets; b++)
		count += 8 - (uint32_t)__builtin_popcount(eight_equal_plain(of->index[b].key, 0));
	return count;
}

// Fills a bucket with entries that may lie there and elsewhere. Returns the next slot.
static uint32_t bucket_fill(const struct region *of, const struct region_shape *shape, struct region_bucket *bucket,
			    uint32_t slot)
{
	for (unsigned place = 0; place < 8;) {
		uint32_t key = (uint32_t)random() << 1 | 1;
		struct foreign_pair pair = foreign_buckets(of, shape, key);

		if (pair.bucket[0] == pair.bucket[1] || (pair.bucket[0] != bucket && pair.bucket[1] != bucket))
			continue;
		bucket->key[place] = key;
		bucket->slot[place++] = slot++;
	}
	return slot;
}

// Both buckets of a newcomer are full: others move, and nobody is lost by it.
static void full_buckets_make_room(void **state)
{
	const struct region_shape shape = { .slots = 256, .foreign = 64, .buckets = 64 };
	struct region of = { .index = index_of(shape.buckets) };
	struct foreign_entry old[16], newcomers[2] = { { 0x0a000001, 100 }, { 0x0a000001, 101 } };
	struct foreign_pair pair = foreign_buckets(&of, &shape, newcomers[0].key);

	srandom(5);
	assert_ptr_not_equal(pair.bucket[0], pair.bucket[1]);
	for (unsigned b = 0; b < 2; b++) {
		bucket_fill(&of, &shape, pair.bucket[b], b * 8);
		for (unsigned place = 0; place < 8; place++)
			old[b * 8 + place] = (struct foreign_entry){ pair.bucket[b]->key[place], b * 8 + place };
	}
	assert_true(foreign_make_room(&of, &shape, newcomers, 2));
	for (unsigned i = 0; i < 2; i++)
		foreign_add(&of, &shape, newcomers[i]);
	for (unsigned i = 0; i < 2; i++)
		assert_true(foreign_has(&of, &shape, newcomers[i]));
	for (unsigned i = 0; i < 16; i++)
		assert_true(foreign_has(&of, &shape, old[i]));
	assert_int_equal(entries_in(&of, &shape), 18);
	free(of.index);
}

static void no_room_changes_nothing(void **state)
{
	const struct region_shape shape = { .slots = 1024, .foreign = 256, .buckets = 64 };
	struct region of = { .index = index_of(shape.buckets) };
	struct region_bucket before[64];
	const struct foreign_entry newcomer = { 0x0a000001, 1000 };
	uint32_t slot = 0;

	srandom(6);
	for (uint32_t b = 0; b < shape.buckets; b++)
		slot = bucket_fill(&of, &shape, of.index + b, slot);
	memcpy(before, of.index, sizeof(before));
	assert_false(foreign_make_room(&of, &shape, &newcomer, 1));
	foreign_add(&of, &shape, newcomer);
	assert_memory_equal(before, of.index, sizeof(before));
	free(of.index);
}

// An owner that was killed between the two halves of a move leaves the entry in both buckets: it goes from both.
static void half_a_move_is_undone(void **state)
{
	const struct region_shape shape = { .slots = 256, .foreign = 64, .buckets = 64 };
	struct region of = { .index = index_of(shape.buckets) };
	const struct foreign_entry entry = { 0x0a000001, 100 };
	struct foreign_pair pair = foreign_buckets(&of, &shape, entry.key);

	for (unsigned b = 0; b < 2; b++) {
		pair.bucket[b]->slot[3] = entry.slot;
		pair.bucket[b]->key[3] = entry.key;
	}
	foreign_add(&of, &shape, entry);
	assert_int_equal(entries_in(&of, &shape), 2);
	foreign_remove(&of, &shape, entry);
	assert_int_equal(entries_in(&of, &shape), 0);
	free(of.index);
}

static struct foreign_entry *churned; // entries of a shard, by place

static void churn(const struct region *of, const struct region_shape *shape, uint32_t i)
{
	if (churned[i].key)
		foreign_remove(of, shape, churned[i]);
	churned[i] = (struct foreign_entry){ (uint32_t)random() << 1 | 1, i / 2 };
	assert_true(foreign_make_room(of, shape, churned + i, 1));
	foreign_add(of, shape, churned[i]);
}

// As full as it may ever be, entries come and go, in shards of all sizes: none is refused.
static void full_shards_refuse_nobody(void **state)
{
	for (uint32_t foreign = 1; foreign <= 1024; foreign *= 2) {
		struct region_shape shape = { .slots = foreign,
					      .foreign = foreign,
					      .buckets = region_buckets(foreign) };
		struct region of = { .index = index_of(shape.buckets) };

		churned = calloc(2 * foreign, sizeof(*churned));
		assert_non_null(churned);
		for (uint32_t i = 0; i < 2 * foreign; i++)
			churn(&of, &shape, i);
		for (unsigned long i = 0; i < insertions; i++)
			churn(&of, &shape, (uint32_t)random() % (2 * foreign));
		for (uint32_t i = 0; i < 2 * foreign; i++)
			assert_true(foreign_has(&of, &shape, churned[i]));
		assert_int_equal(entries_in(&of, &shape), 2 * foreign);
		free(churned);
		free(of.index);
	}
}

// As many entries as the largest shard may ever have, at the load region_buckets gives.
static void a_full_shard_fits(void **state)
{
	struct region_shape shape = { .slots = 65536, .foreign = 65536, .buckets = region_buckets(65536) };
	struct region large = { .index = index_of(shape.buckets) };
	unsigned first = 0, entries = 2 * shape.foreign;

	srandom(3);
	for (uint32_t i = 0; i < entries; i++) {
		uint32_t key = (uint32_t)random() << 1 | 1;
		struct foreign_entry entry = { key, i };
		struct region_bucket *bucket = foreign_buckets(&large, &shape, key).bucket[0];
		uint32_t before = eight_equal_plain(bucket->key, 0);

		assert_true(foreign_make_room(&large, &shape, &entry, 1));
		foreign_add(&large, &shape, entry);
		assert_true(foreign_has(&large, &shape, entry));
		first += eight_equal_plain(bucket->key, 0) != before;
	}
	print_message("%.3f of the entries lie in their first bucket\n", (double)first / entries);
	assert_true(first > entries * 85ull / 100);
	free(large.index);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_are_compared_as_one_by_one),
		cmocka_unit_test_setup_teardown(steps_find_what_single_looks_find, setup, teardown),
		cmocka_unit_test_setup_teardown(no_address_finds_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_line_is_believed, setup, teardown),
		cmocka_unit_test(two_entries_find_room_for_two),
		cmocka_unit_test(full_buckets_make_room),
		cmocka_unit_test(no_room_changes_nothing),
		cmocka_unit_test(half_a_move_is_undone),
		cmocka_unit_test(full_shards_refuse_nobody),
		cmocka_unit_test(a_full_shard_fits),
	};

	if (argc > 1)
		insertions = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
