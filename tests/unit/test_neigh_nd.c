// test_neigh_nd.c - next hops by IPv6 neighbour discovery, as a neighbour would see it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/edge/address.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/link.h"

// An ND message as the peer sends it. `bytes` of options stand in `option`.
struct nd {
	uint8_t source[16], destination[16], target[16];
	uint8_t type, code, flags, hops, option[16];
	unsigned bytes;
	uint8_t out[128]; // the frame, and what became of it
	unsigned length;
};

static struct nd nd_from_peer(unsigned type, const uint8_t *target)
{
	struct nd nd = { .type = (uint8_t)type, .hops = 255, .option = { type == 135 ? 1 : 2, 1 }, .bytes = 8 };

	memcpy(nd.source, link_peer6, 16);
	memcpy(nd.destination, link_our6, 16);
	memcpy(nd.target, target, 16);
	memcpy(nd.option + 2, link_peer_mac, 6);
	return nd;
}

static void nd_build(struct nd *nd)
{
	uint8_t *ip = nd->out + 14, *icmp = ip + 40;

	memset(nd->out, 0, sizeof(nd->out));
	memcpy(nd->out, link_our_mac, 6);
	memcpy(nd->out + 6, link_peer_mac, 6);
	be16_put(nd->out + 12, 0x86dd);
	ip[0] = 0x60;
	be16_put(ip + 4, (uint16_t)(24 + nd->bytes));
	ip[6] = 58;
	ip[7] = nd->hops;
	memcpy(ip + 8, nd->source, 16);
	memcpy(ip + 24, nd->destination, 16);
	icmp[0] = nd->type;
	icmp[1] = nd->code;
	icmp[4] = nd->flags;
	memcpy(icmp + 8, nd->target, 16);
	memcpy(icmp + 24, nd->option, nd->bytes);
	be16_put(icmp + 2, ip6_checksum_upper(ip, 58, icmp, 24 + nd->bytes));
	nd->length = 14 + 40 + 24 + nd->bytes;
}

static unsigned nd_input(struct nd *nd)
{
	nd_build(nd);
	return neigh_input(link_world.neigh, LINK_CORE, nd->out, &nd->length, link_world.now);
}

static void expect_advertisement(const struct nd *nd, const uint8_t *mac, const uint8_t *to, unsigned flags)
{
	const uint8_t *ip = nd->out + 14, *icmp = ip + 40;

	assert_int_equal(nd->length, 86);
	assert_memory_equal(nd->out, mac, 6);
	assert_memory_equal(nd->out + 6, link_our_mac, 6);
	assert_int_equal(be32_get(ip), 0x60000000);
	assert_int_equal(be32_get(ip + 4), 32 << 16 | 58 << 8 | 255);
	assert_memory_equal(ip + 8, nd->target, 16);
	assert_memory_equal(ip + 24, to, 16);
	assert_int_equal(icmp[0], 136);
	assert_int_equal(icmp[1], 0);
	assert_int_equal(be32_get(icmp + 4), flags << 24);
	assert_memory_equal(icmp + 8, nd->target, 16);
	assert_int_equal(be16_get(icmp + 24), 0x0201);
	assert_memory_equal(icmp + 26, link_our_mac, 6);
	assert_int_equal(ip6_checksum_upper(ip, 58, icmp, 32), 0);
}

static void answers_solicitations(void **state)
{
	static const uint8_t local[16] = { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 1 }, none[16];
	static const uint8_t nodes[16] = { 0xff, 2, [15] = 1 }, ours[16] = { 0xff, 2, [11] = 1, 0xff, 0, 0, 1 };
	struct nd nd = nd_from_peer(135, link_our6);

	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, link_peer_mac, link_peer6, 0xe0);
	nd.bytes = 0; // a directed probe bears no option
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, link_peer_mac, link_peer6, 0xe0);
	nd.bytes = 8; // a MAC of its own choice, if it is one
	memcpy(nd.option + 2, link_other_mac, 6);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, link_other_mac, link_peer6, 0xe0);
	memcpy(nd.option + 2, link_all, 6);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, link_peer_mac, link_peer6, 0xe0);
	memcpy(nd.target, local, 16);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, link_peer_mac, link_peer6, 0xe0);

	memcpy(nd.target, link_our6, 16);
	memcpy(nd.source, none, 16); // duplicate address detection
	nd.bytes = 0;
	memcpy(nd.destination, ours, 16);
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	expect_advertisement(&nd, (const uint8_t[6]){ 0x33, 0x33, 0, 0, 0, 1 }, nodes, 0xa0);
	nd.bytes = 8; // must not say who asks
	assert_int_equal(nd_input(&nd), VERDICT_BAD_IP);
	nd.bytes = 0;
	memcpy(nd.destination, link_our6, 16); // must go to the group
	assert_int_equal(nd_input(&nd), VERDICT_BAD_IP);

	nd = nd_from_peer(135, link_peer6);
	assert_int_equal(nd_input(&nd), VERDICT_NOT_OURS);
}

static void resolves_ipv6(void **state)
{
	static const uint8_t group[16] = { 0xff, 2, [11] = 1, 0xff, 0xab, 0xcd, 0xef };
	struct nd nd = nd_from_peer(136, link_peer6);
	const uint8_t *f;

	assert_int_equal(nd_input(&nd), VERDICT_NOT_OURS); // nobody asked
	assert_int_equal(link_send6(link_peer6), VERDICT_FORWARD);
	assert_int_equal(link_world.sends, 1);
	link_expect_l2(0, LINK_CORE, (const uint8_t[6]){ 0x33, 0x33, 0xff, 0xab, 0xcd, 0xef }, 0x86dd);
	f = link_sent(0);
	assert_int_equal(link_world.sent[0].frame.length, 86);
	assert_int_equal(be32_get(f + 18), 32 << 16 | 58 << 8 | 255);
	assert_memory_equal(f + 22, link_our6, 16);
	assert_memory_equal(f + 38, group, 16);
	assert_int_equal(f[54], 135);
	assert_int_equal(be32_get(f + 58), 0);
	assert_memory_equal(f + 62, link_peer6, 16);
	assert_int_equal(be16_get(f + 78), 0x0101);
	assert_memory_equal(f + 80, link_our_mac, 6);
	assert_int_equal(ip6_checksum_upper(f + 14, 58, f + 54, 32), 0);

	nd.bytes = 0; // answers without a MAC teach nothing
	nd.flags = 0x60;
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	assert_int_equal(neigh_waiting(link_world.neigh), 1);
	nd.bytes = 8;
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	assert_int_equal(nd.length, 0);
	assert_int_equal(neigh_waiting(link_world.neigh), 0);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x86dd);

	link_world.now += 31 * LINK_SECOND;
	link_send6(link_peer6);
	neigh_tick(link_world.neigh, link_world.now);
	link_expect_l2(3, LINK_CORE, link_peer_mac, 0x86dd);
	assert_memory_equal(link_sent(3) + 38, link_peer6, 16); // a directed question
	nd.bytes = 0;
	nd.flags = 0x40; // and an answer that needs no MAC
	assert_int_equal(nd_input(&nd), VERDICT_ANSWERED);
	link_world.now += LINK_SECOND;
	neigh_tick(link_world.neigh, link_world.now);
	assert_int_equal(link_world.sends, 4);
}

static void unasked_advertisements(void **state)
{
	struct nd nd = nd_from_peer(136, link_peer6);

	link_send6(link_peer6);
	nd.flags = 0x60;
	nd_input(&nd);
	link_world.now += 2 * LINK_SECOND;
	link_world.sends = 0;
	memcpy(nd.option + 2, link_other_mac, 6);
	for (unsigned i = 0; i < 1000; i++) {
		nd.flags = i & 1 ? 0x20 : 0x60; // solicited by us or not, they say; we know better
		nd_input(&nd);
		if (i == 0)
			assert_int_equal(link_world.sends, 1);
		if (i == 0) { // the true owner answers
			memcpy(nd.option + 2, link_peer_mac, 6);
			nd_input(&nd);
			memcpy(nd.option + 2, link_other_mac, 6);
		}
	}
	assert_int_equal(link_world.sends, 1);
	link_send6(link_peer6);
	link_expect_l2(1, LINK_CORE, link_peer_mac, 0x86dd);
}

// The same once more from an exact heap block: a sanitizer sees a read past the end.
static void expect_bad(struct nd *nd, unsigned verdict)
{
	unsigned length;
	uint8_t *copy;

	assert_int_equal(nd_input(nd), verdict);
	nd_build(nd);
	length = nd->length;
	copy = malloc(length);
	memcpy(copy, nd->out, length);
	assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, copy, &length, link_world.now), verdict);
	free(copy);
}

static void malformed(void **state)
{
	struct nd good = nd_from_peer(135, link_our6), nd = good;
	unsigned length;

	nd.hops = 254; // came from another link
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.option[1] = 0;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd.option[1] = 2;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd.option[1] = 1;
	nd.bytes = 9;
	expect_bad(&nd, VERDICT_BAD_IP);
	for (nd.bytes = 1; nd.bytes < 8; nd.bytes++)
		expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.code = 1;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = good;
	nd.target[0] = 0xff;
	expect_bad(&nd, VERDICT_BAD_IP);
	nd = nd_from_peer(136, link_peer6);
	nd.destination[0] = 0xff;
	nd.flags = 0x40;
	expect_bad(&nd, VERDICT_BAD_IP);
	for (unsigned type = 133; type <= 137; type++) {
		nd = good;
		nd.type = (uint8_t)type;
		assert_int_equal(nd_input(&nd), type == 135 ? VERDICT_ANSWERED : VERDICT_NOT_OURS);
	}
	nd = good;
	nd_input(&nd);
	nd.out[14 + 40 + 20] ^= 1; // our answer with a broken checksum, come back
	length = nd.length;
	assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, nd.out, &length, link_world.now), VERDICT_BAD_IP);
	nd = good;
	nd_build(&nd);
	be16_put(nd.out + 14 + 4, 23); // ends inside the fixed part
	length = 14 + 40 + 23;
	assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, nd.out, &length, link_world.now), VERDICT_SHORT);
	nd_build(&nd);
	nd.out[14 + 6] = 6; // not ICMPv6 at all
	length = nd.length;
	assert_int_equal(neigh_input(link_world.neigh, LINK_CORE, nd.out, &length, link_world.now), VERDICT_NOT_OURS);
	assert_int_equal(link_world.sends, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, link_setup, link_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(answers_solicitations), CASE(resolves_ipv6),
					    CASE(unasked_advertisements), CASE(malformed) };

	return cmocka_run_group_tests(tests, NULL, link_end);
}
