// ruled_lost.h - packets that were dropped while they waited for the radio side (LANE_LOST): their session's rules count them as what was
// dropped of theirs (TS 29.244 8.2.49). Rare; changes the session's gauges and nothing else.
#pragma once
#include "shared/plane/lane.h"
#include "shared/plane/ruled.h"

// lost: of a shard whose region this is; without slots where it is not ours. now: clock. A rule that is no more counts nothing.
void ruled_lost(const struct region *region, const struct region_shape *shape, const struct lane_handle *lost,
		uint64_t now);
