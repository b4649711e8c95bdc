// pack.h - messages into bytes, the same bytes as protobuf-c's, in one pass instead of two.
//
// protobuf-c first goes through a message for its length, then again to write it. Written from its end to its beginning, the length of
// what is inside is known before it has to be said: half the work, and what is empty costs next to nothing. Pure.
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PACK_SHORT 4096u // bytes that most messages fit in

// Writes the message so that it ends where bytes[room] would be. Its length, or -ENOSPC: it is longer, and bytes are spoilt. Messages of
// proto3 alone, whose members are as protobuf-c wants them.
ssize_t pack_into(const ProtobufCMessage *message, uint8_t *bytes, size_t room);

// A message for which memory is to be found as soon as its length is known.
struct pack_draft {
	const ProtobufCMessage *message; // has to live, unchanged, until pack_copy
	size_t length;
	const uint8_t *bytes; // null: it is long, and written by pack_copy
	uint8_t room[PACK_SHORT];
};

void pack_draft(struct pack_draft *draft, const ProtobufCMessage *message);
void pack_copy(const struct pack_draft *draft, uint8_t *to); // draft->length bytes
