// measure_inside.h - what the files of measure share. For them alone.
#pragma once
#include "ctrl/measure.h"

static inline uint64_t measure_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct measure_words measure_since(const struct measure_words *now, const struct measure_words *then);

// Time that counts until now.
uint64_t measure_active_ms(const struct measure *measure, uint64_t now_ms);
