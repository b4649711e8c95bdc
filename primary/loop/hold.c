// hold.c - threads waiting packets through their cells. The primary's loop only; allocates at start and never again.
#include "primary/loop/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int hold_init(struct hold *hold, const uint32_t rooms[ROOM_ZONES])
{
	memset(hold, 0, sizeof(*hold));
	for (unsigned zone = 0; zone < ROOM_ZONES; zone++) {
		hold->base[zone] = hold->cells;
		hold->cells += rooms[zone];
	}
	for (unsigned list = 0; list < HOLD_LISTS; list++)
		hold->list[list].payer = HOLD_NOBODY;
	hold->cell = calloc(hold->cells, sizeof(*hold->cell));
	return hold->cell ? 0 : -ENOMEM;
}

void hold_fini(struct hold *hold)
{
	free(hold->cell);
	hold->cell = NULL;
}

static void hold_count(struct hold *hold, unsigned list, const struct lane_handle *handle, int change)
{
	struct hold_list *l = &hold->list[list];

	l->count += (uint32_t)change;
	hold->total += (uint32_t)change;
	hold->count[l->payer] += (uint32_t)change;
	if (handle->code & LEASE_SUSPECT) {
		l->suspects += (uint32_t)change;
		hold->suspects += (uint32_t)change;
		hold->suspect[l->payer] += (uint32_t)change;
	}
	if (list >= SHARDS)
		return;
	if (l->count > 0)
		bits_set(&hold->waiting, list);
	else
		bits_clear(&hold->waiting, list);
}

void hold_push(struct hold *hold, unsigned list, const struct lane_handle *handle)
{
	struct hold_list *l = &hold->list[list];
	uint32_t cell = hold_index(hold, handle->room);

	hold->cell[cell].handle = *handle;
	if (l->count > 0)
		hold->cell[l->last].next = cell;
	else
		l->first = cell;
	l->last = cell;
	hold_count(hold, list, handle, 1);
}

void hold_front(struct hold *hold, unsigned list, const struct lane_handle *handle)
{
	struct hold_list *l = &hold->list[list];
	uint32_t cell = hold_index(hold, handle->room);

	hold->cell[cell].handle = *handle;
	if (l->count > 0)
		hold->cell[cell].next = l->first;
	else
		l->last = cell;
	l->first = cell;
	hold_count(hold, list, handle, 1);
}

// The count says how many places beyond the others a list has; which packets they are does not matter.
static void hold_free(struct hold *hold, struct hold_list *l, uint32_t change)
{
	l->freed += change;
	hold->freed[l->payer] += change;
	hold->freed_total += change;
}

void hold_join(struct hold *hold, unsigned list, uint32_t first, uint32_t last, uint32_t count)
{
	struct hold_list *l = &hold->list[list];

	if (l->count > 0)
		hold->cell[last].next = l->first;
	else
		l->last = last;
	l->first = first;
	hold_free(hold, l, count);
	l->count += count;
	hold->total += count;
	hold->count[l->payer] += count;
	if (list < SHARDS)
		bits_set(&hold->waiting, list);
}

const struct lane_handle *hold_peek(const struct hold *hold, unsigned list)
{
	const struct hold_list *l = &hold->list[list];

	return l->count > 0 ? &hold->cell[l->first].handle : NULL;
}

struct lane_handle hold_pop(struct hold *hold, unsigned list)
{
	struct hold_list *l = &hold->list[list];
	const struct hold_cell *cell = &hold->cell[l->first];

	l->first = cell->next;
	if (l->freed > 0)
		hold_free(hold, l, -1u);
	hold_count(hold, list, &cell->handle, -1);
	return cell->handle;
}

void hold_charge(struct hold *hold, unsigned list, unsigned payer)
{
	struct hold_list *l = &hold->list[list];

	hold->count[l->payer] -= l->count;
	hold->count[payer] += l->count;
	hold->suspect[l->payer] -= l->suspects;
	hold->suspect[payer] += l->suspects;
	hold->freed[l->payer] -= l->freed;
	hold->freed[payer] += l->freed;
	l->payer = (uint8_t)payer;
}
