// police.c - the meter and its two tables.
#include "workers/police.h"

#define DSCP(codepoint) (uint8_t)((codepoint) << 2)
#define AF(class) \
	{ \
		DSCP(8 * (class) + 2), DSCP(8 * (class) + 4), DSCP(8 * (class) + 6) \
	}
#define ECN_BITS 3u

static const struct {
	uint8_t keep; // bits of the incoming byte that stay
	uint8_t set[POLICE_COLOURS];
} marks[BEARER_MARK_COUNT] = {
	[BEARER_MARK_KEEP] = { 0xff, { 0, 0, 0 } },
	[BEARER_MARK_BE] = { ECN_BITS, { 0, 0, 0 } },
	[BEARER_MARK_AF1] = { ECN_BITS, AF(1) },
	[BEARER_MARK_AF2] = { ECN_BITS, AF(2) },
	[BEARER_MARK_AF3] = { ECN_BITS, AF(3) },
	[BEARER_MARK_AF4] = { ECN_BITS, AF(4) },
	[BEARER_MARK_EF] = { ECN_BITS, { DSCP(46), DSCP(46), DSCP(46) } },
};

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum police_colour police_meter(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now,
				enum police_colour incoming)
{
	uint64_t elapsed = now > line->tokens_at ? now - line->tokens_at : 0; // another core's clock may be behind
	uint64_t tc = lesser(line->tc, rate->cbs), te = lesser(line->te, rate->ebs); // the rate may have shrunk
	uint64_t fresh, committed;
	enum police_colour colour = POLICE_RED;

	if (__builtin_mul_overflow(elapsed, rate->cir_bps, &fresh)) { // years idle: both buckets are full long since
		tc = rate->cbs;
		te = rate->ebs;
	}
	committed = lesser(fresh, rate->cbs - tc);
	tc += committed;
	te += lesser(fresh - committed, rate->ebs - te);
	if (incoming == POLICE_GREEN && tc >= cost) {
		tc -= cost;
		colour = POLICE_GREEN;
	} else if (incoming <= POLICE_YELLOW && te >= cost) {
		te -= cost;
		colour = POLICE_YELLOW;
	}
	line->tokens_at += elapsed;
	line->tc = tc;
	line->te = te;
	return colour;
}

enum police_colour police_colour(uint8_t tos)
{
	unsigned class = tos >> 5, precedence = tos >> 3 & 3;

	if (class < 1 || class > 4 || tos & DSCP(1) || precedence < 2)
		return POLICE_GREEN;
	return precedence == 2 ? POLICE_YELLOW : POLICE_RED;
}

uint8_t police_tos(enum bearer_mark mark, enum police_colour colour, uint8_t tos)
{
	return (uint8_t)((tos & marks[mark].keep) | marks[mark].set[colour]);
}
