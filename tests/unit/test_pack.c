// test_pack.c - whatever a message holds, pack_into writes the bytes that protobuf-c writes, and nothing beyond its room. Messages are made
// at random from their descriptors: all kinds of fields, deep and empty, with fields that this build does not know. And whatever bytes there
// are, unpack makes the message of them that protobuf-c makes, or none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "proto/feed.pb-c.h"
#include "proto/fleet.pb-c.h"
#include "proto/oss.pb-c.h"
#include "proto/pack.h"
#include "proto/store.pb-c.h"
#include "proto/unpack.h"

#define ROUNDS 400u
#define DEEP 4u
#define MEMORY (4u << 20)
#define GUARD 0xa5

static const ProtobufCMessageDescriptor *const kinds[] = {
	&shoal__oss__request__descriptor,    &shoal__oss__response__descriptor, &shoal__oss__event__descriptor,
	&shoal__feed__word__descriptor,      &shoal__fleet__order__descriptor,  &shoal__fleet__answer__descriptor,
	&shoal__store__session__descriptor,  &shoal__store__key__descriptor,    &shoal__store__closed__descriptor,
	&shoal__store__measured__descriptor, &shoal__store__report__descriptor,
};

static struct {
	uint64_t random;
	size_t used;
	_Alignas(16) uint8_t memory[MEMORY];
} made;

static uint64_t number(void)
{
	made.random ^= made.random << 13;
	made.random ^= made.random >> 7;
	made.random ^= made.random << 17;
	return made.random >> 8;
}

static bool one_of(unsigned n)
{
	return number() % n == 0;
}

static void *take(size_t bytes)
{
	void *memory = made.memory + made.used;

	made.used += (bytes + 15) / 16 * 16;
	assert_true(made.used <= MEMORY);
	return memset(memory, 0, bytes);
}

static size_t length(void)
{
	return one_of(300) ? number() % 9000 : one_of(20) ? number() % 300 : number() % 6;
}

static char *text(void)
{
	size_t letters = length();
	char *to = take(letters + 1);

	for (size_t i = 0; i < letters; i++)
		to[i] = (char)('a' + number() % 26);
	return to;
}

static ProtobufCMessage *message(const ProtobufCMessageDescriptor *kind, unsigned deep);

// Numbers of each length, the largest and negative ones too.
static uint64_t value(void)
{
	return one_of(4) ? 0 : one_of(8) ? UINT64_MAX : (number() << 8 | number()) >> number() % 64;
}

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return 8;
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static void member(const ProtobufCFieldDescriptor *field, uint8_t *to, unsigned deep)
{
	uint64_t word = value();
	const void *pointer = NULL;
	ProtobufCBinaryData data;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		pointer = text();
		memcpy(to, &pointer, sizeof(pointer));
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		pointer = message(field->descriptor, deep + 1);
		memcpy(to, &pointer, sizeof(pointer));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		data.len = length();
		data.data = take(data.len + 1);
		memset(data.data, (int)number(), data.len);
		memcpy(to, &data, sizeof(data));
		break;
	default:
		memcpy(to, &word, size_of(field->type));
	}
}

static void repeated(const ProtobufCFieldDescriptor *field, uint8_t *of, unsigned deep)
{
	size_t count = deep < DEEP ? number() % 5 : 0;
	uint8_t *first = take(count * size_of(field->type) + 1);

	for (size_t i = 0; i < count; i++)
		member(field, first + i * size_of(field->type), deep);
	memcpy(of + field->quantifier_offset, &count, sizeof(count));
	memcpy(of + field->offset, &first, sizeof(first));
}

static void unknown(ProtobufCMessage *to)
{
	to->n_unknown_fields = 1 + (unsigned)(number() % 2);
	to->unknown_fields = take(to->n_unknown_fields * sizeof(*to->unknown_fields));
	for (unsigned i = 0; i < to->n_unknown_fields; i++) {
		to->unknown_fields[i].tag = 1000 + (uint32_t)(number() % 5000);
		to->unknown_fields[i].wire_type = PROTOBUF_C_WIRE_TYPE_VARINT;
		to->unknown_fields[i].len = 1;
		to->unknown_fields[i].data = take(1);
	}
}

static void field_make(const ProtobufCFieldDescriptor *field, uint8_t *of, unsigned deep)
{
	uint32_t choice;

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		repeated(field, of, deep);
	} else if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		memcpy(&choice, of + field->quantifier_offset, sizeof(choice));
		if (choice || !one_of(6))
			return;
		memcpy(of + field->quantifier_offset, &field->id, sizeof(field->id));
		if (!one_of(5)) // chosen, and not there
			member(field, of + field->offset, deep);
	} else if (!one_of(3) && (field->type != PROTOBUF_C_TYPE_MESSAGE || deep < DEEP)) {
		member(field, of + field->offset, deep);
	}
}

static ProtobufCMessage *message(const ProtobufCMessageDescriptor *kind, unsigned deep)
{
	ProtobufCMessage *to = take(kind->sizeof_message);

	protobuf_c_message_init(kind, to);
	for (unsigned i = 0; i < kind->n_fields; i++)
		field_make(&kind->fields[i], (uint8_t *)to, deep);
	if (one_of(10))
		unknown(to);
	return to;
}

static void each(void (*look)(const ProtobufCMessage *one))
{
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			made.random = 0x9e3779b97f4a7c15ull * (round + 1) + i;
			made.used = 0;
			look(message(kinds[i], 0));
		}
}

static size_t packed(const ProtobufCMessage *one, uint8_t **bytes)
{
	size_t size = protobuf_c_message_get_packed_size(one);

	*bytes = malloc(size + 1);
	assert_int_equal(protobuf_c_message_pack(one, *bytes), size);
	return size;
}

static void same_look(const ProtobufCMessage *one)
{
	uint8_t *wanted, *got;
	size_t size = packed(one, &wanted);

	got = malloc(size + 7);
	assert_int_equal(pack_into(one, got, size + 7), size);
	assert_memory_equal(got + 7, wanted, size);
	free(got);
	free(wanted);
}

static void test_the_bytes_are_protobufs(void **state)
{
	each(same_look);
}

// Room for the last bytes alone, for all but one, for all.
static void room_look(const ProtobufCMessage *one)
{
	uint8_t *wanted, *got;
	size_t size = packed(one, &wanted);

	got = malloc(size + 2);
	for (size_t room = 0; room <= size; room += size / 7 + 1) {
		memset(got, GUARD, size + 2);
		assert_int_equal(pack_into(one, got + 1, room), room < size ? -ENOSPC : (ssize_t)size);
		assert_int_equal(got[0], GUARD);
		assert_int_equal(got[room + 1], GUARD);
	}
	assert_int_equal(pack_into(one, got, size), size);
	assert_memory_equal(got, wanted, size);
	free(got);
	free(wanted);
}

static void test_what_has_no_room_is_refused(void **state)
{
	each(room_look);
}

static unsigned of_length[2]; // drafts: short, long

static void draft_look(const ProtobufCMessage *one)
{
	struct pack_draft draft;
	uint8_t *wanted, *got;
	size_t size = packed(one, &wanted);

	pack_draft(&draft, one);
	assert_int_equal(draft.length, size);
	of_length[!draft.bytes]++;
	got = malloc(size + 1);
	got[size] = GUARD;
	pack_copy(&draft, got);
	assert_memory_equal(got, wanted, size);
	assert_int_equal(got[size], GUARD);
	free(got);
	free(wanted);
}

static void test_drafts_are_copied_long_and_short(void **state)
{
	each(draft_look);
	assert_true(of_length[0] && of_length[1]);
}

// ---- Unpacked

static unsigned of_bytes[2]; // none, a message

static void *room_take(void *arg, size_t bytes)
{
	return made.used + bytes + 16 > MEMORY ? NULL : memset(take(bytes), GUARD, bytes);
}

static void room_give(void *arg, void *memory)
{
}

static void same_message(const ProtobufCMessage *got, const ProtobufCMessage *wanted);

static void same_value(const ProtobufCFieldDescriptor *field, const uint8_t *got, const uint8_t *wanted)
{
	const ProtobufCBinaryData *one = (const void *)got, *other = (const void *)wanted;
	const void *const *pointer = (const void *)got, *const *pointed = (const void *)wanted;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		assert_string_equal(*pointer, *pointed);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		assert_int_equal(one->len, other->len);
		if (one->len)
			assert_memory_equal(one->data, other->data, one->len);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		assert_int_equal(!*pointer, !*pointed);
		if (*pointer)
			same_message(*pointer, *pointed);
		break;
	default:
		assert_memory_equal(got, wanted, size_of(field->type));
	}
}

static void same_member(const ProtobufCFieldDescriptor *field, const uint8_t *got, const uint8_t *wanted)
{
	bool many = field->label == PROTOBUF_C_LABEL_REPEATED, one_of_some = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
	const uint8_t *at = got + field->offset, *to = wanted + field->offset;
	size_t count = 1;

	if (one_of_some) {
		assert_memory_equal(got + field->quantifier_offset, wanted + field->quantifier_offset,
				    sizeof(uint32_t));
		count = !memcmp(got + field->quantifier_offset, &field->id, sizeof(field->id));
	}
	if (many) {
		memcpy(&count, wanted + field->quantifier_offset, sizeof(count));
		assert_memory_equal(got + field->quantifier_offset, &count, sizeof(count));
		memcpy(&at, got + field->offset, sizeof(at));
		memcpy(&to, wanted + field->offset, sizeof(to));
	}
	for (size_t i = 0; i < count; i++)
		same_value(field, at + i * size_of(field->type), to + i * size_of(field->type));
}

static void same_message(const ProtobufCMessage *got, const ProtobufCMessage *wanted)
{
	assert_ptr_equal(got->descriptor, wanted->descriptor);
	assert_int_equal(got->n_unknown_fields, wanted->n_unknown_fields);
	for (unsigned i = 0; i < wanted->descriptor->n_fields; i++)
		same_member(&wanted->descriptor->fields[i], (const uint8_t *)got, (const uint8_t *)wanted);
}

static void same_bytes(const ProtobufCMessageDescriptor *kind, const uint8_t *bytes, size_t size)
{
	ProtobufCAllocator allocator = { room_take, room_give, NULL };
	ProtobufCMessage *wanted = protobuf_c_message_unpack(kind, NULL, size, bytes);
	const ProtobufCMessage *got = unpack(kind, &allocator, bytes, size);

	of_bytes[!!wanted]++;
	assert_int_equal(!!got, !!wanted);
	if (!wanted)
		return;
	same_message(got, wanted);
	protobuf_c_message_free_unpacked(wanted, NULL);
}

// As they are packed, and behind one another, which joins them; then cut off, and with a byte that is another one.
static void unpacked_look(const ProtobufCMessage *one)
{
	uint8_t *bytes, *twice;
	size_t size = packed(one, &bytes), used = made.used;

	twice = malloc(2 * size + 1);
	memcpy(twice, bytes, size);
	memcpy(twice + size, bytes, size);
	same_bytes(one->descriptor, bytes, size);
	same_bytes(one->descriptor, twice, 2 * size);
	for (unsigned i = 0; i < 60 && size; i++) {
		size_t at = number() % size;
		uint8_t was = bytes[at];

		made.used = used;
		same_bytes(one->descriptor, bytes, at);
		bytes[at] = (uint8_t)(one_of(2) ? number() : was ^ 1u << number() % 8);
		same_bytes(one->descriptor, bytes, size);
		bytes[at] = was;
	}
	free(twice);
	free(bytes);
}

static void test_the_messages_are_protobufs(void **state)
{
	// wait_applied, in ten bytes: all that it says is beyond a number's 64 bits.
	const uint8_t beyond[] = { 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e };

	made.used = 0;
	same_bytes(&shoal__oss__session_create__descriptor, beyond, sizeof(beyond));
	each(unpacked_look);
	assert_true(of_bytes[false] > 1000 && of_bytes[true] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bytes_are_protobufs),
		cmocka_unit_test(test_what_has_no_room_is_refused),
		cmocka_unit_test(test_drafts_are_copied_long_and_short),
		cmocka_unit_test(test_the_messages_are_protobufs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
