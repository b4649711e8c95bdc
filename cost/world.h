// world.h - a gateway's memory without a gateway: sessions in their shards, rooms, one seat, so that the real packet path and the
// real lane can be run and timed by anyone.
//
// Private memory; needs neither root nor hugepages. One pool, every shard owned, every session in a cell of the pool.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/plane.h"
#include "workers/pipe/pipe.h"

#define WORLD_ROOMS 256u
#define WORLD_USER_BYTES 92u // of a user's packet at first; 128 with the tunnel
#define WORLD_RATES 8u
#define WORLD_OFFSET (ROOM_HEADROOM + 14u)

struct world {
	struct plane_view view;
	struct pipe pipe;
	unsigned sessions;
	void *memory[4]; // plane, rooms, seat, regions
	size_t bytes[4];
	uint16_t user_bytes;  // of a user's packet
	uint8_t frame[2][96]; // by way: what every frame begins with
};

// `sessions`: a power of two, 256 and up; none of them is set yet. hz: of the clock the pipe will be told. -ENOMEM.
int world_open(struct world *world, unsigned sessions, uint64_t hz);
void world_close(struct world *world);

// Bytes such a world takes.
size_t world_bytes(unsigned sessions);

// The seat as it is before anybody sat there: empty rings.
void world_seat_clear(struct world *world);

// In every shard, as rate `index` (1..WORLD_RATES - 1).
void world_rate_set(struct world *world, unsigned index, const struct bearer_rate *rate);

// Sets session n: marked AF1, policed by the rate of that index, not at all with 0.
void world_session_set(struct world *world, unsigned n, unsigned rate);

// Session n's: our TEID, and its user's address.
uint32_t world_teid(const struct world *world, unsigned n);
uint32_t world_address(const struct world *world, unsigned n);

// One packet of every session each way, so that all buckets have begun to count.
void world_visit(struct world *world, uint64_t now);

// How large the users' packets are from now on, 28 to 1400 bytes.
void world_packet_size(struct world *world, unsigned user_bytes);

// Session n's cell.
static inline uint8_t world_shard(unsigned n)
{
	return (uint8_t)(n % SHARDS);
}

static inline uint32_t world_slot(unsigned n)
{
	return n / SHARDS;
}

// Writes a packet of session n in that way (LINE_UPLINK, LINE_DOWNLINK) into a room, and makes the handle the primary would.
struct lane_handle world_lend(struct world *world, unsigned room, unsigned n, unsigned way);
