// coming.c - pieces in order, and nothing believed before the SET. State: struct region_coming of the shard.
#include "workers/loop/coming.h"
#include <errno.h>
#include <string.h>
#include "shared/base/faults.h"

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst); // as in lines.c
}

// Whether what has come is of the sheet this change is about.
static bool is_of(const struct region_coming *coming, const struct change *change)
{
	return coming->bytes && coming->prev == change->prev && coming->slot == change->slot &&
	       coming->epoch == change->epoch;
}

static void begin(struct region_coming *coming, const struct change *change)
{
	coming->bytes = 0;
	barrier();
	FAULT_POINT("part.begun");
	coming->prev = change->prev;
	coming->slot = change->slot;
	coming->epoch = change->epoch;
}

int coming_take(const struct lines *lines, const struct change *change)
{
	struct region_coming *coming = region_coming(lines->region, lines->shape);
	uint32_t offset = change->part.offset, end = offset + change->part.bytes;

	if (!coming || change->slot >= lines->shape->slots || !change->part.bytes ||
	    change->part.bytes > CHANGE_PART_BYTES || end > lines->shape->sheet * 64u)
		return -EINVAL;
	if (offset && !is_of(coming, change))
		return -ENODATA;
	if (offset && end <= coming->bytes)
		return 0;
	if (offset && offset != coming->bytes)
		return -ENODATA;
	if (!offset)
		begin(coming, change);
	memcpy((uint8_t *)(coming + 1) + offset, change->part.data, change->part.bytes);
	barrier();
	FAULT_POINT("part.written");
	coming->bytes = end;
	FAULT_POINT("part.taken");
	return 0;
}

int coming_sheet(const struct lines *lines, const struct change *change, const struct sheet **sheet)
{
	const struct region_coming *coming = region_coming(lines->region, lines->shape);
	const char *field;

	if (!coming || change->bearer.sheet_bytes > lines->shape->sheet * 64u)
		return -EINVAL;
	if (!is_of(coming, change) || coming->bytes != change->bearer.sheet_bytes ||
	    sheet_sum(coming + 1, coming->bytes) != change->bearer.sheet_sum)
		return -ENODATA;
	*sheet = (const struct sheet *)(coming + 1);
	if (sheet_check(*sheet, coming->bytes, &field) || !lines_rules_fit(lines->shape, *sheet))
		return -EINVAL;
	return 0;
}
