// lines_count.c - the counters of a cell: reading them while their owner counts on, and where they begin anew.
//
// What a cell counts has a life: from one beginning to the next. rest.teid is 0 while a beginning is under way, and life only
// grows, so who finds both unchanged after reading has counters of one life. The shard's owner writes; any process reads.
#include "workers/lines/lines_rules.h"

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

bool lines_count(const struct region *region, uint32_t slot, struct lines_count *count)
{
	const volatile struct rest *rest = &region->rest[slot];

	count->teid = rest->teid;
	count->life = rest->life;
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		const volatile struct line *line = (way == LINE_UPLINK ? region->uplink : region->downlink) + slot;
		uint32_t half_turns = rest->half_turns[way]; // before packets: region_packets

		count->packets[way] = region_packets(half_turns, line->packets);
		count->bytes[way] = line->bytes;
		count->red_packets[way] = rest->red_packets[way];
		count->red_bytes[way] = rest->red_bytes[way];
	}
	return count->teid && rest->teid == count->teid && rest->life == count->life;
}

// Fresh tokens are "full, whatever the rate": the meter clamps them to the buckets of the first packet's rate.
static void way_begin(const struct lines *lines, uint32_t slot, unsigned way)
{
	struct line *line = (way == LINE_UPLINK ? lines->region->uplink : lines->region->downlink) + slot;
	struct rest *rest = &lines->region->rest[slot];

	line->packets = 0;
	line->bytes = 0;
	line->tokens_at = 0;
	line->tc = line->te = UINT64_MAX;
	rest->red_packets[way] = rest->red_bytes[way] = 0;
	rest->half_turns[way] = 0;
}

void lines_count_begin(const struct lines *lines, uint32_t slot, uint32_t teid)
{
	struct rest *rest = &lines->region->rest[slot];

	rest->teid = 0; // until it is there again, a repeated order begins again
	barrier();
	for (unsigned way = 0; way < LINE_WAYS; way++)
		way_begin(lines, slot, way);
	if (rest->ruled)
		lines_rules_begin(lines, slot);
	rest->life = lines->life > rest->life ? lines->life : rest->life + 1;
	barrier();
	rest->teid = teid;
}

void lines_count_restore(const struct lines *lines, uint32_t slot, const struct lines_count *count)
{
	struct rest *rest = &lines->region->rest[slot];

	rest->teid = 0;
	barrier();
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		struct line *line = (way == LINE_UPLINK ? lines->region->uplink : lines->region->downlink) + slot;

		way_begin(lines, slot, way);
		line->packets = (uint32_t)count->packets[way];
		line->bytes = count->bytes[way];
		rest->half_turns[way] = (uint32_t)(count->packets[way] >> 31);
		rest->red_packets[way] = count->red_packets[way];
		rest->red_bytes[way] = count->red_bytes[way];
	}
	rest->life = count->life;
	barrier();
	rest->teid = count->teid;
}
