// unpack.h - bytes into messages: the message that protobuf-c would make of them, in one pass where they are plain.
//
// protobuf-c notes each field of a message and then goes through its notes. Most messages are short, know all of their fields, and say each
// once: they are read as they come. Whatever else comes is left to protobuf-c, which alone says what is a message and what is none. Pure.
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#define UNPACK_SHORT \
	16384u // bytes; longer ones are protobuf-c's at once, for what an attempt has taken is not given back

// Memory is the allocator's, which gives all of it back at once (ctrl/arena.h). Messages of proto3 alone. Null: not such a message, or no
// memory.
void *unpack(const ProtobufCMessageDescriptor *kind, ProtobufCAllocator *allocator, const uint8_t *bytes,
	     size_t length);
