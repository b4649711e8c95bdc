// usage.h - finds the cells whose counters have moved since they were last told, a few at a time.
//
// Reads lines and rests that workers count in at the same moment; writes only its own memory. Counters are cumulative, so what
// is told twice or late is never wrong. Owned by the courier's thread.
#pragma once
#include <stdbool.h>
#include "proto/feed_codec.h"
#include "shared/plane/plane.h"
#include "shared/wire/sheet.h"

struct usage;

struct usage *usage_make(const struct region_shape *shape); // null: no memory
void usage_free(struct usage *usage);

// Forgets what was told: a ctrl that has just arrived hears of every cell again.
void usage_forget(struct usage *usage);

// The next scan begins a pass, wherever the last one stood.
void usage_rewind(struct usage *usage);

// The shards the pass looks at, one bit each; at first all of them.
void usage_choose(struct usage *usage, const uint64_t shards[SHARDS / 64]);

// Whether *out must be sent before the pass goes on.
static inline bool usage_full(const struct feed_usages *out)
{
	return out->count == FEED_BATCH_MAX || out->gauges + SHEET_URRS > FEED_BATCH_MAX;
}

// Goes on with the pass over all shards: looks at no more than about `budget` cells and appends to *out until it is full: their
// counters, and with them their URRs' gauges. True
// when the pass is over; the next call begins another.
bool usage_scan(struct usage *usage, const struct plane_view *view, unsigned budget, struct feed_usages *out);
