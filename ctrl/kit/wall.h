// wall.h - the time of day, for people and for what has to outlive us; it decides nothing but when an old key may go.
#pragma once
#include <stdint.h>
#include <time.h>

// Milliseconds since 1970.
static inline uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
