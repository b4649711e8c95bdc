// stand.c - private memory laid out like the plane. One thread.
#include "tests/stand/stand.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
		.access_mtu = 1500,
		.core_mtu = 1500
	};
	if (shard_pools_lay(stand->net.pool, stand->net.pools, &bad) != STAND_FIRST_FOREIGN)
		abort();
	stand->shape = (struct region_shape){ STAND_FIRST_FOREIGN + 64, 64, 8, region_buckets(64) };
	stand->net.slot_bits = shard_slot_bits(stand->shape.slots);
}

void stand_open(struct stand *stand)
{
	*stand = (struct stand){ 0 };
	net_open(stand);
	rooms_open(stand);
	stand->zone_bytes = region_stride(&stand->shape) * SHARDS;
	stand->zone = map(stand->zone_bytes, MAP_SHARED);
	pipe_init(&stand->pipe, &stand->net, &stand->rooms, &stand->shape);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		stand->pipe.shard[shard] = region_at(stand->zone, &stand->shape, shard);
		stand->pipe.shard[shard].header->shard = shard;
	}
}

void stand_close(struct stand *stand)
{
	munmap(stand->rooms_map, stand->rooms_bytes);
	munmap(stand->zone, stand->zone_bytes);
}

struct lines stand_lines(struct stand *stand, unsigned shard)
{
	return (struct lines){ &stand->pipe.shard[shard], &stand->shape, &stand->net };
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
