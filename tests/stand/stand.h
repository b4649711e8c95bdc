// stand.h - a small plane in private memory, so that the packet path can be tried without DPDK, hugepages or processes.
//
// Pools: 10.45.0.0/16 and 2001:db8:45::/48 (256 rows, one cell each for both families), and 64 cells a shard for
// foreign addresses. Every shard has an owner unless the test takes it away. Rooms end where a page without rights
// begins.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/verdict.h"
#include "shared/plane/ruled.h"
#include "tests/stand/sheets.h"
#include "workers/lines/lines.h"
#include "workers/pipe/pipe.h"

#define STAND_HZ 2000000000ull
#define STAND_GTPU 0xc0000201u   // 192.0.2.1
#define STAND_PEER 0xc6336401u   // 198.51.100.1
#define STAND_SERVER 0xcb007109u // 203.0.113.9
#define STAND_USER_BYTES 100u
#define STAND_ROOMS 64u
#define STAND_FIRST_FOREIGN 256u
#define STAND_SHEET_LINES 96u
#define STAND_OFFSET 142u // where the primary usually leaves the IP header: headroom and Ethernet

struct stand {
	struct plane_net net;
	struct region_shape shape;
	struct rooms rooms;
	struct pipe pipe;
	uint8_t *rooms_map, *zone;
	size_t rooms_bytes, zone_bytes;
};

void stand_open(struct stand *stand);       // aborts where there is no memory
void stand_open_ruled(struct stand *stand); // likewise, with STAND_SHEET_LINES for the rules of each cell and half
void stand_close(struct stand *stand);
struct lines stand_lines(struct stand *stand, unsigned shard);

// A plain dual-stack bearer for a cell: pool addresses, generation 1, peer STAND_PEER, no rates, marks kept.
struct bearer stand_bearer(const struct stand *stand, unsigned shard, uint32_t slot);

// One with addresses from no pool, for any slot.
struct bearer stand_foreign_bearer(const struct stand *stand, unsigned shard, uint32_t slot, uint32_t generation);

// Gives a session that is set the rules of this sheet, in half 0 or 1 of its room, with all buckets full and gauges at zero, and returns
// its room. Its lines are no longer plain.
struct ruled *stand_rules(struct stand *stand, unsigned shard, uint32_t slot, unsigned half,
			  const struct sheets *sheets);

// Random numbers, from a state that is not 0; and how a session may be treated in one direction: rates 0 to 3, any mark, mostly no flags.
uint32_t stand_pick(uint64_t *state, uint32_t below);
struct bearer_way stand_way_random(uint64_t *state);

// Whether digest, counts and index agree with the cells, and no change is half done.
bool stand_in_step(const struct lines *lines);

// Copies a packet into a room and makes the handle the primary would.
struct lane_handle stand_lend(struct stand *stand, uint32_t room, unsigned kind, const void *bytes, unsigned length);
uint8_t *stand_bytes(struct stand *stand, const struct lane_handle *handle);

// A user's UDP packet over IPv4, STAND_USER_BYTES of it, without anything unusual; and lent, as the primary would: from
// the session with that TEID, or to that UE.
void stand_user_packet(uint8_t *bytes, uint32_t source, uint32_t destination, uint8_t ttl);
struct lane_handle stand_lend_up(struct stand *stand, uint32_t room, uint32_t teid, uint32_t source, uint8_t ttl);
struct lane_handle stand_lend_down(struct stand *stand, uint32_t room, uint32_t destination, uint8_t ttl);

// As pipe_burst, but always of LANE_BURST handles, of which the others are nothing: fewer would go another way.
void stand_burst(struct stand *stand, struct lane_handle *handles, unsigned n, uint64_t now);
