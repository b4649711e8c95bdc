// gate.c - ports, addresses and frames for tests of steer.
#include "tests/unit/gate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/ip.h"

const uint8_t gate_gtpu6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 9, [15] = 9 };
const uint8_t gate_core6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
const uint8_t gate_ue6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8 };
const uint8_t gate_mac[6] = { 2, 0, 0, 0, 0, 9 };

static struct conf conf;
static struct plane plane;
struct steer *gate_steer;

static void gate_own(unsigned port, uint32_t ipv4, const uint8_t *ipv6, uint8_t prefix_len)
{
	struct plane_address *a = &plane.own[plane.owns++];

	*a = (struct plane_address){ .family = ipv6 ? 6 : 4, .port = (uint8_t)port, .prefix_len = prefix_len };
	if (ipv6)
		memcpy(a->bytes, ipv6, 16);
	else
		be32_put(a->bytes, ipv4);
}

int gate_setup(void **state)
{
	memset(&conf, 0, sizeof(conf));
	memset(&plane, 0, sizeof(plane));
	conf.ports = 4;
	conf.port[GATE_ACCESS].role = CONF_ACCESS;
	conf.port[GATE_CORE].role = CONF_CORE;
	conf.port[GATE_BOTH].role = CONF_BOTH;
	conf.port[GATE_TAGGED].role = CONF_CORE;
	conf.port[GATE_TAGGED].vlan = 100;
	plane.net.gtpu_ipv4 = GATE_GTPU;
	plane.shape.slots = 4;
	gate_own(GATE_ACCESS, GATE_GTPU, NULL, 24);
	gate_own(GATE_CORE, GATE_CORE4, NULL, 24);
	gate_own(GATE_CORE, 0, gate_core6, 64);
	gate_own(GATE_ACCESS, 0, gate_gtpu6, 64);
	memcpy(plane.gtpu_ipv6, gate_gtpu6, 16);
	gate_steer = steer_make(&conf, &plane);
	return !gate_steer;
}

int gate_teardown(void **state)
{
	steer_free(gate_steer);
	return 0;
}

struct gate_frame gate_ether(unsigned type)
{
	struct gate_frame f = { .length = 14 };

	memcpy(f.bytes, gate_mac, 6);
	f.bytes[6] = 2;
	be16_put(f.bytes + 12, (uint16_t)type);
	return f;
}

void gate_add(struct gate_frame *f, const void *bytes, unsigned length)
{
	memcpy(f->bytes + f->length, bytes, length);
	f->length += length;
}

void gate_add16(struct gate_frame *f, unsigned value)
{
	be16_put(f->bytes + f->length, (uint16_t)value);
	f->length += 2;
}

void gate_add_ipv4(struct gate_frame *f, uint32_t destination, uint8_t protocol, unsigned payload)
{
	uint8_t header[20];
	struct ip4_fields fields = { .source = 0x08080808,
				     .destination = destination,
				     .length = (uint16_t)(20 + payload),
				     .ttl = 64,
				     .protocol = protocol };

	ip4_put(header, &fields);
	gate_add(f, header, 20);
}

void gate_add_ipv6(struct gate_frame *f, const uint8_t *destination, uint8_t next, unsigned payload)
{
	uint8_t header[40] = { 0x60 };

	be16_put(header + 4, (uint16_t)payload);
	header[6] = next;
	header[7] = 255;
	header[8] = 0x20;
	memcpy(header + 24, destination, 16);
	gate_add(f, header, 40);
}

void gate_add_gtpu(struct gate_frame *f, unsigned port, uint8_t flags, uint8_t type, uint32_t teid)
{
	uint8_t bytes[16] = { 0 };

	udp_put(bytes, 40000, (uint16_t)port, 16);
	bytes[8] = flags;
	bytes[9] = type;
	be32_put(bytes + 12, teid);
	gate_add(f, bytes, 16);
}

struct gate_frame gate_gtpu(unsigned type, uint32_t teid)
{
	struct gate_frame f = gate_ether(0x0800);

	gate_add_ipv4(&f, GATE_GTPU, IP_UDP, 16);
	gate_add_gtpu(&f, 2152, 0x30, (uint8_t)type, teid);
	return f;
}

struct gate_frame gate_ipv4(uint32_t destination)
{
	struct gate_frame f = gate_ether(0x0800);

	gate_add_ipv4(&f, destination, IP_TCP, 20);
	f.length += 20;
	return f;
}

struct gate_frame gate_ipv6(const uint8_t *destination, uint8_t next, uint8_t first)
{
	struct gate_frame f = gate_ether(0x86dd);

	gate_add_ipv6(&f, destination, next, 24);
	f.bytes[f.length] = first;
	f.length += 24;
	return f;
}

unsigned gate_usual;

// The short way, if it is that frame's, has to say the same.
static void gate_same(unsigned port, uint8_t *bytes, unsigned length, struct steer_result r)
{
	struct nic_burst in = { .n = 1, .frame[0] = { 77, 130, (uint16_t)length }, .bytes[0] = bytes };
	struct lane_handle handle;
	struct steer_burst out;

	if (!steer_usual(gate_steer, port, &in, &out))
		return;
	gate_usual++;
	handle = lane_handle(out.words[0]);
	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(out.shard[0], r.shard);
	assert_int_equal(handle.room, 77);
	assert_int_equal(handle.hint, r.hint);
	assert_int_equal(handle.offset, 130 + r.l3);
	assert_int_equal(handle.length, length - r.l3);
	assert_int_equal(handle.turn, 0);
	assert_int_equal(handle.port, port);
	assert_int_equal(handle.code, r.kind);
}

// Steers an exact heap copy: with a sanitizer, a byte read past the end is a failure.
struct steer_result gate_go(unsigned port, const struct gate_frame *f)
{
	uint8_t *copy = malloc(f->length ? f->length : 1);

	memcpy(copy, f->bytes, f->length);

	struct steer_result r = steer_frame(gate_steer, port, copy, f->length);

	gate_same(port, copy, f->length, r);
	free(copy);
	return r;
}

void gate_refused(unsigned port, const struct gate_frame *f, unsigned verdict)
{
	struct steer_result r = gate_go(port, f);

	assert_string_equal(verdict_name(r.code), verdict_name(verdict));
	assert_int_equal(r.kind, LANE_NONE);
}

void gate_lane(unsigned port, const struct gate_frame *f, unsigned kind)
{
	struct steer_result r = gate_go(port, f);

	assert_int_equal(r.code, STEER_TO_LANE);
	assert_int_equal(r.kind, kind);
}
