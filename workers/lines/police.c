// police.c - the meter in full, and the DSCP tables of classes and colours.
#include "workers/lines/police.h"

// Sum and product that stop at what 64 bits hold.
static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

enum police_colour police_bucket(struct police_bucket *bucket, const struct region_rate *rate, uint64_t cost,
				 uint64_t now, enum police_colour incoming)
{
	uint64_t elapsed = now > bucket->at ? now - bucket->at : 0; // another core's clock may be behind
	uint64_t tc = add(bucket->tc, times(elapsed, rate->cir_bps)), over = tc > rate->cbs ? tc - rate->cbs : 0;
	uint64_t te = add(bucket->te, over);
	enum police_colour colour = POLICE_RED;

	tc -= over;
	te = te < rate->ebs ? te : rate->ebs;
	if (incoming == POLICE_GREEN && tc >= cost) {
		tc -= cost;
		colour = POLICE_GREEN;
	} else if (incoming <= POLICE_YELLOW && te >= cost) {
		te -= cost;
		colour = POLICE_YELLOW;
	}
	bucket->at += elapsed;
	bucket->tc = tc;
	bucket->te = te;
	return colour;
}

enum police_colour police_meter(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now,
				enum police_colour incoming)
{
	struct police_bucket bucket = { line->tokens_at, line->tc, line->te };
	enum police_colour colour = police_bucket(&bucket, rate, cost, now, incoming);

	line->tokens_at = bucket.at;
	line->tc = bucket.tc;
	line->te = bucket.te;
	return colour;
}

#define DSCP(codepoint) (uint8_t)((codepoint) << 2)
#define AF(class) \
	{ \
		DSCP(8 * (class) + 2), DSCP(8 * (class) + 4), DSCP(8 * (class) + 6) \
	}
#define ECN_BITS 3u

const struct police_mark police_marks[POLICE_MARKS] = {
	[BEARER_MARK_KEEP] = { 0xff, { 0, 0, 0 } },
	[BEARER_MARK_BE] = { ECN_BITS, { 0, 0, 0 } },
	[BEARER_MARK_AF1] = { ECN_BITS, AF(1) },
	[BEARER_MARK_AF2] = { ECN_BITS, AF(2) },
	[BEARER_MARK_AF3] = { ECN_BITS, AF(3) },
	[BEARER_MARK_AF4] = { ECN_BITS, AF(4) },
	[BEARER_MARK_EF] = { ECN_BITS, { DSCP(46), DSCP(46), DSCP(46) } },
};

enum police_colour police_colour(uint8_t tos)
{
	unsigned class = tos >> 5, precedence = tos >> 3 & 3;

	if (class < 1 || class > 4 || tos & DSCP(1) || precedence < 2)
		return POLICE_GREEN;
	return precedence == 2 ? POLICE_YELLOW : POLICE_RED;
}
