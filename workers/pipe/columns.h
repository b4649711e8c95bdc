// columns.h - the same word of eight packets side by side, so that what is asked of one is asked of eight at once.
//
// Pure, inline. Compilers make it of whatever the processor has; columns_steps.h has what they would not find.
#pragma once
#include <stdint.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#else
#pragma GCC diagnostic ignored "-Wpsabi" // how columns are handed to functions: everything here is inline
#endif

#define COLUMNS 8u
#define COLUMN uint32_t __attribute__((vector_size(4 * COLUMNS)))
#define COLUMN_SIGNED int32_t __attribute__((vector_size(4 * COLUMNS)))
#define COLUMN_STEP static inline __attribute__((always_inline))

#define COLUMNS_ALL(word) \
	{ \
		word, word, word, word, word, word, word, word \
	}

#define COLUMNS_SAME(word) ((COLUMN){ 0 } + (word))

// Four words each of eight, turned from rows (the first four's, the others' behind them) into columns, or back.
COLUMN_STEP void columns_turn(COLUMN to[4], const COLUMN from[4])
{
	COLUMN a = __builtin_shufflevector(from[0], from[1], 0, 8, 1, 9, 4, 12, 5, 13);
	COLUMN b = __builtin_shufflevector(from[0], from[1], 2, 10, 3, 11, 6, 14, 7, 15);
	COLUMN c = __builtin_shufflevector(from[2], from[3], 0, 8, 1, 9, 4, 12, 5, 13);
	COLUMN d = __builtin_shufflevector(from[2], from[3], 2, 10, 3, 11, 6, 14, 7, 15);

	to[0] = __builtin_shufflevector(a, c, 0, 1, 8, 9, 4, 5, 12, 13);
	to[1] = __builtin_shufflevector(a, c, 2, 3, 10, 11, 6, 7, 14, 15);
	to[2] = __builtin_shufflevector(b, d, 0, 1, 8, 9, 4, 5, 12, 13);
	to[3] = __builtin_shufflevector(b, d, 2, 3, 10, 11, 6, 7, 14, 15);
}

// Eight that lie one behind the other.
COLUMN_STEP COLUMN columns_read(const uint32_t *words)
{
	COLUMN column;

	memcpy(&column, words, sizeof(column));
	return column;
}

COLUMN_STEP void columns_write(uint32_t *words, COLUMN column)
{
	memcpy(words, &column, sizeof(column));
}

// The sixteen bytes here and there, one behind the other.
COLUMN_STEP COLUMN columns_row(const void *here, const void *there)
{
#ifdef __AVX2__
	return (COLUMN)_mm256_loadu2_m128i(there, here);
#else
	uint32_t __attribute__((vector_size(16))) low, high;

	memcpy(&low, here, sizeof(low));
	memcpy(&high, there, sizeof(high));
	return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#endif
}

// The sixteen bytes at each at[i] + offset, as four columns of words as they lie in memory.
COLUMN_STEP void columns_take(COLUMN to[4], const void *const at[COLUMNS], int offset)
{
	COLUMN rows[4];

	for (unsigned i = 0; i < 4; i++)
		rows[i] = columns_row((const char *)at[i] + offset, (const char *)at[i + 4] + offset);
	columns_turn(to, rows);
}

// The other way round: one store for each of the eight.
COLUMN_STEP void columns_put(void *const at[COLUMNS], int offset, const COLUMN from[4])
{
	COLUMN rows[4];

	columns_turn(rows, from);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t __attribute__((vector_size(16))) low = __builtin_shufflevector(rows[i], rows[i], 0, 1, 2, 3),
							  high = __builtin_shufflevector(rows[i], rows[i], 4, 5, 6, 7);

		memcpy((char *)at[i] + offset, &low, sizeof(low));
		memcpy((char *)at[i + 4] + offset, &high, sizeof(high));
	}
}

// Between network and host order.
COLUMN_STEP COLUMN columns_swap(COLUMN words)
{
	uint8_t __attribute__((vector_size(4 * COLUMNS))) bytes;

	memcpy(&bytes, &words, sizeof(bytes));
	bytes = __builtin_shufflevector(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17,
					16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28);
	memcpy(&words, &bytes, sizeof(words));
	return words;
}
