// test_tables.c - the tables of the comparison are right: whoever promises whole values gives them, and a fault would be seen.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/wire/shard.h"
#include "tests/bench/tables/chance.h"
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/match.h"
#include "tests/bench/tables/pages.h"

#define SESSIONS (64u * SHARDS)
#define PATIENCE 100u // slices

static const struct table *const kinds[] = { &table_mutex, &table_spinlock, &table_ticket, &table_hash,
					     &table_own,   &table_line,     &table_flip };
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static struct match matches[KINDS];

static int make(void **state)
{
	struct table_site site = { SESSIONS, pages_socket(64u << 20) };

	for (unsigned i = 0; i < KINDS; i++)
		matches[i] = match_make(kinds[i], &site);
	match_open();
	return 0;
}

static int destroy(void **state)
{
	match_close();
	return 0;
}

static struct match_told run(struct match *match, uint32_t slots, unsigned times)
{
	struct match_wish wish = { TABLE_READERS, MATCH_FLAT_OUT, slots, times, 20 };

	return match_run(match, &wish);
}

// A slice in which somebody never got his processor, or the lock, says nothing.
static void readers_find_what_is_there(void **state)
{
	for (unsigned i = 0; i < KINDS; i++) {
		struct match_told told = { 0 };

		for (unsigned slice = 0; slice < PATIENCE && !(told.all.lookups && told.all.applied); slice++) {
			told = run(&matches[i], SESSIONS / SHARDS, 1);
			assert_int_equal(told.all.missed, 0);
		}
		print_message("%s: %llu look-ups, %llu changes\n", kinds[i]->name, (unsigned long long)told.all.lookups,
			      (unsigned long long)told.all.applied);
		assert_true(told.all.lookups > 0 && told.all.applied > 0);
	}
}

// The double buffer makes no such promise.
static void values_are_whole(void **state)
{
	for (unsigned i = 0; i < KINDS; i++) {
		if (kinds[i] == &table_flip)
			continue;
		assert_int_equal(run(&matches[i], 1, 2).all.torn, 0);
		assert_int_equal(run(&matches[i], SESSIONS / SHARDS, 1).all.torn, 0);
	}
}

// The same key over and over, in a table that one reader has.
static struct table_tally ask(struct match *match, uint32_t key)
{
	uint32_t keys[TABLE_BATCH];
	struct table_tally tally = { 0 };

	for (unsigned i = 0; i < TABLE_BATCH; i++)
		keys[i] = key;
	if (match->kind->sit)
		match->kind->sit(match->at, 1);
	if (match->kind->begin)
		match->kind->begin(match->at, 0);
	match->kind->read(match->at, 0, keys, keys, &tally);
	if (match->kind->end)
		match->kind->end(match->at, 0);
	match->seated = 1;
	return tally;
}

static void say(struct match *match, enum table_verb verb, uint32_t number)
{
	struct table_change change = { verb, number, estate_pool_address(number), 7 };

	assert_true(match->kind->change(match->at, &change));
	if (match->kind->flush)
		match->kind->flush(match->at);
}

static void what_is_deleted_is_missed(void **state)
{
	const uint32_t number = 14 * SHARDS + 5, key = estate_pool_address(number); // one that is always there

	for (unsigned i = 0; i < KINDS; i++) {
		assert_int_equal(ask(&matches[i], key).missed, 0);
		say(&matches[i], TABLE_DELETE, number);
		assert_int_equal(ask(&matches[i], key).missed, TABLE_BATCH);
		say(&matches[i], TABLE_INSERT, number);
		assert_int_equal(ask(&matches[i], key).missed, 0);
		assert_int_equal(ask(&matches[i], key).torn, 0);
	}
}

// Its reader has not seen it yet when others sit down.
static void a_change_outlives_its_reader(void **state)
{
	const uint32_t number = 14 * SHARDS + 5;

	for (unsigned i = 0; i < KINDS; i++) {
		run(&matches[i], SESSIONS / SHARDS, 1);
		say(&matches[i], TABLE_DELETE, number);
		assert_int_equal(ask(&matches[i], estate_pool_address(number)).missed, TABLE_BATCH);
		run(&matches[i], 1, 1);
		say(&matches[i], TABLE_INSERT, number);
		assert_int_equal(ask(&matches[i], estate_pool_address(number)).missed, 0);
	}
}

static void a_torn_value_is_seen(void **state)
{
	uint64_t words[TABLE_WORDS];
	struct table_tally tally = { 0 };
	struct line line = { .teid = estate_peer_teid(8), .peer_ipv4 = 8, .qfi = 8 };

	for (unsigned i = 0; i < TABLE_WORDS; i++)
		words[i] = table_word(9, 1);
	table_check(words, 9, &tally);
	assert_int_equal(tally.torn, 0);
	words[TABLE_WORDS - 1] = table_word(9, 2);
	table_check(words, 9, &tally);
	assert_int_equal(tally.torn, 1);
	assert_true(estate_whole(&line));
	line.peer_ipv4 = 9;
	assert_false(estate_whole(&line));
}

// Keys are the places of a direct index, and those of foreign sessions are all different.
static void addresses_are_one_to_one(void **state)
{
	static uint8_t seen[SESSIONS], scattered[1 << 24];

	for (uint32_t n = 0; n < SESSIONS; n++) {
		uint32_t at = estate_pool_address(n) - ESTATE_POOL;

		assert_true(at < SESSIONS);
		assert_int_equal(seen[at]++, 0);
		assert_int_equal(shard_of_ipv4(estate_pool_address(n)), n % SHARDS);
	}
	for (uint32_t n = 0; n < sizeof(scattered); n++)
		assert_int_equal(scattered[chance_scatter(n)]++, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_find_what_is_there), cmocka_unit_test(values_are_whole),
		cmocka_unit_test(what_is_deleted_is_missed),  cmocka_unit_test(a_change_outlives_its_reader),
		cmocka_unit_test(a_torn_value_is_seen),       cmocka_unit_test(addresses_are_one_to_one),
	};

	return cmocka_run_group_tests(tests, make, destroy);
}
