// split.c - the packet path on two cores: the first sorts handles and finds lines, the second does the rest of the way; between
// them a ring of ours (shared/plane/ring.h) that carries handles and what was found, never a packet.
//
//   feed: sort, find --hop--> serve: uplinks, downlinks, long     a core each; or by turns on one, to count
#include <rte_launch.h>
#include <rte_lcore.h>
#include <stdlib.h>
#include "shared/plane/ring.h"
#include "tests/bench/graph/forms.h"
#include "workers/pipe_parts.h"
#include "workers/pipe_steps.h"

#define HOP_SLOTS LANE_SLOTS

// What crosses: two to a cache line. Between processes `line` would be the slot.
struct parcel {
	struct lane_handle handle;
	struct line *line;
	uint32_t way; // LINE_WAYS: none
};
_Static_assert(sizeof(struct parcel) == 32, "none straddles two lines");

struct hop {
	struct ring_index head, tail; // w: first core; second core
	struct ring_index stop;       // w: first core. 1: no more will come
	_Alignas(64) uint32_t filled; // first core's
	_Alignas(64) uint32_t taken;  // second core's
	_Alignas(64) struct parcel slot[HOP_SLOTS];
};

static int split_open(struct form *form)
{
	form->own = aligned_alloc(64, sizeof(struct hop));
	return form->own ? 0 : -1;
}

// A packet whose line was found goes into its way's list, and packet and line are called once more, into this core's cache.
static void enlist(const struct pipe *pipe, struct pipe_steps *steps, struct lane_handle *handle,
		   const struct parcel *parcel)
{
	struct pipe_list *list = &steps->list[parcel->way];
	unsigned n = (unsigned)__builtin_popcount(steps->way[parcel->way]);
	uint8_t *packet = room_at(pipe->rooms, handle->room) + handle->offset;

	pipe_list_add(list, n, handle, packet);
	list->line[n] = parcel->line;
	list->rates[n] = pipe->shard[shard_of_teid(handle->hint)].rates;
	__builtin_prefetch(parcel->line, 1);
	__builtin_prefetch(packet, 1);
	if (parcel->way == LINE_DOWNLINK)
		__builtin_prefetch(packet - TUNNEL_BYTES, 1);
}

// Takes parcels over: what the steps know is as on the other side.
static void unpack(const struct form *form, unsigned n, struct lane_handle *handles, struct pipe_steps *steps)
{
	const struct hop *hop = form->own;

	steps->way[LINE_UPLINK] = steps->way[LINE_DOWNLINK] = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct parcel *parcel = &hop->slot[(hop->taken + i) % HOP_SLOTS];

		handles[i] = parcel->handle;
		if (parcel->way == LINE_WAYS)
			continue;
		enlist(form->pipe, steps, &handles[i], parcel);
		steps->way[parcel->way] |= 1u << i;
	}
	for (unsigned way = 0; way < LINE_WAYS; way++)
		pipe_list_fill(&steps->list[way], (unsigned)__builtin_popcount(steps->way[way]));
}

__attribute__((noinline)) static unsigned split_serve(struct form *form)
{
	struct hop *hop = form->own;
	int ready = ring_ready(hop->taken, &hop->head, HOP_SLOTS);
	unsigned n = ready < (int)LANE_BURST ? (unsigned)ready : LANE_BURST;
	struct lane_handle handles[LANE_BURST];
	struct pipe_steps steps;
	uint64_t now;

	if (!n)
		return 0;
	now = form_now(form);
	unpack(form, n, handles, &steps);
	pipe_uplinks(form->pipe, &steps, now);
	pipe_downlinks(form->pipe, &steps, now);
	for (unsigned i = 0; i < n; i++) {
		if (!((steps.way[LINE_UPLINK] | steps.way[LINE_DOWNLINK]) >> i & 1))
			pipe_long(form->pipe, &handles[i], now);
		form->handles[hop->taken + i] = handles[i];
	}
	if (form->out)
		now = clock_ticks();
	for (unsigned i = 0; form->out && i < n; i++)
		form->out[hop->taken + i] = now;
	hop->taken += n;
	ring_publish(&hop->tail, hop->taken);
	return n;
}

static int split_run(void *arg)
{
	struct form *form = arg;
	struct hop *hop = form->own;

	while (split_serve(form) || !ring_resume(&hop->stop))
		;
	return 0;
}

static void split_begin(struct form *form)
{
	struct hop *hop = form->own;

	hop->filled = hop->taken = 0;
	ring_publish(&hop->head, 0);
	ring_publish(&hop->tail, 0);
	ring_publish(&hop->stop, 0);
	if (form->lcore && rte_eal_remote_launch(split_run, form, form->lcore))
		abort();
}

// Until something has come through: the second core is at it, or there is none and it is our turn to be it.
static void split_wait(struct form *form)
{
	if (form->lcore)
		__builtin_ia32_pause();
	else
		split_serve(form);
}

__attribute__((noinline)) static void split_feed(struct form *form, unsigned n)
{
	struct lane_handle *handles = form->handles + form->fed;
	struct hop *hop = form->own;
	struct pipe_steps steps;

	while (ring_space(hop->filled, &hop->tail, HOP_SLOTS) < (int)n)
		split_wait(form);
	pipe_sort(form->pipe, handles, n, &steps);
	pipe_find(form->pipe, handles, &steps);
	for (unsigned i = 0; i < n; i++)
		hop->slot[(hop->filled + i) % HOP_SLOTS] = (struct parcel){ handles[i], NULL, LINE_WAYS };
	for (unsigned way = 0; way < LINE_WAYS; way++)
		for (unsigned k = 0; k < (unsigned)__builtin_popcount(steps.way[way]); k++) {
			unsigned i = (unsigned)(steps.list[way].handle[k] - handles);
			struct parcel *parcel = &hop->slot[(hop->filled + i) % HOP_SLOTS];

			parcel->line = steps.list[way].line[k];
			parcel->way = way;
		}
	hop->filled += n;
	ring_publish(&hop->head, hop->filled);
	form->fed += n;
}

static unsigned split_done(const struct form *form)
{
	const struct hop *hop = form->own;

	return ring_resume(&hop->tail);
}

static void split_end(struct form *form)
{
	struct hop *hop = form->own;

	while (split_done(form) < form->fed)
		split_wait(form);
	ring_publish(&hop->stop, 1);
	if (form->lcore)
		rte_eal_wait_lcore(form->lcore);
}

const struct form_kind form_split = { "split",    true,       split_open, split_begin,
				      split_feed, split_done, split_wait, split_end };
