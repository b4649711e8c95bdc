// quarantine.h - sessions whose packets are refused at the door, because one of them killed two workers.
//
// A session is known by what its packets show: the TEID uplink, downlink the UE's address, or its place where networks share addresses. The loop adds what it has found out itself,
// with the one key it knows; ctrl, which knows the session, then sends the whole table (fleet.proto, Quarantine). Owned by the
// loop; the fleet thread reads the counters. Allocates at start only; while the table is empty it costs one compare.
#pragma once
#include <stdatomic.h>
#include "primary/edge/addrmap.h"
#include "shared/plane/lane.h"
#include "shared/wire/sheet.h"

#define QUARANTINE_MAX 1024u
#define QUARANTINE_NONE UINT32_MAX

struct quarantine_suspect { // 0 = none
	uint32_t teid, ipv4;
	uint64_t ipv6;  // of the /64
	uint32_t place; // 1 and a downlink hint (lane.h), instead of addresses
};

struct networks;

struct quarantine {
	_Atomic uint32_t count;
	uint32_t added;                  // by the loop itself, in all
	uint32_t teid_bits;              // that count: a session has TEIDs that differ in others (sheet_tunnel)
	uint32_t place_bits;             // and those that name its place
	struct addrmap where;            // TEID, and address or place -> index
	const struct networks *networks; // null, or where networks share addresses: places count (steer_quarantine)
	struct quarantine_suspect suspect[QUARANTINE_MAX];
	uint32_t own[QUARANTINE_MAX]; // the loop's n-th addition; 0 = ctrl's
	_Atomic uint64_t refused[QUARANTINE_MAX];
};

int quarantine_init(struct quarantine *quarantine, unsigned slot_bits); // of a TEID. 0 or -ENOMEM
void quarantine_fini(struct quarantine *quarantine);

// The loop's own addition. Its running number, or 0: it is there already, has no key, or the table is full.
uint32_t quarantine_add(struct quarantine *quarantine, const struct quarantine_suspect *suspect);

// Replaces the table, but for own additions after the `heard`-th. At most QUARANTINE_MAX.
void quarantine_replace(struct quarantine *quarantine, const struct quarantine_suspect *list, unsigned count,
			uint32_t heard);

// Whom a packet on its way to a seat belongs to, as far as it shows. packet: its bytes, from the IP header on.
struct quarantine_suspect quarantine_whose(const struct quarantine *quarantine, const struct lane_handle *lent,
					   const uint8_t *packet);

static inline bool quarantine_empty(const struct quarantine *quarantine)
{
	return atomic_load_explicit(&quarantine->count, memory_order_relaxed) == 0;
}

// Index of the suspect with this TEID; downlink, with this address (IPv6: of the /64) or hint; or with any of them; QUARANTINE_NONE.
uint32_t quarantine_teid(const struct quarantine *quarantine, uint32_t teid);
uint32_t quarantine_down(const struct quarantine *quarantine, struct address key, uint32_t hint);
uint32_t quarantine_find(const struct quarantine *quarantine, const struct quarantine_suspect *suspect);

static inline void quarantine_count(struct quarantine *quarantine, uint32_t index)
{
	_Atomic uint64_t *refused = &quarantine->refused[index];

	atomic_store_explicit(refused, atomic_load_explicit(refused, memory_order_relaxed) + 1, memory_order_relaxed);
}
