// test_steer.c - every turn a frame can take at the door: lanes, neighbours, refusals, and lies about lengths.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include "primary/steer.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/ip.h"

enum { ACCESS, CORE, BOTH, TAGGED };
#define GTPU 0x0a010101u  // 10.1.1.1, on the access port
#define CORE4 0x0a020201u // 10.2.2.1/24, on the core port
#define UE 0x64400a0bu    // 100.64.10.11
static const uint8_t core6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
static const uint8_t ue6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 9 };

static struct conf conf;
static struct plane plane;
static struct steer *steer;

static void own(unsigned port, uint32_t ipv4, const uint8_t *ipv6, uint8_t prefix_len)
{
	struct plane_address *a = &plane.own[plane.owns++];

	*a = (struct plane_address){ .family = ipv6 ? 6 : 4, .port = (uint8_t)port, .prefix_len = prefix_len };
	if (ipv6)
		memcpy(a->bytes, ipv6, 16);
	else
		be32_put(a->bytes, ipv4);
}

static int setup(void **state)
{
	memset(&conf, 0, sizeof(conf));
	memset(&plane, 0, sizeof(plane));
	conf.ports = 4;
	conf.port[ACCESS].role = CONF_ACCESS;
	conf.port[CORE].role = CONF_CORE;
	conf.port[BOTH].role = CONF_BOTH;
	conf.port[TAGGED].role = CONF_CORE;
	conf.port[TAGGED].vlan = 100;
	plane.net.gtpu_ipv4 = GTPU;
	own(ACCESS, GTPU, NULL, 24);
	own(CORE, CORE4, NULL, 24);
	own(CORE, 0, core6, 64);
	steer = steer_make(&conf, &plane);
	return !steer;
}

static int teardown(void **state)
{
	steer_free(steer);
	return 0;
}

// A frame under construction.
struct frame {
	uint8_t bytes[2048];
	unsigned length;
};

static struct frame ether(unsigned type)
{
	struct frame f = { .length = 14 };

	memcpy(f.bytes, our_mac, 6);
	f.bytes[6] = 2;
	be16_put(f.bytes + 12, (uint16_t)type);
	return f;
}

static void add(struct frame *f, const void *bytes, unsigned length)
{
	memcpy(f->bytes + f->length, bytes, length);
	f->length += length;
}

static void add16(struct frame *f, unsigned value)
{
	be16_put(f->bytes + f->length, (uint16_t)value);
	f->length += 2;
}

static void add_ipv4(struct frame *f, uint32_t destination, uint8_t protocol, unsigned payload)
{
	uint8_t header[20];
	struct ip4_fields fields = { .source = 0x08080808,
				     .destination = destination,
				     .length = (uint16_t)(20 + payload),
				     .ttl = 64,
				     .protocol = protocol };

	ip4_put(header, &fields);
	add(f, header, 20);
}

static void add_ipv6(struct frame *f, const uint8_t *destination, uint8_t next, unsigned payload)
{
	uint8_t header[40] = { 0x60 };

	be16_put(header + 4, (uint16_t)payload);
	header[6] = next;
	header[7] = 255;
	header[8] = 0x20;
	memcpy(header + 24, destination, 16);
	add(f, header, 40);
}

static void add_gtpu(struct frame *f, unsigned port, uint8_t flags, uint8_t type, uint32_t teid)
{
	uint8_t bytes[16] = { 0 };

	udp_put(bytes, 40000, (uint16_t)port, 16);
	bytes[8] = flags;
	bytes[9] = type;
	be32_put(bytes + 12, teid);
	add(f, bytes, 16);
}

static struct frame gtpu_frame(unsigned type, uint32_t teid)
{
	struct frame f = ether(0x0800);

	add_ipv4(&f, GTPU, IP_UDP, 16);
	add_gtpu(&f, 2152, 0x30, (uint8_t)type, teid);
	return f;
}

static struct frame ipv4_frame(uint32_t destination)
{
	struct frame f = ether(0x0800);

	add_ipv4(&f, destination, IP_TCP, 20);
	f.length += 20;
	return f;
}

static struct frame ipv6_frame(const uint8_t *destination, uint8_t next, uint8_t first)
{
	struct frame f = ether(0x86dd);

	add_ipv6(&f, destination, next, 24);
	f.bytes[f.length] = first;
	f.length += 24;
	return f;
}

// Steers an exact heap copy: with a sanitizer, a byte read past the end is a failure.
static struct steer_result go(unsigned port, const struct frame *f)
{
	uint8_t *copy = malloc(f->length ? f->length : 1);

	memcpy(copy, f->bytes, f->length);

	struct steer_result r = steer_frame(steer, port, copy, f->length);

	free(copy);
	return r;
}

static void expect_verdict(unsigned port, const struct frame *f, unsigned verdict)
{
	struct steer_result r = go(port, f);

	assert_string_equal(verdict_name(r.code), verdict_name(verdict));
	assert_int_equal(r.kind, LANE_NONE);
}

static void expect_lane(unsigned port, const struct frame *f, unsigned kind)
{
	struct steer_result r = go(port, f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, kind);
}

static void uplink(void **state)
{
	struct frame f = gtpu_frame(255, 0x12345678);
	struct steer_result r = go(ACCESS, &f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.shard, 0x78);
	assert_int_equal(r.hint, 0x12345678);
	assert_int_equal(r.l3, 14);
	expect_lane(BOTH, &f, LANE_UPLINK);
	expect_lane(CORE, &f, LANE_LOCAL); // a tunnel does not begin on the core side
}

static void gtpu_signalling_is_local(void **state)
{
	for (unsigned type = 0; type < 255; type++) {
		struct frame f = gtpu_frame(type, 7);

		expect_lane(ACCESS, &f, LANE_LOCAL);
	}
}

static void gtpu_malformed(void **state)
{
	struct frame f = gtpu_frame(255, 7);

	for (unsigned flags = 0; flags < 256; flags++) {
		f.bytes[14 + 28] = (uint8_t)flags;
		if (flags >> 4 == 3) // version 1, protocol type GTP; whatever S, PN and E say
			expect_lane(ACCESS, &f, LANE_UPLINK);
		else
			expect_verdict(ACCESS, &f, VERDICT_BAD_GTPU);
	}
	f = gtpu_frame(255, 7);
	be16_put(f.bytes + 14 + 2, 20 + 8 + 7); // one byte of GTP-U less than its header
	expect_verdict(ACCESS, &f, VERDICT_BAD_GTPU);
	be16_put(f.bytes + 14 + 2, 20 + 7); // less than UDP's
	expect_verdict(ACCESS, &f, VERDICT_SHORT);
}

static void fragments_of_the_tunnel(void **state)
{
	static const uint16_t fragments[] = { 0x2000, 0x0001, 0x2001, 0x1fff };
	struct frame f = gtpu_frame(255, 7);

	for (unsigned i = 0; i < 4; i++) {
		be16_put(f.bytes + 14 + 6, fragments[i]);
		expect_verdict(ACCESS, &f, VERDICT_FRAGMENT);
	}
	be16_put(f.bytes + 14 + 6, 0x4000); // DF alone is none
	expect_lane(ACCESS, &f, LANE_UPLINK);
	f = ipv4_frame(UE);
	be16_put(f.bytes + 14 + 6, 0x2000); // inner fragments travel
	expect_lane(CORE, &f, LANE_DOWNLINK);
}

static void ipv4_options(void **state)
{
	struct frame f = ether(0x0800);
	uint8_t options[40];

	memset(options, 1, sizeof(options)); // no operation
	add_ipv4(&f, GTPU, IP_UDP, 40 + 16);
	f.bytes[14] = 0x4f;
	add(&f, options, 40);
	add_gtpu(&f, 2152, 0x34, 255, 0xabcdef01);

	struct steer_result r = go(ACCESS, &f);

	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.hint, 0xabcdef01);
	assert_int_equal(f.length, STEER_BYTES - 4);
}

static void downlink(void **state)
{
	struct frame f = ipv4_frame(UE);
	struct steer_result r = go(CORE, &f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.shard, 0x64 ^ 0x40 ^ 0x0a ^ 0x0b);
	assert_int_equal(r.hint, r.shard);
	expect_lane(BOTH, &f, LANE_DOWNLINK);
	expect_verdict(ACCESS, &f, VERDICT_NOT_OURS);

	f = ipv6_frame(ue6, IP_TCP, 0);
	r = go(CORE, &f);
	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.shard, 0x20 ^ 0x01 ^ 0x0d ^ 0xb8 ^ 0x64 ^ 0x07);
	expect_verdict(ACCESS, &f, VERDICT_NOT_OURS);
}

static void own_addresses_are_local(void **state)
{
	struct frame f = ipv4_frame(CORE4);

	expect_lane(CORE, &f, LANE_LOCAL);
	expect_lane(ACCESS, &f, LANE_LOCAL); // ours whatever the port (RFC 1122 weak host)
	f = ipv4_frame(GTPU);
	expect_lane(ACCESS, &f, LANE_LOCAL);
	f = ipv6_frame(core6, IP_ICMP6, 128);
	expect_lane(CORE, &f, LANE_LOCAL);
	f = gtpu_frame(255, 7);
	be16_put(f.bytes + 14 + 20 + 2, 2153); // UDP, but another port
	expect_lane(ACCESS, &f, LANE_LOCAL);
}

static void groups_are_not_ours(void **state)
{
	static const uint32_t none[] = { 0xffffffff, 0xe0000001, 0xf0000001, 0x7f000001, 0, 0x0a0202ff, 0x0a020200 };
	static const uint8_t none6[][16] = {
		{ 0xff, 2, [15] = 1 }, { 0xff, 0x0e, [15] = 1 }, { 0xfe, 0x80, [15] = 1 }, { 0 },
		{ [15] = 1 },          { [10] = 0xff, 0xff, 10 }
	};

	for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct frame f = ipv4_frame(none[i]);

		expect_verdict(CORE, &f, VERDICT_NOT_OURS);
	}
	for (unsigned i = 0; i < sizeof(none6) / sizeof(none6[0]); i++) {
		struct frame f = ipv6_frame(none6[i], IP_UDP, 0);

		expect_verdict(CORE, &f, VERDICT_NOT_OURS);
	}
}

static void neighbours(void **state)
{
	static const uint8_t group[16] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1 };
	struct frame f = ether(0x0806);
	struct steer_result r = go(CORE, &f); // ARP cut short is neigh's business

	assert_int_equal(r.code, STEER_NEIGH);
	assert_int_equal(r.l3, 14);
	for (unsigned type = 0; type < 256; type++) {
		bool nd = type >= 133 && type <= 137;

		f = ipv6_frame(core6, IP_ICMP6, (uint8_t)type);
		assert_int_equal(go(CORE, &f).code, nd ? STEER_NEIGH : STEER_TO_LANE);
		f = ipv6_frame(group, IP_ICMP6, (uint8_t)type);
		assert_int_equal(go(CORE, &f).code, nd ? STEER_NEIGH : VERDICT_NOT_OURS);
		f = ipv6_frame(ue6, IP_ICMP6, (uint8_t)type); // never for a subscriber
		assert_int_equal(go(CORE, &f).kind, LANE_DOWNLINK);
	}
	f = ether(0x86dd);
	add_ipv6(&f, core6, IP_ICMP6, 0); // no type byte there
	expect_lane(CORE, &f, LANE_LOCAL);
}

static void vlans(void **state)
{
	struct frame plain = ipv4_frame(UE), f = ether(0x8100);

	expect_verdict(TAGGED, &plain, VERDICT_VLAN);
	add16(&f, 0xe000 | 100); // any priority
	add16(&f, 0x0800);
	add(&f, plain.bytes + 14, plain.length - 14);

	struct steer_result r = go(TAGGED, &f);

	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.l3, 18);
	expect_verdict(CORE, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 101);
	expect_verdict(TAGGED, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 0xa000); // priority only
	expect_lane(CORE, &f, LANE_DOWNLINK);
	expect_verdict(TAGGED, &f, VERDICT_VLAN);
	be16_put(f.bytes + 14, 100);
	for (unsigned i = 0; i < 3; i++) { // doubled
		be16_put(f.bytes + 16, (uint16_t[]){ 0x8100, 0x88a8, 0x9100 }[i]);
		expect_verdict(TAGGED, &f, VERDICT_VLAN);
	}
	be16_put(f.bytes + 12, 0x88a8);
	expect_verdict(TAGGED, &f, VERDICT_VLAN);
	expect_verdict(CORE, &f, VERDICT_VLAN);
	f.length = 17;
	be16_put(f.bytes + 12, 0x8100);
	expect_verdict(TAGGED, &f, VERDICT_SHORT);
}

static void other_types(void **state)
{
	static const unsigned types[] = { 0, 46, 0x05dc, 0x0600, 0x0801, 0x8847, 0x8863, 0x88cc, 0xffff };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct frame f = ether(types[i]);

		f.length = 60;
		expect_verdict(CORE, &f, VERDICT_NOT_IP);
	}
}

// Whatever is cut off a frame, and wherever: a refusal, or the same answer from what is left, never a read past the end.
static void cut_short(void **state)
{
	struct frame frames[] = { gtpu_frame(255, 1), ipv4_frame(UE), ipv6_frame(ue6, IP_TCP, 0) };

	for (unsigned i = 0; i < 3; i++)
		for (struct frame f = frames[i]; f.length--;) {
			struct steer_result r = go(BOTH, &f);

			assert_true(r.code == VERDICT_SHORT || (f.length >= 34 && r.code == VERDICT_BAD_IP));
			assert_int_equal(r.kind, LANE_NONE);
			if (f.length < 14 + 20)
				assert_int_equal(r.code, VERDICT_SHORT);
		}
}

static void lengths_that_lie(void **state)
{
	struct frame f = ipv4_frame(UE);

	be16_put(f.bytes + 16, 41); // one more than there is
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 19); // less than the header
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 0);
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 16, 40);
	for (unsigned ihl = 0; ihl < 5; ihl++) {
		f.bytes[14] = (uint8_t)(0x40 | ihl);
		expect_verdict(CORE, &f, VERDICT_BAD_IP);
	}
	f.bytes[14] = 0x4b; // 44 bytes of header in a packet of 40
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	f.bytes[14] = 0x65; // version 6 under type IPv4
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	f.bytes[14] = 0x45;
	f.length += 6; // padded: fine
	expect_lane(CORE, &f, LANE_DOWNLINK);

	f = ipv6_frame(ue6, IP_UDP, 0);
	be16_put(f.bytes + 14 + 4, 25);
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 14 + 4, 0xffff);
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
	be16_put(f.bytes + 14 + 4, 24);
	f.bytes[14] = 0x45;
	expect_verdict(CORE, &f, VERDICT_BAD_IP);
}

static void macs(void **state)
{
	static const uint8_t eui[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 9 };
	struct frame f = ipv4_frame(UE), nd = ipv6_frame(eui, IP_ICMP6, 135), echo = ipv6_frame(eui, IP_ICMP6, 128);

	expect_verdict(CORE, &echo, VERDICT_NOT_OURS);
	steer_mac(steer, CORE, our_mac);
	expect_lane(CORE, &f, LANE_DOWNLINK);
	assert_int_equal(go(CORE, &nd).code, STEER_NEIGH);
	expect_lane(CORE, &echo, LANE_LOCAL); // our link-local address
	f.bytes[5] ^= 1;
	expect_verdict(CORE, &f, VERDICT_NOT_OURS);
	f.bytes[0] |= 1; // a group
	expect_lane(CORE, &f, LANE_DOWNLINK);
	f.bytes[0] = 0xfe;
	expect_verdict(CORE, &f, VERDICT_NOT_OURS);
	expect_lane(BOTH, &f, LANE_DOWNLINK); // a port whose MAC nobody told
}

static void from_inside(void **state)
{
	struct frame f = ipv4_frame(UE), g = gtpu_frame(255, 0x77), nd = ipv6_frame(core6, IP_ICMP6, 135);
	struct steer_result r = steer_packet(steer, CONF_CORE, f.bytes + 14, f.length - 14);

	assert_int_equal(r.kind, LANE_DOWNLINK);
	assert_int_equal(r.l3, 0);
	r = steer_packet(steer, CONF_ACCESS, f.bytes + 14, f.length - 14);
	assert_int_equal(r.code, VERDICT_NOT_OURS);
	r = steer_packet(steer, CONF_ACCESS, g.bytes + 14, g.length - 14);
	assert_int_equal(r.kind, LANE_UPLINK);
	assert_int_equal(r.shard, 0x77);
	r = steer_packet(steer, CONF_CORE, nd.bytes + 14, nd.length - 14);
	assert_int_equal(r.kind, LANE_LOCAL);
	for (unsigned length = 0; length < 20; length++) {
		r = steer_packet(steer, CONF_CORE, f.bytes + 14, length);
		assert_int_equal(r.code, VERDICT_SHORT);
	}

	uint8_t *none = malloc(1); // nothing may be read behind it

	assert_int_equal(steer_packet(steer, CONF_CORE, none + 1, 0).code, VERDICT_SHORT);
	free(none);
	f.bytes[14] = 0x75;
	r = steer_packet(steer, CONF_CORE, f.bytes + 14, f.length - 14);
	assert_int_equal(r.code, VERDICT_BAD_IP);
}

static void exceptions(void **state)
{
	static struct steer_exception many[STEER_EXCEPTIONS_MAX];
	struct frame f4 = ipv4_frame(UE), f6 = ipv6_frame(ue6, IP_TCP, 0);
	uint8_t hash4 = go(CORE, &f4).shard, hash6 = go(CORE, &f6).shard;
	struct steer_exception list[] = { { .ipv4 = UE, .shard = 200 }, { .ipv6 = be64_get(ue6), .shard = 201 } };

	assert_int_equal(steer_exceptions(steer, list, 2), 0);
	assert_int_equal(go(CORE, &f4).shard, 200);
	assert_int_equal(go(CORE, &f4).hint, 200);
	assert_int_equal(go(CORE, &f6).shard, 201);
	for (unsigned i = 0; i < STEER_EXCEPTIONS_MAX; i++)
		many[i] =
		    (struct steer_exception){ .ipv4 = 0x0b000000 + i, .ipv6 = i + 1ull, .shard = (uint8_t)(i * 7) };
	assert_int_equal(steer_exceptions(steer, many, STEER_EXCEPTIONS_MAX), 0);
	for (unsigned i = 0; i < STEER_EXCEPTIONS_MAX; i++) {
		struct frame f = ipv4_frame(0x0b000000 + i);

		assert_int_equal(go(CORE, &f).shard, (uint8_t)(i * 7));
	}
	assert_int_equal(go(CORE, &f4).shard, hash4); // the old table is gone
	assert_int_equal(go(CORE, &f6).shard, hash6);
	assert_int_equal(steer_exceptions(steer, many, STEER_EXCEPTIONS_MAX + 1), -E2BIG);
	assert_int_equal(steer_exceptions(steer, NULL, 0), 0);
	assert_int_equal(go(CORE, &f4).shard, hash4);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(uplink),
					    CASE(gtpu_signalling_is_local),
					    CASE(gtpu_malformed),
					    CASE(fragments_of_the_tunnel),
					    CASE(ipv4_options),
					    CASE(downlink),
					    CASE(own_addresses_are_local),
					    CASE(groups_are_not_ours),
					    CASE(neighbours),
					    CASE(vlans),
					    CASE(other_types),
					    CASE(cut_short),
					    CASE(lengths_that_lie),
					    CASE(macs),
					    CASE(from_inside),
					    CASE(exceptions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
