// plain.h - a message as a JSON object with the names of oss.proto, and back: for parts of a session that have no other form.
//
// Knows numbers, booleans, text, lists of numbers, and messages of these. Memory of what is read is a room of the caller's. Any thread.
#pragma once
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#define PLAIN_ROOM 65536u

struct plain_room {
	size_t used;
	_Alignas(16) uint8_t bytes[PLAIN_ROOM];
};

// Null: it is full.
void *plain_take(struct plain_room *room, size_t length);

// All that has not its default value. The caller owns the result.
json_t *plain_json(const ProtobufCMessage *message);

// Sets one field of a message. Null, or why not.
const char *plain_set(ProtobufCMessage *message, const char *key, const json_t *value, struct plain_room *room);

// Sets all of an object's fields. Null, or why not, and *key the field's name.
const char *plain_read(ProtobufCMessage *message, const json_t *object, struct plain_room *room, const char **key);

// A list of up to `most` numbers.
const char *plain_numbers(const json_t *array, size_t most, struct plain_room *room, uint32_t **list, size_t *count);
