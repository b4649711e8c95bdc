// plane.c - makes the sessions and the packets. One thread.
#include "tests/bench/graph/plane.h"
#include <string.h>
#include <sys/mman.h>
#include "shared/base/clock.h"
#include "workers/pipe/tunnel.h"

#define USER_BYTES 92u
#define PEER 0xc6336401u   // 198.51.100.1
#define GTPU 0xc0000201u   // 192.0.2.1
#define SERVER 0xcb007109u // 203.0.113.9
#define OFFSET (ROOM_HEADROOM + 14u)

static uint8_t *map(size_t bytes)
{
	uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	(void)madvise(at, bytes, MADV_HUGEPAGE);
	memset(at, 0, bytes); // faulted in before anything is measured
	return at;
}

static struct bearer bearer_at(const struct forms_plane *plane, unsigned session)
{
	const struct plane_net *net = &plane->net;
	uint8_t shard = (uint8_t)(session % SHARDS);
	uint32_t slot = session / SHARDS;

	return (struct bearer){ .ue_ipv4 = shard_pool_ipv4(net->pool, slot, shard),
				.teid = shard_teid(1, slot, shard, net->slot_bits),
				.peer_teid = 0xbeef0000u + slot,
				.peer_ipv4 = PEER,
				.uplink = { .rate = 1, .mark = BEARER_MARK_AF1 },
				.downlink = { .rate = 1, .mark = BEARER_MARK_AF1 } };
}

static bool sessions_make(struct forms_plane *plane)
{
	const struct bearer_rate rate = { 10000000000, 1000000, 1000000 };

	for (unsigned i = 0; i < plane->sessions; i++) {
		struct lines lines = {
			.region = &plane->pipe.shard[i % SHARDS], .shape = &plane->shape, .net = &plane->net, .life = 1
		};
		struct bearer bearer = bearer_at(plane, i);

		if (i < SHARDS && lines_rate_set(&lines, 1, &rate))
			return false;
		if (lines_set(&lines, i / SHARDS, &bearer))
			return false;
	}
	return true;
}

bool forms_plane_open(struct forms_plane *plane, unsigned sessions, uint64_t seed)
{
	struct region shards[SHARDS];
	unsigned bad, bits = (unsigned)__builtin_ctz(sessions);
	uint8_t *zone;

	*plane = (struct forms_plane){ .sessions = sessions, .random = seed | 1 };
	plane->net = (struct plane_net){ .clock_hz = clock_hz(),
					 .gtpu_ipv4 = GTPU,
					 .pools = 1,
					 .pool = { { .ipv4 = 0x0a000000, .ipv4_len = (uint8_t)(32 - bits) } },
					 .access_mtu = 1600,
					 .core_mtu = 1500 };
	plane->shape = (struct region_shape){ .slots = (uint32_t)shard_pools_lay(plane->net.pool, 1, &bad),
					      .rates = 8,
					      .buckets = region_buckets(0) };
	plane->net.slot_bits = shard_slot_bits(plane->shape.slots);
	plane->rooms.base[0] = map((size_t)PLANE_ROUND * ROOM_STRIDE);
	plane->rooms.count[0] = PLANE_ROUND;
	zone = map(region_stride(&plane->shape) * SHARDS);
	if (!plane->rooms.base[0] || !zone)
		return false;
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		shards[shard] = region_at(zone, &plane->shape, shard);
		shards[shard].header->shard = shard;
	}
	pipe_init(&plane->pipe, &plane->net, &plane->rooms, &plane->shape, shards);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		pipe_own(&plane->pipe, (uint8_t)shard, &shards[shard]);
	return sessions_make(plane);
}

static uint64_t random_next(struct forms_plane *plane)
{
	plane->random ^= plane->random << 13;
	plane->random ^= plane->random >> 7;
	plane->random ^= plane->random << 17;
	return plane->random;
}

static struct lane_handle packet_make(const struct forms_plane *plane, uint32_t room, unsigned session, bool up)
{
	struct lane_handle handle = { .room = room, .offset = OFFSET, .turn = (uint16_t)room, .port = 1 };
	struct bearer bearer = bearer_at(plane, session);
	struct tunnel_ends ends = { PEER, GTPU, bearer.teid, GTPU_PORT, 0 };
	struct ip4_fields user = { SERVER, bearer.ue_ipv4, USER_BYTES, 0, 64, IP_UDP };
	uint8_t *bytes = room_at(&plane->rooms, room) + OFFSET;

	if (!up) {
		ip4_put(bytes, &user);
		udp_put(bytes + IP4_HEADER, 443, 5000, USER_BYTES - IP4_HEADER);
		handle.length = USER_BYTES;
		handle.code = LANE_DOWNLINK;
		handle.hint = shard_hint(bearer.ue_ipv4, (uint8_t)session);
		return handle;
	}
	user = (struct ip4_fields){ bearer.ue_ipv4, SERVER, USER_BYTES, 0, 64, IP_UDP };
	ip4_put(bytes + TUNNEL_BYTES, &user);
	udp_put(bytes + TUNNEL_BYTES + IP4_HEADER, 5000, 443, USER_BYTES - IP4_HEADER);
	tunnel_close(bytes + TUNNEL_BYTES, USER_BYTES, &ends);
	handle.length = TUNNEL_BYTES + USER_BYTES;
	handle.code = LANE_UPLINK;
	handle.hint = bearer.teid;
	return handle;
}

void forms_plane_round(struct forms_plane *plane, struct lane_handle handles[PLANE_ROUND])
{
	for (unsigned i = 0; i < PLANE_ROUND; i++) {
		uint64_t random = random_next(plane);

		handles[i] = packet_make(plane, i, (unsigned)(random >> 20) & (plane->sessions - 1), random >> 60 & 1);
	}
}
