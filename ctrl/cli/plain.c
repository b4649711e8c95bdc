// plain.c - by the tables that protobuf-c has of every message. Pure but for the room.
#include "ctrl/cli/plain.h"

#include <stdbool.h>
#include <string.h>

#include "ctrl/cli/rules.h"

#define NUMBERS_MAX 64u

void *plain_take(struct plain_room *room, size_t length)
{
	size_t need = (length + 15) & ~(size_t)15;
	void *at = room->bytes + room->used;

	if (need > PLAIN_ROOM - room->used)
		return NULL;
	room->used += need;
	return memset(at, 0, length);
}

static bool is_wide(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_FIXED64;
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
	return is_wide(field) || field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_FIXED32;
}

static json_t *numbers_json(const uint32_t *list, size_t count)
{
	json_t *array = count ? json_array() : NULL;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_integer(list[i]));
	return array;
}

// Null: it has its default value.
static json_t *field_json(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const void *at = (const char *)message + field->offset;
	uint64_t number;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return numbers_json(*(uint32_t *const *)at,
				    *(const size_t *)((const char *)message + field->quantifier_offset));
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		return *(const protobuf_c_boolean *)at ? json_true() : NULL;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return **(char *const *)at ? json_string(*(char *const *)at) : NULL;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(ProtobufCMessage *const *)at ? plain_json(*(ProtobufCMessage *const *)at) : NULL;
	if (!is_number(field))
		return NULL;
	number = is_wide(field) ? *(const uint64_t *)at : *(const uint32_t *)at;
	return number ? json_integer((json_int_t)number) : NULL;
}

json_t *plain_json(const ProtobufCMessage *message)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		json_t *value = field_json(message, field);

		if (value)
			json_object_set_new(object, field->name, value);
	}
	return object;
}

static const char *number_read(const json_t *value, uint64_t most, uint64_t *number)
{
	char room[24];
	const char *word = rules_word(value, room);

	return word ? units_parse_number(word, most, number) : "is not a number";
}

const char *plain_numbers(const json_t *array, size_t most, struct plain_room *room, uint32_t **list, size_t *count)
{
	uint64_t number;

	*count = json_array_size(array);
	if (!json_is_array(array) || *count > most)
		return most <= 8 ? "is not an array of up to 8 numbers" : "is not an array of up to 64 numbers";
	*list = plain_take(room, *count * sizeof(**list));
	if (!*list)
		return "is too much for one session";
	for (size_t i = 0; i < *count; i++) {
		if (number_read(json_array_get(array, i), UINT32_MAX, &number))
			return most <= 8 ? "is not an array of up to 8 numbers" : "is not an array of up to 64 numbers";
		(*list)[i] = (uint32_t)number;
	}
	return NULL;
}

static const char *text_set(char **at, const json_t *value, struct plain_room *room)
{
	char *text;

	if (!json_is_string(value))
		return "is not text";
	text = plain_take(room, json_string_length(value) + 1);
	if (!text)
		return "is too much for one session";
	memcpy(text, json_string_value(value), json_string_length(value));
	*at = text;
	return NULL;
}

static const char *part_set(const ProtobufCFieldDescriptor *field, ProtobufCMessage **at, const json_t *value,
			    struct plain_room *room)
{
	const ProtobufCMessageDescriptor *kind = field->descriptor;
	const char *key;

	if (!json_is_object(value))
		return "is not an object";
	*at = plain_take(room, kind->sizeof_message);
	if (!*at)
		return "is too much for one session";
	kind->message_init(*at);
	return plain_read(*at, value, room, &key);
}

static const char *number_set(const ProtobufCFieldDescriptor *field, void *at, const json_t *value)
{
	uint64_t number;
	const char *why = number_read(value, is_wide(field) ? INT64_MAX : UINT32_MAX, &number);

	if (why)
		return why;
	if (is_wide(field))
		*(uint64_t *)at = number;
	else
		*(uint32_t *)at = (uint32_t)number;
	return NULL;
}

const char *plain_set(ProtobufCMessage *message, const char *key, const json_t *value, struct plain_room *room)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(message->descriptor, key);
	void *at = (char *)message + (field ? field->offset : 0);

	if (!field)
		return "is no field of it";
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return plain_numbers(value, NUMBERS_MAX, room, at,
				     (size_t *)((char *)message + field->quantifier_offset));
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return text_set(at, value, room);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return part_set(field, at, value, room);
	if (field->type != PROTOBUF_C_TYPE_BOOL)
		return is_number(field) ? number_set(field, at, value) : "is no field of it";
	if (!json_is_boolean(value))
		return "is neither true nor false";
	*(protobuf_c_boolean *)at = json_is_true(value);
	return NULL;
}

const char *plain_read(ProtobufCMessage *message, const json_t *object, struct plain_room *room, const char **key)
{
	const char *name, *why;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		why = plain_set(message, name, value, room);
		*key = name;
		if (why)
			return why;
	}
	return NULL;
}
