// ruled_tell.h - sessions of whose first waiting packet ctrl has to be told (REPORT_DATA): noted by the packet path, which posts nothing,
// and posted by the loop behind each run of packets.
//
// What finds no space here or in the report ring is noted again with the session's next packet: struct ruled says what was told.
#pragma once
#include <stdint.h>
#include "shared/plane/ruled.h"

#define RULED_TELLS 8u

struct ruled_tell {
	struct ruled *ruled;
	uint32_t slot, episode;
	uint16_t pdr; // PDR ID
	uint8_t shard;
	uint8_t tos; // of the packet
	uint8_t qfi; // of the rule, 255 = none
};

struct ruled_tells {
	unsigned n;
	struct ruled_tell tell[RULED_TELLS];
};

static inline void ruled_tell(struct ruled_tells *tells, const struct ruled_tell *tell)
{
	for (unsigned i = 0; i < tells->n; i++)
		if (tells->tell[i].ruled == tell->ruled)
			return;
	if (tells->n < RULED_TELLS)
		tells->tell[tells->n++] = *tell;
}
