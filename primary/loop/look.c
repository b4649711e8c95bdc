// look.c - looks at frames at the door, for what there is to look for. State: the loop's aliases and traces.
#include "primary/loop/look.h"

#include "primary/loop/loop.h"

static uint8_t *ip_of(const struct nic_burst *in, const struct steer_burst *to, unsigned i)
{
	return in->bytes[i] + (uint16_t)(to->words[i].rest - in->frame[i].offset);
}

// G-PDUs for foreign TEIDs get ours into their headers.
static void burst_claim(const struct nic_burst *in, const struct steer_burst *to, uint64_t usual)
{
	for (; usual; usual &= usual - 1) {
		unsigned i = (unsigned)__builtin_ctzll(usual);

		if (to->words[i].rest >> LANE_WORD_CODE == LANE_UPLINK)
			steer_claim(ip_of(in, to, i), (uint32_t)(to->words[i].place >> 32));
	}
}

// Without those of sessions that are traced.
static uint64_t burst_untraced(const struct traces *traces, const struct nic_burst *in, const struct steer_burst *to,
			       uint64_t usual)
{
	for (uint64_t left = usual; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		struct lane_handle handle;

		if (!bits_has(&traces->shards, to->shard[i]))
			continue;
		handle = lane_handle(to->words[i]);
		if (trace_whose(traces, &handle, ip_of(in, to, i)))
			usual &= ~(1ull << i);
	}
	return usual;
}

uint64_t look_burst(struct loop *loop, const struct nic_burst *in, const struct steer_burst *to, uint64_t usual)
{
	if (loop->looks & LOOK_TRACES)
		usual = burst_untraced(&loop->traces, in, to, usual);
	if (loop->looks & LOOK_ALIASES)
		burst_claim(in, to, usual);
	return usual;
}

struct lane_words look_frame(struct loop *loop, struct lane_words words, uint8_t *ip)
{
	struct lane_handle handle = lane_handle(words);

	if (loop->looks & LOOK_TRACES && trace_enter(&loop->traces, &handle, ip, loop->now_ns))
		words.rest |= (uint64_t)LEASE_TRACED << LANE_WORD_CODE;
	if (loop->looks & LOOK_ALIASES && handle.code == LANE_UPLINK)
		steer_claim(ip, handle.hint);
	return words;
}

uint8_t look_inside(struct loop *loop, const struct lane_handle *handle)
{
	const uint8_t *packet = room_at(&loop->part.view->rooms, handle->room) + handle->offset;

	return trace_enter(&loop->traces, handle, packet, loop->now_ns) ? LEASE_TRACED : 0;
}

static void look_for(struct loop *loop, enum look what, bool there)
{
	loop->looks = there ? loop->looks | what : loop->looks & ~(uint32_t)what;
}

void look_order(struct loop *loop, const struct post_word *order)
{
	int error = 0;

	if (order->verb == POST_ALIASES) {
		error = steer_alias(loop->steer, order->list, (unsigned)order->value);
		look_for(loop, LOOK_ALIASES, steer_aliased(loop->steer));
	} else if (order->verb == POST_EXCEPTIONS) {
		error = steer_exceptions(loop->steer, order->list, (unsigned)order->value);
	} else if (order->verb == POST_FRAMED) {
		error = steer_frame_routes(loop->steer, order->list, (unsigned)order->value);
	} else {
		look_for(loop, LOOK_TRACES, traces_keys(&loop->traces, order->list));
	}
	loop_tell(loop, (struct post_word){ .verb = POST_RETURN, .list = order->list, .value = error });
}
