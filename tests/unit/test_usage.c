// test_usage.c - only what moved is told, nothing is lost when the word is full, and a newcomer hears everything.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/fake_plane.h"
#include "workers/courier/usage.h"
#include "workers/lines/lines.h"

static struct plane_view view;
static struct usage *usage;
static struct feed_usages out;

static int make(void **state)
{
	fake_plane_make(&view);
	usage = usage_make(&view.plane->shape);
	out.count = 0;
	return usage ? 0 : -1;
}

static int destroy(void **state)
{
	usage_free(usage);
	fake_plane_free(&view);
	return 0;
}

static void set(uint8_t shard, uint32_t slot, uint32_t generation)
{
	struct lines lines = { .region = &view.shards[shard], .shape = &view.plane->shape, .net = &view.plane->net };
	struct bearer bearer = fake_bearer(&view, shard, slot);

	bearer.teid = shard_teid(generation, slot, shard, view.plane->net.slot_bits);
	assert_int_equal(lines_set(&lines, slot, &bearer), 0);
}

static void carry(uint8_t shard, uint32_t slot, uint32_t packets, uint64_t bytes)
{
	view.shards[shard].uplink[slot].packets += packets;
	view.shards[shard].uplink[slot].bytes += bytes;
}

// A whole pass into an empty word.
static unsigned pass(void)
{
	out.count = 0;
	while (!usage_scan(usage, &view, 1000, &out))
		;
	return out.count;
}

static void only_what_moved_is_told(void **state)
{
	set(3, 5, 1);
	set(200, 9, 1);
	assert_int_equal(pass(), 0);
	carry(3, 5, 10, 1000);
	assert_int_equal(pass(), 1);
	assert_int_equal(out.usage[0].shard, 3);
	assert_int_equal(out.usage[0].slot, 5);
	assert_int_equal(out.usage[0].teid, fake_bearer(&view, 3, 5).teid);
	assert_int_equal(out.usage[0].count.uplink_packets, 10);
	assert_int_equal(out.usage[0].count.uplink_bytes, 1000);
	assert_int_equal(pass(), 0);
	carry(3, 5, 1, 100);
	carry(200, 9, 1, 60);
	assert_int_equal(pass(), 2);
	assert_int_equal(out.usage[0].count.uplink_bytes, 1100); // cumulative
}

static void red_and_downlink_count_too(void **state)
{
	set(3, 5, 1);
	view.shards[3].downlink[5].packets = 2;
	view.shards[3].downlink[5].bytes = 90;
	assert_int_equal(pass(), 1);
	assert_int_equal(out.usage[0].count.downlink_packets, 2);
	assert_int_equal(out.usage[0].count.downlink_bytes, 90);
	view.shards[3].rest[5].red_packets[LINE_UPLINK] = 4;
	view.shards[3].rest[5].red_packets[LINE_DOWNLINK] = 3;
	assert_int_equal(pass(), 1);
	assert_int_equal(out.usage[0].count.red_packets, 7);
}

static void a_new_session_in_the_cell_is_told_from_zero(void **state)
{
	set(3, 5, 1);
	carry(3, 5, 10, 1000);
	pass();
	set(3, 5, 2);
	assert_int_equal(pass(), 0);
	carry(3, 5, 10, 500); // the same sum as the old one's
	assert_int_equal(pass(), 1);
	assert_int_equal(out.usage[0].count.uplink_bytes, 500);
	assert_true(out.usage[0].life == view.shards[3].rest[5].life && out.usage[0].life);
}

static void a_beginning_is_not_told_half(void **state)
{
	set(3, 5, 1);
	pass();
	carry(3, 5, 10, 1000);
	view.shards[3].rest[5].teid = 0;
	assert_int_equal(pass(), 0);
	view.shards[3].rest[5].teid = fake_bearer(&view, 3, 5).teid;
	assert_int_equal(pass(), 1);
}

static void a_full_word_loses_nothing(void **state)
{
	unsigned told = 0;

	for (unsigned shard = 0; shard < 20; shard++)
		for (uint32_t slot = 0; slot < FAKE_POOL_ROWS; slot++) {
			set((uint8_t)shard, slot, 1);
			carry((uint8_t)shard, slot, 1, 60);
		}
	for (bool over = false; !over;) {
		out.count = 0;
		over = usage_scan(usage, &view, 100000, &out);
		assert_true(over || out.count == FEED_BATCH_MAX);
		told += out.count;
	}
	assert_int_equal(told, 20 * FAKE_POOL_ROWS);
	assert_int_equal(pass(), 0);
}

static void a_newcomer_hears_everything(void **state)
{
	set(3, 5, 1);
	carry(3, 5, 10, 1000);
	pass();
	usage_forget(usage);
	assert_int_equal(pass(), 1);
}

static void a_step_is_bounded(void **state)
{
	set(0, 0, 1);
	assert_false(usage_scan(usage, &view, FAKE_SLOTS - 1, &out));
	assert_true(usage_scan(usage, &view, 2, &out)); // the last cell; then nobody
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_moved_is_told),
		TEST(red_and_downlink_count_too),
		TEST(a_new_session_in_the_cell_is_told_from_zero),
		TEST(a_beginning_is_not_told_half),
		TEST(a_full_word_loses_nothing),
		TEST(a_newcomer_hears_everything),
		TEST(a_step_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
