// split.c - the packet path on two cores: the first sorts handles and finds lines, the second does the rest of the way; between
// them a ring of ours (shared/plane/ring.h) that carries handles and what was found, never a packet.
//
//   feed: sort, find --hop--> serve: uplinks, downlinks, long     a core each; or by turns on one, to count
#include <rte_launch.h>
#include <rte_lcore.h>
#include <stdlib.h>
#include "shared/plane/ring.h"
#include "tests/bench/graph/forms.h"
#include "workers/pipe/pipe_parts.h"
#include "workers/pipe/pipe_steps.h"

#define HOP_SLOTS LANE_SLOTS

// What crosses: two to a cache line.
struct parcel {
	struct lane_handle handle;
	uint32_t place, line; // as in struct pipe_list
	uint32_t way;         // LINE_WAYS: none
	uint32_t reserved;
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
static void enlist(const struct pipe *pipe, const struct parcel *parcel, unsigned i, struct pipe_list *list)
{
	uint8_t *packet = list->rooms + parcel->place;
	unsigned n = list->n++;

	list->place[n] = parcel->place;
	list->line[n] = parcel->line;
	list->shard[n] = shard_of_teid(parcel->handle.hint);
	memcpy(&list->span[n], &parcel->handle.offset, sizeof(list->span[n]));
	list->handle[n] = i;
	__builtin_prefetch(pipe->bank.lines + parcel->line, 1);
	__builtin_prefetch(packet, 1);
	if (parcel->way == LINE_DOWNLINK)
		__builtin_prefetch(packet - TUNNEL_BYTES, 1);
}

// Takes parcels over, all of rooms of the first zone. Returns a bit for each that has a way.
static uint32_t unpack(const struct form *form, unsigned n, struct lane_handle *handles,
		       struct pipe_list list[LINE_WAYS])
{
	const struct hop *hop = form->own;
	uint32_t listed = 0;

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		list[way].rooms = form->pipe->rooms->base[0];
		list[way].n = 0;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct parcel *parcel = &hop->slot[(hop->taken + i) % HOP_SLOTS];

		handles[i] = parcel->handle;
		if (parcel->way == LINE_WAYS)
			continue;
		enlist(form->pipe, parcel, i, &list[parcel->way]);
		listed |= 1u << i;
	}
	for (unsigned way = 0; way < LINE_WAYS; way++)
		pipe_list_end(&list[way]);
	return listed;
}

__attribute__((noinline)) static unsigned split_serve(struct form *form)
{
	struct hop *hop = form->own;
	int ready = ring_ready(hop->taken, &hop->head, HOP_SLOTS);
	unsigned n = ready < (int)LANE_BURST ? (unsigned)ready : LANE_BURST;
	struct lane_handle handles[LANE_BURST];
	struct pipe_list list[LINE_WAYS];
	uint32_t listed;
	uint64_t now;

	if (!n)
		return 0;
	now = form_now(form);
	listed = unpack(form, n, handles, list);
	pipe_uplinks(form->pipe, handles, &list[LINE_UPLINK], now);
	pipe_downlinks(form->pipe, handles, &list[LINE_DOWNLINK], now);
	for (unsigned i = 0; i < n; i++) {
		if (!(listed >> i & 1))
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
	struct pipe_sorted sorted;

	while (ring_space(hop->filled, &hop->tail, HOP_SLOTS) < (int)n)
		split_wait(form);
	pipe_sort(form->pipe, handles, n, &sorted);
	pipe_find(form->pipe, handles, &sorted);
	for (unsigned i = 0; i < n; i++)
		hop->slot[(hop->filled + i) % HOP_SLOTS] = (struct parcel){ handles[i], 0, 0, LINE_WAYS, 0 };
	for (unsigned way = 0; way < LINE_WAYS; way++)
		for (unsigned k = 0; k < sorted.list[way].n; k++) {
			const struct pipe_list *list = &sorted.list[way];
			struct parcel *parcel = &hop->slot[(hop->filled + list->handle[k]) % HOP_SLOTS];

			parcel->place = list->place[k];
			parcel->line = list->line[k];
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
