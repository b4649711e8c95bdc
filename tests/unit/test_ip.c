// test_ip.c - header checks, checksums against the plain definition, and the in-place edit for every checksum there is.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/hop.h"
#include "shared/wire/ip.h"

// RFC 1071, word by word.
static uint16_t plain_checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void header_make(uint8_t *header, uint16_t identification, uint8_t tos, uint8_t ttl)
{
	const uint8_t template[IP4_HEADER] = { 0x45, 0, 0, 60, 0, 0, 0x40, 0, 0, 6, 0, 0, 10, 45, 0, 1, 192, 0, 2, 9 };

	memcpy(header, template, sizeof(template));
	header[1] = tos;
	header[8] = ttl;
	be16_put(header + 4, identification);
	be16_put(header + 10, plain_checksum(header, IP4_HEADER));
}

static void edit_all(uint8_t tos, uint8_t new_tos, uint8_t ttl)
{
	static bool seen[65536];

	memset(seen, 0, sizeof(seen));
	for (uint32_t id = 0; id < 65536; id++) {
		uint8_t header[IP4_HEADER], expected[IP4_HEADER];

		header_make(header, (uint16_t)id, tos, ttl);
		header_make(expected, (uint16_t)id, new_tos, (uint8_t)(ttl - 1));
		seen[be16_get(header + 10)] = true;
		hop4(header, tos, new_tos);
		assert_memory_equal(header, expected, IP4_HEADER);
	}
	for (uint32_t sum = 0; sum < 65535; sum++)
		assert_true(seen[sum]);
}

// All identifications make all checksums a sound header can have (0xffff would need a header of zeros).
static void edit_is_right_for_every_checksum(void **state)
{
	edit_all(0, 0, 64);
	edit_all(0, 0xb8, 2);
	edit_all(0xff, 0, 255);
	edit_all(0x28, 0x2b, 1);
	edit_all(0xff, 0xff, 129);
}

// From every TOS byte to every other.
static void edit_is_right_for_every_change_of_tos(void **state)
{
	for (uint32_t pair = 0; pair < 65536; pair++) {
		uint8_t header[IP4_HEADER], expected[IP4_HEADER], tos = (uint8_t)pair, new_tos = (uint8_t)(pair >> 8);

		header_make(header, (uint16_t)(pair * 40503), tos, 64);
		header_make(expected, (uint16_t)(pair * 40503), new_tos, 63);
		hop4(header, tos, new_tos);
		assert_memory_equal(header, expected, IP4_HEADER);
	}
}

static void edit_of_ipv6_moves_two_fields(void **state)
{
	for (unsigned tos = 0; tos < 256; tos++) {
		uint8_t header[IP6_HEADER], expected[IP6_HEADER];

		memset(header, 0xa5, sizeof(header));
		header[0] = 0x65;
		memcpy(expected, header, sizeof(header));
		be32_put(expected, 6u << 28 | tos << 20 | (be32_get(header) & 0xfffff));
		expected[7]--;
		hop6(header, (uint8_t)tos);
		assert_memory_equal(header, expected, IP6_HEADER);
	}
}

static void checksums_match_the_definition(void **state)
{
	uint8_t bytes[131];

	srand(1);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)rand();
		assert_int_equal(ip_checksum(bytes, length), plain_checksum(bytes, length));
	}
}

static void upper_checksums_cover_the_pseudo_header(void **state)
{
	uint8_t ip[IP6_HEADER], pseudo[40 + 33], payload[33];

	srand(2);
	for (size_t i = 0; i < sizeof(ip); i++)
		ip[i] = (uint8_t)rand();
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)rand();
	memcpy(pseudo, ip + 8, 32);
	be32_put(pseudo + 32, sizeof(payload));
	be32_put(pseudo + 36, IP_ICMP6);
	memcpy(pseudo + 40, payload, sizeof(payload));
	assert_int_equal(ip6_checksum_upper(ip, IP_ICMP6, payload, sizeof(payload)),
			 plain_checksum(pseudo, sizeof(pseudo)));
	memcpy(pseudo, ip + 12, 8);
	be32_put(pseudo + 8, IP_UDP << 16 | sizeof(payload));
	memcpy(pseudo + 12, payload, sizeof(payload));
	assert_int_equal(ip4_checksum_upper(ip, IP_UDP, payload, sizeof(payload)),
			 plain_checksum(pseudo, 12 + sizeof(payload)));
}

// RFC 768: zero says "no checksum", so a sum of zero is sent as its other form.
static void udp_checksum_is_never_zero(void **state)
{
	uint8_t ip[IP6_HEADER] = { 0 }, payload[2];

	be16_put(payload, (uint16_t) ~(IP_UDP + sizeof(payload)));
	assert_int_equal(ip4_checksum_upper(ip, IP_UDP, payload, sizeof(payload)), 0xffff);
	be16_put(payload, (uint16_t) ~(IP_ICMP6 + sizeof(payload)));
	assert_int_equal(ip6_checksum_upper(ip, IP_ICMP6, payload, sizeof(payload)), 0);
}

static void built_header_is_sound(void **state)
{
	struct ip4_fields fields = { 0xc0000201, 0xc6336401, 1436, 0xb8, 64, IP_UDP };
	uint8_t bytes[1500] = { 0 };
	struct ip_packet ip;

	ip4_put(bytes, &fields);
	assert_int_equal(be16_get(bytes + 10),
			 plain_checksum((uint8_t[]){ 0x45, 0xb8, 5,   0x9c, 0, 0, 0x40, 0,  64,  17,
						     0,    0,    192, 0,    2, 1, 198,  51, 100, 1 },
					IP4_HEADER));
	assert_int_equal(ip_read(&ip, bytes, sizeof(bytes)), IP_SOUND);
	assert_int_equal(ip.length, 1436);
	assert_int_equal(ip.tos, 0xb8);
}

static void read_refuses_lies(void **state)
{
	uint8_t header[60] = { 0 };
	struct ip_packet ip;

	header_make(header, 1, 0, 64);
	for (uint32_t left = 0; left < IP4_HEADER; left++)
		assert_int_equal(ip_read(&ip, header, left), IP_SHORT);
	assert_int_equal(ip_read(&ip, header, 59), IP_BAD); // says 60
	assert_int_equal(ip_read(&ip, header, 60), IP_SOUND);
	header[8]--;
	assert_int_equal(ip_read(&ip, header, 60), IP_BAD); // checksum
	for (unsigned version = 0; version < 16; version++) {
		header_make(header, 1, 0, 64);
		header[0] = (uint8_t)(version << 4 | 5);
		if (version != 4 && version != 6)
			assert_int_equal(ip_read(&ip, header, 60), IP_BAD);
	}
	for (unsigned words = 0; words < 5; words++) {
		header_make(header, 1, 0, 64);
		header[0] = (uint8_t)(0x40 | words);
		assert_int_equal(ip_read(&ip, header, 60), IP_BAD);
	}
	memset(header, 0, sizeof(header));
	header[0] = 0x4f; // 60 bytes of header in a packet of 59
	be16_put(header + 2, 59);
	be16_put(header + 10, plain_checksum(header, 60));
	assert_int_equal(ip_read(&ip, header, 60), IP_BAD);
}

// Any header whose checksum is right is sound; with any one bit turned it is not.
static void read_checks_every_bit(void **state)
{
	srand(3);
	for (unsigned round = 0; round < 5000; round++) {
		uint8_t header[IP4_HEADER];
		unsigned bit = 16 + (unsigned)rand() % (IP4_HEADER * 8 - 16);
		struct ip_packet ip;

		for (unsigned i = 0; i < IP4_HEADER; i++)
			header[i] = round % 2 ? (uint8_t)rand() : (uint8_t)(rand() % 4 ? 0xff : 0);
		header[0] = 0x45;
		be16_put(header + 2, IP4_HEADER);
		be16_put(header + 10, 0);
		be16_put(header + 10, plain_checksum(header, IP4_HEADER));
		assert_int_equal(ip_read(&ip, header, IP4_HEADER), IP_SOUND);
		header[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(ip_read(&ip, header, IP4_HEADER), IP_BAD);
	}
}

static void read_takes_options_and_ipv6(void **state)
{
	uint8_t bytes[64] = { 0x46, 0, 0, 24, 0, 0, 0, 0, 9, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 0 };
	struct ip_packet ip;

	be16_put(bytes + 10, plain_checksum(bytes, 24));
	assert_int_equal(ip_read(&ip, bytes, 24), IP_SOUND);
	assert_int_equal(ip.header, 24);
	bytes[22] ^= 2; // an option the checksum does not know of
	assert_int_equal(ip_read(&ip, bytes, 24), IP_BAD);
	memset(bytes, 0, sizeof(bytes));
	be32_put(bytes, 0x6b812345);
	be16_put(bytes + 4, 8);
	bytes[6] = IP_UDP;
	bytes[7] = 5;
	assert_int_equal(ip_read(&ip, bytes, 39), IP_SHORT);
	assert_int_equal(ip_read(&ip, bytes, 47), IP_BAD);
	assert_int_equal(ip_read(&ip, bytes, 60), IP_SOUND);
	assert_int_equal(ip.length, 48);
	assert_int_equal(ip.tos, 0xb8);
	assert_int_equal(ip.ttl, 5);
	assert_int_equal(ip.protocol, IP_UDP);
	be16_put(bytes + 4, 0);
	bytes[6] = 0; // jumbogram (RFC 2675): larger than any room
	assert_int_equal(ip_read(&ip, bytes, 60), IP_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edit_is_right_for_every_checksum),
		cmocka_unit_test(edit_is_right_for_every_change_of_tos),
		cmocka_unit_test(edit_of_ipv6_moves_two_fields),
		cmocka_unit_test(checksums_match_the_definition),
		cmocka_unit_test(upper_checksums_cover_the_pseudo_header),
		cmocka_unit_test(udp_checksum_is_never_zero),
		cmocka_unit_test(built_header_is_sound),
		cmocka_unit_test(read_refuses_lies),
		cmocka_unit_test(read_checks_every_bit),
		cmocka_unit_test(read_takes_options_and_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
