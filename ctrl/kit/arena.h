// arena.h - memory for one request at a time: taken in a row, given back all at once, never beyond a limit.
//
// A hostile message of 1 MiB can unpack into a hundred times as much; the limit makes that a refusal instead of an outage. The
// main thread owns it.
#pragma once
#include <stddef.h>
#include <protobuf-c/protobuf-c.h>

struct arena {
	ProtobufCAllocator allocator; // for ..._unpack: takes from this arena, frees nothing
	struct arena_block *block;    // newest first
	size_t taken, limit;
};

void arena_open(struct arena *arena, size_t limit);
void arena_close(struct arena *arena);

void *arena_take(struct arena *arena, size_t bytes); // aligned for anything; null: over the limit or no memory
void arena_reset(struct arena *arena);               // everything taken is gone
