// store_row.h - a row as it lies in the file: CRC32C of table, key and bytes, then the bytes; and the stamp, the row that tells
// what the others must add up to. Pure.
//
// A CRC tells a row that was damaged, not one that is missing, or as it was a while ago because a page was torn. So every
// transaction writes, as key 0 of table meta, its own number and the sum of its rows' marks, table by table.
#pragma once
#include <endian.h>
#include <string.h>
#include "ctrl/kit/crc.h"
#include "ctrl/kit/hash.h"
#include "ctrl/store/store.h"

#define STORE_CRC_BYTES sizeof(uint32_t)
#define STORE_STAMP_KEY 0ull

struct store_tally {
	uint64_t last[STORE_TABLES]; // highest key so far
	uint64_t sum[STORE_TABLES];  // of the rows' marks, the stamp apart
};

struct store_stamp {
	uint64_t transaction; // LMDB's number of the one that wrote it; 0 = there is no stamp
	uint64_t sum[STORE_TABLES];
};

// Tables that came later are left out where they are empty, and missing where an older build wrote last: so builds that do not know them
// open each other's stores as long as they can.
#define STORE_STAMP_LEAST offsetof(struct store_stamp, sum[STORE_QUARANTINE + 1])

static inline size_t store_stamp_bytes(const struct store_stamp *stamp)
{
	unsigned tables = STORE_TABLES;

	while (tables > STORE_QUARANTINE + 1 && !stamp->sum[tables - 1])
		tables--;
	return offsetof(struct store_stamp, sum[tables]);
}

static inline bool store_is_stamp(enum store_table table, uint64_t key)
{
	return table == STORE_META && key == STORE_STAMP_KEY;
}

static inline uint32_t store_row_crc(enum store_table table, const struct store_row *row)
{
	return crc_bytes(crc_word(table, row->key), row->bytes, row->length);
}

// value: as it lies in the file; one too short to have a CRC has the mark of 0.
static inline uint64_t store_row_mark(uint64_t key, const void *value, size_t length)
{
	uint32_t crc = 0;

	if (length >= STORE_CRC_BYTES)
		memcpy(&crc, value, STORE_CRC_BYTES);
	return hash_u64(hash_u64(length, key), crc);
}

// Fills *row from what lies there; bytes null if it is not what was written.
static inline void store_row_read(enum store_table table, const void *value, size_t length, struct store_row *row)
{
	uint32_t crc;

	row->bytes = NULL;
	row->length = 0;
	if (length < STORE_CRC_BYTES)
		return;
	memcpy(&crc, value, STORE_CRC_BYTES);
	row->bytes = (const uint8_t *)value + STORE_CRC_BYTES;
	row->length = length - STORE_CRC_BYTES;
	if (crc != store_row_crc(table, row))
		row->bytes = NULL;
}
