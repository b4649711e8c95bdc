// ruled_call.c - calls the rules of sessions into the cache, a burst ahead of their packets (pipe_ruled.c). Pure; changes nothing.
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/ruled_admit.h"

#define CALLED_LINES 4u // of a room, whatever is in it,
#define CALLED_MORE 12u // and so many at most that its sheet goes on for

static void room_call(const uint8_t *room, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		__builtin_prefetch(room + from * sizeof(struct ruled));
}

// What its head says where the rest lies. Nothing of it is believed yet.
static void room_call_rest(const struct ruled *ruled, unsigned limit)
{
	uint32_t lines = (uint32_t)(sizeof(*ruled) + ruled->bytes + sizeof(*ruled) - 1) / sizeof(*ruled);
	uint32_t tokens = ruled->tokens / sizeof(*ruled), gauges = ruled->gauges / sizeof(*ruled);
	const uint8_t *room = (const uint8_t *)ruled;

	if (lines > limit || tokens >= limit || gauges > limit)
		return;
	room_call(room, CALLED_LINES, lines < CALLED_MORE ? lines : CALLED_MORE);
	__builtin_prefetch(room + ruled->tokens, 1);
	if (gauges < limit)
		__builtin_prefetch(room + ruled->gauges, 1);
}

void pipe_ruled_call(const struct pipe *pipe, const uint32_t *shard, struct line *const line[8], unsigned way,
		     uint32_t bits)
{
	const struct ruled *room[8];
	uint32_t slot[8];

	RULED_EACH(i, bits)
	{
		const struct region *region = &pipe->shard[(uint8_t)shard[i]];

		slot[i] = (uint32_t)(line[i] - (way == LINE_UPLINK ? region->uplink : region->downlink));
		__builtin_prefetch(region->rest + slot[i]);
	}
	RULED_EACH(i, bits)
	{
		room[i] = ruled_in_force(&pipe->shard[(uint8_t)shard[i]], &pipe->shape, slot[i]);
		if (room[i])
			room_call((const uint8_t *)room[i], 0,
				  CALLED_LINES < pipe->shape.sheet ? CALLED_LINES : pipe->shape.sheet);
	}
	RULED_EACH(i, bits)
	if (room[i])
		room_call_rest(room[i], pipe->shape.sheet);
}
