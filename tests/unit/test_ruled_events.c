// test_ruled_events.c - events of a URR's traffic: when one begins, and what passes when there may be no more; what is noted of the rest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/unit/ruled_play.h"

#define SILENCE (3 * STAND_HZ)

// The first URR of both rules has so many events, with silences of three seconds between.
static void events_counted(uint64_t events, uint32_t flags)
{
	sheets_plain(&sheets);
	ruled_urr_add(0, flags | SHEET_EVENTS);
	sheets.head.urrs = 2;
	sheets.urr[0].events = 2;
	sheets.urr[1] = (struct sheet_urr){ .serial = 9, .quota = { events, 3, UINT64_MAX } };
}

struct moment {
	uint64_t at;
	enum verdict verdict; // of a packet from the UE, at that time after NOW
	uint64_t events;      // then
};

static void moments(const struct moment *moment, unsigned count)
{
	for (unsigned i = 0; i < count; i++, moment++) {
		struct lane_handle handle = ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4);

		stand_burst(&stand, &handle, 1, NOW + moment->at);
		assert_int_equal(handle.code, moment->verdict);
		assert_int_equal(ruled_gauge_at(1)->packets[LINE_UPLINK], moment->events);
	}
}
#define MOMENTS(...) \
	moments((const struct moment[]){ __VA_ARGS__ }, \
		sizeof((const struct moment[]){ __VA_ARGS__ }) / sizeof(struct moment))

// The first packet after a silence begins one. What would begin one too many does not pass; the last one goes on.
static void events_begin_after_silence_and_end_with_their_quota(void **unused)
{
	events_counted(2, 0);
	ruled_by();
	MOMENTS({ 0, VERDICT_FORWARD, 1 }, { SILENCE - 1, VERDICT_FORWARD, 1 }, { 2 * SILENCE - 2, VERDICT_FORWARD, 1 },
		{ 3 * SILENCE - 2, VERDICT_FORWARD, 2 }, { 4 * SILENCE - 3, VERDICT_FORWARD, 2 });
	assert_int_equal(ruled_gauge_at(0)->first, NOW + 3 * SILENCE - 2);
	assert_int_equal(ruled_gauge_at(1)->first, NOW);
	assert_int_equal(ruled_gauge_at(1)->last, NOW + 3 * SILENCE - 2);
	MOMENTS({ 5 * SILENCE - 3, VERDICT_QUOTA, 2 }, { 5 * SILENCE - 2, VERDICT_QUOTA, 2 },
		{ 9 * SILENCE, VERDICT_QUOTA, 2 });
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_UPLINK], 5);
	((struct sheet_urr *)sheet_parts((struct sheet *)(room_there + 1)).urr)[1].quota[SHEET_EVENTS_MAY] = 3;
	MOMENTS({ 9 * SILENCE + 1, VERDICT_FORWARD, 3 }, { 9 * SILENCE + 2, VERDICT_FORWARD, 3 });
	events_counted(0, 0);
	ruled_by();
	ruled_verdicts(VERDICT_QUOTA, VERDICT_QUOTA);
}

// A clock that is a little behind says nothing, both ways are one traffic, and volume has a quota of its own.
static void events_are_of_all_that_passes(void **unused)
{
	struct lane_handle handle;

	events_counted(9, SHEET_QUOTA);
	sheets.urr[0].quota[SHEET_TOTAL] = 3 * STAND_USER_BYTES;
	ruled_by();
	MOMENTS({ 5, VERDICT_FORWARD, 1 }, { 0, VERDICT_FORWARD, 1 });
	handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	stand_burst(&stand, &handle, 1, NOW + SILENCE);
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_DOWNLINK], 1);
	MOMENTS({ 9 * SILENCE, VERDICT_QUOTA, 1 });
	assert_int_equal(ruled_gauge_at(0)->last, NOW + SILENCE); // what was refused ends no silence
	events_counted(9, SHEET_STOPPED);
	ruled_by();
	ruled_verdicts(VERDICT_QUOTA, VERDICT_QUOTA);
}

// What a quota refuses is noted, and counted by nobody; who has events waits for what passes.
static void who_is_refused_has_come(void **unused)
{
	const struct ruled_gauge *gauge;
	uint64_t aside;

	ruled_urr_add(0, SHEET_QUOTA);
	sheets.urr[0].quota[SHEET_TOTAL] = 0;
	ruled_by();
	gauge = ruled_gauge_at(0);
	aside = room_there->aside;
	assert_int_equal(gauge->last, 0);
	ruled_verdicts(VERDICT_QUOTA, VERDICT_QUOTA);
	assert_int_equal(gauge->last, NOW);
	assert_int_equal(gauge->first | gauge->packets[0] | gauge->packets[1] | gauge->bytes[0] | gauge->bytes[1], 0);
	assert_int_equal(room_there->aside, aside + 2);
}

// A gate or a meter that refuses its first packet lets nothing begin, but for who counts before them.
static void what_is_refused_begins_no_event(void **unused)
{
	sheets.head.qers = 1;
	sheets.pdr[0].qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .cir_bps = { 8, 8 }, .cbs_bytes = { STAND_USER_BYTES - 1, 9000 } };
	ruled_urr_add(0, SHEET_EVENTS);
	ruled_urr_add(1, SHEET_EVENTS | SHEET_BEFORE);
	sheets.head.urrs = 4;
	for (unsigned i = 0; i < 2; i++) {
		sheets.urr[i].events = (uint16_t)(i + 3);
		sheets.urr[i + 2] = (struct sheet_urr){ .serial = i + 9, .quota = { 9, 1, UINT64_MAX } };
	}
	ruled_by();
	assert_int_equal(ruled_up().code, VERDICT_RED);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_UPLINK], 0);
	assert_int_equal(ruled_gauge_at(3)->packets[LINE_UPLINK], 1);
	assert_int_equal(ruled_gauge_at(0)->first, 0);
	assert_int_equal(room_there->aside, 1);
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_DOWNLINK], 1);
	assert_int_equal(ruled_gauge_at(3)->packets[LINE_DOWNLINK], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_begin_after_silence_and_end_with_their_quota),
		TEST(events_are_of_all_that_passes),
		TEST(who_is_refused_has_come),
		TEST(what_is_refused_begins_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
