// estate.h - a plane of any number of sessions in pages_take's memory, filled the way a worker fills it.
//
// Made by one thread. Sessions are numbered 0..sessions-1; number n lives in shard n % 256. From a pool: its UE address
// follows from n. Foreign: its addresses are scattered, and found by the index only.
#pragma once
#include <stdbool.h>
#include "shared/plane/plane.h"
#include "workers/lines/lines.h"

#define ESTATE_POOL 0x0a000000u

struct estate {
	struct plane_view view;
	uint32_t sessions;
	unsigned foreign; // addresses a session has that are from no pool: 0, 1 (IPv4) or 2
};

// sessions: a multiple of 256, at most 65536 x 256. All cells are empty.
void estate_make(struct estate *estate, uint32_t sessions, unsigned foreign);

// The session as ctrl would say it. Whatever may change about it comes from `version`, 1..2^30, so that half of one version and
// half of another give themselves away (estate_whole).
struct bearer estate_bearer(const struct estate *estate, uint32_t number, uint32_t version);

// Sets every session, version 1, with the worker's own code. Ends the program if one is refused.
void estate_fill(struct estate *estate);

// The UE address of session `number` where sessions are from the pool. One to one onto ESTATE_POOL .. + sessions - 1.
static inline uint32_t estate_pool_address(uint32_t number)
{
	uint32_t block = ESTATE_POOL | number / SHARDS << 8;

	return block | (uint8_t)(shard_of_ipv4(block) ^ number);
}

static inline uint32_t estate_peer_teid(uint32_t version)
{
	return version * 0x9e3779b1u | 1;
}

static inline bool estate_whole(const struct line *downlink)
{
	return downlink->teid == estate_peer_teid(downlink->peer_ipv4) && downlink->qfi == (downlink->peer_ipv4 & 63);
}
