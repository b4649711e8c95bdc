// tenure.c - owns and gives up shards, and checks their cells a few at a time. State: struct tenure, the loop thread's.
#include "workers/loop/tenure.h"
#include <string.h>
#include "shared/base/faults.h"
#include "workers/loop/picture.h"

void tenure_open(struct tenure *tenure, struct pipe *pipe, const struct plane_view *view, unsigned seat)
{
	*tenure = (struct tenure){ .pipe = pipe, .view = view, .seat = (uint8_t)seat };
}

struct lines tenure_lines(const struct tenure *tenure, uint8_t shard)
{
	return (struct lines){ .region = &tenure->pipe->shard[shard],
			       .shape = &tenure->view->plane->shape,
			       .net = &tenure->view->plane->net };
}

static void set_bit(uint64_t set[SHARDS / 64], uint8_t shard, bool on)
{
	uint64_t bit = 1ull << shard % 64;

	if (on)
		set[shard / 64] |= bit;
	else
		set[shard / 64] &= ~bit;
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

static void taking_end(struct region_header *header, uint8_t seat)
{
	uint32_t taken = atomic_load_explicit(&header->taken, memory_order_relaxed);

	atomic_store_explicit(&header->taken, taken + 1, memory_order_release); // pairs with the courier's acquire
	atomic_thread_fence(memory_order_release);
	header->owner = seat;
}

void tenure_take(struct tenure *tenure, uint8_t shard, bool image)
{
	struct region *region = &tenure->pipe->shard[shard];
	bool current = picture_current(tenure->view->image, shard);
	struct lines lines;

	if (!tenure_has(tenure, shard))
		tenure->held++;
	pipe_own(tenure->pipe, shard, &tenure->view->shards[shard]);
	region->header->owner = PLANE_SEAT_NONE; // until it stands somewhere: the courier tells ctrl where
	if (region->header->magic != REGION_MAGIC || region->header->shard != shard)
		header_renew(region->header, shard);
	FAULT_POINT("tenure.sound");
	lines = tenure_lines(tenure, shard);
	lines_adopt(&lines);
	FAULT_POINT("tenure.adopted");
	if (image && !picture_read(&lines, tenure->view->image))
		current = true;
	FAULT_POINT("tenure.read");
	if (current)
		picture_settle(tenure->view->image, shard);
	picture_unmake(tenure->view->image, shard);
	FAULT_POINT("tenure.settled");
	set_bit(tenure->stale, shard, !current);
	taking_end(region->header, tenure->seat);
	FAULT_POINT("tenure.owner");
	tenure_note(tenure, shard);
}

void tenure_give(struct tenure *tenure, uint8_t shard, bool image)
{
	struct lines lines = tenure_lines(tenure, shard);

	if (!tenure_has(tenure, shard))
		return;
	if (image)
		picture_write(&lines, tenure->view->image);
	FAULT_POINT("tenure.leaving");
	tenure->pipe->shard[shard].header->owner = PLANE_SEAT_NONE;
	FAULT_POINT("tenure.sealed");
	pipe_disown(tenure->pipe, shard);
	tenure->held--;
	set_bit(tenure->stale, shard, false);
}

int tenure_first(const uint64_t set[SHARDS / 64])
{
	for (unsigned word = 0; word < SHARDS / 64; word++)
		if (set[word])
			return (int)(word * 64) + __builtin_ctzll(set[word]);
	return -1;
}

void tenure_note(struct tenure *tenure, uint8_t shard)
{
	tenure->noted[shard] = *tenure->pipe->shard[shard].header;
}

bool tenure_mended(struct tenure *tenure, uint8_t shard)
{
	struct region_header *header = tenure->pipe->shard[shard].header;

	if (!memcmp(header, &tenure->noted[shard], sizeof(*header)))
		return false;
	*header = tenure->noted[shard];
	return true;
}
