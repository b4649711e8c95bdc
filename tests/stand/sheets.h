// sheets.h - sheets made by hand (shared/wire/sheet.h), for tests: parts are filled in, then written one behind the other.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/wire/sheet.h"

#define SHEETS_ANY 0xffff0000u // ports

// Counts stand in head; whoever fills a part in counts it there.
struct sheets {
	struct sheet head;
	uint64_t tunnel[SHEET_TUNNELS];
	struct sheet_pdr pdr[SHEET_PDRS];
	struct sheet_far far[SHEET_FARS];
	struct sheet_qer qer[SHEET_QERS];
	struct sheet_urr urr[SHEET_URRS];
	struct sheet_filters4 filters4[SHEET_FILTERS / 8];
	struct sheet_filters6 filters6[SHEET_FILTERS / 8];
	struct sheet_route route[SHEET_ROUTES];
	_Alignas(64) uint8_t bytes[SHEET_BYTES_MAX]; // written by sheets_write
};

// An uplink PDR (bit 0, ID 1, FAR 0) and a downlink one (bit 1, ID 2, FAR 1), both open to everything; FAR 1 leads to a peer.
void sheets_plain(struct sheets *sheets);

// Filter number n, which lets everything pass and leads to these PDRs: to be narrowed afterwards.
void sheets_filter4(struct sheets *sheets, unsigned n, uint64_t pdrs);
void sheets_filter6(struct sheets *sheets, unsigned n, uint64_t pdrs);

// Some of everything that a packet may meet: filters, a PDR for QFIs, a second TEID, each action and outer header, two meters, a quota. i: which
// of what; all of it follows from that.
void sheets_mixed(struct sheets *sheets, unsigned i);

// Returns the length; head.bytes says it too.
size_t sheets_write(struct sheets *sheets);
