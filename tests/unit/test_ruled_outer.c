// test_ruled_outer.c - where a sheet's FARs send packets: to the core, into tunnels over IPv4 and IPv6, from tunnel to tunnel; marks,
// containers, and what is too large.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"
#include "shared/wire/ip.h"
#include "workers/pipe/ruled_room.h"

#define PEER 0xc6336402u

// Of the headers in front of a packet that was forwarded.
static uint32_t ruled_out_teid(struct lane_handle handle, unsigned outer)
{
	return be32_get(stand_bytes(&stand, &handle) + outer + UDP_HEADER + 4);
}

static void the_far_says_what_becomes_of_it(void **unused)
{
	sheets.far[0].action = sheets.far[1].action = SHEET_DROP;
	ruled_by();
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_RULE_DROP);
	sheets.far[0].action = sheets.far[1].action = SHEET_BUFFER;
	ruled_by();
	ruled_verdicts(VERDICT_RULE_DROP, VERDICT_BUFFER); // up, nobody could lend it again
	sheets.far[0].action = sheets.far[1].action = SHEET_FORWARD;
	sheets.far[1].flags = 0;
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_NO_PEER);
	sheets.far[1] = (struct sheet_far){ .action = SHEET_FORWARD,
					    .outer = SHEET_OUTER_GTPU6,
					    .flags = SHEET_HAS_PEER,
					    .peer_teid = 7,
					    .peer_ipv6 = { 0x20010db800010000, 2 } };
	ruled_by();
	ruled_verdicts(VERDICT_FORWARD, VERDICT_NO_PEER); // we have no IPv6 address for it
	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	assert_int_equal(ruled_down().length, TUNNEL6_BYTES + STAND_USER_BYTES);
	assert_int_equal(ruled_out_teid(ruled_down(), IP6_HEADER), 7);
}

static void the_last_hop_and_what_is_too_large_go_the_slow_way(void **unused)
{
	struct lane_handle handle = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 1);

	ruled_by();
	handle = ruled_worked(handle);
	assert_int_equal(handle.code, VERDICT_TO_SLOW_TTL);
	assert_int_equal(handle.offset, STAND_OFFSET + TUNNEL_BYTES);
	assert_int_equal(handle.length, STAND_USER_BYTES);
	assert_int_equal(ruled_worked(stand_lend_down(&stand, 0, bearer.ue_ipv4, 1)).code, VERDICT_TO_SLOW_TTL);
	stand.net.access_mtu = STAND_USER_BYTES + TUNNEL_BYTES;
	ruled_verdicts(VERDICT_FORWARD, VERDICT_FORWARD);
	stand.net.access_mtu--;
	assert_int_equal(ruled_down().code, VERDICT_TO_SLOW_BIG);
	assert_int_equal(ruled_down().hint, STAND_USER_BYTES - 1);
	assert_int_equal(ruled_down().length, STAND_USER_BYTES);
	stand.net.core_mtu = STAND_USER_BYTES - 1;
	assert_int_equal(ruled_up().code, VERDICT_TO_SLOW_BIG);
	assert_int_equal(ruled_up().hint, STAND_USER_BYTES - 1);
}

static struct lane_handle without_df(struct lane_handle handle, unsigned front)
{
	uint8_t *ip = stand_bytes(&stand, &handle) + front;

	be16_put(ip + 6, 0);
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
	return ruled_worked(handle);
}

// The primary cuts it: down in its tunnel, any packet as far as subscribers' links are told to take it.
static void too_large_goes_on_where_it_may_be_cut(void **unused)
{
	const uint32_t all = STAND_USER_BYTES + TUNNEL_BYTES;

	stand.net.access_mtu = (uint16_t)(all - 1);
	stand.net.core_mtu = STAND_USER_BYTES - 1;
	for (unsigned turn = 0; turn < 2; turn++) { // two lines, then a sheet
		if (turn)
			ruled_by();
		stand.pipe.cut = 0;
		assert_int_equal(without_df(stand_lend_down(&stand, 0, bearer.ue_ipv4, 9), 0).code,
				 VERDICT_TO_SLOW_BIG);
		stand.pipe.cut = 1;
		assert_int_equal(without_df(stand_lend_down(&stand, 0, bearer.ue_ipv4, 9), 0).length, all);
		assert_int_equal(
		    without_df(stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 9), TUNNEL_BYTES).code,
		    VERDICT_FORWARD);
		ruled_verdicts(VERDICT_TO_SLOW_BIG, VERDICT_TO_SLOW_BIG);
		stand.pipe.cut = STAND_USER_BYTES;
		ruled_verdicts(VERDICT_TO_SLOW_BIG, VERDICT_FORWARD);
		stand.pipe.cut = STAND_USER_BYTES - 1;
		ruled_verdicts(VERDICT_TO_SLOW_BIG, VERDICT_TO_SLOW_BIG);
	}
}

static void the_container_counts_in_the_mtu(void **unused)
{
	sheets.head.qers = 2;
	sheets.pdr[1].qers = 3;
	sheets.qer[1].flags = SHEET_QFI;
	sheets.qer[1].qfi = 9;
	ruled_by();
	stand.net.access_mtu = STAND_USER_BYTES + TUNNEL_BYTES_QFI;
	assert_int_equal(ruled_down().length, STAND_USER_BYTES + TUNNEL_BYTES_QFI);
	stand.net.access_mtu--;
	assert_int_equal(ruled_down().code, VERDICT_TO_SLOW_BIG);
	assert_int_equal(ruled_down().hint, STAND_USER_BYTES - 1);
}

static void from_tunnel_to_tunnel_no_hop_is_taken(void **unused)
{
	struct lane_handle handle;
	const uint8_t *bytes;

	sheets.far[0] = sheets.far[1];
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 9, .mark = BEARER_MARK_AF4 };
	sheets.pdr[0].qers = 1;
	ruled_by();
	handle = ruled_worked(stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 1));
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.port, LANE_SIDE_ACCESS);
	assert_int_equal(handle.length, TUNNEL_BYTES_QFI + STAND_USER_BYTES);
	assert_int_equal(ruled_out_teid(handle, IP4_HEADER), 0xbeef);
	bytes = stand_bytes(&stand, &handle);
	assert_true(ip4_sound(bytes));
	assert_int_equal(be32_get(bytes + 16), PEER);
	assert_int_equal(bytes[TUNNEL_BYTES_QFI - 3], 1 << 4); // PDU type: uplink
	assert_int_equal(bytes[TUNNEL_BYTES_QFI - 2], 9);
	assert_true(ip4_sound(bytes + TUNNEL_BYTES_QFI));
	assert_int_equal(bytes[TUNNEL_BYTES_QFI + 1], 34 << 2);
	assert_int_equal(bytes[TUNNEL_BYTES_QFI + 8], 1); // TTL
	// Lent once more as it lies there now: not for us.
	handle.code = LANE_UPLINK;
	handle.hint = bearer.teid;
	be32_put(stand_bytes(&stand, &handle) + IP4_HEADER + UDP_HEADER + 4, bearer.teid);
	assert_int_equal(ruled_worked(handle).code, VERDICT_NOT_OURS);
}

// A packet for the UE out of the CP function's tunnel.
static void what_the_cp_function_sends_goes_down(void **unused)
{
	uint8_t packet[TUNNEL_BYTES + STAND_USER_BYTES];
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, 0, 2152, 0 };
	struct lane_handle handle;

	sheets.head.tunnels = 2;
	sheets.tunnel[1] = 1;
	sheets.tunnel[0] = 2;
	sheets.pdr[0].flags = SHEET_ANY_SOURCE;
	sheets.pdr[0].far = 1;
	sheets.pdr[0].qers = 1;
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 5 };
	ruled_by();
	ends.teid = sheet_tunnel_teid(bearer.teid, 1, stand.net.slot_bits);
	stand_user_packet(packet + TUNNEL_BYTES, STAND_SERVER, bearer.ue_ipv4, 255);
	tunnel_put(packet, sizeof(packet), &ends);
	handle = ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet)));
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.port, LANE_SIDE_ACCESS);
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 3], 0); // PDU type: downlink
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 2], 5);
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI + 8], 255);
}

static void reflective_qos_is_asked_for_with_the_flow(void **unused)
{
	struct lane_handle handle;

	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 9 };
	sheets.pdr[0].qers = sheets.pdr[1].qers = 1;
	for (unsigned asked = 0; asked < 2; asked++) {
		sheets.qer[0].flags |= asked ? SHEET_RQI : 0;
		ruled_by();
		handle = ruled_down();
		assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 3], 0);
		assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 2], asked << 6 | 9);
	}
	sheets.far[0] = sheets.far[1]; // towards the core nobody is asked
	ruled_by();
	handle = ruled_up();
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 3], 1 << 4);
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 2], 9);
}

// An SGW-U's packet, from the PGW's tunnel to the radio side's.
static struct lane_handle from_core(void)
{
	uint8_t packet[TUNNEL_BYTES + STAND_USER_BYTES];
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, ruled_core_teid(), 2152, 0 };

	stand_user_packet(packet + TUNNEL_BYTES, STAND_SERVER, bearer.ue_ipv4 + 1, 1);
	tunnel_put(packet, sizeof(packet), &ends);
	return stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet));
}

static void core_side_tunnel(void)
{
	ruled_core_tunnel();
	ruled_urr_add(0, 0);
	sheets.pdr[0].qers = 1;
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI | SHEET_GATE_UP, .qfi = 5 };
}

static void what_comes_by_a_tunnel_of_the_core_is_downlink(void **unused)
{
	struct lane_handle handle;

	core_side_tunnel();
	ruled_by();
	handle = ruled_worked(from_core());
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.port, LANE_SIDE_ACCESS);
	assert_int_equal(ruled_out_teid(handle, IP4_HEADER), 0xbeef);
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI - 3], 0); // PDU type: downlink
	assert_int_equal(stand_bytes(&stand, &handle)[TUNNEL_BYTES_QFI + 8], 1); // TTL
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_DOWNLINK], 1);
	assert_int_equal(ruled_gauge_at(0)->packets[LINE_UPLINK], 0);
	assert_int_equal(shard_there->downlink[SLOT].packets, 1);
	assert_int_equal(shard_there->uplink[SLOT].packets, 0);
	sheets_filter4(&sheets, 0, 1); // its far end is the source
	sheets.filters4[0].remote[0] = STAND_SERVER;
	sheets.filters4[0].mask[0] = UINT32_MAX;
	sheets.head.open[0] = 2;
	ruled_by();
	assert_int_equal(ruled_worked(from_core()).code, VERDICT_FORWARD);
	sheets.filters4[0].remote[0]++;
	ruled_by();
	assert_int_equal(ruled_worked(from_core()).code, VERDICT_NO_RULE);
}

static void what_comes_by_a_tunnel_of_the_core_can_wait(void **unused)
{
	struct lane_handle lent, handle;

	core_side_tunnel();
	sheets.far[1].action = SHEET_BUFFER;
	ruled_by();
	lent = from_core();
	handle = ruled_worked(lent);
	assert_int_equal(handle.code, VERDICT_BUFFER);
	assert_int_equal(handle.hint, SLOT);
	assert_int_equal(handle.offset, lent.offset);
	assert_int_equal(handle.length, lent.length);
	stand.net.verdicts = VERDICT_JOINED; // a primary that would not take it
	assert_int_equal(ruled_worked(from_core()).code, VERDICT_RULE_DROP);
}

static void the_outer_header_is_marked_as_the_far_says(void **unused)
{
	struct lane_handle handle;

	sheets.far[1].flags |= SHEET_DSCP;
	sheets.far[1].dscp = 46;
	ruled_by();
	handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	hop4(stand_bytes(&stand, &handle), 0, 10 << 2 | 1);
	handle = ruled_worked(handle);
	assert_int_equal(ruled_tos(handle, 0), 46 << 2 | 1);
	assert_int_equal(ruled_tos(handle, TUNNEL_BYTES), 10 << 2 | 1);
}

// IPv6 outside: the checksum over all of it holds.
static void checksums_hold_over_ipv6(void **unused)
{
	struct lane_handle handle;
	const uint8_t *bytes;
	struct tunnel_inside inside;

	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	stand.pipe.gtpu_ipv6[1] = 1;
	sheets.far[1] = (struct sheet_far){ .action = SHEET_FORWARD,
					    .outer = SHEET_OUTER_GTPU6,
					    .flags = SHEET_HAS_PEER,
					    .peer_teid = 7,
					    .peer_ipv6 = { 0x20010db800010000, 2 } };
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 5 };
	for (unsigned container = 0; container < 2; container++) {
		unsigned front = TUNNEL6_BYTES + 8 * container;

		sheets.pdr[1].qers = (uint8_t)container;
		ruled_by();
		handle = ruled_down();
		assert_int_equal(handle.length, front + STAND_USER_BYTES);
		bytes = stand_bytes(&stand, &handle);
		assert_int_equal(tunnel_open(&inside, bytes, handle.length), VERDICT_FORWARD);
		assert_int_equal(inside.offset, front);
		assert_int_equal(inside.teid, 7);
		assert_int_equal(inside.container, container ? GTPU_CONTAINER | 5 : 0);
		stand_bytes(&stand, &handle)[handle.length - 1] ^= 1;
		assert_int_equal(tunnel_open(&inside, bytes, handle.length), VERDICT_BAD_UDP);
	}
}

// From a radio side that speaks IPv6.
static void tunnels_over_ipv6_are_opened(void **unused)
{
	uint8_t packet[TUNNEL6_BYTES + STAND_USER_BYTES];
	struct tunnel_ends6 ends = { { 0x20010db800010000, 2 }, { 0x20010db800020000, 1 }, bearer.teid, 2152, 0 };
	struct lane_handle handle;

	stand.pipe.gtpu_ipv6[0] = ends.destination[0];
	stand.pipe.gtpu_ipv6[1] = ends.destination[1];
	stand_user_packet(packet + TUNNEL6_BYTES, bearer.ue_ipv4, STAND_SERVER, 64);
	tunnel6_put(packet, sizeof(packet), &ends);
	handle = ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet))); // two lines, no checksum
	assert_int_equal(handle.code, VERDICT_FORWARD);
	ruled_by();
	tunnel6_sum(packet, sizeof(packet));
	handle = ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet)));
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.offset, STAND_OFFSET + TUNNEL6_BYTES);
	stand.pipe.gtpu_ipv6[1]++;
	assert_int_equal(ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet))).code,
			 VERDICT_NOT_OURS);
	packet[6] = 44;
	assert_int_equal(ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet))).code,
			 VERDICT_FRAGMENT);
	packet[6] = IP_TCP;
	assert_int_equal(ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, packet, sizeof(packet))).code,
			 VERDICT_NOT_OURS);
}

static void a_packet_without_room_before_it_is_refused(void **unused)
{
	struct lane_handle handle;

	stand.pipe.gtpu_ipv6[0] = 1;
	sheets.far[1].outer = SHEET_OUTER_GTPU6;
	sheets.far[1].peer_ipv6[0] = 1;
	ruled_by();
	handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	memmove(stand_bytes(&stand, &handle) - STAND_OFFSET + TUNNEL_BYTES_QFI, stand_bytes(&stand, &handle),
		STAND_USER_BYTES);
	handle.offset = TUNNEL_BYTES_QFI; // enough for IPv4
	assert_int_equal(ruled_worked(handle).code, VERDICT_NOT_OURS);
}

// Marks alone, as relayed packets are marked: checksums hold, whatever they were.
static void marks_keep_checksums(void **unused)
{
	uint8_t packet[STAND_USER_BYTES];

	for (unsigned n = 0; n < 1 << 16; n++) {
		stand_user_packet(packet, n, STAND_SERVER, 64);
		mark4(packet, 0, (uint8_t)(n >> 3));
		assert_true(ip4_sound(packet));
		assert_int_not_equal(be16_get(packet + 10), 0xffff);
		assert_int_equal(packet[1], (uint8_t)(n >> 3));
		assert_int_equal(packet[8], 64);
	}
	be32_put(packet, 0x6ab12345);
	mark6(packet, 0x5c);
	assert_int_equal(be32_get(packet), 0x65c12345);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_far_says_what_becomes_of_it),
		TEST(the_last_hop_and_what_is_too_large_go_the_slow_way),
		TEST(too_large_goes_on_where_it_may_be_cut),
		TEST(the_container_counts_in_the_mtu),
		TEST(from_tunnel_to_tunnel_no_hop_is_taken),
		TEST(what_the_cp_function_sends_goes_down),
		TEST(reflective_qos_is_asked_for_with_the_flow),
		TEST(what_comes_by_a_tunnel_of_the_core_is_downlink),
		TEST(what_comes_by_a_tunnel_of_the_core_can_wait),
		TEST(the_outer_header_is_marked_as_the_far_says),
		TEST(checksums_hold_over_ipv6),
		TEST(tunnels_over_ipv6_are_opened),
		TEST(a_packet_without_room_before_it_is_refused),
		TEST(marks_keep_checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
