// pipe.c - a burst: its handles sorted into ways, lines found, everything called into the cache. Owned by the worker's loop; one
// thread.
//
// Handles are looked at eight at a time, in columns; then headers and session lines are called into the cache; then each way's
// packets go the short way (pipe_up.c, pipe_down.c). What is not like most packets goes the long way (pipe_long.c), and the short
// way has changed nothing until it knows.
#include "workers/pipe.h"
#include "workers/columns_steps.h"
#include "workers/pipe_parts.h"
#include "workers/pipe_steps.h"
#include "workers/pipe_words.h"

#define FOR_EACH_BIT(i, word) \
	for (uint64_t i, left_ = (word); left_ && (i = (uint32_t)__builtin_ctz((uint32_t)left_), true); \
	     left_ &= left_ - 1)

#define FEW 4u // packets: for fewer, eight at once are not worth the while, and all go the long way

static struct line nobody; // never valid, never written

void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape)
{
	*pipe = (struct pipe){ .net = net, .rooms = rooms, .shape = *shape, .byte_tokens = 8 * net->clock_hz };
}

// What a handle must be like, the same for a burst.
struct sort_limits {
	uint32_t first, last; // room of the zone, and how many follow
	uint32_t up_most, down_most;
	uint32_t slots; // mask
};

// Eight handles from the `first` of the burst on; packets too large or too small for the short way are left to the long one. Whatever
// is out of its range is below zero here: all are small numbers, or should be.
PIPE_STEP void sort_eight(const struct sort_limits *limits, const struct lane_handle *handles, unsigned first,
			  struct pipe_steps *burst)
{
	const void *at[COLUMNS];
	COLUMN word[4], room, offset, length, code, bad, up, down;

	for (unsigned i = 0; i < COLUMNS; i++)
		at[i] = handles + i;
	columns_take(word, at, 0);
	room = word[0] - limits->first;
	offset = word[2] & pipe_words.low;
	length = word[2] >> 16;
	code = word[3] >> (LANE_WORD_CODE - 32);
	bad = room | (limits->last - room) | (pipe_words.stride - offset - length);
	up = bad | (length - pipe_words.up_least) | (limits->up_most - length);
	down = bad | (length - pipe_words.down_least) | (limits->down_most - length) | (offset - pipe_words.front_qfi) |
	       word[1] | (pipe_words.byte - word[1]);
	burst->way[LINE_UPLINK] |= columns_signs((COLUMN)(code == pipe_words.uplink) & ~up) << first;
	burst->way[LINE_DOWNLINK] |= columns_signs((COLUMN)(code == pipe_words.downlink) & ~down) << first;
	room = room * pipe_words.stride + offset;
	memcpy(&burst->place[first], &room, sizeof(room));
	word[1] = word[1] >> SHARD_BITS & limits->slots;
	memcpy(&burst->slot[first], &word[1], sizeof(word[1]));
}

// A burst comes from one card, so from one zone of rooms: the first packet's. Others, and handles that cannot be right, are left
// to the long way.
PIPE_STEP void sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst)
{
	unsigned zone = handles[0].room >> ROOM_ZONE_SHIFT & (ROOM_ZONES - 1), i = 0;
	const struct sort_limits limits = { zone << ROOM_ZONE_SHIFT, pipe->rooms->count[zone] - 1,
					    TUNNEL_BYTES + pipe->net->core_mtu, pipe->net->access_mtu - TUNNEL_BYTES,
					    (1u << pipe->net->slot_bits) - 1 };

	burst->rooms = pipe->rooms->base[zone];
	burst->way[LINE_UPLINK] = burst->way[LINE_DOWNLINK] = 0;
	if (n < FEW)
		return;
	for (; i + COLUMNS <= n; i += COLUMNS)
		sort_eight(&limits, handles + i, i, burst);
	if (i < n) {
		struct lane_handle rest[COLUMNS] = { 0 }; // of no kind

		memcpy(rest, handles + i, (n - i) * sizeof(*rest));
		sort_eight(&limits, rest, i, burst);
	}
}

static inline struct line *line_at(const struct region *region, struct line *lines, uint32_t slot)
{
	return PIPE_LIKELY(slot < region->slots) ? lines + slot : &nobody;
}

void pipe_list_fill(struct pipe_list *list, unsigned n)
{
	for (; n % COLUMNS; n++) {
		list->packet[n] = list->nowhere + PIPE_NOWHERE;
		list->line[n] = &nobody;
		list->span[n] = 0;
	}
}

// The headers lie in one line of the cache, where cards write them.
static __attribute__((noinline)) void find_uplinks(const struct pipe *pipe, struct lane_handle *handles,
						   struct pipe_steps *burst)
{
	struct pipe_list *list = &burst->list[LINE_UPLINK];
	unsigned n = 0;

	FOR_EACH_BIT(i, burst->way[LINE_UPLINK])
	{
		uint64_t shard = shard_of_teid(handles[i].hint);
		const struct region *region = pipe->shard + shard;
		uint8_t *packet = burst->rooms + burst->place[i];
		struct line *line = line_at(region, region->uplink, burst->slot[i]);

		__builtin_prefetch(packet, 1);
		__builtin_prefetch(line, 1);
		pipe_list_add(list, n, &handles[i], packet);
		list->rates[n] = region->rates;
		list->line[n++] = line;
	}
	pipe_list_fill(list, n);
}

// The slots that the pools have for IPv4 addresses: the first pool's that holds it; UINT32_MAX: none does. Where a pool has no IPv4, or a
// packet, the line that is found does not agree, and the long way looks again.
PIPE_STEP COLUMN pool_slots(const struct plane_net *net, COLUMN address)
{
	COLUMN slot = ~(COLUMN){ 0 };

#pragma GCC unroll 1
	for (const struct shard_pool *pool = net->pool + net->pools; pool-- > net->pool;) {
		COLUMN row = (address - pool->ipv4) >> SHARD_BITS; // far beyond the last for addresses below the first
		COLUMN inside = (COLUMN)((COLUMN_SIGNED)row < (int32_t)pool->rows);

		slot = (slot & ~inside) | ((row + pool->first_slot) & inside);
	}
	return slot;
}

// Of eight downlink packets, what their destinations name, as if all were IPv4.
PIPE_STEP void find_slots(const struct pipe *pipe, uint8_t *const packet[COLUMNS], uint32_t *slots)
{
	COLUMN words[4], slot;

	columns_take(words, (const void *const *)packet, 8);
	slot = pool_slots(pipe->net, columns_swap(words[2]));
	memcpy(slots, &slot, sizeof(slot));
}

// The line that the destination names, if it is not IPv4 from a pool; foreign addresses are left to the long way.
PIPE_STEP struct line *downlink_line(const struct pipe *pipe, const struct region *region, const uint8_t *packet,
				     uint32_t left)
{
	if (packet[0] >> 4 != 6 || left < IP6_HEADER)
		return &nobody;
	return line_at(region, region->downlink, pipe_pool_slot(pipe->net, packet, 6));
}

// Headers are on their way into the cache while uplink packets, which need none, find their lines.
static __attribute__((noinline)) unsigned call_downlinks(struct lane_handle *handles, struct pipe_steps *burst)
{
	struct pipe_list *list = &burst->list[LINE_DOWNLINK];
	unsigned n = 0;

	FOR_EACH_BIT(i, burst->way[LINE_DOWNLINK])
	{
		uint8_t *packet = burst->rooms + burst->place[i];

		__builtin_prefetch(packet, 1);
		__builtin_prefetch(packet - TUNNEL_BYTES, 1);
		pipe_list_add(list, n++, &handles[i], packet);
	}
	pipe_list_fill(list, n);
	return n;
}

static __attribute__((noinline)) void find_downlinks(const struct pipe *pipe, struct pipe_list *list, unsigned n)
{
	uint32_t slots[LANE_BURST];

	for (unsigned k = 0; k < n; k += COLUMNS)
		find_slots(pipe, list->packet + k, slots + k);
	for (unsigned k = 0; k < n; k++) {
		uint64_t shard = shard_of_teid(list->handle[k]->hint);
		const struct region *region = pipe->shard + shard;
		struct line *line = region->downlink + slots[k];

		if (PIPE_UNLIKELY(slots[k] >= region->slots))
			line = downlink_line(pipe, region, list->packet[k], list->handle[k]->length);
		__builtin_prefetch(line, 1);
		list->rates[k] = region->rates;
		list->line[k] = line;
	}
}

PIPE_STEP void find(const struct pipe *pipe, struct lane_handle *handles, struct pipe_steps *burst)
{
	unsigned downlinks = call_downlinks(handles, burst);

	find_uplinks(pipe, handles, burst);
	find_downlinks(pipe, &burst->list[LINE_DOWNLINK], downlinks);
}

void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)
{
	uint32_t all = n ? UINT32_MAX >> (32 - n) : 0;
	struct pipe_steps burst;

	if (!n)
		return;
	sort(pipe, handles, n, &burst);
	find(pipe, handles, &burst);
	FAULT_POINT("burst.sorted");
	pipe_uplinks(pipe, &burst, now);
	pipe_downlinks(pipe, &burst, now);
	FOR_EACH_BIT(i, all & ~(burst.way[LINE_UPLINK] | burst.way[LINE_DOWNLINK]))
	pipe_long(pipe, &handles[i], now);
}

// The same steps apart (pipe_steps.h).
void pipe_sort(const struct pipe *pipe, const struct lane_handle *handles, unsigned n, struct pipe_steps *burst)
{
	sort(pipe, handles, n, burst);
}

void pipe_find(const struct pipe *pipe, struct lane_handle *handles, struct pipe_steps *burst)
{
	find(pipe, handles, burst);
}
