// test_ruled_match.c - what filters ask is read from where it is; eight filters at once find what a plain loop finds, and the plain
// loop what a sheet means.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/stand/sheets.h"
#include "tests/stand/stand.h"
#include "workers/pipe/ruled_match.h"

#define BYTES 120u
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, ESP = 50, AH = 51, NO_MORE = 59, DESTINATION = 60 };

static struct sheets sheets;
static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t pick(uint32_t below)
{
	return stand_pick(&state, below);
}

static struct ruled_key key_of(const uint8_t *packet, unsigned length, bool up)
{
	struct ip_packet ip;

	assert_int_equal(ip_read(&ip, packet, length), IP_SOUND);
	return ruled_key(packet, &ip, up);
}

static void packet4(uint8_t *packet, uint8_t protocol)
{
	struct ip4_fields fields = { 0x01020304, 0x05060708, BYTES, 0xb8, 64, protocol };

	memset(packet, 0, BYTES);
	ip4_put(packet, &fields);
	be32_put(packet + IP4_HEADER, 1111 << 16 | 2222);
	be32_put(packet + IP4_HEADER + 4, 0x5a5a5a5a);
}

static void resum(uint8_t *packet)
{
	be16_put(packet + 10, 0);
	be16_put(packet + 10, ip_checksum(packet, (packet[0] & 15u) * 4));
}

static void keys_of_ipv4(void **unused)
{
	static const uint8_t with_ports[] = { IP_TCP, IP_UDP, IP_SCTP, 33, 136 };
	uint8_t packet[BYTES];
	struct ruled_key key;

	for (unsigned i = 0; i < sizeof(with_ports); i++) {
		packet4(packet, with_ports[i]);
		key = key_of(packet, BYTES, false);
		assert_int_equal(key.remote[0], 0x01020304);
		assert_int_equal(key.remote_port, 1111);
		assert_int_equal(key.local_port, 2222);
		assert_int_equal(key.kind, with_ports[i] | 0xb8 << 16);
		assert_int_equal(key.has_spi, 0);
		key = key_of(packet, BYTES, true);
		assert_int_equal(key.remote[0], 0x05060708);
		assert_int_equal(key.remote_port, 2222);
		assert_int_equal(key.local_port, 1111);
	}
	packet4(packet, IP_ICMP);
	assert_int_equal(key_of(packet, BYTES, true).local_port, RULED_NO_PORT);
	packet4(packet, ESP);
	assert_int_equal(key_of(packet, BYTES, true).spi, 1111 << 16 | 2222);
	packet4(packet, AH);
	key = key_of(packet, BYTES, true);
	assert_int_equal(key.spi, 0x5a5a5a5a);
	assert_int_equal(key.has_spi, UINT32_MAX);
	assert_int_equal(key.remote_port, RULED_NO_PORT);
}

// Options push the ports back; a first fragment has them, a later one has something else there; so has a packet that ends before.
static void ports_of_ipv4_are_where_they_are(void **unused)
{
	uint8_t packet[BYTES];

	packet4(packet, IP_UDP);
	packet[0] = 0x47;
	be32_put(packet + 28, 3333 << 16 | 4444);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).local_port, 3333);
	packet4(packet, IP_UDP);
	be16_put(packet + 6, 0x2000);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).local_port, 1111);
	be16_put(packet + 6, 0x2001);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).local_port, RULED_NO_PORT);
	assert_int_equal(key_of(packet, BYTES, true).kind, IP_UDP | 0xb8 << 16);
	packet4(packet, ESP);
	be16_put(packet + 6, 5);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).has_spi, 0);
	packet4(packet, IP_UDP);
	be16_put(packet + 2, IP4_HEADER + 3);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).remote_port, RULED_NO_PORT);
	packet4(packet, AH);
	be16_put(packet + 2, IP4_HEADER + 7);
	resum(packet);
	assert_int_equal(key_of(packet, BYTES, true).has_spi, 0);
}

static void packet6(uint8_t *packet, uint8_t next)
{
	memset(packet, 0, BYTES);
	be32_put(packet, 6u << 28 | 0xb8 << 20 | 0xabcde);
	be32_put(packet + 4, (BYTES - IP6_HEADER) << 16 | (uint32_t)next << 8 | 64);
	for (unsigned i = 0; i < 8; i++)
		be32_put(packet + 8 + 4 * i, 0x11111111 * (i + 1));
}

// Puts an extension header of 8 or 16 bytes; returns where the next one begins.
static unsigned extension(uint8_t *packet, unsigned at, uint8_t next, unsigned more)
{
	packet[at] = next;
	packet[at + 1] = (uint8_t)more;
	return at + 8 + 8 * more;
}

static void keys_of_ipv6(void **unused)
{
	uint8_t packet[BYTES];
	struct ruled_key key;
	unsigned at;

	packet6(packet, IP_TCP);
	be32_put(packet + IP6_HEADER, 1111 << 16 | 2222);
	key = key_of(packet, BYTES, false);
	assert_int_equal(key.label, 0xabcde);
	assert_int_equal(key.remote_port, 1111);
	assert_int_equal(key.kind, IP_TCP | 0xb8 << 16);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(key.remote[i], 0x11111111 * (i + 1));
	assert_int_equal(key_of(packet, BYTES, true).remote[3], 0x88888888);
	packet6(packet, HOP_BY_HOP);
	at = extension(packet, IP6_HEADER, DESTINATION, 1);
	at = extension(packet, at, ROUTING, 0);
	at = extension(packet, at, FRAGMENT, 0);
	at = extension(packet, at, IP_UDP, 0);
	be32_put(packet + at, 3333 << 16 | 4444);
	key = key_of(packet, BYTES, true);
	assert_int_equal(key.local_port, 3333);
	assert_int_equal(key.kind, IP_UDP | 0xb8 << 16);
	packet6(packet, DESTINATION);
	at = extension(packet, IP6_HEADER, AH, 0);
	be32_put(packet + at + 4, 0x77777777);
	assert_int_equal(key_of(packet, BYTES, true).spi, 0x77777777);
	assert_int_equal(key_of(packet, BYTES, true).kind & 0xff, AH);
	packet6(packet, NO_MORE);
	assert_int_equal(key_of(packet, BYTES, true).remote_port, RULED_NO_PORT);
}

static void ports_of_ipv6_are_where_they_are(void **unused)
{
	uint8_t packet[BYTES];
	struct ruled_key key;
	unsigned at;

	packet6(packet, FRAGMENT);
	at = extension(packet, IP6_HEADER, IP_UDP, 0);
	be32_put(packet + at, 3333 << 16 | 4444);
	be16_put(packet + IP6_HEADER + 2, 1); // more to come, the first
	assert_int_equal(key_of(packet, BYTES, true).local_port, 3333);
	be16_put(packet + IP6_HEADER + 2, 8);
	key = key_of(packet, BYTES, true);
	assert_int_equal(key.local_port, RULED_NO_PORT);
	assert_int_equal(key.kind & 0xff, IP_UDP);
	packet6(packet, DESTINATION); // longer than the packet
	extension(packet, IP6_HEADER, IP_UDP, 255);
	assert_int_equal(key_of(packet, BYTES, true).local_port, RULED_NO_PORT);
	packet6(packet, DESTINATION); // cut within
	be16_put(packet + 4, 7);
	key = key_of(packet, BYTES, true);
	assert_int_equal(key.local_port, RULED_NO_PORT);
	assert_int_equal(key.kind & 0xff, DESTINATION);
	packet6(packet, DESTINATION); // nine of them
	for (at = IP6_HEADER; at < IP6_HEADER + 8 * 8;)
		at = extension(packet, at, DESTINATION, 0);
	at = extension(packet, at, IP_UDP, 0);
	assert_int_equal(key_of(packet, BYTES, true).local_port, RULED_NO_PORT);
	packet6(packet, DESTINATION); // eight
	for (at = IP6_HEADER; at < IP6_HEADER + 7 * 8;)
		at = extension(packet, at, DESTINATION, 0);
	at = extension(packet, at, IP_UDP, 0);
	assert_int_equal(key_of(packet, BYTES, true).local_port, 0);
}

static uint64_t match4(const struct ruled_key *key)
{
	uint64_t pdrs = ruled_match4(sheets.filters4, sheets.head.groups4, key);

	assert_int_equal(pdrs, ruled_match4_plain(sheets.filters4, sheets.head.groups4, key));
	return pdrs;
}

static uint64_t match6(const struct ruled_key *key)
{
	uint64_t pdrs = ruled_match6(sheets.filters6, sheets.head.groups6, key);

	assert_int_equal(pdrs, ruled_match6_plain(sheets.filters6, sheets.head.groups6, key));
	return pdrs;
}

// The thing that is asked for is a hit, its neighbour is none. Filter 11 is the one, in the second group.
#define HITS(match, filters, member, value, key_member, good, bad) \
	do { \
		struct ruled_key asks = key; \
		sheets_plain(&sheets); \
		sheets_filter4(&sheets, 11, 1ull << 40); \
		sheets_filter6(&sheets, 11, 1ull << 40); \
		assert_int_equal(match(&asks), 1ull << 40); \
		sheets.filters[1].member[3] = value; \
		asks.key_member = good; \
		assert_int_equal(match(&asks), 1ull << 40); \
		asks.key_member = bad; \
		assert_int_equal(match(&asks), 0); \
	} while (0)

static void each_part_of_a_filter_counts(void **unused)
{
	struct ruled_key key = { .remote_port = 1, .local_port = 2, .kind = IP_UDP | 0xb8 << 16 };

	HITS(match4, filters4, remote_ports, 90u << 16 | 80, remote_port, 80, 79);
	HITS(match4, filters4, remote_ports, 90u << 16 | 80, remote_port, 90, 91);
	HITS(match4, filters4, local_ports, 0xffffu << 16 | 1, local_port, 0xffff, RULED_NO_PORT);
	HITS(match4, filters4, local_ports, 0, local_port, 0, RULED_NO_PORT);
	HITS(match4, filters4, kind, IP_TCP | 0xff << 8, kind, IP_TCP | 0xb8 << 16, IP_UDP);
	HITS(match4, filters4, kind, 0xfcb80000, kind, 0xbb0000 | IP_TCP, 0xb40000 | IP_TCP);
	HITS(match4, filters4, mask, 0xff, remote[0], 0x100, 1);
	HITS(match6, filters6, remote_ports, 90u << 16 | 80, remote_port, 85, 0xffff);
	HITS(match6, filters6, local_ports, 53u << 16 | 53, local_port, 53, 54);
	HITS(match6, filters6, kind, IP_TCP | 0xff << 8, kind, IP_TCP, IP_UDP);
	HITS(match6, filters6, label_mask, 0xfffff, label, 0, 1);
	for (unsigned i = 0; i < 4; i++)
		HITS(match6, filters6, mask[i], 0xff, remote[i], 0x100, 1);
}

static void spis_are_not_ports_nor_nothing(void **unused)
{
	struct ruled_key key = { .spi = 0, .has_spi = 0 };

	sheets_plain(&sheets);
	sheets_filter4(&sheets, 0, 1);
	sheets_filter6(&sheets, 0, 1);
	sheets.filters4[0].has_spi[0] = sheets.filters6[0].has_spi[0] = 1; // SPI 0
	assert_int_equal(match4(&key) | match6(&key), 0);
	key.has_spi = UINT32_MAX;
	assert_int_equal(match4(&key) & match6(&key), 1);
	key.spi = 1;
	assert_int_equal(match4(&key) | match6(&key), 0);
}

// Few values, so that much agrees.
static uint32_t word(void)
{
	static const uint32_t words[] = { 0, 1, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, UINT32_MAX };

	return pick(4) ? words[pick(9)] : pick(UINT32_MAX);
}

static void filters_random(uint32_t *words, unsigned n, const struct ruled_key *key)
{
	const uint32_t *from = (const uint32_t *)key;

	for (unsigned i = 0; i < n; i++)
		words[i] = pick(3) ? word() : from[pick(sizeof(*key) / 4)];
}

static void all_filters_find_what_a_plain_loop_finds(void **unused)
{
	uint64_t hits = 0, empty = 0;

	for (unsigned n = 0; n < 100000; n++) {
		struct ruled_key key;

		for (unsigned i = 0; i < sizeof(key) / 4; i++)
			((uint32_t *)&key)[i] = word();
		key.has_spi = pick(2) ? UINT32_MAX : 0;
		key.remote_port = pick(2) ? RULED_NO_PORT : pick(3) * 32767;
		key.local_port %= RULED_NO_PORT + 1;
		sheets.head.groups4 = sheets.head.groups6 = (uint8_t)pick(9);
		filters_random((uint32_t *)sheets.filters4, sizeof(sheets.filters4) / 4, &key);
		filters_random((uint32_t *)sheets.filters6, sizeof(sheets.filters6) / 4, &key);
		for (unsigned i = 0; i < SHEET_FILTERS; i++) { // else hardly one agrees
			if (pick(2))
				sheets.filters4[i / 8].mask[i % 8] = 0, sheets.filters4[i / 8].kind[i % 8] &= 0xffff;
			if (pick(2))
				sheets.filters4[i / 8].remote_ports[i % 8] = sheets.filters4[i / 8].local_ports[i % 8] =
				    SHEETS_ANY;
			if (pick(4))
				memset(sheets.filters6[i / 8].mask, 0, sizeof(sheets.filters6[0].mask));
		}
		hits += match4(&key) != 0;
		empty += match4(&key) == 0;
		hits += match6(&key) != 0;
	}
	assert_in_range(hits, 10000, 190000);
	assert_in_range(empty, 1000, 100000);
}

static void the_first_that_takes_the_qfi_is_chosen(void **unused)
{
	struct sheet_pdr pdrs[64] = { 0 };

	for (unsigned i = 0; i < 64; i++)
		pdrs[i].qfis = UINT64_MAX;
	assert_int_equal(ruled_choose(pdrs, 0, 5), RULED_NO_PDR);
	assert_int_equal(ruled_choose(pdrs, 0xf0, 5), 4);
	assert_int_equal(ruled_choose(pdrs, 0xf0, RULED_NO_QFI), 4);
	pdrs[4].qfis = 1ull << 5;
	assert_int_equal(ruled_choose(pdrs, 0xf0, 5), 4);
	assert_int_equal(ruled_choose(pdrs, 0xf0, 6), 5);
	assert_int_equal(ruled_choose(pdrs, 0xf0, RULED_NO_QFI), 5);
	pdrs[63].qfis = ~1ull;
	assert_int_equal(ruled_choose(pdrs, 1ull << 63, RULED_NO_QFI), RULED_NO_PDR);
	assert_int_equal(ruled_choose(pdrs, 1ull << 63, 0), RULED_NO_PDR);
	assert_int_equal(ruled_choose(pdrs, 1ull << 63, 63), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_ipv4),
		cmocka_unit_test(ports_of_ipv4_are_where_they_are),
		cmocka_unit_test(keys_of_ipv6),
		cmocka_unit_test(ports_of_ipv6_are_where_they_are),
		cmocka_unit_test(each_part_of_a_filter_counts),
		cmocka_unit_test(spis_are_not_ports_nor_nothing),
		cmocka_unit_test(all_filters_find_what_a_plain_loop_finds),
		cmocka_unit_test(the_first_that_takes_the_qfi_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
