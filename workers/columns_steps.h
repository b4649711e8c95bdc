// columns_steps.h - steps over a column for which AVX2 has an instruction that compilers don't find; and in plain words, for other
// processors and for the test that both agree.
//
// Pure, inline.
#pragma once
#include "workers/columns.h"

// Upper halves of the products.
COLUMN_STEP COLUMN columns_high_plain(COLUMN words, uint32_t factor)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		words[i] = (uint32_t)((uint64_t)words[i] * factor >> 32);
	return words;
}

// row[which % 8] for each.
COLUMN_STEP COLUMN columns_pick_plain(const uint32_t row[8], COLUMN which)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		which[i] = row[which[i] % 8];
	return which;
}

// The uppermost bits, a bit each: of numbers, which are below zero.
COLUMN_STEP uint32_t columns_signs_plain(COLUMN words)
{
	uint32_t signs = 0;

	for (unsigned i = 0; i < COLUMNS; i++)
		signs |= words[i] >> 31 << i;
	return signs;
}

#ifdef __AVX2__
COLUMN_STEP uint32_t columns_signs(COLUMN words)
{
	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps((__m256i)words));
}

COLUMN_STEP COLUMN columns_high(COLUMN words, uint32_t factor)
{
	__m256i by = _mm256_set1_epi32((int)factor);
	__m256i even = _mm256_mul_epu32((__m256i)words, by);
	__m256i odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)words, 32), by);

	return (COLUMN)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

COLUMN_STEP COLUMN columns_pick(const uint32_t row[8], COLUMN which)
{
	return (COLUMN)_mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)row), (__m256i)which);
}
#else
#define columns_signs columns_signs_plain
#define columns_high columns_high_plain
#define columns_pick columns_pick_plain
#endif
