// police.c - the DSCP tables of classes and colours.
#include "workers/police.h"

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
