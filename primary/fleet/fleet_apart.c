// fleet_apart.c - the quarantine as ctrl orders it, and what the loop has added by itself meanwhile. The fleet thread only.
//
// The order replaces the whole table. It must not set free whom the loop has set apart since ctrl looked: the order says
// up to which event ctrl has heard, and the loop is told up to which of its additions we have.
#include <errno.h>
#include <stdlib.h>

#include "primary/fleet/fleet_inside.h"

void fleet_apart(struct fleet *fleet, const struct record *record)
{
	if (!record->number)
		return;
	fleet->owns = record->number;
	fleet->own[record->number % FLEET_OWN] = (struct fleet_own){ record->suspect, fleet->journal.last };
}

static unsigned list_fill(const struct fleet *fleet, const Shoal__Fleet__Quarantine *order,
			  struct quarantine_suspect *list)
{
	unsigned n = 0;

	for (size_t i = 0; i < order->n_suspects; i++)
		list[n++] = (struct quarantine_suspect){ order->suspects[i]->teid, order->suspects[i]->ipv4,
							 order->suspects[i]->ipv6, 0 };
	for (unsigned i = 0; i < FLEET_OWN && n < QUARANTINE_MAX; i++)
		if (fleet->own[i].event > order->heard)
			list[n++] = fleet->own[i].suspect;
	return n;
}

int fleet_quarantine(struct fleet *fleet, const Shoal__Fleet__Quarantine *order)
{
	struct post_word word = { .verb = POST_QUARANTINE, .shard = fleet->owns };

	if (order->n_suspects > QUARANTINE_MAX)
		return -E2BIG;
	word.list = calloc(QUARANTINE_MAX, sizeof(struct quarantine_suspect));
	if (!word.list)
		return -ENOMEM;
	word.value = list_fill(fleet, order, word.list);
	if (post_put(fleet->part.orders, word))
		return 0;
	free(word.list);
	return -EBUSY;
}

void fleet_refused_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	const struct quarantine *quarantine = fleet->part.quarantine;

	state->n_refused = atomic_load_explicit(&quarantine->count, memory_order_acquire);
	state->refused = fleet->state.refused;
	for (size_t i = 0; i < state->n_refused; i++)
		state->refused[i] = atomic_load_explicit(&quarantine->refused[i], memory_order_relaxed);
}
