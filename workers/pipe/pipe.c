// pipe.c - a burst: its handles sorted into ways, everything called into the cache, lines found. Owned by the worker's loop; one
// thread.
//
// Handles are looked at eight at a time, in columns: their hints say where sessions' lines lie, so headers and lines are called into the
// cache at once, for the next burst before this one is worked on. Then each way's packets go the short way (pipe_up.c,
// pipe_down.c). What is not like most packets goes the long way (pipe_long.c), and the short way has changed nothing until it knows.
#include "workers/pipe/pipe.h"
#include "workers/lines/foreign.h"
#include "workers/pipe/columns_steps.h"
#include "workers/pipe/pipe_eight.h"
#include "workers/pipe/pipe_steps.h"
#include "workers/pipe/pipe_words.h"

#define FOR_EACH_BIT(i, word) \
	for (uint64_t i, left_ = (word); left_ && (i = (uint32_t)__builtin_ctz((uint32_t)left_), true); \
	     left_ &= left_ - 1)

_Static_assert(COLUMNS == 8, "lists have as much space behind them");

#define FEW 4u // packets: for fewer, eight at once are not worth the while, and all go the long way

static void orders_make(uint8_t orders[256][8])
{
	for (unsigned bits = 0; bits < 256; bits++)
		for (unsigned i = 0, n = 0; i < 8; i++)
			if (bits >> i & 1)
				orders[bits][n++] = (uint8_t)i;
}

struct line pipe_nobody;

void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape, const struct region *shards)
{
	*pipe = (struct pipe){ .net = net, .rooms = rooms, .shape = *shape, .byte_tokens = 8 * net->clock_hz };
	pipe->called = LANE_BURST;
	pipe->bank = (struct pipe_bank){ .lines = shards->uplink,
					 .rates = shards->rates,
					 .stride = (uint32_t)(shards[1].uplink - shards->uplink),
					 .downlink = (uint32_t)(shards->downlink - shards->uplink) };
	for (unsigned i = 0; i < net->pools; i++) {
		pipe->hinted[i] = net->pool[i];
		if (net->places)
			pipe->hinted[i].ipv4 = net->pool[i].first_slot << SHARD_BITS;
	}
	orders_make(pipe->orders);
}

void pipe_own(struct pipe *pipe, uint8_t shard, const struct region *region)
{
	pipe->shard[shard] = *region;
	pipe->ours[shard / 32] |= 1u << shard % 32;
}

void pipe_disown(struct pipe *pipe, uint8_t shard)
{
	pipe->shard[shard] = (struct region){ 0 };
	pipe->ours[shard / 32] &= ~(1u << shard % 32);
}

// What a handle must be like, the same for a burst.
struct sort_limits {
	uint32_t first, last; // room of the zone, and how many follow
	uint32_t up_most, down_most;
	uint32_t slots; // mask
};

// The slots that the pools have for IPv4 addresses, whose last bytes say nothing: the first pool's that holds it; UINT32_MAX: none does.
// Where a pool has no IPv4, or a packet, the line that is found does not agree, and the long way looks again.
PIPE_STEP COLUMN pool_slots(const struct pipe *pipe, COLUMN address)
{
	COLUMN slot = ~(COLUMN){ 0 };

#pragma GCC unroll 1
	for (const struct shard_pool *pool = pipe->hinted + pipe->net->pools; pool-- > pipe->hinted;) {
		COLUMN row = (address - pool->ipv4) >> SHARD_BITS; // far beyond the last for addresses below the first
		COLUMN inside = (COLUMN)((COLUMN_SIGNED)row < (int32_t)pool->rows);

		slot = (slot & ~inside) | ((row + pool->first_slot) & inside);
	}
	return slot;
}

// Of TEIDs where packets go up, else of addresses.
PIPE_STEP COLUMN hinted_slots(const struct pipe *pipe, const struct sort_limits *limits, COLUMN hint, COLUMN up)
{
	return (hint >> SHARD_BITS & limits->slots & up) | (pool_slots(pipe, hint) & ~up);
}

// What is said of eight handles.
struct sort_eight {
	COLUMN place, line, shard, span;
	uint32_t way[LINE_WAYS], elsewhere; // bits
};

// Packets too large or too small for the short way are left to the long one. Whatever is out of its range is below zero here: all are
// small numbers, or should be.
PIPE_STEP void sort_eight(const struct pipe *pipe, const struct sort_limits *limits, const struct lane_handle *handles,
			  struct sort_eight *eight)
{
	COLUMN word[4], room, offset, length, bad, up, down, slot, there;
	const void *at[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++)
		at[i] = handles + i;
	columns_take(word, at, 0);
	room = word[0] - limits->first;
	offset = word[2] & pipe_words.low;
	length = word[2] >> 16;
	bad = room | (limits->last - room) | (pipe_words.stride - offset - length);
	up = (COLUMN)(word[3] >> (LANE_WORD_CODE - 32) == pipe_words.uplink);
	down = (COLUMN)(word[3] >> (LANE_WORD_CODE - 32) == pipe_words.downlink);
	slot = hinted_slots(pipe, limits, word[1], up);
	there = (slot - pipe->shape.slots) & ~slot;
	eight->place = room * pipe_words.stride + offset;
	eight->span = word[2];
	eight->shard = word[1] & pipe_words.byte;
	eight->line = eight->shard * pipe->bank.stride + slot + (~up & pipe->bank.downlink);
	up &= ~(bad | (length - pipe_words.up_least) | (limits->up_most - length));
	down &=
	    ~(bad | (length - pipe_words.down_least) | (limits->down_most - length) | (offset - pipe_words.front_qfi));
	eight->way[LINE_UPLINK] = columns_signs(up & there);
	eight->way[LINE_DOWNLINK] = columns_signs(down & there);
	eight->elsewhere = columns_signs(down & slot);
}

// Those of eight whose bits are set, one after the other, behind the list. What is behind them in turn means nothing.
PIPE_STEP void list_add(const struct pipe *pipe, const struct sort_eight *eight, unsigned first, uint32_t bits,
			struct pipe_list *list)
{
	COLUMN order = columns_bytes(pipe->orders[bits]);
	uint32_t n = list->n;

	columns_write(list->place + n, columns_pick(eight->place, order));
	columns_write(list->line + n, columns_pick(eight->line, order));
	columns_write(list->shard + n, columns_pick(eight->shard, order));
	columns_write(list->span + n, columns_pick(eight->span, order));
	columns_write(list->handle + n, order + first);
	list->n = n + (uint32_t)__builtin_popcount(bits);
}

void pipe_list_end(struct pipe_list *list)
{
	uint32_t n = list->n;

	if (!n)
		return;
	columns_write(list->place + n, COLUMNS_SAME(list->place[n - 1]));
	columns_write(list->line + n, COLUMNS_SAME(list->line[n - 1]));
	columns_write(list->shard + n, COLUMNS_SAME(list->shard[n - 1]));
	columns_write(list->span + n, COLUMNS_SAME(list->span[n - 1]));
	columns_write(list->handle + n, COLUMNS_SAME(list->handle[n - 1]));
}

// Calls packets and lines of a way into the cache. Headers lie in one line of it, where cards write them; what is put in front of a
// downlink packet, in the one before. Inline, because compilers drop functions that do nothing else.
PIPE_STEP void call(const struct pipe *pipe, const struct pipe_sorted *sorted, uint32_t bits, unsigned way)
{
	FOR_EACH_BIT(i, bits)
	{
		__builtin_prefetch(pipe->bank.lines + sorted->line[i], 1);
		__builtin_prefetch(sorted->rooms + sorted->place[i], 1);
		if (way == LINE_DOWNLINK)
			__builtin_prefetch(sorted->rooms + sorted->place[i] - TUNNEL_BYTES, 1);
	}
}

PIPE_STEP void sort_some(const struct pipe *pipe, const struct sort_limits *limits, const struct lane_handle *handles,
			 unsigned first, struct pipe_sorted *sorted)
{
	struct sort_eight eight;

	sort_eight(pipe, limits, handles, &eight);
	columns_write(sorted->place + first, eight.place);
	columns_write(sorted->line + first, eight.line);
	sorted->elsewhere |= eight.elsewhere << first;
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		sorted->way[way] |= eight.way[way] << first;
		if (eight.way[way])
			list_add(pipe, &eight, first, eight.way[way], &sorted->list[way]);
	}
}

static void sorted_begin(struct pipe_sorted *sorted, uint8_t *rooms)
{
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		sorted->list[way].n = sorted->way[way] = 0;
		sorted->list[way].rooms = rooms;
	}
	sorted->elsewhere = 0;
	sorted->rooms = rooms;
}

// It is this burst's turn, and eight more of it are sorted: what goes up is called first, for it is worked on first; what goes down
// as well, while nothing goes up. Returns those called.
PIPE_STEP uint32_t call_some(const struct pipe *pipe, const struct pipe_sorted *sorted, uint32_t called)
{
	uint32_t up = sorted->way[LINE_UPLINK], down = up ? 0 : sorted->way[LINE_DOWNLINK];

	call(pipe, sorted, up & ~called, LINE_UPLINK);
	call(pipe, sorted, down & ~called, LINE_DOWNLINK);
	return called | up | down;
}

// A burst comes from one card, so from one zone of rooms: the first packet's. Others, and handles that cannot be right, are left
// to the long way.
PIPE_STEP void sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_sorted *sorted,
		    bool now)
{
	unsigned zone = handles[0].room >> ROOM_ZONE_SHIFT & (ROOM_ZONES - 1);
	const struct sort_limits limits = { zone << ROOM_ZONE_SHIFT, pipe->rooms->count[zone] - 1,
					    TUNNEL_BYTES + pipe->net->core_mtu, pipe->net->access_mtu - TUNNEL_BYTES,
					    (1u << pipe->net->slot_bits) - 1 };
	uint32_t called = 0;

	sorted_begin(sorted, pipe->rooms->base[zone]);
	for (unsigned i = 0; i < n; i += COLUMNS) {
		struct lane_handle rest[COLUMNS] = { 0 }; // of no kind

		if (PIPE_UNLIKELY(n - i < COLUMNS))
			memcpy(rest, handles + i, (n - i) * sizeof(*rest));
		sort_some(pipe, &limits, n - i < COLUMNS ? rest : handles + i, i, sorted);
		if (now)
			called = call_some(pipe, sorted, called);
	}
	for (unsigned way = 0; way < LINE_WAYS; way++)
		pipe_list_end(&sorted->list[way]);
	if (now)
		call(pipe, sorted, sorted->way[LINE_DOWNLINK] & ~called, LINE_DOWNLINK);
}

// Headers of packets that are elsewhere, and for a foreign address the bucket that names its line.
PIPE_STEP void call_elsewhere(const struct pipe *pipe, const struct lane_handle *handles,
			      const struct pipe_sorted *sorted)
{
	FOR_EACH_BIT(i, sorted->elsewhere)
	{
		const struct region *region = &pipe->shard[shard_of_teid(handles[i].hint)];

		__builtin_prefetch(sorted->rooms + sorted->place[i], 1);
		__builtin_prefetch(sorted->rooms + sorted->place[i] - TUNNEL_BYTES, 1);
		foreign_call4(region, &pipe->shape, shard_hint_ipv4(handles[i].hint));
	}
}

// The slot of a downlink packet whose hint names none of a pool's: the index has it, or the packet names one. Whether it is the right one
// is for the short way to see.
static uint32_t slot_elsewhere(const struct pipe *pipe, const struct region *region, const struct lane_handle *handle,
			       const uint8_t *packet)
{
	unsigned version = packet[0] >> 4;

	if (handle->hint >> SHARD_BITS)
		return foreign_promise4(region, &pipe->shape, shard_hint_ipv4(handle->hint));
	if (version == 4 || (version == 6 && handle->length >= IP6_HEADER))
		return pipe_pool_slot(pipe->net, packet, version);
	return UINT32_MAX;
}

static void find_elsewhere(const struct pipe *pipe, const struct lane_handle *handle, uint64_t i,
			   struct pipe_sorted *sorted)
{
	const struct region *region = &pipe->shard[shard_of_teid(handle->hint)];
	struct pipe_list *list = &sorted->list[LINE_DOWNLINK];
	uint32_t slot = region->header ? slot_elsewhere(pipe, region, handle, sorted->rooms + sorted->place[i])
				       : UINT32_MAX,
		 span;

	if (slot >= pipe->shape.slots)
		return;
	__builtin_prefetch(region->downlink + slot, 1);
	memcpy(&span, &handle->offset, sizeof(span));
	list->place[list->n] = sorted->place[i];
	list->line[list->n] = (uint32_t)(region->downlink + slot - pipe->bank.lines);
	list->shard[list->n] = shard_of_teid(handle->hint);
	list->span[list->n] = span;
	list->handle[list->n++] = (uint32_t)i;
	sorted->way[LINE_DOWNLINK] |= 1u << i;
}

// This burst sorted, its headers and lines on their way or there.
PIPE_STEP struct pipe_sorted *prepare(struct pipe *pipe, const struct lane_handle *handles, unsigned n)
{
	struct pipe_sorted *sorted = &pipe->sorted[pipe->hand];

	if (PIPE_LIKELY(pipe->ahead == handles && n == LANE_BURST))
		while (pipe->called < LANE_BURST)
			pipe_call(pipe);
	else
		pipe_sort(pipe, handles, n, sorted);
	if (PIPE_UNLIKELY(sorted->elsewhere))
		pipe_find(pipe, handles, sorted);
	return sorted;
}

// The next burst is sorted; its headers and lines are called while this one is worked on, a few at a time: a core has buffers for so many
// that it waits for, and then waits itself.
PIPE_STEP void look_ahead(struct pipe *pipe)
{
	const struct lane_handle *next = pipe->next;

	pipe->next = NULL;
	pipe->ahead = next;
	pipe->hand ^= 1;
	pipe->called = next ? 0 : LANE_BURST;
	if (!next)
		return;
	sort(pipe, next, LANE_BURST, &pipe->sorted[pipe->hand], false);
	call_elsewhere(pipe, next, &pipe->sorted[pipe->hand]);
}

void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct pipe_sorted *sorted = n < FEW ? NULL : prepare(pipe, handles, n);
	uint32_t others = (uint32_t)((1ull << n) - 1);

	FAULT_POINT("burst.sorted");
	pipe->ahead = NULL;
	if (sorted) {
		look_ahead(pipe);
		pipe_uplinks(pipe, handles, &sorted->list[LINE_UPLINK], now);
		pipe_downlinks(pipe, handles, &sorted->list[LINE_DOWNLINK], now);
		others &= ~(sorted->way[LINE_UPLINK] | sorted->way[LINE_DOWNLINK]);
	}
	FOR_EACH_BIT(i, others)
	pipe_long(pipe, &handles[i], now);
}

void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_sorted *sorted)
{
	sorted_begin(sorted, NULL);
	if (n < FEW)
		return;
	sort(pipe, handles, n, sorted, true);
	call_elsewhere(pipe, handles, sorted);
}

void pipe_find(const struct pipe *pipe, const struct lane_handle *handles, struct pipe_sorted *sorted)
{
	FOR_EACH_BIT(i, sorted->elsewhere)
	find_elsewhere(pipe, &handles[i], i, sorted);
	pipe_list_end(&sorted->list[LINE_DOWNLINK]);
}
