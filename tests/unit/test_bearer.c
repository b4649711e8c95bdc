// test_bearer.c - range checks name the field; the digest sees every field and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "shared/wire/bearer.h"

static const struct bearer good = {
	.ue_ipv6 = 0x20010db800450000,
	.ue_ipv4 = 0x0a2d0001,
	.teid = 0x10000,
	.peer_teid = 7,
	.peer_ipv4 = 0xc0000202,
	.uplink = { 1, BEARER_MARK_AF1, BEARER_RED_REMARK },
	.downlink = { 2, BEARER_MARK_EF, BEARER_QFI },
	.qfi = 63,
};

static void refused(struct bearer bearer, const char *expected)
{
	const char *field = "untouched";

	assert_int_equal(bearer_check(&bearer, &field), -EINVAL);
	assert_string_equal(field, expected);
}

static void check_names_the_field(void **state)
{
	const char *field;
	struct bearer bearer = good;

	assert_int_equal(bearer_check(&good, &field), 0);
	bearer.ue_ipv4 = 0;
	assert_int_equal(bearer_check(&bearer, &field), 0);
	bearer.ue_ipv6 = 0;
	refused(bearer, "ue_ipv4");
#define REFUSED(member, value, name) \
	do { \
		struct bearer wrong = good; \
		wrong.member = value; \
		refused(wrong, name); \
	} while (0)
	REFUSED(ue_ipv4, 0xe0000001, "ue_ipv4");
	REFUSED(ue_ipv6, 0xfe80000000000000, "ue_ipv6");
	REFUSED(ue_ipv6, 0xff02000000000000, "ue_ipv6");
	REFUSED(peer_ipv4, 0xffffffff, "peer_ipv4");
	REFUSED(teid, 0, "teid");
	REFUSED(peer_teid, 0, "peer_teid");
	REFUSED(uplink.mark, BEARER_MARK_COUNT, "uplink.mark");
	REFUSED(downlink.mark, BEARER_MARK_COUNT, "downlink.mark");
	REFUSED(uplink.flags, 0x20, "uplink.flags");
	REFUSED(downlink.flags, 0x80, "downlink.flags");
	REFUSED(qfi, 64, "qfi");
	REFUSED(uplink.flags, BEARER_SHEET, "downlink.flags");
	REFUSED(sheet_bytes, 8, "sheet_bytes");
	REFUSED(sheet_sum, 1, "sheet_sum");
	bearer = good;
	bearer.uplink.flags = bearer.downlink.flags = BEARER_SHEET;
	refused(bearer, "sheet_bytes");
	bearer.sheet_bytes = 12;
	refused(bearer, "sheet_bytes");
	bearer.sheet_bytes = 16;
	refused(bearer, "sheet_sum");
	bearer.sheet_sum = 1;
	assert_int_equal(bearer_check(&bearer, &field), 0);
}

static void rate_check_names_the_field(void **state)
{
	struct bearer_rate rate = { 64000, 1500, 0 };
	const char *field;

	assert_int_equal(bearer_rate_check(&rate, &field), 0);
	rate = (struct bearer_rate){ 0, 1500, 0 };
	assert_int_equal(bearer_rate_check(&rate, &field), -EINVAL);
	assert_string_equal(field, "cir_bps");
	rate = (struct bearer_rate){ BEARER_CIR_MAX + 1, 1500, 0 };
	assert_int_equal(bearer_rate_check(&rate, &field), -EINVAL);
	rate = (struct bearer_rate){ 64000, 0, 0 };
	assert_int_equal(bearer_rate_check(&rate, &field), -EINVAL);
	assert_string_equal(field, "cbs_bytes");
	rate = (struct bearer_rate){ 64000, 1, BEARER_BURST_MAX };
	assert_int_equal(bearer_rate_check(&rate, &field), -EINVAL);
	assert_string_equal(field, "ebs_bytes");
}

static void digest_sees_every_byte_but_reserved(void **state)
{
	struct bearer bearer = good;
	uint64_t digest = bearer_digest(5, &good);

	assert_true(bearer_digest(6, &good) != digest);
	for (size_t i = 0; i < sizeof(bearer); i++) {
		bool reserved = i == offsetof(struct bearer, reserved);

		((uint8_t *)&bearer)[i] ^= 1;
		assert_int_equal(bearer_digest(5, &bearer) == digest, reserved);
		((uint8_t *)&bearer)[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_names_the_field),
		cmocka_unit_test(rate_check_names_the_field),
		cmocka_unit_test(digest_sees_every_byte_but_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
