// columns_steps.h - steps over a column for which AVX2 has an instruction that compilers don't find; and in plain words, for other
// processors and for the test that both agree.
//
// Pure, inline.
#pragma once
#include "workers/pipe/columns.h"

// Upper halves of the products.
COLUMN_STEP COLUMN columns_high_plain(COLUMN words, uint32_t factor)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		words[i] = (uint32_t)((uint64_t)words[i] * factor >> 32);
	return words;
}

// row[which % 8] for each.
COLUMN_STEP COLUMN columns_pick_plain(COLUMN row, COLUMN which)
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

// Addresses: the words times 1 << shift, from the base on.
COLUMN_STEP void columns_point_plain(void *to[COLUMNS], const void *base, COLUMN words, int shift)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		to[i] = (void *)((uintptr_t)base + ((uint64_t)words[i] << shift));
}

COLUMN_STEP COLUMN columns_bytes_plain(const uint8_t bytes[COLUMNS])
{
	COLUMN words;

	for (unsigned i = 0; i < COLUMNS; i++)
		words[i] = bytes[i];
	return words;
}

#ifdef __AVX2__
COLUMN_STEP COLUMN columns_bytes(const uint8_t bytes[COLUMNS])
{
	return (COLUMN)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)bytes));
}

COLUMN_STEP void columns_point(void *to[COLUMNS], const void *base, COLUMN words, int shift)
{
	__m256i from = _mm256_set1_epi64x((long long)(uintptr_t)base);
	__m256i low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128((__m256i)words));
	__m256i high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256((__m256i)words, 1));

	_mm256_storeu_si256((__m256i *)to, _mm256_add_epi64(from, _mm256_slli_epi64(low, shift)));
	_mm256_storeu_si256((__m256i *)(to + 4), _mm256_add_epi64(from, _mm256_slli_epi64(high, shift)));
}

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

COLUMN_STEP COLUMN columns_pick(COLUMN row, COLUMN which)
{
	return (COLUMN)_mm256_permutevar8x32_epi32((__m256i)row, (__m256i)which);
}
#else
#define columns_signs columns_signs_plain
#define columns_high columns_high_plain
#define columns_pick columns_pick_plain
#define columns_point columns_point_plain
#define columns_bytes columns_bytes_plain
#endif

// Whether each is in the set: uppermost bits.
COLUMN_STEP COLUMN columns_bits(const uint32_t set[8], COLUMN which)
{
	return columns_pick(columns_read(set), which >> 5) << (~which & 31);
}
