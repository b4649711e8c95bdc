// test_ruled_route.c - networks behind a UE: whose packets from there are, which rules those to there find, and that a room that was
// spoilt leads nowhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"

#define BEHIND 0xc0000210u // 192.0.2.16/28
#define HOST (BEHIND + 5)

static void route_add(struct prefix prefix, uint64_t pdrs)
{
	sheets.route[sheets.head.routes++] = (struct sheet_route){ prefix, pdrs };
}

static enum verdict from(uint32_t source)
{
	return ruled_worked(ruled_lend_up(bearer.teid, 0, source)).code;
}

static struct lane_handle behind(uint32_t destination, uint32_t teid)
{
	struct lane_handle handle = stand_lend_down(&stand, 0, destination, 64);

	handle.code = LANE_FRAMED;
	handle.hint = teid;
	return ruled_worked(handle);
}

static enum verdict to(uint32_t destination)
{
	return behind(destination, bearer.teid).code;
}

static void both_ways_within_it_and_no_further(void **unused)
{
	route_add(prefix_ipv4(BEHIND, 28), 2);
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD); // the UE itself
	assert_int_equal(from(HOST), VERDICT_FORWARD);
	assert_int_equal(from(BEHIND), VERDICT_FORWARD);
	assert_int_equal(from(BEHIND + 15), VERDICT_FORWARD);
	assert_int_equal(from(BEHIND + 16), VERDICT_SPOOFED);
	assert_int_equal(from(BEHIND - 1), VERDICT_SPOOFED);
	assert_int_equal(to(HOST), VERDICT_FORWARD);
	assert_int_equal(to(BEHIND + 15), VERDICT_FORWARD);
	assert_int_equal(to(BEHIND + 16), VERDICT_NO_RULE);
	assert_int_equal(shard_there->downlink[SLOT].packets, 3);
}

static void it_goes_by_the_sessions_tunnel(void **unused)
{
	struct lane_handle ue, there;
	uint8_t front[TUNNEL_BYTES];

	route_add(prefix_ipv4(BEHIND, 28), 2);
	ruled_by();
	ue = ruled_down();
	memcpy(front, stand_bytes(&stand, &ue), sizeof(front));
	there = behind(HOST, bearer.teid);
	assert_int_equal(there.length, ue.length);
	assert_int_equal(there.port, LANE_SIDE_ACCESS);
	assert_memory_equal(stand_bytes(&stand, &there) + 12, front + 12, 8); // the tunnel's ends
	assert_memory_equal(stand_bytes(&stand, &there) + 28, front + 28, 8); // and its TEID
}

static void the_teid_says_which_life_of_the_cell(void **unused)
{
	struct lines lines = stand_lines(&stand, SHARD);
	struct lines_count final;

	route_add(prefix_ipv4(BEHIND, 28), 2);
	assert_int_equal(to(HOST), VERDICT_NO_SESSION); // two lines have no such networks
	ruled_by();
	assert_int_equal(behind(HOST, bearer.teid ^ 1u << 31).code, VERDICT_NO_SESSION);
	assert_int_equal(behind(HOST, bearer.teid ^ 0x100).code, VERDICT_NO_SESSION); // another slot
	assert_int_equal(behind(HOST, bearer.teid | 0xffff00).code, VERDICT_NO_SESSION);
	assert_int_equal(to(HOST), VERDICT_FORWARD);
	lines_clear(&lines, SLOT, bearer.teid, &final);
	assert_int_equal(to(HOST), VERDICT_NO_SESSION);
	pipe_disown(&stand.pipe, SHARD);
	assert_int_equal(to(HOST), VERDICT_STEER_AGAIN);
}

static void rules_are_those_of_the_routes_that_hold_it(void **unused)
{
	sheets.head.pdrs = 3;
	sheets.pdr[2] = sheets.pdr[1];
	sheets.pdr[2].far = 2;
	sheets.head.fars = 3;
	sheets.far[2] = (struct sheet_far){ .id = 3, .action = SHEET_DROP };
	sheets.head.open[0] = sheets.head.open[1] = 7;
	route_add(prefix_ipv4(BEHIND, 28), 4); // a rule for it alone: not in the way's word
	route_add(prefix_ipv4(HOST, 32), 2);
	route_add(prefix_ipv4(0xc0000300, 24), 0); // its packets are the session's, and nothing goes there
	ruled_by();
	assert_int_equal(to(BEHIND), VERDICT_RULE_DROP);
	assert_int_equal(to(HOST), VERDICT_FORWARD); // of both rules the one that comes first
	assert_int_equal(from(0xc0000301), VERDICT_FORWARD);
	assert_int_equal(to(0xc0000301), VERDICT_NO_RULE);
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
}

static void ipv6_has_its_own(void **unused)
{
	uint8_t packet[IP6_HEADER + 8] = {
		0x60, [5] = 8, [6] = IP_UDP, [7] = 64, [8] = 0x20, [24] = 0x20, 1, 0x0d, 0xb8, 7
	};
	struct lane_handle handle;

	sheets.head.open[1] = 3;
	route_add((struct prefix){ .high = 0x20010db807000000, .length = 40 }, 2);
	ruled_by();
	for (unsigned last = 0; last < 2; last++) {
		packet[28] = last ? 8 : 7;
		handle = stand_lend(&stand, 0, LANE_FRAMED, packet, sizeof(packet));
		handle.hint = bearer.teid;
		assert_int_equal(ruled_worked(handle).code, last ? VERDICT_NO_RULE : VERDICT_FORWARD);
	}
}

static void a_spoilt_room_leads_nowhere(void **unused)
{
	struct sheet *sheet;

	route_add(prefix_ipv4(BEHIND, 28), 2);
	ruled_by();
	sheet = (struct sheet *)(room_there + 1);
	for (unsigned routes = 0; routes < 256; routes++) {
		sheet->routes = (uint8_t)routes;
		assert_int_equal(to(HOST), routes == 1 ? VERDICT_FORWARD : VERDICT_NO_RULE);
		assert_int_equal(from(HOST), routes == 1 ? VERDICT_FORWARD : VERDICT_NO_RULE);
	}
}

static void sheets_say_no_nonsense(void **unused)
{
	struct sheet_route *route = &sheets.route[0];
	const char *field;

	route_add(prefix_ipv4(BEHIND, 28), 2);
	sheets_write(&sheets);
	assert_int_equal(sheet_check(sheets.bytes, sheets.head.bytes, &field), 0);
	for (unsigned i = 0; i < 4; i++) {
		*route = (struct sheet_route){ prefix_ipv4(BEHIND, 28), 2 };
		sheets.head.routes = 1;
		if (i == 0)
			route->prefix.low |= 1;
		else if (i == 1)
			route->prefix.length = 129;
		else if (i == 2)
			route->pdrs = 1; // of the other way
		else
			sheets.head.routes = SHEET_ROUTES; // and one more
		sheets.head.routes = i == 3 ? SHEET_ROUTES : 1;
		sheets_write(&sheets);
		if (i == 3) {
			((struct sheet *)sheets.bytes)->routes++;
			((struct sheet *)sheets.bytes)->bytes += sizeof(*route);
		}
		assert_true(sheet_check(sheets.bytes, ((struct sheet *)sheets.bytes)->bytes, &field) < 0);
		assert_string_equal(field, "routes");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_ways_within_it_and_no_further, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(it_goes_by_the_sessions_tunnel, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(the_teid_says_which_life_of_the_cell, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(rules_are_those_of_the_routes_that_hold_it, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(ipv6_has_its_own, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(a_spoilt_room_leads_nowhere, ruled_make, ruled_destroy),
		cmocka_unit_test_setup_teardown(sheets_say_no_nonsense, ruled_make, ruled_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
