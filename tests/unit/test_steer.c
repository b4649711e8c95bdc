// test_steer.c - every way a frame can take at the door: lanes, neighbours, exceptions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/ip.h"
#include "tests/unit/gate.h"

static void uplink(void **state)
{
	struct gate_frame f = gate_gtpu(255, 0x12345678);
	struct steer_result r = gate_go(GATE_ACCESS, &f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.shard, 0x78);
	assert_int_equal(r.hint, 0x12345678);
	assert_int_equal(r.l3, 14);
	gate_lane(GATE_BOTH, &f, LANE_UPLINK);
	gate_lane(GATE_CORE, &f, LANE_LOCAL); // a tunnel does not begin on the core side
}

// Told of as ours, both ways, and written into the header by whoever asked.
static void a_foreign_teid_is_ours(void **state)
{
	const struct alias aliases[] = { { 10, 0x12345678 }, { 0x00ffff07, 0x22345679 } };
	struct gate_frame f = gate_gtpu(255, 10), other = gate_gtpu(255, 11), options = gate_ether(0x0800);
	struct steer_result r;

	assert_false(steer_aliased(gate_steer));
	assert_int_equal(steer_alias(gate_steer, aliases, 2), 0);
	assert_true(steer_aliased(gate_steer));
	steer_mac(gate_steer, GATE_ACCESS, gate_mac);
	r = gate_go(GATE_ACCESS, &f);
	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.hint, 0x12345678);
	assert_int_equal(r.shard, 0x78);
	steer_claim(f.bytes + r.l3, r.hint);
	assert_int_equal(be32_get(f.bytes + 46), 0x12345678);
	assert_int_equal(gate_go(GATE_ACCESS, &f).hint, 0x12345678);
	assert_int_equal(gate_go(GATE_ACCESS, &other).hint, 11);
	gate_add_ipv4(&options, GATE_GTPU, IP_UDP, 40 + 16);
	options.bytes[14] = 0x4f;
	memset(options.bytes + options.length, 1, 40);
	options.length += 40;
	gate_add_gtpu(&options, 2152, 0x34, 255, 0x00ffff07);
	r = gate_go(GATE_ACCESS, &options);
	assert_int_equal(r.hint, 0x22345679);
	steer_claim(options.bytes + r.l3, r.hint);
	assert_int_equal(be32_get(options.bytes + 86), 0x22345679);
	assert_int_equal(steer_alias(gate_steer, &(struct alias){ 10, 0 }, 1), 0);
	f = gate_gtpu(255, 10);
	assert_int_equal(gate_go(GATE_ACCESS, &f).hint, 10);
}

// In no pool; by both ways through the door, and not from the radio side.
static void a_network_behind_a_subscriber(void **state)
{
	const struct framed_word behind[] = { { .prefix = prefix_ipv4(0xc0000200, 24), .own = 0x12345678 },
					      { .prefix = { .high = 0x20010db800640000, .length = 48 },
						.own = 0x22345679 } };
	struct gate_frame there = gate_ipv4(0xc0000207), other = gate_ipv4(0xc0000307);
	struct gate_frame six = gate_ipv6(gate_ue6, IP_UDP, 0);
	struct steer_result r;

	gate_lane(GATE_CORE, &there, LANE_DOWNLINK);
	assert_int_equal(steer_frame_routes(gate_steer, behind, 2), 0);
	steer_mac(gate_steer, GATE_CORE, gate_mac);
	steer_mac(gate_steer, GATE_BOTH, gate_mac);
	for (unsigned port = GATE_CORE; port <= GATE_BOTH; port++) {
		r = gate_go(port, &there);
		assert_int_equal(r.kind, LANE_FRAMED);
		assert_int_equal(r.shard, 0x78);
		assert_int_equal(r.hint, 0x12345678);
		r = gate_go(port, &six);
		assert_int_equal(r.kind, LANE_FRAMED);
		assert_int_equal(r.hint, 0x22345679);
		gate_lane(port, &other, LANE_DOWNLINK);
	}
	assert_true(gate_usual > 0);
	gate_refused(GATE_ACCESS, &there, VERDICT_NOT_OURS);
	gate_refused(GATE_ACCESS, &six, VERDICT_NOT_OURS);
	assert_int_equal(steer_frame_routes(gate_steer, &(struct framed_word){ .prefix = behind[0].prefix }, 1), 0);
	gate_lane(GATE_CORE, &there, LANE_DOWNLINK);
}

static struct gate_frame tunnel6(unsigned port, uint8_t type, uint32_t teid)
{
	struct gate_frame f = gate_ether(0x86dd);

	gate_add_ipv6(&f, gate_gtpu6, IP_UDP, 16);
	gate_add_gtpu(&f, port, 0x34, type, teid);
	return f;
}

static void tunnels_over_ipv6(void **state)
{
	struct gate_frame f = tunnel6(2152, 255, 0x12345678), echo = tunnel6(2152, 1, 0), other = tunnel6(53, 255, 7);
	struct steer_result r = gate_go(GATE_ACCESS, &f);

	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.hint, 0x12345678);
	assert_int_equal(r.shard, 0x78);
	gate_lane(GATE_CORE, &f, LANE_LOCAL);
	gate_lane(GATE_ACCESS, &echo, LANE_LOCAL);
	gate_lane(GATE_ACCESS, &other, LANE_LOCAL);
	f.bytes[f.length - 8] = 0x54; // version 2
	gate_refused(GATE_ACCESS, &f, VERDICT_BAD_GTPU);
	assert_int_equal(steer_alias(gate_steer, &(struct alias){ 10, 0x22345679 }, 1), 0);
	f = tunnel6(2152, 255, 10);
	r = gate_go(GATE_ACCESS, &f);
	assert_int_equal(r.hint, 0x22345679);
	steer_claim(f.bytes + r.l3, r.hint);
	assert_int_equal(be32_get(f.bytes + 14 + 40 + 8 + 4), 0x22345679);
}

static void gtpu_signalling_is_local(void **state)
{
	for (unsigned type = 0; type < 254; type++) {
		struct gate_frame f = gate_gtpu(type, 7);

		gate_lane(GATE_ACCESS, &f, LANE_LOCAL);
	}
}

// Behind the packets it is about, with whoever has them.
static void end_markers_go_with_their_tunnel(void **state)
{
	struct gate_frame f = gate_gtpu(254, 0x12345607);

	gate_lane(GATE_ACCESS, &f, LANE_UPLINK);
	assert_int_equal(gate_go(GATE_ACCESS, &f).hint, 0x12345607);
}

static void ipv4_options(void **state)
{
	struct gate_frame f = gate_ether(0x0800);
	uint8_t options[40];

	memset(options, 1, sizeof(options)); // no operation
	gate_add_ipv4(&f, GATE_GTPU, IP_UDP, 40 + 16);
	f.bytes[14] = 0x4f;
	gate_add(&f, options, 40);
	gate_add_gtpu(&f, 2152, 0x34, 255, 0xabcdef01);

	struct steer_result r = gate_go(GATE_ACCESS, &f);

	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.hint, 0xabcdef01);
	assert_int_equal(f.length, STEER_BYTES - 4);
}

static void downlink(void **state)
{
	struct gate_frame f = gate_ipv4(GATE_UE);
	struct steer_result r = gate_go(GATE_CORE, &f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.shard, 0x64 ^ 0x40 ^ 0x0a ^ 0x0b);
	assert_int_equal(r.hint, shard_hint(GATE_UE, r.shard));
	assert_int_equal(shard_hint_ipv4(r.hint), GATE_UE);
	gate_lane(GATE_BOTH, &f, LANE_DOWNLINK);
	gate_refused(GATE_ACCESS, &f, VERDICT_NOT_OURS);

	f = gate_ipv6(gate_ue6, IP_TCP, 0);
	r = gate_go(GATE_CORE, &f);
	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.shard, 0x20 ^ 0x01 ^ 0x0d ^ 0xb8 ^ 0x64 ^ 0x07);
	assert_int_equal(r.hint, r.shard);
	gate_refused(GATE_ACCESS, &f, VERDICT_NOT_OURS);
}

static void own_addresses_are_local(void **state)
{
	struct gate_frame f = gate_ipv4(GATE_CORE4);

	gate_lane(GATE_CORE, &f, LANE_LOCAL);
	gate_lane(GATE_ACCESS, &f, LANE_LOCAL); // ours whatever the port (RFC 1122 weak host)
	f = gate_ipv4(GATE_GTPU);
	gate_lane(GATE_ACCESS, &f, LANE_LOCAL);
	f = gate_ipv6(gate_core6, IP_ICMP6, 128);
	gate_lane(GATE_CORE, &f, LANE_LOCAL);
	f = gate_gtpu(255, 7);
	be16_put(f.bytes + 14 + 20 + 2, 2153); // UDP, but another port
	gate_lane(GATE_ACCESS, &f, LANE_LOCAL);
}

static void neighbours(void **state)
{
	static const uint8_t group[16] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1 };
	struct gate_frame f = gate_ether(0x0806);
	struct steer_result r = gate_go(GATE_CORE, &f); // ARP cut short is neigh's business

	assert_int_equal(r.code, STEER_NEIGH);
	assert_int_equal(r.l3, 14);
	for (unsigned type = 0; type < 256; type++) {
		bool nd = type >= 133 && type <= 137;

		f = gate_ipv6(gate_core6, IP_ICMP6, (uint8_t)type);
		assert_int_equal(gate_go(GATE_CORE, &f).code, nd ? STEER_NEIGH : STEER_TO_LANE);
		f = gate_ipv6(group, IP_ICMP6, (uint8_t)type);
		assert_int_equal(gate_go(GATE_CORE, &f).code, nd ? STEER_NEIGH : VERDICT_NOT_OURS);
		f = gate_ipv6(gate_ue6, IP_ICMP6, (uint8_t)type); // never for a subscriber
		assert_int_equal(gate_go(GATE_CORE, &f).kind, LANE_DOWNLINK);
	}
	f = gate_ether(0x86dd);
	gate_add_ipv6(&f, gate_core6, IP_ICMP6, 0); // no type byte there
	gate_lane(GATE_CORE, &f, LANE_LOCAL);
}

static void macs(void **state)
{
	static const uint8_t eui[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 9 };
	struct gate_frame f = gate_ipv4(GATE_UE), nd = gate_ipv6(eui, IP_ICMP6, 135),
			  echo = gate_ipv6(eui, IP_ICMP6, 128);

	gate_refused(GATE_CORE, &echo, VERDICT_NOT_OURS);
	steer_mac(gate_steer, GATE_CORE, gate_mac);
	gate_lane(GATE_CORE, &f, LANE_DOWNLINK);
	assert_int_equal(gate_go(GATE_CORE, &nd).code, STEER_NEIGH);
	gate_lane(GATE_CORE, &echo, LANE_LOCAL); // our link-local address
	f.bytes[5] ^= 1;
	gate_refused(GATE_CORE, &f, VERDICT_NOT_OURS);
	f.bytes[0] |= 1; // a group
	gate_lane(GATE_CORE, &f, LANE_DOWNLINK);
	f.bytes[0] = 0xfe;
	gate_refused(GATE_CORE, &f, VERDICT_NOT_OURS);
	gate_lane(GATE_BOTH, &f, LANE_DOWNLINK); // a port whose MAC nobody told
}

static void from_inside(void **state)
{
	struct gate_frame f = gate_ipv4(GATE_UE), g = gate_gtpu(255, 0x77), nd = gate_ipv6(gate_core6, IP_ICMP6, 135);
	struct steer_result r = steer_packet(gate_steer, gate_inside, f.bytes + 14, f.length - 14);

	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.l3, 0);
	r = steer_packet(gate_steer, gate_outside, f.bytes + 14, f.length - 14);
	assert_int_equal(r.code, VERDICT_NOT_OURS);
	r = steer_packet(gate_steer, gate_outside, g.bytes + 14, g.length - 14);
	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.shard, 0x77);
	r = steer_packet(gate_steer, gate_inside, nd.bytes + 14, nd.length - 14);
	assert_int_equal(r.kind, LANE_LOCAL);
	for (unsigned length = 0; length < 20; length++) {
		r = steer_packet(gate_steer, gate_inside, f.bytes + 14, length);
		assert_int_equal(r.code, VERDICT_SHORT);
	}

	uint8_t *none = malloc(1); // nothing may be read behind it

	assert_int_equal(steer_packet(gate_steer, gate_inside, none + 1, 0).code, VERDICT_SHORT);
	free(none);
	f.bytes[14] = 0x75;
	r = steer_packet(gate_steer, gate_inside, f.bytes + 14, f.length - 14);
	assert_int_equal(r.code, VERDICT_BAD_IP);
}

static void exceptions(void **state)
{
	static struct steer_exception many[STEER_EXCEPTIONS_MAX];
	struct gate_frame f4 = gate_ipv4(GATE_UE), f6 = gate_ipv6(gate_ue6, IP_TCP, 0);
	uint8_t hash4 = gate_go(GATE_CORE, &f4).shard, hash6 = gate_go(GATE_CORE, &f6).shard;
	struct steer_exception list[] = { { .ipv4 = GATE_UE, .shard = 200 },
					  { .ipv6 = be64_get(gate_ue6), .shard = 201 } };

	assert_int_equal(steer_exceptions(gate_steer, list, 2), 0);
	assert_int_equal(gate_go(GATE_CORE, &f4).shard, 200);
	assert_int_equal(gate_go(GATE_CORE, &f4).hint, shard_hint(GATE_UE, 200));
	assert_int_equal(gate_go(GATE_CORE, &f6).shard, 201);
	for (unsigned i = 0; i < STEER_EXCEPTIONS_MAX; i++)
		many[i] =
		    (struct steer_exception){ .ipv4 = 0x0b000000 + i, .ipv6 = i + 1ull, .shard = (uint8_t)(i * 7) };
	assert_int_equal(steer_exceptions(gate_steer, many, STEER_EXCEPTIONS_MAX), 0);
	for (unsigned i = 0; i < STEER_EXCEPTIONS_MAX; i++) {
		struct gate_frame f = gate_ipv4(0x0b000000 + i);

		assert_int_equal(gate_go(GATE_CORE, &f).shard, (uint8_t)(i * 7));
	}
	assert_int_equal(gate_go(GATE_CORE, &f4).shard, hash4); // the old table is gone
	assert_int_equal(gate_go(GATE_CORE, &f6).shard, hash6);
	assert_int_equal(steer_exceptions(gate_steer, many, STEER_EXCEPTIONS_MAX + 1), -E2BIG);
	assert_int_equal(steer_exceptions(gate_steer, NULL, 0), 0);
	assert_int_equal(gate_go(GATE_CORE, &f4).shard, hash4);
}

// A frame of the two usual kinds, for our MAC, in which chance may have changed bytes and length.
static struct gate_frame nearly_usual(void)
{
	struct gate_frame f = rand() % 2 ? gate_gtpu(255, (uint32_t)rand()) : gate_ipv4((uint32_t)rand() * 3u);

	if (rand() % 16 == 0)
		be32_put(f.bytes + 30, GATE_CORE4 + (uint32_t)(rand() % 4));
	for (int changes = rand() % 3; changes > 0; changes--)
		f.bytes[6 + rand() % 50] = (uint8_t)rand();
	if (rand() % 4 == 0)
		f.length -= (unsigned)rand() % (f.length + 1);
	return f;
}

// Each is told by both (gate.c). Nearly all that go to a lane are usual.
static void the_short_way_says_what_the_whole_rule_says(void **state)
{
	unsigned lent = 0;

	srand(7);
	for (unsigned port = 0; port < 4; port++)
		steer_mac(gate_steer, port, gate_mac);
	gate_usual = 0;
	for (unsigned i = 0; i < 80000; i++) {
		struct gate_frame f = nearly_usual();

		lent += gate_go(i % 4, &f).code == STEER_TO_LANE;
	}
	assert_true(lent > 16000 && lent < 64000);
	assert_true(gate_usual > lent * 3 / 4 && gate_usual < lent);
}

// Many at once: each by itself, whatever stands before it.
static void a_burst_is_its_frames(void **state)
{
	struct gate_frame frames[NIC_BURST];
	struct nic_burst in;
	struct steer_burst out;

	srand(8);
	steer_mac(gate_steer, GATE_BOTH, gate_mac);
	for (unsigned round = 0; round < 2000; round++) {
		uint32_t usual;

		in.n = (unsigned)rand() % (NIC_BURST + 1);
		for (unsigned i = 0; i < in.n; i++) {
			frames[i] = nearly_usual();
			in.bytes[i] = frames[i].bytes;
			in.frame[i] = (struct nic_frame){ i, 100, (uint16_t)frames[i].length };
		}
		usual = steer_usual(gate_steer, GATE_BOTH, &in, &out);
		for (unsigned i = 0; i < NIC_BURST; i++) {
			unsigned before = gate_usual;
			struct steer_result r = i < in.n ? gate_go(GATE_BOTH, &frames[i]) : (struct steer_result){ 0 };

			assert_int_equal(usual >> i & 1, gate_usual - before);
			if (usual >> i & 1)
				assert_true(out.shard[i] == r.shard && lane_handle(out.words[i]).room == i);
		}
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, gate_setup, gate_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(uplink),
					    CASE(a_foreign_teid_is_ours),
					    CASE(a_network_behind_a_subscriber),
					    CASE(tunnels_over_ipv6),
					    CASE(gtpu_signalling_is_local),
					    CASE(end_markers_go_with_their_tunnel),
					    CASE(ipv4_options),
					    CASE(downlink),
					    CASE(own_addresses_are_local),
					    CASE(neighbours),
					    CASE(macs),
					    CASE(from_inside),
					    CASE(the_short_way_says_what_the_whole_rule_says),
					    CASE(a_burst_is_its_frames),
					    CASE(exceptions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
