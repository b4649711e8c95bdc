// measure_inside.h - what the files of measure and measures share. For them alone.
#pragma once
#include "ctrl/measure.h"

static inline uint64_t measure_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct measure_words measure_since(const struct measure_words *now, const struct measure_words *then);

// Of the gauge that counts what is dropped of its packets: a word, and which one it is from now on; and what it came to.
bool measure_hear_dropped(struct measure *measure, const struct measure_word *word);
void measure_turn_dropped(struct measure *measure, uint32_t serial);
struct measure_words measure_dropped(const struct measure *measure);

// Time that counts until now.
uint64_t measure_active_ms(const struct measure *measure, uint64_t now_ms);
