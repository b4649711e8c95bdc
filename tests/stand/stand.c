// stand.c - private memory laid out like the plane. One thread.
#include "tests/stand/stand.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workers/pipe/tunnel.h"

static uint8_t *map(size_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		abort();
	return at;
}

static void rooms_open(struct stand *stand)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = STAND_ROOMS * ROOM_STRIDE;
	size_t whole = (bytes + page - 1) / page * page;

	stand->rooms_bytes = whole + page;
	stand->rooms_map = map(stand->rooms_bytes, MAP_PRIVATE);
	if (mprotect(stand->rooms_map + whole, page, PROT_NONE))
		abort();
	stand->rooms.base[0] = stand->rooms_map + whole - bytes;
	stand->rooms.count[0] = STAND_ROOMS;
}

static void net_open(struct stand *stand)
{
	unsigned bad;

	stand->net = (struct plane_net){
		.clock_hz = STAND_HZ,
		.gtpu_ipv4 = STAND_GTPU,
		.pools = 1,
		.pool = { { .ipv4 = 0x0a2d0000, .ipv4_len = 16, .ipv6 = 0x20010db800450000, .ipv6_len = 48 } },
		.verdicts = VERDICT_COUNT,
		.access_mtu = 1500,
		.core_mtu = 1500,
		.link_mtu = 1456,
	};
	if (shard_pools_lay(stand->net.pool, stand->net.pools, &bad) != STAND_FIRST_FOREIGN)
		abort();
	stand->shape = (struct region_shape){
		.slots = STAND_FIRST_FOREIGN + 64, .foreign = 64, .rates = 8, .buckets = region_buckets(64)
	};
	stand->net.slot_bits = shard_slot_bits(stand->shape.slots);
}

static void stand_lay(struct stand *stand, unsigned sheet_lines)
{
	struct region shards[SHARDS];

	*stand = (struct stand){ 0 };
	net_open(stand);
	stand->shape.sheet = (uint16_t)sheet_lines;
	rooms_open(stand);
	stand->zone_bytes = region_stride(&stand->shape) * SHARDS;
	stand->zone = map(stand->zone_bytes, MAP_SHARED);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		shards[shard] = region_at(stand->zone, &stand->shape, shard);
		shards[shard].header->shard = shard;
	}
	pipe_init(&stand->pipe, &stand->net, &stand->rooms, &stand->shape, shards);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		pipe_own(&stand->pipe, (uint8_t)shard, &shards[shard]);
}

void stand_open(struct stand *stand)
{
	stand_lay(stand, 0);
}

void stand_open_ruled(struct stand *stand)
{
	stand_lay(stand, STAND_SHEET_LINES);
}

struct ruled *stand_rules(struct stand *stand, unsigned shard, uint32_t slot, unsigned half,
			  const struct sheets *sheets)
{
	const struct region *region = &stand->pipe.shard[shard];
	struct ruled *ruled = region_room(region, &stand->shape, slot, half);
	unsigned tokens = (unsigned)(sizeof(*ruled) + sheets->head.bytes + 63) / 64 * 64;
	unsigned gauges = tokens + sheets->head.qers * LINE_WAYS * (unsigned)sizeof(struct ruled_tokens);
	unsigned end = gauges + sheets->head.urrs * (unsigned)sizeof(struct ruled_gauge);

	if (end > STAND_SHEET_LINES * 64)
		abort();
	memset(ruled, 0, end);
	*ruled = (struct ruled){ .teid = region->uplink[slot].teid,
				 .sum = sheet_sum(sheets->bytes, sheets->head.bytes),
				 .bytes = sheets->head.bytes,
				 .tokens = (uint16_t)tokens,
				 .gauges = (uint16_t)gauges,
				 .end = (uint16_t)end };
	memcpy(ruled + 1, sheets->bytes, sheets->head.bytes);
	for (unsigned i = 0; i < sheets->head.qers * LINE_WAYS; i++)
		((struct ruled_tokens *)((uint8_t *)ruled + tokens))[i] =
		    (struct ruled_tokens){ .tc = UINT64_MAX, .te = UINT64_MAX };
	for (unsigned i = 0; i < sheets->head.urrs; i++)
		((struct ruled_gauge *)((uint8_t *)ruled + gauges))[i].serial = sheets->urr[i].serial;
	region->uplink[slot].flags = region->downlink[slot].flags = LINE_VALID | BEARER_SHEET;
	region->rest[slot].ruled = half + 1;
	return ruled;
}

void stand_close(struct stand *stand)
{
	munmap(stand->rooms_map, stand->rooms_bytes);
	munmap(stand->zone, stand->zone_bytes);
}

struct lines stand_lines(struct stand *stand, unsigned shard)
{
	return (struct lines){ .region = &stand->pipe.shard[shard], .shape = &stand->shape, .net = &stand->net };
}

struct bearer stand_bearer(const struct stand *stand, unsigned shard, uint32_t slot)
{
	const struct shard_pool *pool = stand->net.pool;

	return (struct bearer){ .ue_ipv4 = shard_pool_ipv4(pool, slot, (uint8_t)shard),
				.ue_ipv6 = shard_pool_ipv6(pool, slot, (uint8_t)shard),
				.teid = shard_teid(1, slot, (uint8_t)shard, stand->net.slot_bits),
				.peer_teid = 0xbeef0000u + slot,
				.peer_ipv4 = STAND_PEER };
}

struct bearer stand_foreign_bearer(const struct stand *stand, unsigned shard, uint32_t slot, uint32_t generation)
{
	struct bearer bearer = stand_bearer(stand, shard, slot % STAND_FIRST_FOREIGN);

	bearer.teid = shard_teid(generation, slot, (uint8_t)shard, stand->net.slot_bits);
	bearer.ue_ipv4 = 0xac100000 + slot;
	bearer.ue_ipv6 = 0x20010db8aa000000 + slot;
	return bearer;
}

uint32_t stand_pick(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 33) % below;
}

struct bearer_way stand_way_random(uint64_t *state)
{
	uint8_t rare = stand_pick(state, 16) ? (uint8_t)stand_pick(state, 4) : BEARER_GATE_CLOSED;

	return (struct bearer_way){ .rate = (uint16_t)stand_pick(state, 4),
				    .mark = (uint8_t)stand_pick(state, BEARER_MARK_COUNT),
				    .flags = stand_pick(state, 4) ? 0 : rare };
}

static uint32_t entries(const struct lines *lines)
{
	uint32_t count = 0;

	for (uint32_t bucket = 0; bucket < lines->shape->buckets; bucket++)
		for (unsigned place = 0; place < 8; place++)
			count += lines->region->index[bucket].key[place] != 0;
	return count;
}

bool stand_in_step(const struct lines *lines)
{
	const struct region_header *header = lines->region->header;
	uint64_t digest = 0;
	uint32_t sessions = 0;

	for (uint32_t slot = 0; slot < lines->shape->slots; slot++) {
		struct bearer bearer;

		if (lines_read(lines, slot, &bearer) == 0 && lines->region->rest[slot].sweep == header->sweep) {
			digest ^= bearer_digest(slot, &bearer);
			sessions++;
		}
	}
	return header->digest == digest && header->sessions == sessions && header->foreign_used == entries(lines) &&
	       !header->pending;
}

struct lane_handle stand_lend(struct stand *stand, uint32_t room, unsigned kind, const void *bytes, unsigned length)
{
	struct lane_handle handle = { .room = room,
				      .offset = STAND_OFFSET,
				      .length = (uint16_t)length,
				      .turn = (uint16_t)(room * 257),
				      .port = 3,
				      .code = (uint8_t)kind };

	memcpy(stand_bytes(stand, &handle), bytes, length);
	return handle;
}

uint8_t *stand_bytes(struct stand *stand, const struct lane_handle *handle)
{
	return room_at(&stand->rooms, handle->room) + handle->offset;
}

void stand_user_packet(uint8_t *bytes, uint32_t source, uint32_t destination, uint8_t ttl)
{
	struct ip4_fields fields = { source, destination, STAND_USER_BYTES, 0, ttl, IP_UDP };

	memset(bytes, 0x5a, STAND_USER_BYTES);
	ip4_put(bytes, &fields);
	udp_put(bytes + IP4_HEADER, 4000, 53, STAND_USER_BYTES - IP4_HEADER);
}

struct lane_handle stand_lend_up(struct stand *stand, uint32_t room, uint32_t teid, uint32_t source, uint8_t ttl)
{
	uint8_t bytes[TUNNEL_BYTES + STAND_USER_BYTES];
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, teid, 2152, 0 };
	struct lane_handle handle;

	stand_user_packet(bytes + TUNNEL_BYTES, source, STAND_SERVER, ttl);
	tunnel_close(bytes + TUNNEL_BYTES, STAND_USER_BYTES, &ends);
	handle = stand_lend(stand, room, LANE_UPLINK, bytes, sizeof(bytes));
	handle.hint = teid;
	return handle;
}

struct lane_handle stand_lend_down(struct stand *stand, uint32_t room, uint32_t destination, uint8_t ttl)
{
	uint8_t bytes[STAND_USER_BYTES];
	struct lane_handle handle;

	stand_user_packet(bytes, STAND_SERVER, destination, ttl);
	handle = stand_lend(stand, room, LANE_DOWNLINK, bytes, sizeof(bytes));
	handle.hint = shard_hint(destination, shard_of_ipv4(destination));
	return handle;
}

void stand_burst(struct stand *stand, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct lane_handle burst[LANE_BURST] = { 0 };

	memcpy(burst, handles, n * sizeof(*burst));
	pipe_burst(&stand->pipe, burst, LANE_BURST, now);
	memcpy(handles, burst, n * sizeof(*burst));
}
