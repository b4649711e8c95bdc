// test_packed.c - answers changed where they lie say what they would say if they were packed anew, whatever they are long.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/kit/packed.h"
#include "proto/oss.pb-c.h"

#define FRONT_MAX 17000u // lengths of one, two and three bytes

struct answer {
	Shoal__Oss__Response response;
	Shoal__Oss__Status status;
	Shoal__Oss__SessionAnswer answer;
	Shoal__Oss__Session session;
	Shoal__Oss__UsageReport usage, *usages[1];
	uint8_t front[FRONT_MAX];
};

static void answer_init(struct answer *answer, size_t front)
{
	shoal__oss__response__init(&answer->response);
	shoal__oss__status__init(&answer->status);
	shoal__oss__session_answer__init(&answer->answer);
	shoal__oss__session__init(&answer->session);
	shoal__oss__usage_report__init(&answer->usage);
	memset(answer->front, 0x5a, sizeof(answer->front));
	answer->response.version = 1;
	answer->response.status = &answer->status;
	answer->response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	answer->response.session = &answer->answer;
	answer->answer.session = &answer->session;
	answer->session.id = 7;
	answer->session.front = (ProtobufCBinaryData){ front, answer->front };
	answer->usage.measure = 3;
	answer->usages[0] = &answer->usage;
}

static uint8_t *packed(const struct answer *answer, size_t *length)
{
	uint8_t *bytes;

	*length = shoal__oss__response__get_packed_size(&answer->response);
	bytes = malloc(*length + PACKED_ROOM);
	assert_non_null(bytes);
	shoal__oss__response__pack(&answer->response, bytes);
	return bytes;
}

static void is_applied(struct answer *answer)
{
	Shoal__Oss__Response *heard;
	size_t length, whole;
	uint8_t *bytes = packed(answer, &length);

	assert_int_equal(packed_applied(bytes, &length), 0);
	answer->session.applied = true;
	whole = shoal__oss__response__get_packed_size(&answer->response);
	answer->session.applied = false;
	assert_int_equal(length, whole);
	heard = shoal__oss__response__unpack(NULL, length, bytes);
	assert_non_null(heard);
	assert_true(heard->session->session->applied);
	assert_int_equal(heard->session->session->id, 7);
	assert_int_equal(heard->session->session->front.len, answer->session.front.len);
	assert_int_equal(heard->session->n_usage, answer->answer.n_usage);
	shoal__oss__response__free_unpacked(heard, NULL);
	free(bytes);
}

static void says_applied_of_any_length(void **state)
{
	static struct answer answer;

	for (size_t front = 0; front < FRONT_MAX; front += front < 300 || front > 16200 ? 1 : 97) {
		answer_init(&answer, front);
		is_applied(&answer);
		answer.answer.n_usage = 1; // and something stands behind it
		answer.answer.usage = answer.usages;
		is_applied(&answer);
	}
}

static void leaves_what_has_no_session(void **state)
{
	static struct answer answer;
	size_t length, before;
	uint8_t *bytes;

	answer_init(&answer, 10);
	answer.response.body_case = SHOAL__OSS__RESPONSE__BODY__NOT_SET;
	bytes = packed(&answer, &length);
	before = length;
	assert_int_equal(packed_applied(bytes, &length), -ENOENT);
	assert_int_equal(length, before);
	free(bytes);
}

// Each in memory of its own, so that a byte too far is seen (valgrind, sanitizers).
static void survives_what_is_cut(void **state)
{
	static struct answer answer;
	size_t whole;
	uint8_t *bytes;

	answer_init(&answer, 200);
	bytes = packed(&answer, &whole);
	for (size_t cut = 1; cut < whole; cut++) {
		uint8_t *part = malloc(cut + PACKED_ROOM);
		size_t length = cut;
		int error;

		assert_non_null(part);
		memcpy(part, bytes, cut);
		error = packed_applied(part, &length);
		assert_true(error == -EBADMSG || error == -ENOENT);
		assert_int_equal(length, cut);
		assert_memory_equal(part, bytes, cut);
		free(part);
	}
	free(bytes);
}

static void takes_lengths_that_are_longer_than_they_had_to_be(void **state)
{
	uint8_t bytes[32] = { 0x52, 0x86, 0x80, 0x00, 0x0a, 0x83, 0x00, 0xc8, 0x01, 0x00 };
	size_t length = 10;
	Shoal__Oss__Response *heard;

	assert_int_equal(packed_applied(bytes, &length), 0);
	assert_int_equal(length, 13);
	heard = shoal__oss__response__unpack(NULL, length, bytes);
	assert_non_null(heard);
	assert_true(heard->session->session->applied);
	shoal__oss__response__free_unpacked(heard, NULL);
}

// Whatever the bytes are: what is found lies within them, and it comes to an end.
static void fields_are_within(void **state)
{
	uint64_t random = 1;

	for (unsigned round = 0; round < 200000; round++) {
		size_t length = round % 24;
		uint8_t *bytes = malloc(length + 1), *end = bytes + length;
		const uint8_t *at = bytes;
		struct packed_field field;

		assert_non_null(bytes);
		for (size_t i = 0; i < length; i++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			bytes[i] = random >> 33 & 1 ? (uint8_t)(random >> 40) : (uint8_t)(random >> 40) & 0x1f;
		}
		while (at < end) {
			const uint8_t *before = at;

			if (!packed_next(&at, end, &field))
				break;
			assert_true(at > before && at <= end);
			if (field.wire_type == PACKED_BYTES)
				assert_true(field.bytes >= bytes && field.bytes + field.value == at);
		}
		free(bytes);
	}
}

static void fields_are_what_was_packed(void **state)
{
	static const uint8_t bytes[] = { 0x08, 0x96, 0x01, 0x12, 0x02, 'a', 'b', 0x19, 1,    2,    0,    0,
					 0,    0,    0,    0x80, 0x25, 4,   3,   2,    0x80, 0xa2, 0x01, 0 };
	static const struct packed_field wanted[] = {
		{ 1, PACKED_VARINT, 150, NULL },
		{ 2, PACKED_BYTES, 2, bytes + 5 },
		{ 3, PACKED_FIXED64, 0x8000000000000201ull, NULL },
		{ 4, PACKED_FIXED32, 0x80020304u, NULL },
		{ 20, PACKED_BYTES, 0, bytes + sizeof(bytes) },
	};
	const uint8_t *at = bytes;

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct packed_field field;

		assert_true(packed_next(&at, bytes + sizeof(bytes), &field));
		assert_int_equal(field.number, wanted[i].number);
		assert_int_equal(field.wire_type, wanted[i].wire_type);
		assert_true(field.value == wanted[i].value);
		assert_true(!wanted[i].bytes || field.bytes == wanted[i].bytes);
	}
	assert_ptr_equal(at, bytes + sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_applied_of_any_length),
		cmocka_unit_test(leaves_what_has_no_session),
		cmocka_unit_test(survives_what_is_cut),
		cmocka_unit_test(takes_lengths_that_are_longer_than_they_had_to_be),
		cmocka_unit_test(fields_are_within),
		cmocka_unit_test(fields_are_what_was_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
