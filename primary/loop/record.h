// record.h - packets that killed two workers: how the loop hands them over, and the files in which they are kept.
//
// The loop fills a free record and posts it; the fleet thread writes a pcap file and gives it free. Without a free one, or where the
// disk is full, only the file is lost. Files: <record_dir>/<time>-<whose>-<deaths>.pcap, mode 0600, at most RECORD_FILES;
// the oldest goes first. Packets begin with their IP header (LINKTYPE_RAW).
#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include "primary/edge/quarantine.h"
#include "shared/plane/limits.h"

#define RECORDS 8u
#define RECORD_FILES 64u
#define RECORD_PATH 320u

struct record_death {
	uint32_t seat, signal; // 0 = it hung
};

struct record {
	_Atomic uint32_t taken; // by the loop, until the fleet thread has written it
	uint32_t number;        // of the loop's own addition to the quarantine; 0 = none
	struct quarantine_suspect suspect;
	struct record_death first, second;
	struct lane_handle lent;
	uint32_t length;
	uint8_t bytes[ROOM_STRIDE];
};

// A free one, taken; null: none. Loop.
static inline struct record *record_take(struct record records[RECORDS])
{
	for (unsigned i = 0; i < RECORDS; i++)
		if (!atomic_load_explicit(&records[i].taken, memory_order_acquire)) { // pairs with record_free
			atomic_store_explicit(&records[i].taken, 1, memory_order_relaxed);
			return &records[i];
		}
	return NULL;
}

static inline void record_free(struct record *record)
{
	atomic_store_explicit(&record->taken, 0, memory_order_release);
}

// "teid 0x12345678", "10.45.0.1", "2001:db8::/64", or "nobody". Fleet thread.
struct record_words {
	char text[48];
};
struct record_words record_whose(const struct quarantine_suspect *suspect);

// Writes the file and removes the oldest ones. 0 with its path, or -errno with "". Fleet thread.
int record_write(const struct record *record, const char *dir, char path[RECORD_PATH]);
