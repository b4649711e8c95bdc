// test_lines.c - sessions written into a shard: set, read, clear, sweep, index.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"
#include "workers/lines/foreign.h"

#define SHARD 7u
#define SLOT 5u
#define FOREIGN_SLOT (STAND_FIRST_FOREIGN + 3)

static struct stand stand;

static int open_stand(void **state)
{
	stand_open(&stand);
	return 0;
}

static int close_stand(void **state)
{
	stand_close(&stand);
	return 0;
}

static void set_reads_back(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT), back;

	bearer.uplink = (struct bearer_way){ 2, BEARER_MARK_AF3, BEARER_COLOUR_AWARE };
	bearer.downlink = (struct bearer_way){ 3, BEARER_MARK_EF, BEARER_QFI | BEARER_GATE_CLOSED };
	bearer.qfi = 9;
	assert_int_equal(lines_read(&lines, SLOT, &back), -ENOENT);
	assert_int_equal(lines_set(&lines, SLOT, &bearer), 0);
	assert_int_equal(lines_read(&lines, SLOT, &back), 0);
	assert_memory_equal(&back, &bearer, sizeof(back));
	assert_int_equal(lines.region->header->sessions, 1);
	assert_true(lines_validate_slot(&lines, SLOT));
	assert_true(stand_in_step(&lines));
	assert_int_equal(lines_set(&lines, SLOT, &bearer), 0); // repeated
	assert_true(stand_in_step(&lines));
}

static void bearer_of_another_place_is_refused(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer good = stand_bearer(&stand, SHARD, SLOT), wrong;

	assert_int_equal(lines_set(&lines, SLOT + 1, &good), -EINVAL);
	assert_int_equal(lines_set(&lines, stand.shape.slots, &good), -EINVAL);
	wrong = good;
	wrong.teid ^= 1; // another shard's
	assert_int_equal(lines_set(&lines, SLOT, &wrong), -EINVAL);
	wrong = good;
	wrong.ue_ipv4 = shard_pool_ipv4(stand.net.pool, SLOT, SHARD + 1);
	assert_int_equal(lines_set(&lines, SLOT, &wrong), -EINVAL);
	stand.net.places = true; // networks share addresses
	assert_int_equal(lines_set(&lines, SLOT, &wrong), -EINVAL);
	stand.net.places = false;
	wrong = good;
	wrong.downlink.rate = (uint16_t)stand.shape.rates;
	assert_int_equal(lines_set(&lines, SLOT, &wrong), -EINVAL);
	wrong = good;
	wrong.qfi = 64;
	assert_int_equal(lines_set(&lines, SLOT, &wrong), -EINVAL);
	assert_int_equal(lines.region->header->sessions, 0);
	assert_true(stand_in_step(&lines));
}

static void counters_belong_to_the_teid(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT);
	struct line *up = &lines.region->uplink[SLOT];
	struct lines_count count;

	lines_set(&lines, SLOT, &bearer);
	assert_int_equal(up->tc, UINT64_MAX);
	up->packets = 3;
	up->bytes = 300;
	up->tc = 77;
	up->tokens_at = 88;
	lines.region->rest[SLOT].red_packets[LINE_DOWNLINK] = 4;
	bearer.peer_ipv4++;
	lines_set(&lines, SLOT, &bearer);
	lines_count(lines.region, SLOT, &count);
	assert_int_equal(count.packets[LINE_UPLINK], 3);
	assert_int_equal(count.bytes[LINE_UPLINK], 300);
	assert_int_equal(count.red_packets[LINE_DOWNLINK], 4);
	assert_int_equal(up->tc, 77);
	assert_int_equal(up->tokens_at, 88);
	bearer.teid = shard_teid(2, SLOT, SHARD, stand.net.slot_bits);
	lines_set(&lines, SLOT, &bearer);
	lines_count(lines.region, SLOT, &count);
	assert_int_equal(count.teid, bearer.teid);
	assert_int_equal(count.packets[LINE_UPLINK] + count.bytes[LINE_UPLINK] + count.red_packets[LINE_DOWNLINK], 0);
	assert_int_equal(up->tc, UINT64_MAX);
	assert_true(stand_in_step(&lines));
}

static void each_beginning_is_a_larger_life(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT);
	struct lines_count count, kept;

	assert_false(lines_count(lines.region, SLOT, &count)); // nobody's
	lines.life = 1000;
	lines_set(&lines, SLOT, &bearer);
	assert_true(lines_count(lines.region, SLOT, &count));
	assert_int_equal(count.life, 1000);
	lines.life = 5000;
	bearer.peer_ipv4++;
	lines_set(&lines, SLOT, &bearer); // a modification begins nothing
	lines_count(lines.region, SLOT, &kept);
	assert_int_equal(kept.life, 1000);
	lines.life = 400; // a clock that was set back
	bearer.teid = shard_teid(2, SLOT, SHARD, stand.net.slot_bits);
	lines_set(&lines, SLOT, &bearer);
	lines_count(lines.region, SLOT, &count);
	assert_int_equal(count.life, 1001);
	lines.region->rest[SLOT].teid = 0; // as in the middle of a beginning
	assert_false(lines_count(lines.region, SLOT, &count));
}

static void restored_counters_go_on(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT);
	struct lines_count from = { .teid = bearer.teid, .packets = { 5000000000, 1ull << 31 }, .bytes = { 7, 8 } },
			   to = { 0 };

	from.red_packets[LINE_UPLINK] = 9;
	from.red_bytes[LINE_DOWNLINK] = 10;
	from.life = 77;
	lines_count_restore(&lines, SLOT, &from);
	lines_set(&lines, SLOT, &bearer);
	assert_true(lines_count(lines.region, SLOT, &to));
	assert_memory_equal(&to, &from, sizeof(to));
}

static void clear_reports_and_repeats(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 1), back;
	struct lines_count final;

	assert_int_equal(lines_clear(&lines, FOREIGN_SLOT, 0, &final), 0);
	assert_int_equal(lines_clear(&lines, stand.shape.slots, 0, &final), -EINVAL);
	lines_set(&lines, FOREIGN_SLOT, &bearer);
	lines.region->downlink[FOREIGN_SLOT].bytes = 1234;
	assert_int_equal(lines_clear(&lines, FOREIGN_SLOT, bearer.teid + 256, &final), 0);
	assert_int_equal(lines_read(&lines, FOREIGN_SLOT, &back), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(lines_clear(&lines, FOREIGN_SLOT, bearer.teid, &final), 1);
		assert_int_equal(final.bytes[LINE_DOWNLINK], 1234);
		assert_int_equal(lines_read(&lines, FOREIGN_SLOT, &back), -ENOENT);
		assert_int_equal(lines.region->header->foreign_used, 0);
		assert_true(stand_in_step(&lines));
	}
}

static void foreign_addresses_are_found(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	const struct region *region = lines.region;

	for (uint32_t slot = STAND_FIRST_FOREIGN; slot < stand.shape.slots; slot++) {
		struct bearer bearer = stand_foreign_bearer(&stand, SHARD, slot, 1);

		assert_int_equal(lines_set(&lines, slot, &bearer), 0);
	}
	assert_true(stand_in_step(&lines));
	for (uint32_t slot = STAND_FIRST_FOREIGN; slot < stand.shape.slots; slot++) {
		struct bearer bearer = stand_foreign_bearer(&stand, SHARD, slot, 1);

		assert_int_equal(foreign_find4(region, &stand.shape, bearer.ue_ipv4), slot);
		assert_int_equal(foreign_find6(region, &stand.shape, bearer.ue_ipv6), slot);
		assert_int_equal(foreign_find4(region, &stand.shape, bearer.ue_ipv4 + 4096), FOREIGN_NONE);
		assert_int_equal(foreign_find6(region, &stand.shape, bearer.ue_ipv6 + 4096), FOREIGN_NONE);
	}
	assert_int_equal(foreign_find4(region, &stand.shape, 0), FOREIGN_NONE);
	assert_int_equal(foreign_find6(region, &stand.shape, 0), FOREIGN_NONE);
}

// Addresses of our pools that are not of the session's own place: the index has them, and whose place that is is not disturbed.
static void addresses_may_be_apart(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT), other = stand_bearer(&stand, SHARD, SLOT + 1);
	uint64_t prefix = shard_pool_ipv6(stand.net.pool, SLOT + 1, SHARD + 1);

	bearer.ue_ipv6 = prefix;
	other.ue_ipv6 = shard_pool_ipv6(stand.net.pool, SLOT, SHARD);
	other.ue_ipv4 = shard_pool_ipv4(stand.net.pool, SLOT + 2, SHARD);
	assert_int_equal(lines_set(&lines, SLOT, &bearer), 0);
	assert_int_equal(lines_set(&lines, SLOT + 1, &other), 0);
	assert_int_equal(foreign_find6(lines.region, &stand.shape, prefix), SLOT);
	assert_int_equal(foreign_find6(lines.region, &stand.shape, other.ue_ipv6), SLOT + 1);
	assert_int_equal(foreign_find4(lines.region, &stand.shape, other.ue_ipv4), SLOT + 1);
	assert_int_equal(foreign_find4(lines.region, &stand.shape, bearer.ue_ipv4),
			 FOREIGN_NONE); // it is where it is to be
	assert_int_equal(lines.region->header->foreign_used, 3);
	assert_true(stand_in_step(&lines));
	foreign_remove(lines.region, &stand.shape, (struct foreign_entry){ foreign_key6(prefix), SLOT });
	assert_int_equal(lines_look(&lines, SLOT), LINES_MENDED);
	assert_int_equal(foreign_find6(lines.region, &stand.shape, prefix), SLOT);
}

static void entries_are_added_once(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct foreign_entry entry = { foreign_key4(0xac100001), FOREIGN_SLOT };

	foreign_add(lines.region, &stand.shape, entry);
	foreign_add(lines.region, &stand.shape, entry);
	foreign_remove(lines.region, &stand.shape, entry);
	assert_false(foreign_has(lines.region, &stand.shape, entry));
}

// Two addresses may have one key; the line decides.
static void key_alone_is_not_believed(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 1);
	const uint64_t prefix = 0x20010db8bb000002; // whose key is an address, too

	bearer.ue_ipv6 = 0;
	bearer.ue_ipv4 = foreign_key6(prefix);
	assert_int_equal(lines_set(&lines, FOREIGN_SLOT, &bearer), 0);
	assert_int_equal(foreign_find4(lines.region, &stand.shape, bearer.ue_ipv4), FOREIGN_SLOT);
	assert_int_equal(foreign_find6(lines.region, &stand.shape, prefix), FOREIGN_NONE);
}

// A session that changes its address leaves no entry behind; pool addresses need none.
static void index_follows_the_address(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 1),
		      pooled = stand_bearer(&stand, SHARD, SLOT);

	lines_set(&lines, FOREIGN_SLOT, &bearer);
	assert_int_equal(lines.region->header->foreign_used, 2);
	bearer.ue_ipv4++;
	bearer.ue_ipv6 = 0;
	lines_set(&lines, FOREIGN_SLOT, &bearer);
	assert_int_equal(lines.region->header->foreign_used, 1);
	assert_int_equal(foreign_find4(lines.region, &stand.shape, bearer.ue_ipv4), FOREIGN_SLOT);
	assert_int_equal(foreign_find4(lines.region, &stand.shape, bearer.ue_ipv4 - 1), FOREIGN_NONE);
	lines_set(&lines, SLOT, &pooled);
	assert_int_equal(lines.region->header->foreign_used, 1);
	assert_true(stand_in_step(&lines));
}

static void full_index_refuses_and_changes_nothing(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_foreign_bearer(&stand, SHARD, FOREIGN_SLOT, 1), back;

	for (uint32_t bucket = 0; bucket < stand.shape.buckets; bucket++)
		for (unsigned place = 0; place < 8; place++)
			lines.region->index[bucket].key[place] = 0xdead0000;
	assert_int_equal(lines_set(&lines, FOREIGN_SLOT, &bearer), -ENOSPC);
	assert_int_equal(lines_read(&lines, FOREIGN_SLOT, &back), -ENOENT);
	assert_int_equal(lines.region->header->sessions, 0);
	assert_int_equal(lines.region->header->digest, 0);
}

static void rates_become_tokens(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer_rate rate = { 1000000, 3000, 5000 };

	assert_int_equal(lines_rate_set(&lines, 0, &rate), -EINVAL);
	assert_int_equal(lines_rate_set(&lines, stand.shape.rates, &rate), -EINVAL);
	assert_int_equal(lines_rate_set(&lines, 1, &rate), 0);
	assert_int_equal(lines.region->rates[1].cir_bps, 1000000);
	assert_int_equal(lines.region->rates[1].cbs, 3000 * 8 * STAND_HZ);
	assert_int_equal(lines.region->rates[1].ebs, 5000 * 8 * STAND_HZ);
	rate.cir_bps = 0;
	assert_int_equal(lines_rate_set(&lines, 1, &rate), -EINVAL);
	assert_int_equal(lines.region->rates[1].cir_bps, 1000000);
}

static unsigned sweep_all(const struct lines *lines)
{
	unsigned cleared = 0;
	uint32_t slot;
	int found;

	while ((found = lines_sweep_end(lines, 7, &slot)) != 0) {
		struct lines_count final;

		if (found == -EAGAIN)
			continue;
		assert_int_equal(lines_clear(lines, slot, 0, &final), 1);
		cleared++;
	}
	return cleared;
}

static void sweep_clears_what_was_not_set(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer, back;
	uint32_t first;

	for (uint32_t slot = 0; slot < 100; slot++) {
		bearer = stand_bearer(&stand, SHARD, slot);
		lines_set(&lines, slot, &bearer);
	}
	lines_sweep_begin(&lines);
	assert_int_equal(lines.region->header->sessions, 0);
	for (uint32_t slot = 0; slot < 100; slot += 3) {
		bearer = stand_bearer(&stand, SHARD, slot);
		lines_set(&lines, slot, &bearer);
	}
	assert_int_equal(lines_read(&lines, 1, &back), 0); // serves until the end
	assert_int_equal(lines_sweep_end(&lines, 0, &first), -EAGAIN);
	assert_int_equal(lines_sweep_end(&lines, 1, &first), 1);
	assert_int_equal(first, 1);
	assert_int_equal(sweep_all(&lines), 66);
	assert_int_equal(lines_read(&lines, 1, &back), -ENOENT);
	assert_int_equal(lines_read(&lines, 3, &back), 0);
	assert_int_equal(lines.region->header->sessions, 34);
	assert_true(stand_in_step(&lines));
	assert_int_equal(sweep_all(&lines), 0);
}

static void spoilt_cell_is_dropped_and_told(void **state)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct bearer bearer = stand_bearer(&stand, SHARD, SLOT), back;

	for (size_t byte = 0; byte < offsetof(struct line, packets); byte++) {
		uint64_t told;

		lines_set(&lines, SLOT, &bearer);
		told = lines.region->header->digest;
		((uint8_t *)&lines.region->uplink[SLOT])[byte] ^= 4;
		assert_false(lines_validate_slot(&lines, SLOT));
		assert_int_equal(lines_read(&lines, SLOT, &back), -ENOENT);
		assert_true(lines.region->header->digest != told);
		lines_clear(&lines, SLOT, 0, &(struct lines_count){ 0 });
		lines_sweep_begin(&lines);
	}
	assert_true(lines_validate_slot(&lines, SLOT)); // empty is good
}

static void packets_cross_32_bits(void **state)
{
	const uint64_t turn = 1ull << 31;

	for (uint64_t packets = turn - 2; packets < 5 * turn; packets += turn - 1) {
		assert_int_equal(region_packets((uint32_t)(packets >> 31), (uint32_t)packets), packets);
		if (packets >> 31) // the half turn not yet noted
			assert_int_equal(region_packets((uint32_t)(packets >> 31) - 1, (uint32_t)packets), packets);
	}
}

int main(void)
{
#define ON_STAND(test) cmocka_unit_test_setup_teardown(test, open_stand, close_stand)
	const struct CMUnitTest tests[] = {
		ON_STAND(set_reads_back),
		ON_STAND(bearer_of_another_place_is_refused),
		ON_STAND(counters_belong_to_the_teid),
		ON_STAND(each_beginning_is_a_larger_life),
		ON_STAND(restored_counters_go_on),
		ON_STAND(clear_reports_and_repeats),
		ON_STAND(foreign_addresses_are_found),
		ON_STAND(addresses_may_be_apart),
		ON_STAND(entries_are_added_once),
		ON_STAND(key_alone_is_not_believed),
		ON_STAND(index_follows_the_address),
		ON_STAND(full_index_refuses_and_changes_nothing),
		ON_STAND(rates_become_tokens),
		ON_STAND(sweep_clears_what_was_not_set),
		ON_STAND(spoilt_cell_is_dropped_and_told),
		ON_STAND(packets_cross_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
