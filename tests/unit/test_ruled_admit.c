// test_ruled_admit.c - what a sheet's FARs, QERs and URRs let pass: drop, gates, quotas, meters; what waits; what is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"
#include "shared/wire/ip.h"
#include "workers/pipe/ruled_room.h"

static void gates_close_one_way(void **unused)
{
	sheets.head.qers = 2;
	sheets.pdr[0].qers = sheets.pdr[1].qers = 3;
	sheets.qer[1].flags = SHEET_GATE_UP;
	ruled_by();
	ruled_verdicts(VERDICT_GATE_CLOSED, VERDICT_FORWARD);
	sheets.qer[1].flags = SHEET_GATE_DOWN;
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_GATE_CLOSED);
	sheets.pdr[1].qers = 1; // not of this rule
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
}

static void quotas_end_with_the_packet_that_reaches_them(void **unused)
{
	static const enum sheet_volume volumes[] = { SHEET_TOTAL, SHEET_UP, SHEET_DOWN };

	for (unsigned i = 0; i < 3; i++) {
		sheets_plain(&sheets);
		ruled_urr_add(0, 0);
		ruled_urr_add(1, SHEET_QUOTA);
		sheets.urr[1].quota[volumes[i]] = 2 * STAND_USER_BYTES + 1;
		ruled_by();
		for (unsigned n = 0; n < 3; n++)
			assert_int_equal(volumes[i] == SHEET_DOWN ? ruled_down().code : ruled_up().code,
					 VERDICT_FORWARD);
		ruled_verdicts(volumes[i] == SHEET_DOWN ? VERDICT_FORWARD : VERDICT_QUOTA,
			       volumes[i] == SHEET_UP ? VERDICT_FORWARD : VERDICT_QUOTA);
		assert_int_equal(ruled_gauge_at(0)->bytes[LINE_UPLINK] + ruled_gauge_at(0)->bytes[LINE_DOWNLINK],
				 volumes[i] == SHEET_TOTAL ? 300 : 400);
	}
}

static void a_stopped_urr_lets_nothing_pass(void **unused)
{
	ruled_urr_add(0, SHEET_STOPPED);
	sheets.pdr[1].urrs = 0;
	ruled_by();
	ruled_verdicts(VERDICT_QUOTA, VERDICT_FORWARD);
}

// Two QERs of both rules: each with tokens for so many packets.
static void qers_limit(unsigned first, unsigned second, uint8_t flags, uint8_t mark)
{
	const unsigned packets[] = { first, second };

	sheets_plain(&sheets);
	sheets.head.qers = 2;
	sheets.pdr[0].qers = sheets.pdr[1].qers = 3;
	for (unsigned i = 0; i < 2; i++)
		sheets.qer[i] =
		    (struct sheet_qer){ .id = i + 1,
					.flags = i ? flags : 0,
					.mark = i ? mark : 0,
					.cir_bps = { 8, 8 },
					.cbs_bytes = { packets[i] * STAND_USER_BYTES, packets[i] * STAND_USER_BYTES } };
	ruled_by();
}

static void all_meters_must_agree_and_none_is_charged_otherwise(void **unused)
{
	uint64_t full;

	qers_limit(3, 2, 0, BEARER_MARK_KEEP);
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	full = ruled_tokens_at(0, LINE_UPLINK)->tc;
	assert_int_equal(full, STAND_USER_BYTES * stand.pipe.byte_tokens);
	ruled_verdicts(VERDICT_RED, VERDICT_RED);
	assert_int_equal(ruled_tokens_at(0, LINE_UPLINK)->tc, full);
	assert_int_equal(ruled_tokens_at(0, LINE_DOWNLINK)->tc, full);
	assert_int_equal(ruled_tokens_at(1, LINE_DOWNLINK)->tc, 0);
	assert_int_equal(shard_there->rest[SLOT].red_packets[LINE_UPLINK], 1);
	assert_int_equal(shard_there->rest[SLOT].red_bytes[LINE_DOWNLINK], STAND_USER_BYTES);
	assert_int_equal(shard_there->uplink[SLOT].packets, 2);
}

static void red_passes_marked_where_all_would_have_it_so(void **unused)
{
	struct lane_handle handle;

	qers_limit(9, 1, SHEET_REMARK, BEARER_MARK_AF2);
	handle = ruled_down();
	assert_int_equal(ruled_tos(handle, TUNNEL_BYTES), 18 << 2); // AF21
	handle = ruled_down();
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(ruled_tos(handle, TUNNEL_BYTES), 22 << 2); // AF23
	assert_int_equal(ruled_tos(handle, 0), 22 << 2);            // outside as well
	assert_int_equal(shard_there->rest[SLOT].red_packets[LINE_DOWNLINK], 1);
	assert_int_equal(ruled_tokens_at(0, LINE_DOWNLINK)->tc, 7 * STAND_USER_BYTES * stand.pipe.byte_tokens);
	qers_limit(9, 1, SHEET_REMARK, BEARER_MARK_EF);
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
	assert_int_equal(ruled_down().code, VERDICT_RED);
	qers_limit(1, 9, SHEET_REMARK, BEARER_MARK_AF2);
	sheets.qer[0].flags = SHEET_REMARK;
	ruled_by();
	ruled_down();
	assert_int_equal(ruled_tos(ruled_down(), TUNNEL_BYTES), 22 << 2); // the worst colour, whoever says it
	qers_limit(1, 1, SHEET_REMARK, BEARER_MARK_AF2);                  // the first would not
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
	assert_int_equal(ruled_down().code, VERDICT_RED);
}

static void aware_meters_see_the_colour_it_came_with(void **unused)
{
	struct lane_handle handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);

	qers_limit(9, 9, SHEET_AWARE, BEARER_MARK_KEEP);
	hop4(stand_bytes(&stand, &handle), 0, 14 << 2); // AF13: red
	assert_int_equal(ruled_worked(handle).code, VERDICT_RED);
	qers_limit(9, 9, 0, BEARER_MARK_KEEP);
	handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	hop4(stand_bytes(&stand, &handle), 0, 14 << 2);
	assert_int_equal(ruled_worked(handle).code, VERDICT_FORWARD);
}

static void ways_without_a_rate_are_not_metered(void **unused)
{
	qers_limit(1, 1, 0, BEARER_MARK_KEEP);
	sheets.qer[0].cir_bps[LINE_UPLINK] = sheets.qer[1].cir_bps[LINE_UPLINK] = 0;
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	ruled_verdicts(VERDICT_FORWARD, VERDICT_RED);
}

static void what_waits_is_as_it_came_and_nobody_counts_it(void **unused)
{
	struct lane_handle lent = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64), handle;
	uint8_t before[STAND_USER_BYTES];
	static uint8_t zone[64 * STAND_SHEET_LINES];

	qers_limit(1, 1, 0, BEARER_MARK_AF1);
	ruled_urr_add(0, 0);
	sheets.far[1].action = SHEET_BUFFER;
	ruled_by();
	memcpy(zone, room_there, room_there->end);
	memcpy(before, stand_bytes(&stand, &lent), sizeof(before));
	for (unsigned i = 0; i < 3; i++) { // more than there are tokens for
		handle = ruled_worked(lent);
		assert_int_equal(handle.code, VERDICT_BUFFER);
		assert_int_equal(handle.hint, SLOT);
		assert_int_equal(handle.offset, lent.offset);
		assert_int_equal(handle.length, lent.length);
		assert_int_equal(handle.port, lent.port);
		assert_memory_equal(stand_bytes(&stand, &lent), before, sizeof(before));
	}
	assert_memory_equal(zone, room_there, room_there->end);
	assert_int_equal(shard_there->downlink[SLOT].packets, 0);
	assert_int_equal(tells.n, 0); // not asked for
}

static void the_first_that_waits_is_told_once_an_episode(void **unused)
{
	sheets.head.episode = 77;
	sheets.far[1] = (struct sheet_far){ .id = 2, .action = SHEET_BUFFER, .flags = SHEET_NOTIFY };
	ruled_by();
	ruled_down();
	ruled_down();
	assert_int_equal(tells.n, 1);
	assert_ptr_equal(tells.tell[0].ruled, room_there);
	assert_int_equal(tells.tell[0].shard, SHARD);
	assert_int_equal(tells.tell[0].slot, SLOT);
	assert_int_equal(tells.tell[0].episode, 77);
	assert_int_equal(tells.tell[0].pdr, 2);
	assert_int_equal(tells.tell[0].qfi, 255);
	tells.n = RULED_TELLS; // full, of others
	tells.tell[0].ruled = NULL;
	ruled_down();
	assert_int_equal(tells.n, RULED_TELLS);
	tells.n = 0;
	room_there->told = 77;
	ruled_down();
	assert_int_equal(tells.n, 0);
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 9 };
	sheets.pdr[1].qers = 1;
	ruled_by();
	ruled_down();
	assert_int_equal(tells.tell[0].qfi, 9);
	stand.pipe.tells = NULL; // nobody wants to know
	assert_int_equal(ruled_down().code, VERDICT_BUFFER);
}

static void what_may_go_waits_for_what_came_before(void **unused)
{
	ruled_by();
	room_there->held_until = NOW + 1;
	ruled_verdicts(VERDICT_FORWARD, VERDICT_BUFFER);
	assert_int_equal(tells.n, 0);
	room_there->held_until = NOW;
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	room_there->held_until = NOW + 1;
	ruled_room_release(shard_there, &stand.shape, SLOT + 1);
	ruled_room_release(&(struct region){ 0 }, &stand.shape, SLOT);
	assert_int_equal(ruled_down().code, VERDICT_BUFFER);
	ruled_room_release(shard_there, &stand.shape, SLOT);
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
	room_there->held_until = NOW + 1; // what could not go anyway does not wait
	sheets.far[1].action = SHEET_DROP;
	memcpy((void *)sheet_parts((struct sheet *)(room_there + 1)).far, sheets.far, sizeof(sheets.far[0]) * 2);
	assert_int_equal(ruled_down().code, VERDICT_RULE_DROP);
}

static void gauges_count_what_was_forwarded(void **unused)
{
	struct lane_handle handle;

	ruled_urr_add(0, 0);
	ruled_urr_add(1, 0);
	sheets.pdr[1].urrs = 2;
	ruled_by();
	handle = ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4);
	stand_burst(&stand, &handle, 1, NOW);
	handle = ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4);
	stand_burst(&stand, &handle, 1, NOW + 5);
	handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	stand_burst(&stand, &handle, 1, NOW + 9);
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_UPLINK], 2);
	assert_int_equal(ruled_gauge_at(0)->bytes[LINE_UPLINK], 2 * STAND_USER_BYTES);
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_DOWNLINK], 0);
	assert_int_equal(ruled_gauge_at(0)->first, NOW);
	assert_int_equal(ruled_gauge_at(0)->last, NOW + 5);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_UPLINK], 2);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_DOWNLINK], 1);
	assert_int_equal(ruled_gauge_at(1)->bytes[LINE_DOWNLINK], STAND_USER_BYTES);
	assert_int_equal(ruled_gauge_at(1)->first, NOW);
	assert_int_equal(ruled_gauge_at(1)->last, NOW + 9);
	ruled_worked(stand_lend_down(&stand, 0, bearer.ue_ipv4, 1)); // not forwarded
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_DOWNLINK], 1);
}

// Before QoS enforcement (MBQE): what a gate or a meter refuses is measured, but not what a quota does.
static void gauges_before_gates_and_meters_count_what_they_refuse(void **unused)
{
	qers_limit(1, 9, 0, BEARER_MARK_KEEP);
	ruled_urr_add(0, 0);
	ruled_urr_add(1, SHEET_BEFORE);
	ruled_urr_add(2, SHEET_BEFORE | SHEET_QUOTA);
	sheets.urr[2].quota[SHEET_TOTAL] = 4 * STAND_USER_BYTES;
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	ruled_verdicts(VERDICT_RED, VERDICT_RED);
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_UPLINK], 1);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_UPLINK], 2);
	assert_int_equal(ruled_gauge_at(1)->bytes[LINE_DOWNLINK], 2 * STAND_USER_BYTES);
	ruled_verdicts(VERDICT_QUOTA, VERDICT_QUOTA);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_UPLINK], 2);
	sheets.pdr[0].urrs = 6;
	sheets.qer[1].flags = SHEET_GATE_UP;
	ruled_by();
	assert_int_equal(ruled_up().code, VERDICT_GATE_CLOSED);
	assert_int_equal(ruled_gauge_at(1)->packets[LINE_UPLINK], 1);
	assert_int_equal(room_there->aside, 1); // so that it is told, though no line has moved
}

// Of both rules; another one counts what is dropped.
static void drops_counted(void)
{
	sheets_plain(&sheets);
	ruled_urr_add(0, 0);
	ruled_urr_add(1, 0);
	sheets.head.urrs = 3;
	sheets.urr[1].dropped = 3;
	sheets.urr[2] = (struct sheet_urr){ .serial = 9, .quota = { UINT64_MAX, UINT64_MAX, UINT64_MAX } };
}

static void what_is_dropped_towards_the_ue_is_counted_apart(void **unused)
{
	drops_counted();
	sheets.far[0].action = sheets.far[1].action = SHEET_DROP;
	ruled_by();
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_RULE_DROP);
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_RULE_DROP);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_DOWNLINK], 2);
	assert_int_equal(ruled_gauge_at(2)->bytes[LINE_DOWNLINK], 2 * STAND_USER_BYTES);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_UPLINK], 0);
	assert_int_equal(ruled_gauge_at(0)->last | ruled_gauge_at(1)->last, 0);
	assert_int_equal(room_there->aside, 2);
	sheets.far[1].action = SHEET_FORWARD;
	sheets.far[1].flags = 0; // nothing is known of the radio side
	ruled_by();
	assert_int_equal(ruled_down().code, VERDICT_NO_PEER);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_DOWNLINK], 1);
}

// What policy refuses is no want of the radio side.
static void what_gates_and_meters_refuse_is_not_dropped(void **unused)
{
	drops_counted();
	sheets.head.qers = 1;
	sheets.pdr[1].qers = 1;
	sheets.qer[0].flags = SHEET_GATE_DOWN;
	ruled_by();
	assert_int_equal(ruled_down().code, VERDICT_GATE_CLOSED);
	assert_int_equal(ruled_gauge_at(2)->packets[LINE_DOWNLINK], 0);
	assert_int_equal(room_there->aside, 0);
}

// Whose packets wait is said where somebody counts what is dropped of them, and the primary knows.
static void what_waits_says_whose_it_is(void **unused)
{
	struct lane_handle lent = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64), handle;

	drops_counted();
	sheets.far[1].action = SHEET_BUFFER;
	sheets.pdr[1].id = 65535;
	ruled_by();
	handle = ruled_worked(lent);
	assert_int_equal(handle.code, VERDICT_BUFFER);
	assert_int_equal(handle.hint, SLOT | 65535u << 16);
	assert_int_equal(handle.length, STAND_USER_BYTES);
	assert_int_equal(handle.port, LANE_DROPS);
	sheets.pdr[1].urrs = 1;
	ruled_by();
	assert_int_equal(ruled_worked(lent).hint, SLOT);
	assert_int_equal(ruled_worked(lent).port, lent.port);
	sheets.pdr[1].urrs = 2;
	ruled_by();
	stand.net.verdicts = VERDICT_COUNTED;
	assert_int_equal(ruled_worked(lent).hint, SLOT);
}

// How many may wait by the rule goes with each packet, where there is such a rule, and a primary that knows.
static void what_waits_says_how_many_may(void **unused)
{
	static const struct {
		uint8_t action, flags;
		uint32_t waits, lasts;
		unsigned verdict, offset;
	} rules[] = {
		{ SHEET_BUFFER, 0, 1, 0, VERDICT_BUFFER_FEW, 0 },
		{ SHEET_BUFFER, SHEET_NOTIFY, 11, 0, VERDICT_BUFFER_FEW, 10 },
		{ SHEET_BUFFER, 0, 0, 0, VERDICT_BUFFER, 0 },
		{ SHEET_BUFFER, 0, 11, 1, VERDICT_BUFFER_LONG, 10 },
		{ SHEET_BUFFER, 0, 0, 1, VERDICT_BUFFER_LONG, UINT16_MAX },
		{ SHEET_BUFFER, SHEET_HAS_PEER, 0x0a630302, 9, VERDICT_BUFFER, 0 }, // a tunnel
		{ SHEET_FORWARD, SHEET_HAS_PEER, 0x0a630302, 9, VERDICT_BUFFER,
		  0 }, // behind what waited under other rules
	};
	struct lane_handle lent = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64), handle;

	for (unsigned i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		drops_counted();
		sheets.far[1].action = rules[i].action;
		sheets.far[1].flags = rules[i].flags;
		sheets.far[1].waits = rules[i].waits;
		sheets.far[1].lasts = rules[i].lasts;
		ruled_by();
		room_there->held_until = NOW + 1;
		handle = ruled_worked(lent);
		assert_int_equal(handle.code, rules[i].verdict);
		assert_int_equal(handle.offset, handle.code == VERDICT_BUFFER ? lent.offset : rules[i].offset);
		assert_int_equal((uint16_t)handle.hint, SLOT);
		assert_int_equal(handle.port, LANE_DROPS); // and whose it is
		assert_int_equal(handle.length, STAND_USER_BYTES);
	}
	sheets.far[1] = (struct sheet_far){ .id = 2, .action = SHEET_BUFFER, .outer = SHEET_OUTER_GTPU4, .waits = 11 };
	ruled_by();
	stand.net.verdicts = VERDICT_BUFFER_LONG;
	assert_int_equal(ruled_worked(lent).code, VERDICT_BUFFER);
	assert_int_equal(ruled_worked(lent).offset, lent.offset);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gates_close_one_way),
		TEST(quotas_end_with_the_packet_that_reaches_them),
		TEST(a_stopped_urr_lets_nothing_pass),
		TEST(all_meters_must_agree_and_none_is_charged_otherwise),
		TEST(red_passes_marked_where_all_would_have_it_so),
		TEST(aware_meters_see_the_colour_it_came_with),
		TEST(ways_without_a_rate_are_not_metered),
		TEST(what_waits_is_as_it_came_and_nobody_counts_it),
		TEST(the_first_that_waits_is_told_once_an_episode),
		TEST(what_may_go_waits_for_what_came_before),
		TEST(gauges_count_what_was_forwarded),
		TEST(gauges_before_gates_and_meters_count_what_they_refuse),
		TEST(what_is_dropped_towards_the_ue_is_counted_apart),
		TEST(what_gates_and_meters_refuse_is_not_dropped),
		TEST(what_waits_says_whose_it_is),
		TEST(what_waits_says_how_many_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
