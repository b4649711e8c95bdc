// test_steer_refusals.c - frames refused at the door: cut, bent, mislabelled, for nobody, lying about their lengths.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/ip.h"
#include "primary/edge/quarantine.h"
#include "tests/unit/gate.h"

static void gtpu_malformed(void **state)
{
	struct gate_frame f = gate_gtpu(255, 7);

	for (unsigned flags = 0; flags < 256; flags++) {
		f.bytes[14 + 28] = (uint8_t)flags;
		if (flags >> 4 == 3) // version 1, protocol type GTP; whatever S, PN and E say
			gate_lane(GATE_ACCESS, &f, LANE_UPLINK);
		else
			gate_refused(GATE_ACCESS, &f, VERDICT_BAD_GTPU);
	}
	f = gate_gtpu(255, 7);
	be16_put(f.bytes + 14 + 2, 20 + 8 + 7); // one byte of GTP-U less than its header
	gate_refused(GATE_ACCESS, &f, VERDICT_BAD_GTPU);
	be16_put(f.bytes + 14 + 2, 20 + 7); // less than UDP's
	gate_refused(GATE_ACCESS, &f, VERDICT_SHORT);
}

static void fragments_of_the_tunnel(void **state)
{
	static const uint16_t fragments[] = { 0x2000, 0x0001, 0x2001, 0x1fff };
	struct gate_frame f = gate_gtpu(255, 7);

	for (unsigned i = 0; i < 4; i++) {
		be16_put(f.bytes + 14 + 6, fragments[i]);
		assert_int_equal(gate_go(GATE_ACCESS, &f).code, STEER_JOIN);
		assert_int_equal(gate_go(GATE_ACCESS, &f).l3, 14);
		assert_int_equal(steer_packet(gate_steer, gate_outside, f.bytes + 14, f.length - 14).code,
				 VERDICT_FRAGMENT); // not again
		gate_lane(GATE_CORE, &f, LANE_LOCAL);
	}
	be16_put(f.bytes + 14 + 6, 0x4000); // DF alone is none
	gate_lane(GATE_ACCESS, &f, LANE_UPLINK);
	f = gate_ipv6(gate_gtpu6, 44, IP_UDP);
	assert_int_equal(gate_go(GATE_ACCESS, &f).code, STEER_JOIN);
	gate_lane(GATE_CORE, &f, LANE_LOCAL);
	f = gate_ipv4(GATE_UE);
	be16_put(f.bytes + 14 + 6, 0x2000); // inner fragments travel
	gate_lane(GATE_CORE, &f, LANE_DOWNLINK);
}

static void groups_are_not_ours(void **state)
{
	static const uint32_t none[] = { 0xffffffff, 0xe0000001, 0xf0000001, 0x7f000001, 0, 0x0a0202ff, 0x0a020200 };
	static const uint8_t none6[][16] = {
		{ 0xff, 2, [15] = 1 }, { 0xff, 0x0e, [15] = 1 }, { 0xfe, 0x80, [15] = 1 }, { 0 },
		{ [15] = 1 },          { [10] = 0xff, 0xff, 10 }
	};

	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct gate_frame f = gate_ipv4(none[i]);

		gate_refused(GATE_CORE, &f, VERDICT_NOT_OURS);
	}
	for (unsigned i = 0; i < sizeof(none6) / sizeof(none6[0]); i++) {
		struct gate_frame f = gate_ipv6(none6[i], IP_UDP, 0);

		gate_refused(GATE_CORE, &f, VERDICT_NOT_OURS);
	}
}

static void vlans(void **state)
{
	struct gate_frame plain = gate_ipv4(GATE_UE), f = gate_ether(0x8100);

	gate_refused(GATE_TAGGED, &plain, VERDICT_VLAN);
	gate_add16(&f, 0xe000 | 100); // any priority
	gate_add16(&f, 0x0800);
	gate_add(&f, plain.bytes + 14, plain.length - 14);

	struct steer_result r = gate_go(GATE_TAGGED, &f);

	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.l3, 18);
	gate_refused(GATE_CORE, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 101);
	gate_refused(GATE_TAGGED, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 0xa000); // priority only
	gate_lane(GATE_CORE, &f, LANE_DOWNLINK);
	gate_refused(GATE_TAGGED, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 100);
	for (unsigned i = 0; i < 3; i++) { // doubled
		be16_put(f.bytes + 16, (uint16_t[]){ 0x8100, 0x88a8, 0x9100 }[i]);
		gate_refused(GATE_TAGGED, &f, VERDICT_VLAN);
	}
	be16_put(f.bytes + 12, 0x88a8);
	gate_refused(GATE_TAGGED, &f, VERDICT_VLAN);
	gate_refused(GATE_CORE, &f, VERDICT_VLAN);
	f.length = 17;
	be16_put(f.bytes + 12, 0x8100);
	gate_refused(GATE_TAGGED, &f, VERDICT_SHORT);
}

static void other_types(void **state)
{
	static const unsigned types[] = { 0, 46, 0x05dc, 0x0600, 0x0801, 0x8847, 0x8863, 0x88cc, 0xffff };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct gate_frame f = gate_ether(types[i]);

		f.length = 60;
		gate_refused(GATE_CORE, &f, VERDICT_NOT_IP);
	}
}

// Whatever is cut off a frame, and wherever: a refusal, or the same answer from what is left, never a read past the end.
static void cut_short(void **state)
{
	struct gate_frame frames[] = { gate_gtpu(255, 1), gate_ipv4(GATE_UE), gate_ipv6(gate_ue6, IP_TCP, 0) };

	for (unsigned i = 0; i < 3; i++)
		for (struct gate_frame f = frames[i]; f.length--;) {
			struct steer_result r = gate_go(GATE_BOTH, &f);

			assert_true(r.code == VERDICT_SHORT || (f.length >= 34 && r.code == VERDICT_BAD_IP));
			assert_int_equal(r.kind, LANE_NONE);
			if (f.length < 14 + 20)
				assert_int_equal(r.code, VERDICT_SHORT);
		}
}

static void lengths_that_lie(void **state)
{
	struct gate_frame f = gate_ipv4(GATE_UE);

	be16_put(f.bytes + 16, 41); // one more than there is
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 19); // less than the header
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 0);
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 40);
	for (unsigned ihl = 0; ihl < 5; ihl++) {
		f.bytes[14] = (uint8_t)(0x40 | ihl);
		gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	}
	f.bytes[14] = 0x4b; // 44 bytes of header in a packet of 40
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	f.bytes[14] = 0x65; // version 6 under type IPv4
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	f.bytes[14] = 0x45;
	f.length += 6; // padded: fine
	gate_lane(GATE_CORE, &f, LANE_DOWNLINK);

	f = gate_ipv6(gate_ue6, IP_UDP, 0);
	be16_put(f.bytes + 14 + 4, 25);
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 14 + 4, 0xffff);
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 14 + 4, 24);
	f.bytes[14] = 0x45;
	gate_refused(GATE_CORE, &f, VERDICT_BAD_IP);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, gate_setup, gate_teardown)

// Whoever is in quarantine is refused by the key a frame shows; others pass as if there were none.
static void quarantine_at_the_door(void **state)
{
	static const struct quarantine_suspect list[] = { { .teid = 7 }, { .ipv4 = GATE_UE } };
	static struct quarantine quarantine;
	struct gate_frame up = gate_gtpu(255, 7), other = gate_gtpu(255, 8), down = gate_ipv4(GATE_UE);
	struct gate_frame down6 = gate_ipv6(gate_ue6, 6, 0);

	assert_int_equal(quarantine_init(&quarantine, 4), 0);
	steer_quarantine(gate_steer, &quarantine);
	gate_lane(GATE_ACCESS, &up, LANE_UPLINK);
	quarantine_replace(&quarantine, list, 2, 0);
	gate_refused(GATE_ACCESS, &up, VERDICT_QUARANTINED);
	gate_refused(GATE_CORE, &down, VERDICT_QUARANTINED);
	assert_int_equal(gate_go(GATE_CORE, &down).hint, 1);
	gate_lane(GATE_ACCESS, &other, LANE_UPLINK);
	gate_lane(GATE_CORE, &down6, LANE_DOWNLINK);
	quarantine_replace(&quarantine, &(struct quarantine_suspect){ .ipv6 = be64_get(gate_ue6) }, 1, 0);
	gate_refused(GATE_CORE, &down6, VERDICT_QUARANTINED);
	gate_lane(GATE_CORE, &down, LANE_DOWNLINK);
	quarantine_fini(&quarantine);
}

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(gtpu_malformed),
					    CASE(quarantine_at_the_door),
					    CASE(fragments_of_the_tunnel),
					    CASE(groups_are_not_ours),
					    CASE(vlans),
					    CASE(other_types),
					    CASE(cut_short),
					    CASE(lengths_that_lie) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
