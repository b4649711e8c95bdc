// test_ruled_relay.c - packets that come by a tunnel and go by another, or wait for one: of which flow they are where no QER says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/unit/ruled_play.h"
#include "shared/wire/ip.h"

// Its packet, `front` bytes behind the first, is to that address.
static void ruled_addressed(struct lane_handle handle, unsigned front, uint32_t destination)
{
	uint8_t *ip = stand_bytes(&stand, &handle) + front;

	be32_put(ip + 16, destination);
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
}

// Either way; towards the UE it is downlink.
static void from_tunnel_to_tunnel_a_flow_is_what_it_was(void **unused)
{
	const uint8_t came[] = { 0, GTPU_CONTAINER | GTPU_CONTAINER_UP | 7, GTPU_CONTAINER | 7, GTPU_CONTAINER | 63 };
	struct lane_handle handle;
	struct tunnel_inside inside;

	sheets.far[0] = sheets.far[1];
	ruled_by();
	for (unsigned i = 0; i < 2 * sizeof(came); i++) {
		handle = ruled_lend_up(bearer.teid, came[i / 2], bearer.ue_ipv4);
		if (i % 2) // to its UE, as between gNBs
			ruled_addressed(handle, came[i / 2] ? TUNNEL_BYTES_QFI : TUNNEL_BYTES, bearer.ue_ipv4);
		handle = ruled_worked(handle);
		assert_int_equal(handle.code, VERDICT_FORWARD);
		assert_int_equal(handle.length, (came[i / 2] ? TUNNEL_BYTES_QFI : TUNNEL_BYTES) + STAND_USER_BYTES);
		assert_int_equal(tunnel_open(&inside, stand_bytes(&stand, &handle), handle.length), VERDICT_FORWARD);
		assert_int_equal(inside.container, came[i / 2] & ~(i % 2 ? GTPU_CONTAINER_UP : 0));
	}
}

static struct lane_handle numbered_lend(uint8_t container, uint32_t pdcp)
{
	uint32_t options = gtpu_options(container, pdcp), front = TUNNEL_BYTES + options;
	uint8_t bytes[TUNNEL_BYTES + 16 + STAND_USER_BYTES];
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, bearer.teid, 2152, 0 };
	struct lane_handle handle;

	stand_user_packet(bytes + front, bearer.ue_ipv4, STAND_SERVER, 64);
	tunnel_put(bytes, front + STAND_USER_BYTES, &ends);
	if (options)
		gtpu_put_options(bytes + front - GTPU_HEADER - options, container, pdcp);
	handle = stand_lend(&stand, 0, LANE_UPLINK, bytes, front + STAND_USER_BYTES);
	handle.hint = bearer.teid;
	return ruled_worked(handle);
}

// On a handover's detour.
static void from_tunnel_to_tunnel_it_keeps_its_number(void **unused)
{
	const uint32_t numbers[] = { 0, 0xc000abcd, 0x8203abcd, 0x0303abcd };
	struct lane_handle handle;
	struct tunnel_inside inside;

	sheets.far[0] = sheets.far[1];
	for (unsigned i = 0; i < 16; i++) {
		uint8_t container = i & 4 ? GTPU_CONTAINER | GTPU_CONTAINER_UP | 7 : 0;
		uint32_t pdcp = numbers[i & 3];

		sheets.far[0].flags = i & 8 ? SHEET_HAS_PEER | SHEET_BARE : SHEET_HAS_PEER;
		ruled_by();
		handle = numbered_lend(container, pdcp);
		assert_int_equal(handle.code, VERDICT_FORWARD);
		if (i & 8) // the control plane counts none
			container = 0, pdcp = 0;
		assert_int_equal(handle.length, TUNNEL_BYTES + gtpu_options(container, pdcp) + STAND_USER_BYTES);
		assert_int_equal(tunnel_open(&inside, stand_bytes(&stand, &handle), handle.length), VERDICT_FORWARD);
		assert_int_equal(inside.container, container);
		assert_int_equal(inside.pdcp, pdcp);
		assert_int_equal(inside.left, STAND_USER_BYTES);
	}
	sheets.far[0] = (struct sheet_far){ .action = SHEET_FORWARD };
	ruled_by();
	handle = numbered_lend(0, numbers[1]);
	assert_int_equal(handle.code, VERDICT_FORWARD); // out of all tunnels
	assert_int_equal(handle.length, STAND_USER_BYTES);
}

// It knows sessions by their tunnels, and no flows; unless a QER says otherwise.
static void to_the_control_plane_no_flow_is_told(void **unused)
{
	struct lane_handle handle;
	struct tunnel_inside inside;

	sheets.far[0] = sheets.far[1];
	sheets.far[0].flags |= SHEET_BARE;
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI, .qfi = 5 };
	for (unsigned qer = 0; qer < 2; qer++) {
		sheets.pdr[0].qers = (uint8_t)qer;
		ruled_by();
		handle =
		    ruled_worked(ruled_lend_up(bearer.teid, GTPU_CONTAINER | GTPU_CONTAINER_UP | 7, bearer.ue_ipv4));
		assert_int_equal(handle.code, VERDICT_FORWARD);
		assert_int_equal(handle.length, (qer ? TUNNEL_BYTES_QFI : TUNNEL_BYTES) + STAND_USER_BYTES);
		assert_int_equal(tunnel_open(&inside, stand_bytes(&stand, &handle), handle.length), VERDICT_FORWARD);
		assert_int_equal(inside.container, qer ? GTPU_CONTAINER | GTPU_CONTAINER_UP | 5 : 0);
	}
}

static void of_what_waits_its_own_flow_is_told(void **unused)
{
	ruled_core_tunnel();
	ruled_urr_add(0, 0);
	sheets.head.qers = 1;
	sheets.qer[0] = (struct sheet_qer){ .id = 1, .flags = SHEET_QFI | SHEET_GATE_UP, .qfi = 5 };
	sheets.head.episode = 77;
	sheets.far[1] = (struct sheet_far){ .id = 2, .action = SHEET_BUFFER, .flags = SHEET_NOTIFY };
	for (unsigned qer = 0; qer < 2; qer++) {
		sheets.pdr[0].qers = (uint8_t)qer;
		ruled_by();
		tells.n = 0;
		ruled_worked(ruled_lend_up(ruled_core_teid(), GTPU_CONTAINER | 7, bearer.ue_ipv4));
		assert_int_equal(tells.n, 1);
		assert_int_equal(tells.tell[0].qfi, qer ? 5 : 7);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(from_tunnel_to_tunnel_a_flow_is_what_it_was),
		TEST(from_tunnel_to_tunnel_it_keeps_its_number),
		TEST(to_the_control_plane_no_flow_is_told),
		TEST(of_what_waits_its_own_flow_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
