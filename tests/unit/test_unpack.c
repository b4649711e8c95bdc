// test_unpack.c - what is plain is read in one pass: protobuf-c, which is counted here, is asked about the rest alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "proto/oss.pb-c.h"
#include "proto/pack.h"
#include "proto/unpack.h"

static unsigned asked;

ProtobufCMessage *protobuf_c_message_unpack(const ProtobufCMessageDescriptor *kind, ProtobufCAllocator *allocator,
					    size_t length, const uint8_t *bytes)
{
	ProtobufCMessage *(*theirs)(const ProtobufCMessageDescriptor *, ProtobufCAllocator *, size_t, const uint8_t *);
	void *found = dlsym(RTLD_NEXT, "protobuf_c_message_unpack");

	memcpy(&theirs, &found, sizeof(theirs));
	asked++;
	return theirs(kind, allocator, length, bytes);
}

static struct {
	_Alignas(16) uint8_t bytes[1u << 16];
	size_t used;
} memory;

static void *take(void *with, size_t bytes)
{
	void *at = memory.bytes + memory.used;

	memory.used += (bytes + 15) / 16 * 16;
	assert_true(memory.used <= sizeof(memory.bytes));
	return at;
}

static void give(void *with, void *at)
{
}

static Shoal__Oss__Request *made_of(const uint8_t *bytes, size_t length)
{
	ProtobufCAllocator allocator = { take, give, NULL };

	asked = 0;
	memory.used = 0;
	return unpack(&shoal__oss__request__descriptor, &allocator, bytes, length);
}

// Numbers of ten bytes, lists of numbers and of messages, texts, bytes: the whole of a session as a front end asks for it.
static size_t request(uint8_t *bytes, size_t room)
{
	static uint8_t key[32] = { 1, [31] = 0xff }, front[600];
	static uint32_t ids[] = { 1, 300, UINT32_MAX }, linked[] = { 7 };
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	Shoal__Oss__Measure measure = SHOAL__OSS__MEASURE__INIT, *measures[] = { &measure, &measure };
	Shoal__Oss__Rule rule = SHOAL__OSS__RULE__INIT, *rules[] = { &rule, &rule };
	uint32_t query[] = { 7, 8 };
	size_t length;

	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	request.deadline_ms = 8000;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	modify.session = &session;
	modify.query = query;
	modify.n_query = 2;
	session.id = UINT64_MAX;
	session.owner = "pfcp:10.0.0.1#1";
	session.front = (ProtobufCBinaryData){ sizeof(front), front };
	session.measures = measures;
	session.n_measures = 2;
	measure.id = 7;
	measure.dropped_bytes = UINT64_MAX;
	measure.dropped_packets = 1ull << 63;
	measure.linked_ids = linked;
	measure.n_linked_ids = 1;
	session.rules = rules;
	session.n_rules = 2;
	rule.measure_ids = ids;
	rule.n_measure_ids = 3;
	length = shoal__oss__request__get_packed_size(&request);
	assert_true(length <= room);
	return shoal__oss__request__pack(&request, bytes) == length ? length : 0;
}

static void what_is_plain_is_read_in_one_pass(void **state)
{
	uint8_t bytes[2048], again[2048];
	size_t length = request(bytes, sizeof(bytes));
	Shoal__Oss__Request *made = made_of(bytes, length);

	assert_non_null(made);
	assert_int_equal(asked, 0);
	assert_true(made->session_modify->session->id == UINT64_MAX);
	assert_int_equal(shoal__oss__request__get_packed_size(made), length);
	assert_int_equal(shoal__oss__request__pack(made, again), length);
	assert_memory_equal(bytes, again, length);
}

// Something it does not know, a number that is too long for one, and two messages that are joined.
static void what_is_not_is_protobufs(void **state)
{
	static const uint8_t unknown[] = { 0xf8, 0x7f, 1 }, twice[] = { 0x6a, 0, 0x6a, 0 },
			     beyond[] = { 0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2 };

	assert_non_null(made_of(unknown, sizeof(unknown)));
	assert_true(asked);
	made_of(beyond, sizeof(beyond));
	assert_true(asked);
	assert_non_null(made_of(twice, 2));
	assert_int_equal(asked, 0);
	assert_non_null(made_of(twice, sizeof(twice)));
	assert_true(asked);
	assert_null(made_of(twice, 1)); // cut off
	assert_true(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_plain_is_read_in_one_pass),
		cmocka_unit_test(what_is_not_is_protobufs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
