// ground.h - what the plane says before the first packet: sizes, pools, addresses and limits out of the configuration.
//
// Pure but for clock_hz. Main thread, once.
#pragma once
#include "shared/base/conf.h"
#include "shared/plane/plane.h"

// Cells, rates and buckets of a shard. 0, or -E2BIG with a log line: pools and foreign slots need more cells than a TEID can name.
int ground_shape(const struct conf *conf, struct region_shape *shape);

// Fills net, own addresses, generation, pid and spin of a zeroed plane whose shape and rooms stand. 0 or -E2BIG.
int ground_lay(const struct conf *conf, struct plane *plane);
