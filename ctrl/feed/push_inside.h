// push_inside.h - what the files of push share: push.c (where each shard stands), push_hear.c (what comes back), push_fill.c (what
// goes out). For them alone.
#pragma once
#include "ctrl/feed/push.h"

#define SECOND_NS 1000000000ull

static inline struct cell *push_cells(const struct push *push)
{
	return push->chains->grid->cells;
}

// The shard stands at `seq`: everything above that number is missing.
void push_stand(struct push *push, uint8_t shard, uint64_t seq);

// The owner stands at `seq`, which is not below what we knew.
void push_advance(struct push *push, uint8_t shard, uint64_t seq, uint64_t now_ns);

// Forgets what is on its way: it will be sent again from where the shard is known to stand.
void push_rewind(struct push *push, uint8_t shard);

// Begins a snapshot of the shard.
void push_sweep(struct push *push, uint8_t shard, uint64_t now_ns);

void push_alarm(const struct push *push, uint8_t shard, const char *text);
