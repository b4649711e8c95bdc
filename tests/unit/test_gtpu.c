// test_gtpu.c - every combination of flags, chains of extension headers, and lengths that lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/wire/cursor.h"
#include "shared/wire/gtpu.h"

#define PAYLOAD 20u

// A G-PDU with the flags, PAYLOAD bytes of payload, and `chain` in front of it (first byte: type of the first
// extension).
static uint32_t message(uint8_t *bytes, unsigned flags, const uint8_t *chain, uint32_t chain_bytes)
{
	uint32_t length = GTPU_HEADER;

	memset(bytes, 0, 256);
	bytes[0] = (uint8_t)(0x30 | flags);
	bytes[1] = GTPU_G_PDU;
	be32_put(bytes + 4, 0x01020304);
	if (flags) {
		be16_put(bytes + 8, 0x1234);
		bytes[11] = chain_bytes ? chain[0] : 0;
		length += 4;
	}
	if (chain_bytes)
		memcpy(bytes + length, chain + 1, chain_bytes - 1);
	length += chain_bytes ? chain_bytes - 1 : 0;
	length += PAYLOAD;
	be16_put(bytes + 2, (uint16_t)(length - GTPU_HEADER));
	return length;
}

static void flags_share_one_block(void **state)
{
	uint8_t bytes[256];
	struct gtpu_packet gtpu;

	for (unsigned flags = 0; flags < 8; flags++) {
		uint32_t length = message(bytes, flags, NULL, 0);

		assert_int_equal(gtpu_read(&gtpu, bytes, length), GTPU_SOUND);
		assert_int_equal(gtpu.payload, flags ? 12 : 8);
		assert_int_equal(gtpu.end, length);
		assert_int_equal(gtpu.sequence, flags & GTPU_S ? 0x1234 : 0);
		assert_int_equal(gtpu.teid, 0x01020304);
		assert_int_equal(gtpu.type, GTPU_G_PDU);
	}
}

// TS 38.415 5.5.2: either type has its QFI in the third octet; of several the first counts.
static void containers_are_read(void **state)
{
	uint8_t bytes[256], down[] = { 0x85, 1, 0x0f, 0xc9, 0 }, up[] = { 0x85, 1, 0x10, 0x3f, 0 };
	uint8_t other[] = { 0x85, 1, 0x20, 9, 0x85, 1, 0x10, 5, 0x85, 1, 0x10, 6, 0 };
	struct gtpu_packet gtpu;

	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, down, sizeof(down))), GTPU_SOUND);
	assert_int_equal(gtpu.container, GTPU_CONTAINER | 9);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, up, sizeof(up))), GTPU_SOUND);
	assert_int_equal(gtpu.container, GTPU_CONTAINER | GTPU_CONTAINER_UP | 63);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, other, sizeof(other))), GTPU_SOUND);
	assert_int_equal(gtpu.container, GTPU_CONTAINER | GTPU_CONTAINER_UP | 5);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, 0, NULL, 0)), GTPU_SOUND);
	assert_int_equal(gtpu.container, 0);
	gtpu_put(bytes, 7, 8);
	for (unsigned n = 0x80; n < 0x100; n++) {
		gtpu_put_container(bytes, (uint8_t)n);
		assert_int_equal(gtpu_read(&gtpu, bytes, GTPU_HEADER_QFI), GTPU_SOUND);
		assert_int_equal(gtpu.container, n);
	}
}

// As long as it should be, or it is none; put as it was read, with a container in front or without.
static void pdcp_numbers(void **state)
{
	uint8_t bytes[256], shorter[] = { GTPU_PDCP, 1, 0xab, 0xcd, 0 },
			    wrong[] = { GTPU_PDCP, 2, 0xab, 0xcd, 0, 0, 0, 0, 0 };
	uint8_t longer[] = { GTPU_PDU_SESSION, 1, 0x10, 9, GTPU_PDCP_LONG, 2, 0xff, 0xab, 0xcd, 0, 0, 0, 0 };
	struct gtpu_packet gtpu;

	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, shorter, sizeof(shorter))), GTPU_SOUND);
	assert_int_equal(gtpu.pdcp, 0xc000abcd);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, longer, sizeof(longer))), GTPU_SOUND);
	assert_int_equal(gtpu.pdcp, 0x8203abcd);
	longer[4] = GTPU_PDCP_LONG_EPS;
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, longer, sizeof(longer))), GTPU_SOUND);
	assert_int_equal(gtpu.pdcp, 0x0303abcd);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, wrong, sizeof(wrong))), GTPU_SOUND);
	assert_int_equal(gtpu.pdcp, 0);
	for (unsigned i = 0; i < 8; i++) {
		const uint32_t numbers[] = { 0, 0xc000abcd, 0x8203abcd, 0x0303abcd };
		uint8_t container = i & 4 ? GTPU_CONTAINER | GTPU_CONTAINER_UP | 9 : 0;
		uint32_t options = gtpu_options(container, numbers[i & 3]);

		memset(bytes, 0xee, sizeof(bytes));
		gtpu_put(bytes, 7, options);
		gtpu_put_options(bytes, container, numbers[i & 3]);
		assert_int_equal(gtpu_read(&gtpu, bytes, GTPU_HEADER + options), GTPU_SOUND);
		assert_int_equal(gtpu.payload, GTPU_HEADER + options);
		assert_int_equal(gtpu.pdcp, numbers[i & 3]);
		assert_int_equal(gtpu.container, container);
		assert_int_equal(bytes[GTPU_HEADER + options], 0xee);
	}
}

static void next_type_counts_only_with_its_flag(void **state)
{
	uint8_t bytes[256], chain[] = { 0xc0, 1, 0, 0, 0 };
	struct gtpu_packet gtpu;
	uint32_t length = message(bytes, GTPU_S, chain, sizeof(chain));

	assert_int_equal(gtpu_read(&gtpu, bytes, length), GTPU_SOUND);
	assert_int_equal(gtpu.payload, 12);
}

static void unknown_types_by_comprehension_bits(void **state)
{
	uint8_t bytes[256];
	struct gtpu_packet gtpu;

	for (unsigned type = 1; type < 256; type++) {
		uint8_t chain[] = { (uint8_t)type, 1, 0, 0, GTPU_PDU_SESSION, 2, 0x10, 9, 0, 0, 0, 0, 0 };
		uint32_t length = message(bytes, GTPU_E, chain, sizeof(chain));
		bool refuse = type >= 0x80 && type != GTPU_PDU_SESSION && type != GTPU_PDCP && type != GTPU_PDCP_LONG;

		assert_int_equal(gtpu_read(&gtpu, bytes, length), refuse ? GTPU_UNKNOWN : GTPU_SOUND);
		assert_int_equal(gtpu.payload, 24);
	}
}

static void chains_end(void **state)
{
	uint8_t bytes[256], chain[1 + 4 * (GTPU_EXTENSIONS + 1)], zero[] = { 0x40, 0, 0, 0, 0 },
								  past[] = { 0x40, 7, 0, 0, 0x40 };
	struct gtpu_packet gtpu;

	chain[0] = 0x40;
	for (unsigned i = 0; i <= GTPU_EXTENSIONS; i++)
		memcpy(chain + 1 + 4 * i, (uint8_t[]){ 1, 0, 0, 0x40 }, 4);
	chain[4 * GTPU_EXTENSIONS] = 0;
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, chain, 1 + 4 * GTPU_EXTENSIONS)), GTPU_SOUND);
	assert_int_equal(gtpu.payload, 12 + 4 * GTPU_EXTENSIONS);
	chain[4 * GTPU_EXTENSIONS] = 0x40;
	chain[4 * (GTPU_EXTENSIONS + 1)] = 0;
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, chain, sizeof(chain))), GTPU_BAD);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, zero, sizeof(zero))), GTPU_BAD);
	assert_int_equal(gtpu_read(&gtpu, bytes, message(bytes, GTPU_E, past, sizeof(past))), GTPU_BAD);
}

static void truncation_is_refused_everywhere(void **state)
{
	uint8_t bytes[256], chain[] = { GTPU_PDU_SESSION, 1, 0x10, 9, 0 };
	struct gtpu_packet gtpu;
	uint32_t length = message(bytes, GTPU_E, chain, sizeof(chain));

	for (uint32_t left = 0; left < length; left++)
		assert_int_equal(gtpu_read(&gtpu, bytes, left), GTPU_BAD);
	assert_int_equal(gtpu_read(&gtpu, bytes, length), GTPU_SOUND);
	assert_int_equal(gtpu_read(&gtpu, bytes, length + 9), GTPU_SOUND);
	assert_int_equal(gtpu.end, length); // what follows is not part of it
	for (uint16_t says = 0; says < 8; says++) {
		be16_put(bytes + 2, says); // ends inside its own options
		assert_int_equal(gtpu_read(&gtpu, bytes, length), GTPU_BAD);
	}
}

static void other_versions_are_refused(void **state)
{
	uint8_t bytes[256];
	struct gtpu_packet gtpu;
	uint32_t length = message(bytes, 0, NULL, 0);

	for (unsigned top = 0; top < 16; top++) {
		bytes[0] = (uint8_t)(top << 4);
		assert_int_equal(gtpu_read(&gtpu, bytes, length), top == 3 ? GTPU_SOUND : GTPU_BAD);
	}
}

static void built_headers_read_back(void **state)
{
	uint8_t bytes[256] = { 0 };
	struct gtpu_packet gtpu;

	gtpu_put(bytes, 0xcafef00d, 100);
	assert_int_equal(gtpu_read(&gtpu, bytes, GTPU_HEADER + 100), GTPU_SOUND);
	assert_int_equal(gtpu.teid, 0xcafef00d);
	assert_int_equal(gtpu.payload, GTPU_HEADER);
	assert_int_equal(gtpu.end, GTPU_HEADER + 100);
	gtpu_put(bytes, 0xcafef00d, GTPU_HEADER_QFI - GTPU_HEADER + 100);
	gtpu_put_qfi(bytes, 63);
	assert_int_equal(gtpu_read(&gtpu, bytes, GTPU_HEADER_QFI + 100), GTPU_SOUND);
	assert_int_equal(gtpu.payload, GTPU_HEADER_QFI);
	assert_int_equal(gtpu.end, GTPU_HEADER_QFI + 100);
	// TS 38.415 5.5.2.1: PDU type 0; QFI in the low six bits of the second octet
	assert_memory_equal(bytes + 8, ((uint8_t[]){ 0, 0, 0, 0x85, 1, 0x00, 63, 0 }), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_share_one_block),
		cmocka_unit_test(containers_are_read),
		cmocka_unit_test(pdcp_numbers),
		cmocka_unit_test(next_type_counts_only_with_its_flag),
		cmocka_unit_test(unknown_types_by_comprehension_bits),
		cmocka_unit_test(chains_end),
		cmocka_unit_test(truncation_is_refused_everywhere),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(built_headers_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
