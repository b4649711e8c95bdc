// arena.c - a list of blocks; the first stays for the next request, so that ordinary requests allocate nothing.
#include "ctrl/kit/arena.h"
#include <stdlib.h>

#define BLOCK_BYTES (1024u * 1024)
#define ALIGNMENT 16u

struct arena_block {
	struct arena_block *older;
	size_t used, bytes;
	_Alignas(ALIGNMENT) unsigned char memory[];
};

static void *allocator_take(void *with, size_t bytes)
{
	return arena_take(with, bytes);
}

static void allocator_give(void *with, void *memory)
{
}

void arena_open(struct arena *arena, size_t limit)
{
	*arena = (struct arena){ .limit = limit };
	arena->allocator = (ProtobufCAllocator){ allocator_take, allocator_give, arena };
}

static void blocks_free(struct arena *arena, const struct arena_block *keep)
{
	while (arena->block && arena->block != keep) {
		struct arena_block *older = arena->block->older;

		free(arena->block);
		arena->block = older;
	}
}

void arena_close(struct arena *arena)
{
	blocks_free(arena, NULL);
}

static int block_add(struct arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct arena_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return -1;
	block->older = arena->block;
	block->used = 0;
	block->bytes = size;
	arena->block = block;
	return 0;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	void *memory;

	if (bytes > arena->limit)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (arena->taken + bytes > arena->limit)
		return NULL;
	if ((!arena->block || arena->block->bytes - arena->block->used < bytes) && block_add(arena, bytes) < 0)
		return NULL;
	memory = arena->block->memory + arena->block->used;
	arena->block->used += bytes;
	arena->taken += bytes;
	return memory;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *first = arena->block;

	while (first && first->older)
		first = first->older;
	blocks_free(arena, first);
	if (first)
		first->used = 0;
	arena->taken = 0;
}
