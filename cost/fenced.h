// fenced.h - the clock for spans of some hundred ticks: what stands before is done, and what stands behind has not begun.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include "shared/base/clock.h"

static inline uint64_t fenced_ticks(void)
{
	uint64_t now;

	_mm_lfence();
	now = clock_ticks();
	_mm_lfence();
	return now;
}
