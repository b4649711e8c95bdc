// loss.c - gathers what was dropped, by rule, and lends it to who counts. The primary's loop; allocates nothing.
#include "primary/loop/loss.h"

#include <string.h>

#include "primary/loop/loop.h"
#include "primary/loop/move.h"

#define LOSS_NONE UINT32_MAX

void loss_init(struct losses *losses)
{
	memset(losses, 0, sizeof(*losses));
	memset(losses->first, 0xff, sizeof(losses->first)); // LOSS_NONE
	for (uint32_t i = 0; i < LOSSES; i++)
		losses->loss[i].next = i + 1 < LOSSES ? i + 1 : LOSS_NONE;
}

// The newest of the shard may be of the same rule: they mostly come one behind the other.
static bool loss_join(struct losses *losses, const struct loss *more)
{
	uint32_t first = losses->first[more->shard];
	struct loss *loss = first == LOSS_NONE ? NULL : &losses->loss[first];

	if (!loss || loss->slot != more->slot || loss->rule != more->rule ||
	    loss->packets + more->packets > UINT8_MAX || loss->bytes + more->bytes > UINT16_MAX)
		return false;
	loss->packets = (uint8_t)(loss->packets + more->packets);
	loss->bytes = (uint16_t)(loss->bytes + more->bytes);
	return true;
}

void loss_note(struct loop *loop, const struct loss *loss)
{
	struct losses *losses = &loop->losses;
	uint32_t at = losses->unused;

	if (!loss->bytes || loss_join(losses, loss))
		return;
	if (at == LOSS_NONE) {
		loop->tally.losses_lost += loss->packets;
		return;
	}
	losses->unused = losses->loss[at].next;
	losses->loss[at] = *loss;
	losses->loss[at].next = losses->first[loss->shard];
	losses->first[loss->shard] = at;
	bits_set(&losses->waiting, loss->shard);
	losses->count++;
}

// A seat of a build that does not count such never will.
static void loss_lend(struct loop *loop, const struct loss *loss, unsigned seat)
{
	const struct lane_handle handle = { .hint = loss->shard | (uint32_t)loss->slot << 16,
					    .offset = loss->rule,
					    .length = loss->bytes,
					    .port = loss->packets,
					    .code = LANE_LOST };

	if (loop->losers >> seat & 1)
		lane_put(&loop->lane[seat], handle);
	else
		loop->tally.losses_lost += loss->packets;
}

static bool loss_may_go(const struct loop *loop, unsigned shard)
{
	const struct map_shard *now = &loop->map.shard[shard];

	return (now->state == MAP_SERVED || now->state == MAP_LEAVING) && move_may_fence(loop, now->seat);
}

void loss_go(struct loop *loop)
{
	struct losses *losses = &loop->losses;
	struct bits waiting = losses->waiting;

	for (unsigned i = bits_next(&waiting, 0); i < BITS_END; i = bits_next(&waiting, i + 1)) {
		while (losses->first[i] != LOSS_NONE && loss_may_go(loop, i)) {
			uint32_t at = losses->first[i];

			loss_lend(loop, &losses->loss[at], loop->map.shard[i].seat);
			losses->first[i] = losses->loss[at].next;
			losses->loss[at].next = losses->unused;
			losses->unused = at;
			losses->count--;
		}
		if (losses->first[i] == LOSS_NONE)
			bits_clear(&losses->waiting, i);
	}
}

void loss_again(struct loop *loop, const struct lane_handle *lent)
{
	if (lent->code == LANE_LOST)
		loss_note(loop, &(struct loss){ .shard = (uint8_t)lent->hint,
						.slot = (uint16_t)(lent->hint >> 16),
						.rule = lent->offset,
						.packets = lent->port,
						.bytes = lent->length });
}
