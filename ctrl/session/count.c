// count.c - adding up lives.
#include "ctrl/session/count.h"

// Raises each word of `to` to that of `from`; true if one was lower.
static bool words_raise(struct feed_count *to, const struct feed_count *from)
{
	uint64_t *a = &to->uplink_packets;
	const uint64_t *b = &from->uplink_packets;
	bool moved = false;

	for (unsigned i = 0; i < COUNT_WORDS; i++) {
		moved |= a[i] < b[i];
		a[i] = a[i] < b[i] ? b[i] : a[i];
	}
	return moved;
}

static void words_add(struct feed_count *to, const struct feed_count *more)
{
	for (unsigned i = 0; i < COUNT_WORDS; i++)
		(&to->uplink_packets)[i] += (&more->uplink_packets)[i];
}

bool count_hear(struct count *count, uint64_t life, const struct feed_count *heard, uint64_t at_ms)
{
	bool moved;

	if (life < count->life)
		return false; // a late word of a life that is over
	moved = life > count->life;
	if (moved) {
		words_add(&count->base, &count->seen);
		count->seen = (struct feed_count){ 0 };
		count->life = life;
	}
	moved |= words_raise(&count->seen, heard);
	if (moved)
		count->at_ms = at_ms;
	return moved;
}

void count_merge(struct count *count, const struct count *other)
{
	if (other->life < count->life)
		return;
	if (other->life > count->life) {
		*count = *other;
		return;
	}
	words_raise(&count->base, &other->base);
	words_raise(&count->seen, &other->seen);
	count->at_ms = count->at_ms < other->at_ms ? other->at_ms : count->at_ms;
}

struct feed_count count_total(const struct count *count)
{
	struct feed_count total = count->base;

	words_add(&total, &count->seen);
	return total;
}

void count_pack(const struct count *count, Shoal__Oss__Usage *usage)
{
	struct feed_count total = count_total(count);

	shoal__oss__usage__init(usage);
	usage->uplink_packets = total.uplink_packets;
	usage->uplink_bytes = total.uplink_bytes;
	usage->downlink_packets = total.downlink_packets;
	usage->downlink_bytes = total.downlink_bytes;
	usage->red_packets = total.red_packets;
	usage->at_ms = count->at_ms;
}
