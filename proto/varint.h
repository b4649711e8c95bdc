// varint.h - numbers as protobuf writes them: seven bits a byte, the lowest first, each byte but the last with its top bit set; 1 to 10 bytes.
//
// Those of up to eight bytes are read and written as one word, without a loop: how many bytes the next one has is not to be guessed, and a
// wrong guess costs a processor more than all of this. The word is little-endian, as this machine. Pure.
#pragma once
#include <stdint.h>

#define VARINT_MORE 0x80u // of a byte: another one follows
#define VARINT_WORD 8u    // bytes
#define VARINT_SEVENS 0x7f7f7f7f7f7f7f7full
#define VARINT_TOPS 0x8080808080808080ull

// 1 to 10: nine for each 64 bits, and one more for what is left.
static inline unsigned varint_bytes(uint64_t value)
{
	return ((64u - (unsigned)__builtin_clzll(value | 1)) * 9 + 64) / 64;
}

// A number of so many bytes, at most VARINT_WORD, as they lie in memory.
static inline uint64_t varint_word(uint64_t value, unsigned bytes)
{
	value = (value & 0x00fffffff0000000) << 4 | (value & 0x000000000fffffff);
	value = (value & 0x0fffc0000fffc000) << 2 | (value & 0x00003fff00003fff);
	value = (value & 0x3f803f803f803f80) << 1 | (value & 0x007f007f007f007f);
	return value | (VARINT_TOPS & ((1ull << (8 * bytes - 1)) - 1));
}

// How many of a word's bytes are the number that it begins with; 0: more than all.
static inline unsigned varint_ends(uint64_t word)
{
	uint64_t ends = ~word & VARINT_TOPS;

	return ends ? (unsigned)__builtin_ctzll(ends) / 8 + 1 : 0;
}

// The number in the first so many bytes of a word, 1 to VARINT_WORD.
static inline uint64_t varint_value(uint64_t word, unsigned bytes)
{
	word &= VARINT_SEVENS >> (64 - 8 * bytes);
	word = (word & 0x7f007f007f007f00) >> 1 | (word & 0x007f007f007f007f);
	word = (word & 0x3fff00003fff0000) >> 2 | (word & 0x00003fff00003fff);
	return (word & 0x0fffffff00000000) >> 4 | (word & 0x000000000fffffff);
}
