// test_audit.c - every bit of what a shard is told, of its index, rates and header, flipped by a hand that is not the owner's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/fake_plane.h"
#include "workers/lines/foreign.h"
#include "workers/loop/audit.h"

#define SEAT 2u
#define SHARD 7u
#define POOLED 3u
#define FOREIGN (FAKE_SLOTS - 1)
#define RATE 2u
#define NOW 1000000u

static struct plane_view view;
static struct pipe pipe;
static struct tenure tenure;
static struct reports reports;
static struct audit audit;
static struct region *region;
static uint32_t tail;

static struct bearer bearer_at(uint32_t slot)
{
	struct bearer bearer = fake_bearer(&view, SHARD, slot);

	if (slot == FOREIGN)
		bearer.ue_ipv4 = 0xc0000205;
	bearer.uplink.rate = bearer.downlink.rate = RATE;
	return bearer;
}

static int make(void **state)
{
	const struct bearer_rate rate = { 1000000, 10000, 0 };
	struct lines lines;

	fake_plane_make(&view);
	pipe_init(&pipe, &view.plane->net, &view.rooms, &view.plane->shape, view.shards);
	tenure_open(&tenure, &pipe, &view, SEAT);
	reports_open(&reports, view.seats[SEAT], -1);
	audit_open(&audit, &tenure, &reports, NOW);
	tenure_take(&tenure, SHARD, false);
	region = &view.shards[SHARD];
	tail = 0;
	lines = tenure_lines(&tenure, SHARD);
	assert_int_equal(lines_rate_set(&lines, RATE, &rate), 0);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t slot = i ? FOREIGN : POOLED;
		struct bearer bearer = bearer_at(slot);

		assert_int_equal(lines_set(&lines, slot, &bearer), 0);
	}
	tenure_note(&tenure, SHARD);
	return 0;
}

static int destroy(void **state)
{
	fake_plane_free(&view);
	return 0;
}

// What a round reports: how many, and the last of them.
static unsigned told(struct report *last)
{
	struct seat_worker_page *page = view.seats[SEAT].worker;
	unsigned count = 0;

	audit_round(&audit);
	for (; tail != ring_resume(&page->report_head); count++)
		*last = page->reports[tail++ % REPORT_SLOTS];
	ring_publish(&view.seats[SEAT].courier->report_tail, tail);
	return count;
}

static void flip(void *at, unsigned bit)
{
	((uint8_t *)at)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

// As ctrl does: the cell and the rate again, where they have gone.
static void give_again(uint32_t slot)
{
	const struct bearer_rate rate = { 1000000, 10000, 0 };
	struct lines lines = tenure_lines(&tenure, SHARD);
	struct bearer bearer = bearer_at(slot);

	assert_int_equal(lines_rate_set(&lines, RATE, &rate), 0);
	assert_int_equal(lines_set(&lines, slot, &bearer), 0);
	tenure_note(&tenure, SHARD);
}

static void a_sound_shard_is_left_alone(void **state)
{
	struct region_header before = *region->header;
	struct report last;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(told(&last), 0);
	assert_memory_equal(&before, region->header, sizeof(before));
}

// The configured part of a line, its check and its flags.
static void every_bit_of_a_line(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t slot = i / 2 ? FOREIGN : POOLED;
		struct line *line = (i % 2 ? region->uplink : region->downlink) + slot;

		for (unsigned bit = 0; bit < 8 * offsetof(struct line, packets); bit++) {
			struct bearer bearer;
			struct report last = { 0 };
			struct lines lines = tenure_lines(&tenure, SHARD);

			flip(line, bit);
			assert_true(told(&last) >= 1);
			assert_int_equal(last.kind, REPORT_LOST);
			assert_int_equal(lines_read(&lines, slot, &bearer), -2); // -ENOENT
			give_again(slot);
			assert_int_equal(told(&last), 0);
		}
	}
}

static void a_cell_that_vanished(void **state)
{
	struct report last;

	region->uplink[POOLED].flags &= (uint8_t)~LINE_VALID;
	region->downlink[POOLED].flags &= (uint8_t)~LINE_VALID;
	assert_int_equal(told(&last), 1);
	assert_int_equal(last.digest, LOST_SUM);
	assert_int_equal(region->header->sessions, 1); // so that ctrl sees what is missing
	assert_int_equal(told(&last), 0);
}

static void every_bit_of_a_rate(void **state)
{
	for (unsigned bit = 0; bit < 8 * sizeof(struct region_rate); bit++) {
		struct report last;

		flip(&region->rates[RATE], bit);
		assert_int_equal(told(&last), 1);
		assert_int_equal(last.digest, LOST_RATE);
		assert_int_equal(last.slot, RATE);
		give_again(POOLED);
		assert_int_equal(told(&last), 0);
	}
}

static void every_bit_of_an_index_entry(void **state)
{
	struct foreign_pair pair = foreign_buckets(region, &view.plane->shape, foreign_key4(0xc0000205));
	struct region_bucket *bucket = pair.bucket[0]->key[0] ? pair.bucket[0] : pair.bucket[1];

	assert_int_equal(bucket->key[0], 0xc0000205);
	for (unsigned bit = 0; bit < 64; bit++) {
		struct report last;

		flip(bit < 32 ? &bucket->key[0] : &bucket->slot[0], bit % 32);
		assert_true(told(&last) >= 1);
		assert_int_equal(last.digest, LOST_INDEX);
		assert_int_equal(foreign_find4(region, &view.plane->shape, 0xc0000205), FOREIGN);
		assert_int_equal(told(&last), 0);
	}
}

static void every_bit_of_the_header(void **state)
{
	struct region_header before = *region->header;

	for (unsigned bit = 0; bit < 8 * sizeof(before); bit++) {
		struct report last;

		flip(region->header, bit);
		assert_int_equal(told(&last), 1);
		assert_int_equal(last.digest, LOST_HEADER);
		assert_memory_equal(&before, region->header, sizeof(before));
	}
}

static void a_full_report_ring_makes_it_wait(void **state)
{
	struct report last;

	while (reports_space(&reports))
		reports_next(&reports)->kind = REPORT_ACK;
	reports_publish(&reports);
	region->uplink[POOLED].teid ^= 1;
	audit_round(&audit);
	assert_int_equal(reports_space(&reports), 0);
	tail = ring_resume(&view.seats[SEAT].worker->report_head);
	ring_publish(&view.seats[SEAT].courier->report_tail, tail);
	assert_int_equal(told(&last), 1);
	assert_int_equal(last.slot, POOLED);
}

// Visits a millisecond apart see everything within a second.
static void a_round_takes_less_than_a_second(void **state)
{
	uint64_t hertz = view.plane->net.clock_hz;

	region->downlink[FOREIGN].mark ^= 1;
	for (unsigned ms = 1; ms <= 1000; ms++)
		audit_visit(&audit, NOW + ms * hertz / 1000);
	assert_int_not_equal(ring_resume(&view.seats[SEAT].worker->report_head), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sound_shard_is_left_alone, make, destroy),
		cmocka_unit_test_setup_teardown(every_bit_of_a_line, make, destroy),
		cmocka_unit_test_setup_teardown(a_cell_that_vanished, make, destroy),
		cmocka_unit_test_setup_teardown(every_bit_of_a_rate, make, destroy),
		cmocka_unit_test_setup_teardown(every_bit_of_an_index_entry, make, destroy),
		cmocka_unit_test_setup_teardown(every_bit_of_the_header, make, destroy),
		cmocka_unit_test_setup_teardown(a_full_report_ring_makes_it_wait, make, destroy),
		cmocka_unit_test_setup_teardown(a_round_takes_less_than_a_second, make, destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
