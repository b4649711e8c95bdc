// crc.h - CRC32C (RFC 3720 B.4) by the processor's own instruction. Pure.
#pragma once
#include <nmmintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t crc_word(uint32_t crc, uint64_t word)
{
	return (uint32_t)_mm_crc32_u64(crc, word);
}

static inline uint32_t crc_bytes(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t word;

	for (; length >= 8; at += 8, length -= 8) {
		memcpy(&word, at, 8);
		crc = crc_word(crc, word);
	}
	while (length--)
		crc = _mm_crc32_u8(crc, *at++);
	return crc;
}
