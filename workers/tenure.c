// tenure.c - owns and gives up shards, and checks their cells a few at a time. State: struct tenure, the loop thread's.
#include "workers/tenure.h"
#include <string.h>
#include "shared/base/faults.h"

void tenure_open(struct tenure *tenure, struct pipe *pipe, const struct plane_view *view, unsigned seat)
{
	*tenure = (struct tenure){ .pipe = pipe, .view = view, .seat = (uint8_t)seat };
}

struct lines tenure_lines(const struct tenure *tenure, uint8_t shard)
{
	return (struct lines){ &tenure->pipe->shard[shard], &tenure->view->plane->shape, &tenure->view->plane->net, 0 };
}

static void unread_set(struct tenure *tenure, uint8_t shard, bool unread)
{
	uint64_t bit = 1ull << shard % 64;

	if (unread)
		tenure->unread[shard / 64] |= bit;
	else
		tenure->unread[shard / 64] &= ~bit;
	tenure->unread_slot = 0; // the lowest shard may be another one now; looking twice does no harm
}

// Cells keep serving packets if their own check holds; what they add up to is no longer known.
static void header_renew(struct region_header *header, uint8_t shard)
{
	atomic_store_explicit(&header->seq, 0, memory_order_relaxed);
	atomic_store_explicit(&header->epoch, 0, memory_order_relaxed);
	atomic_store_explicit(&header->digest, 0, memory_order_relaxed);
	atomic_store_explicit(&header->sessions, 0, memory_order_relaxed);
	header->shard = shard;
	header->magic = REGION_MAGIC;
}

void tenure_take(struct tenure *tenure, uint8_t shard)
{
	struct region *region = &tenure->pipe->shard[shard];
	struct lines lines;

	if (!tenure_has(tenure, shard))
		tenure->held++;
	*region = tenure->view->shards[shard];
	if (region->header->magic != REGION_MAGIC || region->header->shard != shard)
		header_renew(region->header, shard);
	FAULT_POINT("tenure.sound");
	region->header->owner = tenure->seat;
	FAULT_POINT("tenure.owner");
	lines = tenure_lines(tenure, shard);
	lines_adopt(&lines);
	FAULT_POINT("tenure.adopted");
	unread_set(tenure, shard, true);
}

void tenure_give(struct tenure *tenure, uint8_t shard)
{
	if (!tenure_has(tenure, shard))
		return;
	FAULT_POINT("tenure.leaving");
	tenure->pipe->shard[shard].header->owner = PLANE_SEAT_NONE;
	FAULT_POINT("tenure.sealed");
	tenure->pipe->shard[shard].header = NULL;
	tenure->held--;
	unread_set(tenure, shard, false);
}

// The lowest shard still to be looked at, or -1.
static int unread_first(const struct tenure *tenure)
{
	for (unsigned word = 0; word < SHARDS / 64; word++)
		if (tenure->unread[word])
			return (int)(word * 64) + __builtin_ctzll(tenure->unread[word]);
	return -1;
}

bool tenure_look(struct tenure *tenure, unsigned budget)
{
	int shard;

	while (budget && (shard = unread_first(tenure)) >= 0) {
		struct lines lines = tenure_lines(tenure, (uint8_t)shard);

		for (; budget && tenure->unread_slot < lines.shape->slots; budget--)
			lines_validate_slot(&lines, tenure->unread_slot++);
		if (tenure->unread_slot == lines.shape->slots)
			unread_set(tenure, (uint8_t)shard, false);
	}
	return unread_first(tenure) >= 0;
}
