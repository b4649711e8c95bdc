// police.h - the single rate three colour marker of RFC 2697, and the DSCP that goes with class and colour.
//
// Pure: the caller owns the line and says what time it is. Tokens are bits x clock hertz, so one tick adds exactly
// cir_bps and nothing is ever rounded.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/region.h"

enum police_colour { POLICE_GREEN, POLICE_YELLOW, POLICE_RED, POLICE_COLOURS };

// Colours one packet that costs `cost` tokens. `incoming` is POLICE_GREEN in colour-blind mode, the packet's colour in
// aware mode. A rate that is not defined (all zero) makes everything red. Sums that do not fit 64 bits stop there,
// which is exact: more than both buckets hold (BEARER_BURST_MAX). Tokens above a bucket that has shrunk overflow like
// any other.
enum police_colour police_meter(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now,
				enum police_colour incoming);

// Likewise for a bucket that is nobody's line.
struct police_bucket {
	uint64_t at, tc, te;
};
enum police_colour police_bucket(struct police_bucket *bucket, const struct region_rate *rate, uint64_t cost,
				 uint64_t now, enum police_colour incoming);

// The same for what most packets are: green in colour-blind mode. Nothing but the answer is left to be guessed by the processor. False:
// nothing has changed, ask police_bucket.
static inline bool police_green_bucket(struct police_bucket *bucket, const struct region_rate *rate, uint64_t cost,
				       uint64_t now)
{
	uint64_t tc, te, full = rate->cbs;

	if (__builtin_expect(__builtin_sub_overflow(now, bucket->at, &tc), 0))
		return false;
	tc = __builtin_mul_overflow(tc, rate->cir_bps, &tc) ? UINT64_MAX : tc;
	tc = __builtin_add_overflow(tc, bucket->tc, &tc) ? UINT64_MAX : tc;
	full = tc < full ? tc : full;
	__asm__("" : "+r"(full)); // compilers would make two ways of it, and processors guess which
	te = __builtin_add_overflow(bucket->te, tc - full, &te) ? UINT64_MAX : te;
	if (__builtin_expect(full < cost, 0))
		return false;
	*bucket = (struct police_bucket){ now, full - cost, te < rate->ebs ? te : rate->ebs };
	return true;
}

static inline bool police_green(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now)
{
	uint64_t tc, te, full = rate->cbs;

	if (__builtin_expect(__builtin_sub_overflow(now, line->tokens_at, &tc), 0))
		return false;
	tc = __builtin_mul_overflow(tc, rate->cir_bps, &tc) ? UINT64_MAX : tc;
	tc = __builtin_add_overflow(tc, line->tc, &tc) ? UINT64_MAX : tc;
	full = tc < full ? tc : full;
	__asm__("" : "+r"(full)); // compilers would make two ways of it, and processors guess which
	te = __builtin_add_overflow(line->te, tc - full, &te) ? UINT64_MAX : te;
	if (__builtin_expect(full < cost, 0))
		return false;
	line->tokens_at = now;
	line->tc = full - cost;
	line->te = te < rate->ebs ? te : rate->ebs;
	return true;
}

// Colour by drop precedence: AFx1 green, AFx2 yellow, AFx3 red (RFC 2597), everything else green.
enum police_colour police_colour(uint8_t tos);

// What a class does to the TOS byte: the bits of the incoming byte that stay, and the DSCP for each colour.
struct police_mark {
	uint8_t keep, set[POLICE_COLOURS];
};
#define POLICE_MARKS 8u // a power of two, so that no line, however spoilt, reads past the table
extern const struct police_mark police_marks[POLICE_MARKS];
_Static_assert(sizeof(struct police_mark) == 4, "a word: `keep` lowest, then green");
_Static_assert(BEARER_MARK_COUNT <= POLICE_MARKS, "every mark has its row");

// TOS byte for class and colour; ECN stays (RFC 2474, 2597, 3246).
static inline uint8_t police_tos(enum bearer_mark mark, enum police_colour colour, uint8_t tos)
{
	const struct police_mark *row = &police_marks[mark % POLICE_MARKS];

	return (uint8_t)((tos & row->keep) | row->set[colour]);
}
