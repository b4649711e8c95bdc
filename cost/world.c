// world.c - lays out plane, rooms and shards in plain memory. State: the caller's struct world; one thread.
#include "cost/world.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cost/memory.h"
#include "workers/lines/lines.h"
#include "workers/pipe/tunnel.h"

#define GTPU 0xc0000201u   // 192.0.2.1
#define PEER 0xc6336401u   // 198.51.100.1
#define SERVER 0xcb007109u // 203.0.113.9

enum { PLANE, ROOMS, SEAT, REGIONS, PARTS };

static struct region_shape shape_of(unsigned sessions)
{
	return (struct region_shape){ .slots = sessions / SHARDS, .rates = WORLD_RATES, .buckets = region_buckets(0) };
}

static void sizes(unsigned sessions, size_t bytes[PARTS])
{
	struct region_shape shape = shape_of(sessions);

	bytes[PLANE] = PLANE_PAGE;
	bytes[ROOMS] = WORLD_ROOMS * ROOM_STRIDE;
	bytes[SEAT] = 3ul * PLANE_PAGE;
	bytes[REGIONS] = region_stride(&shape) * SHARDS;
}

size_t world_bytes(unsigned sessions)
{
	size_t bytes[PARTS], all = 0;

	sizes(sessions, bytes);
	for (unsigned i = 0; i < PARTS; i++)
		all += bytes[i];
	return all;
}

static void plane_fill(struct plane *plane, unsigned sessions, uint64_t hz)
{
	struct shard_pool *pool = &plane->net.pool[0];
	unsigned bad;

	plane->shape = shape_of(sessions);
	plane->net =
	    (struct plane_net){ .clock_hz = hz, .gtpu_ipv4 = GTPU, .pools = 1, .access_mtu = 1600, .core_mtu = 1500 };
	*pool = (struct shard_pool){ .ipv4 = 0x0a000000, .ipv4_len = 8 };
	while (1u << (32 - pool->ipv4_len) > sessions)
		pool->ipv4_len++;
	if (shard_pools_lay(pool, 1, &bad) != (int)plane->shape.slots)
		abort(); // not a power of two
	plane->net.slot_bits = shard_slot_bits(plane->shape.slots);
	plane->rooms[0] = WORLD_ROOMS;
	memset((void *)plane->owner, 0, sizeof(plane->owner));
}

void world_packet_size(struct world *world, unsigned user_bytes)
{
	struct tunnel_ends ends = { PEER, GTPU, 0, GTPU_PORT, 0 };
	uint8_t *up = world->frame[LINE_UPLINK], *down = world->frame[LINE_DOWNLINK];

	world->user_bytes = (uint16_t)user_bytes;
	tunnel_close(up + TUNNEL_BYTES, user_bytes, &ends);
	udp_put(up + TUNNEL_BYTES + IP4_HEADER, 4000, 53, (uint16_t)(user_bytes - IP4_HEADER));
	udp_put(down + IP4_HEADER, 53, 4000, (uint16_t)(user_bytes - IP4_HEADER));
}

int world_open(struct world *world, unsigned sessions, uint64_t hz)
{
	*world = (struct world){ .sessions = sessions };
	sizes(sessions, world->bytes);
	for (unsigned i = 0; i < PARTS; i++) {
		world->memory[i] = memory_make(world->bytes[i]);
		if (!world->memory[i]) {
			world_close(world);
			return -ENOMEM;
		}
	}
	world->view.plane = world->memory[PLANE];
	plane_fill(world->view.plane, sessions, hz);
	world->view.rooms.base[0] = world->memory[ROOMS];
	world->view.rooms.count[0] = WORLD_ROOMS;
	world->view.seats[0] = seat_at(world->memory[SEAT]);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct region region = region_at(world->memory[REGIONS], &world->view.plane->shape, shard);

		*region.header = (struct region_header){ .magic = REGION_MAGIC, .shard = shard };
		world->view.shards[shard] = region;
	}
	pipe_init(&world->pipe, &world->view.plane->net, &world->view.rooms, &world->view.plane->shape,
		  world->view.shards);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		pipe_own(&world->pipe, (uint8_t)shard, &world->view.shards[shard]);
	world_packet_size(world, WORLD_USER_BYTES);
	return 0;
}

void world_close(struct world *world)
{
	for (unsigned i = 0; i < PARTS; i++)
		memory_free(world->memory[i], world->bytes[i]);
	*world = (struct world){ 0 };
}

void world_seat_clear(struct world *world)
{
	memset(world->memory[SEAT], 0, world->bytes[SEAT]);
}

static struct lines lines_of(struct world *world, unsigned shard)
{
	return (struct lines){ .region = &world->view.shards[shard],
			       .shape = &world->view.plane->shape,
			       .net = &world->view.plane->net,
			       .life = 1 };
}

void world_rate_set(struct world *world, unsigned index, const struct bearer_rate *rate)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct lines lines = lines_of(world, shard);

		if (lines_rate_set(&lines, index, rate))
			abort();
	}
}

uint32_t world_address(const struct world *world, unsigned n)
{
	return shard_pool_ipv4(&world->view.plane->net.pool[0], world_slot(n), world_shard(n));
}

uint32_t world_teid(const struct world *world, unsigned n)
{
	return shard_teid(1, world_slot(n), world_shard(n), world->view.plane->net.slot_bits);
}

void world_session_set(struct world *world, unsigned n, unsigned rate)
{
	struct bearer_way way = { .rate = (uint16_t)rate, .mark = BEARER_MARK_AF1 };
	struct bearer bearer = { .ue_ipv4 = world_address(world, n),
				 .teid = world_teid(world, n),
				 .peer_teid = n + 1,
				 .peer_ipv4 = PEER,
				 .uplink = way,
				 .downlink = way };
	struct lines lines = lines_of(world, world_shard(n));

	if (lines_set(&lines, world_slot(n), &bearer))
		abort();
}

static void user_put(const struct world *world, uint8_t *packet, uint32_t source, uint32_t destination)
{
	struct ip4_fields fields = { source, destination, world->user_bytes, 0, 64, IP_UDP };

	ip4_put(packet, &fields);
}

struct lane_handle world_lend(struct world *world, unsigned room, unsigned n, unsigned way)
{
	uint8_t *packet = room_at(&world->view.rooms, room) + WORLD_OFFSET;
	bool up = way == LINE_UPLINK;
	unsigned length = world->user_bytes + (up ? TUNNEL_BYTES : 0);

	memcpy(packet, world->frame[way], up ? TUNNEL_BYTES + IP4_HEADER + 8 : IP4_HEADER + 8); // nobody reads payload
	if (up) {
		be32_put(packet + TUNNEL_BYTES - 4, world_teid(world, n));
		user_put(world, packet + TUNNEL_BYTES, world_address(world, n), SERVER);
	} else {
		user_put(world, packet, SERVER, world_address(world, n));
	}
	return (struct lane_handle){ .room = room,
				     .hint = up ? world_teid(world, n)
						: shard_hint(world_address(world, n), world_shard(n)),
				     .offset = WORLD_OFFSET,
				     .length = (uint16_t)length,
				     .code = up ? LANE_UPLINK : LANE_DOWNLINK };
}

void world_visit(struct world *world, uint64_t now)
{
	for (unsigned n = 0; n < world->sessions; n++) {
		struct lane_handle handles[LINE_WAYS] = { world_lend(world, 0, n, LINE_UPLINK),
							  world_lend(world, 1, n, LINE_DOWNLINK) };

		pipe_burst(&world->pipe, handles, LINE_WAYS, now);
	}
}
