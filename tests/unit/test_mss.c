// test_mss.c - SYNs of every shape: what they say of segments is made smaller, and their checksum stays right.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "workers/pipe/mss.h"

enum { SYN = 2, ACK = 16, AT = 256 };

static uint8_t room[ROOM_STRIDE];

static uint16_t sum_of(const uint8_t *ip, uint32_t length)
{
	uint64_t sum = IP_TCP;
	uint32_t header = ip[0] >> 4 == 6 ? IP6_HEADER : IP4_HEADER, from = header == IP4_HEADER ? 12 : 8;

	for (uint32_t i = from; i < header; i += 2)
		sum += be16_get(ip + i);
	sum += length - header;
	for (uint32_t i = header; i < length; i += 2)
		sum += i + 1 < length ? be16_get(ip + i) : (uint64_t)ip[i] << 8;
	return ip_fold(sum);
}

// A packet with these TCP options, which fill words; returns its length.
static uint32_t syn_make(uint8_t *ip, unsigned family, uint8_t flags, const uint8_t *options, uint32_t bytes)
{
	uint32_t header = family == 4 ? IP4_HEADER : IP6_HEADER, body = (uint32_t)rand() % 8;
	uint32_t length = header + 20 + bytes + body;
	uint8_t *tcp = ip + header;

	for (uint32_t i = 0; i < length; i++)
		ip[i] = (uint8_t)rand();
	if (family == 4) {
		ip4_put(ip, &(struct ip4_fields){
				.source = 1, .destination = 2, .length = length, .ttl = 9, .protocol = IP_TCP });
	} else {
		ip[0] = 0x60;
		be16_put(ip + 4, (uint16_t)(length - IP6_HEADER));
		ip[6] = IP_TCP;
	}
	tcp[12] = (uint8_t)((20 + bytes) / 4 << 4);
	tcp[13] = flags;
	memcpy(tcp + 20, options, bytes);
	be16_put(tcp + 16, 0);
	be16_put(tcp + 16, (uint16_t)~sum_of(ip, length));
	assert_int_equal(sum_of(ip, length), 0xffff);
	return length;
}

static void clamped(const uint8_t *options, uint32_t bytes, uint32_t value_at, unsigned family)
{
	uint8_t *ip = room + AT, before[200];
	uint32_t length = syn_make(ip, family, SYN | (rand() & ACK), options, bytes), header = family == 4 ? 20 : 40;
	uint16_t most = (uint16_t)(600 + rand() % 800), is = (uint16_t)(family == 4 ? most : most - MSS_LESS6);

	memcpy(before, ip, length);
	mss_clamp(ip, length, most);
	assert_int_equal(be16_get(ip + header + value_at), is);
	assert_int_equal(sum_of(ip, length), 0xffff);
	be16_put(before + header + value_at, is);
	memcpy(before + header + 16, ip + header + 16, 2);
	assert_memory_equal(before, ip, length);
	mss_clamp(ip, length, most); // again: as after a death
	assert_memory_equal(before, ip, length);
}

static void wherever_it_stands(void **state)
{
	for (unsigned before = 0; before <= 36; before++)
		for (unsigned n = 0; n < 200; n++) {
			uint8_t options[40];

			memset(options, 1, sizeof(options));
			if (before >= 4 && n & 1) { // something else first
				options[before - 3] = 8;
				options[before - 2] = 3;
			}
			memcpy(options + before, (const uint8_t[]){ 2, 4, 0x23, 0xf0 }, 4);
			clamped(options, (before + 4 + 3) / 4 * 4, 20 + before + 2, n & 2 ? 4 : 6);
		}
}

static void untouched(const uint8_t *options, uint32_t bytes, uint8_t flags, uint16_t most)
{
	uint8_t *ip = room + AT, before[200];
	uint32_t length = syn_make(ip, 4, flags, options, bytes);

	memcpy(before, ip, length);
	mss_clamp(ip, length, most);
	assert_memory_equal(before, ip, length);
	be16_put(ip + 6, 0x2001); // a later fragment
	memcpy(before, ip, length);
	mss_clamp(ip, length, 1);
	assert_memory_equal(before, ip, length);
}

static void what_says_less_or_nothing_stays(void **state)
{
	untouched((const uint8_t[]){ 2, 4, 5, 0x50 }, 4, SYN, 0x550);           // no more than that
	untouched((const uint8_t[]){ 2, 4, 0x23, 0 }, 4, ACK, 600);             // no SYN
	untouched((const uint8_t[]){ 0, 2, 4, 0x23 }, 4, SYN, 600);             // behind the end
	untouched((const uint8_t[]){ 2, 3, 0x23, 0 }, 4, SYN, 600);             // of no such length
	untouched((const uint8_t[]){ 8, 0, 2, 4, 0x23, 0, 0, 0 }, 8, SYN, 600); // would never end
	untouched((const uint8_t[]){ 8, 9, 2, 4, 0x23, 0, 0, 0 }, 8, SYN, 600); // beyond the header
	untouched(NULL, 0, SYN, 600);
}

// Lengths that lie, up to the packet's end: nothing beyond it is read or written (sanitizers see that), nor without end.
static void anything_at_all(void **state)
{
	for (unsigned n = 0; n < 200000; n++) {
		uint32_t length = 20 + (uint32_t)rand() % 100;
		uint8_t *ip = malloc(length);

		for (uint32_t i = 0; i < length; i++)
			ip[i] = (uint8_t)rand();
		ip[0] = rand() & 1 ? 0x45 : 0x60;
		ip[ip[0] == 0x45 ? 9 : 6] = IP_TCP;
		ip[6] = ip[0] == 0x45 ? 0 : ip[6];
		ip[7] = ip[0] == 0x45 ? 0 : ip[7];
		mss_clamp(ip, length, (uint16_t)(536 + rand() % 1000));
		free(ip);
	}
}

// In a burst: what is forwarded, out of a tunnel, in one, in one with a container, over IPv6; nothing else.
static void in_and_out_of_tunnels(void **state)
{
	static const uint8_t option[] = { 2, 4, 0x23, 0xf0 };
	static const struct {
		uint8_t outer, flags, port, code;
		uint32_t front;
	} ways[] = {
		{ 0, 0, LANE_SIDE_CORE, VERDICT_FORWARD, 0 },
		{ 0x45, 0x30, LANE_SIDE_ACCESS, VERDICT_FORWARD, 36 },
		{ 0x45, 0x34, LANE_SIDE_ACCESS, VERDICT_FORWARD, 44 },
		{ 0x60, 0x30, LANE_SIDE_ACCESS, VERDICT_FORWARD, 56 },
		{ 0x60, 0x34, LANE_SIDE_ACCESS, VERDICT_FORWARD, 64 },
		{ 0, 0, LANE_SIDE_CORE, VERDICT_RED, 0 },
	};
	const struct rooms rooms = { .base = { room }, .count = { 1 } };

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint32_t length = syn_make(room + AT, 4, SYN, option, 4), front = ways[i].front;
		const struct lane_handle handle = { .offset = (uint16_t)(AT - front),
						    .length = (uint16_t)(length + front),
						    .port = ways[i].port,
						    .code = ways[i].code };

		if (front) {
			room[AT - front] = ways[i].outer;
			room[AT - front + (ways[i].outer >> 4 == 6 ? 48 : 28)] = ways[i].flags;
		}
		mss_burst(&rooms, &handle, 1, 1000);
		assert_int_equal(be16_get(room + AT + 20 + 22), ways[i].code == VERDICT_FORWARD ? 1000 : 0x23f0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wherever_it_stands),
		cmocka_unit_test(what_says_less_or_nothing_stays),
		cmocka_unit_test(anything_at_all),
		cmocka_unit_test(in_and_out_of_tunnels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
