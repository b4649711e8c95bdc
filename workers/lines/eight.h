// eight.h - compares a key with the eight of a bucket at once.
//
// Pure, inline. The plain form is for processors without AVX2 (meson's option `cpu`), and for the test that both agree.
#pragma once
#include <stdint.h>
#if defined(__AVX2__) || defined(__BMI__)
#include <immintrin.h>
#endif

// One bit for each of the eight that equals `key`; the first is bit 0.
static inline uint32_t eight_equal_plain(const uint32_t keys[8], uint32_t key)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= (uint32_t)(keys[i] == key) << i;
	return bits;
}

#ifdef __AVX2__
static inline uint32_t eight_equal(const uint32_t keys[8], uint32_t key)
{
	__m256i all = _mm256_loadu_si256((const __m256i *)(const void *)keys);
	__m256i equal = _mm256_cmpeq_epi32(all, _mm256_set1_epi32((int)key));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(equal));
}
#else
static inline uint32_t eight_equal(const uint32_t keys[8], uint32_t key)
{
	return eight_equal_plain(keys, key);
}
#endif

// The first of the bits; any place of the eight where there is none.
static inline unsigned eight_first(uint32_t bits)
{
#ifdef __BMI__
	return _tzcnt_u32(bits) & 7;
#else
	return (unsigned)__builtin_ctz(bits | 256) & 7;
#endif
}
