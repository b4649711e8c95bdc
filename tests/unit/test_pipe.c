// test_pipe.c - what a burst does to handles, counters and packets; bytes in full are the golden tests' business.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/hop.h"
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/pipe/tunnel.h"

#define NOW (STAND_HZ * 100)

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

static struct bearer session(unsigned shard, uint32_t slot)
{
	struct lines lines = stand_lines(&stand, shard);
	struct bearer bearer = stand_bearer(&stand, shard, slot);

	assert_int_equal(lines_set(&lines, slot, &bearer), 0);
	return bearer;
}

static unsigned run(struct lane_handle *handle)
{
	stand_burst(&stand, handle, 1, NOW);
	return handle->code;
}

static void forward_moves_the_offset_and_counts(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64),
			   down = stand_lend_down(&stand, 1, bearer.ue_ipv4, 64);
	struct lines lines = stand_lines(&stand, 1);
	struct lines_count count;

	assert_int_equal(run(&up), VERDICT_FORWARD);
	assert_int_equal(up.offset, STAND_OFFSET + TUNNEL_BYTES);
	assert_int_equal(up.length, STAND_USER_BYTES);
	assert_int_equal(up.port, LANE_SIDE_CORE);
	assert_int_equal(up.hint, 0);
	assert_int_equal(run(&down), VERDICT_FORWARD);
	assert_int_equal(down.offset, STAND_OFFSET - TUNNEL_BYTES);
	assert_int_equal(down.length, STAND_USER_BYTES + TUNNEL_BYTES);
	assert_int_equal(down.port, LANE_SIDE_ACCESS);
	assert_int_equal(down.hint, 0);
	assert_int_equal(down.turn, 257);
	assert_int_equal(down.room, 1);
	lines_count(lines.region, 2, &count);
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		assert_int_equal(count.packets[way], 1);
		assert_int_equal(count.bytes[way], STAND_USER_BYTES);
		assert_int_equal(count.red_packets[way], 0);
	}
}

static void same_handle(const struct lane_handle *handle, struct lane_handle before)
{
	before.code = handle->code;
	before.hint = 0;
	assert_memory_equal(handle, &before, sizeof(before));
}

static void strangers_are_not_ours(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle good = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);

#define STRANGE(member, value) \
	do { \
		struct lane_handle wrong = good, before; \
		wrong.member = value; \
		before = wrong; \
		assert_int_equal(run(&wrong), VERDICT_NOT_OURS); \
		same_handle(&wrong, before); \
	} while (0)
	for (unsigned kind = 0; kind < 256; kind++)
		if (kind != LANE_UPLINK && !lane_kind_down(kind))
			STRANGE(code, (uint8_t)kind);
	STRANGE(room, STAND_ROOMS);
	STRANGE(room, 1u << ROOM_ZONE_SHIFT);
	STRANGE(room, UINT32_MAX);
	STRANGE(offset, ROOM_STRIDE);
	STRANGE(length, ROOM_STRIDE);
	STRANGE(offset, TUNNEL_BYTES_QFI - 1); // no headroom
	assert_int_equal(run(&good), VERDICT_FORWARD);
}

static void shard_of_another_seat_is_steered_again(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64),
			   down = stand_lend_down(&stand, 1, bearer.ue_ipv4, 64);
	struct lane_handle up_before = up, down_before = down;

	pipe_disown(&stand.pipe, 1);
	assert_int_equal(run(&up), VERDICT_STEER_AGAIN);
	same_handle(&up, up_before);
	assert_int_equal(run(&down), VERDICT_STEER_AGAIN);
	same_handle(&down, down_before);
}

static void session_must_agree_with_the_packet(void **state)
{
	struct bearer bearer = session(1, 2);
	uint32_t generation = 1u << (SHARD_BITS + stand.net.slot_bits);
	struct lane_handle stale = stand_lend_up(&stand, 0, bearer.teid + generation, bearer.ue_ipv4, 64);
	struct lane_handle empty = stand_lend_up(&stand, 0, bearer.teid + (1u << SHARD_BITS), bearer.ue_ipv4, 64);
	struct lane_handle beyond =
	    stand_lend_up(&stand, 0, shard_teid(1, stand.shape.slots, 1, stand.net.slot_bits), bearer.ue_ipv4, 64);
	struct lane_handle spoofed, other;

	assert_int_equal(run(&stale), VERDICT_NO_SESSION);
	stale = stand_lend_up(&stand, 0, bearer.teid + generation, bearer.ue_ipv4, 64);
	assert_int_equal(run(&empty), VERDICT_NO_SESSION);
	empty = stand_lend_up(&stand, 0, 0, bearer.ue_ipv4, 64); // TEID 0
	assert_int_equal(run(&empty), VERDICT_NO_SESSION);
	assert_int_equal(run(&beyond), VERDICT_NO_SESSION);
	spoofed = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4 + 1, 64);
	assert_int_equal(run(&spoofed), VERDICT_SPOOFED);
	spoofed = stand_lend_up(&stand, 0, bearer.teid, 0, 64);
	assert_int_equal(run(&spoofed), VERDICT_SPOOFED);
	other = stand_lend_down(&stand, 0, bearer.ue_ipv4 + 256, 64);
	assert_int_equal(run(&other), VERDICT_NO_SESSION);
	other = stand_lend_down(&stand, 0, 0x08080808, 64); // from no pool, not in the index
	assert_int_equal(run(&other), VERDICT_NO_SESSION);
}

// The memory behind the last uplink line is a downlink line; a TEID that names it finds nothing.
static void slot_beyond_the_shard_is_nobody(void **state)
{
	struct lines lines = stand_lines(&stand, 1);
	struct bearer bearer = stand_bearer(&stand, 1, 0);
	struct lane_handle up;

	bearer.peer_teid = shard_teid(1, stand.shape.slots, 1, stand.net.slot_bits);
	assert_int_equal(lines_set(&lines, 0, &bearer), 0);
	up = stand_lend_up(&stand, 0, bearer.peer_teid, bearer.ue_ipv4, 64);
	assert_int_equal(run(&up), VERDICT_NO_SESSION);
}

static void family_without_address_is_refused(void **state)
{
	struct bearer bearer = stand_bearer(&stand, 1, 2);
	struct lines lines = stand_lines(&stand, 1);
	uint32_t ipv4 = bearer.ue_ipv4;
	struct lane_handle up, down;

	bearer.ue_ipv4 = 0;
	assert_int_equal(lines_set(&lines, 2, &bearer), 0);
	up = stand_lend_up(&stand, 0, bearer.teid, 0, 64);
	assert_int_equal(run(&up), VERDICT_SPOOFED);
	down = stand_lend_down(&stand, 0, ipv4, 64);
	assert_int_equal(run(&down), VERDICT_NO_SESSION);
}

static void changed_session(struct bearer *bearer, unsigned shard, uint32_t slot)
{
	struct lines lines = stand_lines(&stand, shard);

	assert_int_equal(lines_set(&lines, slot, bearer), 0);
}

static void gates_and_missing_peers_refuse(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle up, down;

	bearer.uplink.flags = BEARER_GATE_CLOSED;
	bearer.peer_ipv4 = bearer.peer_teid = 0;
	changed_session(&bearer, 1, 2);
	up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64);
	assert_int_equal(run(&up), VERDICT_GATE_CLOSED);
	down = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	assert_int_equal(run(&down), VERDICT_NO_PEER);
}

static void used_up_and_oversized_go_slow(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle up, down;

	for (uint8_t ttl = 0; ttl < 2; ttl++) {
		up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, ttl);
		assert_int_equal(run(&up), VERDICT_TO_SLOW_TTL);
		assert_int_equal(up.offset, STAND_OFFSET + TUNNEL_BYTES);
		assert_int_equal(up.length, STAND_USER_BYTES);
		assert_int_equal(up.hint, 0);
		assert_int_equal(up.port, 3);
		down = stand_lend_down(&stand, 0, bearer.ue_ipv4, ttl);
		down.length = STAND_USER_BYTES; // plus padding:
		down.length += 7;
		assert_int_equal(run(&down), VERDICT_TO_SLOW_TTL);
		assert_int_equal(down.offset, STAND_OFFSET);
		assert_int_equal(down.length, STAND_USER_BYTES);
	}
	stand.net.core_mtu = STAND_USER_BYTES - 1;
	stand.net.access_mtu = STAND_USER_BYTES + TUNNEL_BYTES - 1;
	up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64);
	assert_int_equal(run(&up), VERDICT_TO_SLOW_BIG);
	assert_int_equal(up.hint, STAND_USER_BYTES - 1);
	down = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	assert_int_equal(run(&down), VERDICT_TO_SLOW_BIG);
	assert_int_equal(down.hint, STAND_USER_BYTES - 1);
	stand.net.core_mtu = STAND_USER_BYTES;
	stand.net.access_mtu = STAND_USER_BYTES + TUNNEL_BYTES;
	up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64);
	assert_int_equal(run(&up), VERDICT_FORWARD);
	down = stand_lend_down(&stand, 0, bearer.ue_ipv4, 64);
	assert_int_equal(run(&down), VERDICT_FORWARD);
}

static void police_session(struct bearer *bearer, uint8_t mark, uint8_t flags)
{
	struct lines lines = stand_lines(&stand, 1);
	struct bearer_rate rate = { 8, STAND_USER_BYTES, STAND_USER_BYTES };

	assert_int_equal(lines_rate_set(&lines, 1, &rate), 0);
	bearer->teid += 1u << (SHARD_BITS + stand.net.slot_bits); // fresh tokens
	bearer->uplink = (struct bearer_way){ 1, mark, flags };
	changed_session(bearer, 1, 2);
}

static unsigned dscp_up(const struct bearer *bearer, unsigned *verdict)
{
	struct lane_handle up = stand_lend_up(&stand, 0, bearer->teid, bearer->ue_ipv4, 64);

	*verdict = run(&up);
	return stand_bytes(&stand, &up)[1] >> 2;
}

static void rates_mark_and_drop(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lines lines = stand_lines(&stand, 1);
	struct lines_count count;
	unsigned verdict;

	police_session(&bearer, BEARER_MARK_AF2, 0);
	assert_int_equal(dscp_up(&bearer, &verdict), 18);
	assert_int_equal(dscp_up(&bearer, &verdict), 20);
	dscp_up(&bearer, &verdict);
	assert_int_equal(verdict, VERDICT_RED);
	lines_count(lines.region, 2, &count);
	assert_int_equal(count.packets[LINE_UPLINK], 2);
	assert_int_equal(count.red_packets[LINE_UPLINK], 1);
	assert_int_equal(count.red_bytes[LINE_UPLINK], STAND_USER_BYTES);
	police_session(&bearer, BEARER_MARK_AF2, BEARER_RED_REMARK);
	dscp_up(&bearer, &verdict);
	dscp_up(&bearer, &verdict);
	assert_int_equal(dscp_up(&bearer, &verdict), 22);
	assert_int_equal(verdict, VERDICT_FORWARD);
	lines_count(lines.region, 2, &count);
	assert_int_equal(count.packets[LINE_UPLINK], 3);
	assert_int_equal(count.red_packets[LINE_UPLINK], 1);
	police_session(&bearer, BEARER_MARK_EF, BEARER_RED_REMARK);
	dscp_up(&bearer, &verdict);
	dscp_up(&bearer, &verdict);
	dscp_up(&bearer, &verdict);
	assert_int_equal(verdict, VERDICT_RED); // EF has no red
	bearer.uplink.rate = 5;                 // not defined: nothing passes
	changed_session(&bearer, 1, 2);
	dscp_up(&bearer, &verdict);
	assert_int_equal(verdict, VERDICT_RED);
	lines.region->uplink[2].rate = 0xffff; // a spoilt line; what lies there is no rate
	lines.region->uplink[2].tc = UINT64_MAX;
	lines.region->rates[0xffff] = (struct region_rate){ 1, UINT64_MAX, UINT64_MAX, 0 };
	dscp_up(&bearer, &verdict);
	assert_int_equal(verdict, VERDICT_RED);
}

// A burst that a killed worker had in hand is run again from the primary's handles: same result, the TTL one lower.
static void burst_can_be_run_again(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lane_handle lent[2] = { stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64),
				       stand_lend_down(&stand, 1, bearer.ue_ipv4, 64) };
	struct lane_handle first[2], again[2];
	uint8_t bytes[2][TUNNEL_BYTES + STAND_USER_BYTES];

	bearer.uplink.mark = bearer.downlink.mark = BEARER_MARK_AF1;
	changed_session(&bearer, 1, 2);
	memcpy(first, lent, sizeof(lent));
	stand_burst(&stand, first, 2, NOW);
	for (unsigned i = 0; i < 2; i++)
		memcpy(bytes[i], stand_bytes(&stand, &first[i]), first[i].length);
	memcpy(again, lent, sizeof(lent));
	stand_burst(&stand, again, 2, NOW + 1);
	assert_memory_equal(again, first, sizeof(first));
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *header = bytes[i] + (i ? TUNNEL_BYTES : 0);

		assert_int_equal(header[8], 63);
		hop4(header, header[1], header[1]);
		assert_memory_equal(stand_bytes(&stand, &again[i]), bytes[i], again[i].length);
	}
}

static void burst_keeps_order_and_mixes_ways(void **state)
{
	struct lane_handle handles[LANE_BURST];
	struct bearer bearer[LANE_BURST];

	for (unsigned i = 0; i < LANE_BURST; i++) {
		bearer[i] = session(i * 7, i);
		handles[i] = i % 3 ? stand_lend_up(&stand, i, bearer[i].teid, bearer[i].ue_ipv4, 64)
				   : stand_lend_down(&stand, i, bearer[i].ue_ipv4, 64);
		handles[i].turn = (uint16_t)(1000 + i);
	}
	handles[5].code = LANE_LOCAL;
	pipe_burst(&stand.pipe, handles, LANE_BURST, NOW);
	for (unsigned i = 0; i < LANE_BURST; i++) {
		assert_int_equal(handles[i].turn, 1000 + i);
		assert_int_equal(handles[i].room, i);
		assert_int_equal(handles[i].code, i == 5 ? VERDICT_NOT_OURS : VERDICT_FORWARD);
		if (i != 5)
			assert_int_equal(handles[i].port, i % 3 ? LANE_SIDE_CORE : LANE_SIDE_ACCESS);
	}
}

static void counter_turns_over(void **state)
{
	struct bearer bearer = session(1, 2);
	struct lines lines = stand_lines(&stand, 1);
	struct lines_count count;

	for (uint64_t half = 1; half < 5; half++) {
		lines.region->uplink[2].packets = (uint32_t)((half << 31) - 1);
		for (unsigned i = 0; i < 3; i++) {
			struct lane_handle up = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4, 64);

			lines_count(lines.region, 2, &count);
			assert_int_equal(count.packets[LINE_UPLINK], (half << 31) - 1 + i);
			assert_int_equal(run(&up), VERDICT_FORWARD);
		}
	}
}

static void foreign_addresses_reach_their_session(void **state)
{
	uint32_t slot = STAND_FIRST_FOREIGN + 9, address = 0xac100001;
	struct bearer bearer = stand_bearer(&stand, 9, 0);
	struct lane_handle down;

	bearer.teid = shard_teid(1, slot, 9, stand.net.slot_bits);
	bearer.ue_ipv4 = address;
	bearer.ue_ipv6 = 0;
	changed_session(&bearer, 9, slot);
	down = stand_lend_down(&stand, 0, address, 64);
	down.hint = shard_hint(address, 9); // an exception of the steering table; the hash says otherwise
	assert_int_not_equal(shard_of_ipv4(address), 9);
	assert_int_equal(run(&down), VERDICT_FORWARD);
	assert_int_equal(be32_get(stand_bytes(&stand, &down) + IP4_HEADER + UDP_HEADER + 4), bearer.peer_teid);
}

int main(void)
{
#define ON_STAND(test) cmocka_unit_test_setup_teardown(test, open_stand, close_stand)
	const struct CMUnitTest tests[] = {
		ON_STAND(forward_moves_the_offset_and_counts),
		ON_STAND(strangers_are_not_ours),
		ON_STAND(shard_of_another_seat_is_steered_again),
		ON_STAND(session_must_agree_with_the_packet),
		ON_STAND(slot_beyond_the_shard_is_nobody),
		ON_STAND(family_without_address_is_refused),
		ON_STAND(gates_and_missing_peers_refuse),
		ON_STAND(used_up_and_oversized_go_slow),
		ON_STAND(rates_mark_and_drop),
		ON_STAND(burst_can_be_run_again),
		ON_STAND(burst_keeps_order_and_mixes_ways),
		ON_STAND(counter_turns_over),
		ON_STAND(foreign_addresses_reach_their_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
