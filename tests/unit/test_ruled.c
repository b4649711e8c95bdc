// test_ruled.c - the way of a packet whose session has a sheet: which rule it finds, whose it is, and that whatever stands in the room,
// nothing worse than a refusal comes of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"
#include "shared/wire/ip.h"
#include "workers/pipe/ruled_room.h"

static void rules_that_say_nothing_special_do_as_two_lines_do(void **unused)
{
	uint8_t plain[2][256];
	struct lane_handle before[2], after[2];

	sheets.far[1].peer_teid = bearer.peer_teid;
	sheets.far[1].peer_ipv4 = bearer.peer_ipv4;
	before[0] = ruled_up();
	memcpy(plain[0], stand_bytes(&stand, &before[0]), before[0].length);
	before[1] = ruled_down();
	memcpy(plain[1], stand_bytes(&stand, &before[1]), before[1].length);
	ruled_by();
	after[0] = ruled_up();
	assert_memory_equal(&before[0], &after[0], sizeof(before[0]));
	assert_memory_equal(plain[0], stand_bytes(&stand, &after[0]), after[0].length);
	after[1] = ruled_down();
	assert_memory_equal(&before[1], &after[1], sizeof(before[1]));
	assert_memory_equal(plain[1], stand_bytes(&stand, &after[1]), after[1].length);
	assert_int_equal(after[0].code, VERDICT_FORWARD);
	assert_int_equal(after[1].code, VERDICT_FORWARD);
	assert_int_equal(shard_there->uplink[SLOT].packets, 2);
	assert_int_equal(shard_there->uplink[SLOT].bytes, 2 * STAND_USER_BYTES);
	assert_int_equal(shard_there->downlink[SLOT].packets, 2);
}

// Each harm undone again.
#define HARMED(member, value) \
	do { \
		__typeof__(member) was = member; \
		member = (__typeof__(member))(value); \
		ruled_verdicts(VERDICT_NO_RULE, VERDICT_NO_RULE); \
		member = was; \
		ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD); \
	} while (0)

static void a_room_that_is_not_right_has_no_rules(void **unused)
{
	struct sheet *sheet;

	sheets.head.qers = sheets.head.urrs = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1 };
	sheets.urr[0] = (struct sheet_urr){ .id = 1, .serial = 1 };
	ruled_by();
	sheet = (struct sheet *)(room_there + 1);
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	HARMED(shard_there->rest[SLOT].ruled, 0);
	HARMED(shard_there->rest[SLOT].ruled, 2);
	memcpy(region_room(shard_there, &stand.shape, SLOT + 1, 0), room_there, room_there->end); // a third room
	HARMED(shard_there->rest[SLOT].ruled, 3);
	HARMED(shard_there->rest[SLOT].teid, 0);
	HARMED(room_there->teid, 1);
	HARMED(room_there->bytes, room_there->bytes + 8);
	HARMED(room_there->tokens, room_there->tokens - 64);
	HARMED(room_there->tokens, room_there->tokens + 8);
	HARMED(room_there->tokens, room_there->tokens + 64);
	room_there->tokens += 8, room_there->gauges += 8;
	ruled_verdicts(VERDICT_NO_RULE, VERDICT_NO_RULE);
	room_there->tokens -= 8, room_there->gauges -= 8;
	HARMED(room_there->gauges, room_there->gauges - 64);
	HARMED(room_there->gauges, 64 * STAND_SHEET_LINES);
	HARMED(sheet->pdrs, sheet->pdrs + 1);
	HARMED(sheet->groups4, 255);
	HARMED(stand.pipe.shape.sheet, 0);
	HARMED(stand.pipe.shape.sheet, 1);
}

static void indices_that_lead_nowhere_are_not_followed(void **unused)
{
	struct sheet_parts parts;
	struct sheet *sheet;

	ruled_by();
	sheet = (struct sheet *)(room_there + 1);
	parts = sheet_parts(sheet);
	memset((uint8_t *)room_there + room_there->end, 0xff, 256);
	((struct sheet_pdr *)parts.pdr)[0].far = ((struct sheet_pdr *)parts.pdr)[1].far = 2;
	ruled_verdicts(VERDICT_NO_RULE, VERDICT_NO_RULE);
	ruled_by();
	memset((uint8_t *)room_there + room_there->end, 0xff, 256);
	((struct sheet_pdr *)parts.pdr)[0].qers = ((struct sheet_pdr *)parts.pdr)[1].qers = 255;
	((struct sheet_pdr *)parts.pdr)[0].urrs = ((struct sheet_pdr *)parts.pdr)[1].urrs = 65535;
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD); // there are none of them
	sheet->way[0] = sheet->way[1] = sheet->open[0] = 1ull << 63;
	ruled_verdicts(VERDICT_NO_RULE, VERDICT_NO_RULE);
	ruled_by();
	((struct sheet_far *)parts.far)[0].action = ((struct sheet_far *)parts.far)[1].action = 255;
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_RULE_DROP);
	ruled_by();
	((struct sheet_far *)parts.far)[0].outer = ((struct sheet_far *)parts.far)[1].outer = 255;
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_RULE_DROP);
}

static void each_tunnel_has_its_rules(void **unused)
{
	uint32_t teid;

	sheets.head.tunnels = 3;
	sheets.tunnel[1] = 0;
	sheets.tunnel[2] = 1;
	ruled_by();
	assert_int_equal(ruled_up().code, VERDICT_FORWARD);
	teid = sheet_tunnel_teid(bearer.teid, 1, stand.net.slot_bits);
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_NO_RULE);
	teid = sheet_tunnel_teid(bearer.teid, 2, stand.net.slot_bits);
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_FORWARD);
	teid = sheet_tunnel_teid(bearer.teid, 3, stand.net.slot_bits); // what lies there looks like rules
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_NO_RULE);
	teid = sheet_tunnel_teid(bearer.teid, 15, stand.net.slot_bits);
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_NO_RULE);
	teid = bearer.teid ^ 1u << (12 + stand.net.slot_bits); // an older session's
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_NO_SESSION);
	shard_there->uplink[SLOT].flags = LINE_VALID; // no sheet
	teid = sheet_tunnel_teid(bearer.teid, 2, stand.net.slot_bits);
	assert_int_equal(ruled_worked(ruled_lend_up(teid, 0, bearer.ue_ipv4)).code, VERDICT_NO_SESSION);
}

static void qfis_choose_rules(void **unused)
{
	const uint8_t five = GTPU_CONTAINER | GTPU_CONTAINER_UP | 5, six = GTPU_CONTAINER | GTPU_CONTAINER_UP | 6;

	sheets.pdr[0].qfis = 1ull << 5;
	ruled_by();
	assert_int_equal(ruled_worked(ruled_lend_up(bearer.teid, five, bearer.ue_ipv4)).code, VERDICT_FORWARD);
	assert_int_equal(ruled_worked(ruled_lend_up(bearer.teid, six, bearer.ue_ipv4)).code, VERDICT_NO_RULE);
	assert_int_equal(ruled_up().code, VERDICT_NO_RULE);
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
}

static void filters_choose_rules_in_their_order(void **unused)
{
	sheets.head.pdrs = 3;
	sheets.pdr[2] = sheets.pdr[1];
	sheets.pdr[2].id = 3;
	sheets.pdr[1].far = 0; // dropped
	sheets.far[0].action = SHEET_DROP;
	sheets.head.way[SHEET_DOWNLINK] = 6;
	sheets.head.open[0] = sheets.head.open[1] = 4;
	sheets_filter4(&sheets, 9, 2);
	sheets.filters4[1].remote[1] = STAND_SERVER;
	sheets.filters4[1].mask[1] = UINT32_MAX;
	sheets.filters4[1].remote_ports[1] = 4000 << 16 | 4000;
	sheets.filters4[1].local_ports[1] = 53 << 16 | 53;
	ruled_by();
	assert_int_equal(ruled_down().code, VERDICT_RULE_DROP);
	sheets.filters4[1].local_ports[1] = 54 << 16 | 54;
	ruled_by();
	assert_int_equal(ruled_down().code, VERDICT_FORWARD);
	sheets.head.open[0] = 0; // those of IPv6 do not count
	ruled_by();
	assert_int_equal(ruled_down().code, VERDICT_NO_RULE);
}

static void sources_are_the_sessions_own_but_where_the_rule_says_any(void **unused)
{
	ruled_by();
	assert_int_equal(ruled_worked(ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4 + 1)).code, VERDICT_SPOOFED);
	sheets.pdr[0].flags = SHEET_ANY_SOURCE;
	ruled_by();
	assert_int_equal(ruled_worked(ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4 + 1)).code, VERDICT_FORWARD);
}

static void congestion_that_cannot_be_carried_on_ends_it(void **unused)
{
	struct lane_handle handle = ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4);
	uint8_t *outer = stand_bytes(&stand, &handle);

	ruled_by();
	hop4(outer, 0, 3);
	assert_int_equal(ruled_worked(handle).code, VERDICT_CONGESTION);
	handle = ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4);
	hop4(stand_bytes(&stand, &handle), 0, 3);
	hop4(stand_bytes(&stand, &handle) + TUNNEL_BYTES, 0, 10 << 2 | 2);
	handle = ruled_worked(handle);
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(ruled_tos(handle, 0), 10 << 2 | 3);
}

// It is cut, whatever the user says of his own packet, or it ends: nobody of its addresses is ours to tell.
static void from_tunnel_to_tunnel_nobody_is_told(void **unused)
{
	sheets.far[0] = sheets.far[1];
	ruled_by();
	stand.net.access_mtu = STAND_USER_BYTES + TUNNEL_BYTES;
	assert_int_equal(ruled_up().code, VERDICT_FORWARD);
	stand.net.access_mtu--;
	assert_int_equal(ruled_up().code, VERDICT_TOO_LONG);
	stand.pipe.cut = 1;
	assert_int_equal(ruled_up().code, VERDICT_FORWARD);
	assert_int_equal(ruled_up().port, LANE_SIDE_ACCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rules_that_say_nothing_special_do_as_two_lines_do),
		TEST(a_room_that_is_not_right_has_no_rules),
		TEST(indices_that_lead_nowhere_are_not_followed),
		TEST(each_tunnel_has_its_rules),
		TEST(qfis_choose_rules),
		TEST(filters_choose_rules_in_their_order),
		TEST(sources_are_the_sessions_own_but_where_the_rule_says_any),
		TEST(congestion_that_cannot_be_carried_on_ends_it),
		TEST(from_tunnel_to_tunnel_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
