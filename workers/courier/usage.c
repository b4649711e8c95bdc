// usage.c - remembers eight bytes a cell: whose life it was and the sum of its packets, modulo 2^32. The sum of
// cumulative counters moves if one of them does. State: struct usage, the courier's.
#include "workers/courier/usage.h"
#include <stdlib.h>
#include <string.h>
#include "workers/lines/lines_rules.h"

struct told {
	uint32_t whose; // TEID and life, folded
	uint32_t sum;
};

struct usage {
	uint32_t slots;
	uint32_t shard, slot;         // where the pass stands
	uint64_t shards[SHARDS / 64]; // that it looks at
	struct told told[];           // by shard, then slot
};

struct usage *usage_make(const struct region_shape *shape)
{
	struct usage *usage = calloc(1, sizeof(*usage) + SHARDS * (size_t)shape->slots * sizeof(struct told));

	if (!usage)
		return NULL;
	usage->slots = shape->slots;
	memset(usage->shards, 0xff, sizeof(usage->shards));
	return usage;
}

void usage_free(struct usage *usage)
{
	free(usage);
}

void usage_rewind(struct usage *usage)
{
	usage->shard = usage->slot = 0;
}

void usage_forget(struct usage *usage)
{
	usage_rewind(usage);
	memset(usage->told, 0, SHARDS * (size_t)usage->slots * sizeof(struct told));
}

static uint32_t whose_of(const struct rest *rest)
{
	return rest->teid ^ (uint32_t)rest->life ^ (uint32_t)(rest->life >> 32);
}

// Whatever of the cell may have moved, as a number that has moved then.
static uint32_t sum_of(const struct region *region, const struct region_shape *shape, uint32_t slot)
{
	const struct rest *rest = &region->rest[slot];

	return region->uplink[slot].packets + region->downlink[slot].packets +
	       (uint32_t)(rest->red_packets[LINE_UPLINK] + rest->red_packets[LINE_DOWNLINK]) +
	       lines_rules_aside(region, shape, slot);
}

static void gauge_tell(const struct plane *plane, const struct lines_gauge *gauge, struct feed_gauge *out)
{
	out->urr = gauge->urr;
	out->serial = gauge->serial;
	out->uplink_packets = gauge->packets[LINE_UPLINK];
	out->uplink_bytes = gauge->bytes[LINE_UPLINK];
	out->downlink_packets = gauge->packets[LINE_DOWNLINK];
	out->downlink_bytes = gauge->bytes[LINE_DOWNLINK];
	out->first_ns = gauge->first ? plane_wall_ns(plane, gauge->first) : 0;
	out->last_ns = gauge->last ? plane_wall_ns(plane, gauge->last) : 0;
}

// False: they were just being replaced, or are of another life than count.
static bool gauges_tell(const struct plane_view *view, uint8_t shard, uint32_t slot, const struct lines_count *count,
			struct feed_usages *out)
{
	const struct region *region = &view->shards[shard];
	struct lines_gauge gauge[SHEET_URRS];
	int gauges = lines_gauges(region, &view->plane->shape, slot, gauge);

	if (gauges < 0 || region->rest[slot].teid != count->teid || region->rest[slot].life != count->life)
		return false;
	for (int i = 0; i < gauges; i++) {
		struct feed_gauge *to = &out->gauge[out->gauges++];

		*to = (struct feed_gauge){ .slot = slot, .teid = count->teid, .shard = shard, .life = count->life };
		gauge_tell(view->plane, &gauge[i], to);
	}
	return true;
}

// False: the counters were just beginning anew; the next pass looks again.
static bool tell(const struct plane_view *view, uint8_t shard, uint32_t slot, struct feed_usages *out)
{
	const struct region *region = &view->shards[shard];
	struct lines_count count;

	if (!lines_count(region, slot, &count))
		return false;
	if (region->rest[slot].ruled && !gauges_tell(view, shard, slot, &count, out))
		return false;
	out->usage[out->count++] = (struct feed_usage){
		.slot = slot,
		.teid = count.teid,
		.shard = shard,
		.count = { count.packets[LINE_UPLINK], count.bytes[LINE_UPLINK], count.packets[LINE_DOWNLINK],
			   count.bytes[LINE_DOWNLINK],
			   count.red_packets[LINE_UPLINK] + count.red_packets[LINE_DOWNLINK] },
		.life = count.life,
	};
	return true;
}

// The sum is taken before the counters: what moves in between is told the next time.
static void cell_look(struct usage *usage, const struct plane_view *view, struct feed_usages *out)
{
	const struct region *region = &view->shards[usage->shard];
	struct told *told = &usage->told[(size_t)usage->shard * usage->slots + usage->slot];
	uint32_t whose = whose_of(&region->rest[usage->slot]), sum = sum_of(region, &view->plane->shape, usage->slot);

	if (told->whose != whose)
		*told = (struct told){ whose, 0 };
	if (told->sum == sum)
		return;
	if (tell(view, (uint8_t)usage->shard, usage->slot, out))
		told->sum = sum;
}

static bool shard_skipped(const struct usage *usage, const struct region *region)
{
	return !(usage->shards[usage->shard / 64] >> usage->shard % 64 & 1) ||
	       !atomic_load_explicit(&region->header->sessions, memory_order_relaxed);
}

static bool shard_next(struct usage *usage)
{
	usage->slot = 0;
	usage->shard = (usage->shard + 1) % SHARDS;
	return usage->shard == 0;
}

void usage_choose(struct usage *usage, const uint64_t shards[SHARDS / 64])
{
	memcpy(usage->shards, shards, sizeof(usage->shards));
}

bool usage_scan(struct usage *usage, const struct plane_view *view, unsigned budget, struct feed_usages *out)
{
	bool over = false;

	while (!over && budget && !usage_full(out)) {
		const struct region *region = &view->shards[usage->shard];

		if (usage->slot == usage->slots || (usage->slot == 0 && shard_skipped(usage, region))) {
			over = shard_next(usage);
			continue;
		}
		if (region->uplink[usage->slot].flags & LINE_VALID)
			cell_look(usage, view, out);
		usage->slot++;
		budget--;
	}
	return over;
}
