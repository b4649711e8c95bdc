// pending.c - a pool of nodes and 256 lists of them. State: struct pending, the courier's.
#include "workers/courier/pending.h"
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct node {
	struct change change;
	uint32_t next;
};

struct pending {
	uint32_t used; // nodes in lists
	uint32_t idle; // first free node
	struct {
		uint32_t first, last;
	} list[SHARDS];
	struct node node[PENDING_MAX];
};

void pending_drop_all(struct pending *pending)
{
	memset(pending->list, 0xff, sizeof(pending->list));
	for (uint32_t i = 0; i < PENDING_MAX; i++)
		pending->node[i].next = i + 1 < PENDING_MAX ? i + 1 : NONE;
	pending->idle = 0;
	pending->used = 0;
}

struct pending *pending_make(void)
{
	struct pending *pending = malloc(sizeof(*pending));

	if (pending)
		pending_drop_all(pending);
	return pending;
}

void pending_free(struct pending *pending)
{
	free(pending);
}

unsigned pending_count(const struct pending *pending)
{
	return pending->used;
}

bool pending_has_room(const struct pending *pending, unsigned changes)
{
	return PENDING_MAX - pending->used >= changes;
}

void pending_put(struct pending *pending, const struct change *change)
{
	uint32_t place = pending->idle, last = pending->list[change->shard].last;
	struct node *node = &pending->node[place];

	pending->idle = node->next;
	pending->used++;
	node->change = *change;
	node->next = NONE;
	if (last == NONE)
		pending->list[change->shard].first = place;
	else
		pending->node[last].next = place;
	pending->list[change->shard].last = place;
}

const struct change *pending_first(const struct pending *pending, uint8_t shard)
{
	uint32_t first = pending->list[shard].first;

	return first == NONE ? NULL : &pending->node[first].change;
}

void pending_take(struct pending *pending, uint8_t shard)
{
	uint32_t place = pending->list[shard].first;
	struct node *node = &pending->node[place];

	pending->list[shard].first = node->next;
	if (node->next == NONE)
		pending->list[shard].last = NONE;
	node->next = pending->idle;
	pending->idle = place;
	pending->used--;
}

void pending_drop(struct pending *pending, uint8_t shard)
{
	while (pending_first(pending, shard))
		pending_take(pending, shard);
}
