// pipe.c - the burst loop and the steps of each direction. Owned by the worker's loop; one thread.
#include "workers/pipe.h"
#include "shared/base/faults.h"
#include "shared/wire/hop.h"
#include "workers/flow.h"
#include "workers/foreign.h"
#include "workers/police.h"
#include "workers/tunnel.h"

// A step of both directions: inlined into each, so that what it knows of the packet stays in registers.
#define STEP static inline __attribute__((always_inline))

// One packet on its way: what the steps have found out so far.
struct user {
	uint8_t *packet; // the user's IP header
	struct ip_packet ip;
	const struct region *region;
	struct line *line;
	uint32_t slot;
	uint8_t way; // LINE_UPLINK, LINE_DOWNLINK
};

void pipe_init(struct pipe *pipe, const struct plane_net *net, const struct rooms *rooms,
	       const struct region_shape *shape)
{
	*pipe = (struct pipe){ .net = net, .rooms = rooms, .shape = *shape, .byte_tokens = 8 * net->clock_hz };
}

static enum verdict ip_verdict(enum ip_fault fault)
{
	return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
}

static void count_red(struct rest *rest, unsigned way, uint32_t bytes)
{
	rest->red_packets[way]++;
	rest->red_bytes[way] += bytes;
}

static void count_half_turn(struct rest *rest, unsigned way, uint32_t packets)
{
	rest->half_turns[way] = (uint32_t)(region_packets(rest->half_turns[way], packets) >> 31) + 1;
}

// Gate and rate: VERDICT_FORWARD with *tos marked for its class and colour, or the refusal.
STEP enum verdict admit(const struct pipe *pipe, const struct user *user, uint8_t *tos, uint64_t now)
{
	static const struct region_rate undefined;
	const struct line *line = user->line;
	enum police_colour colour = POLICE_GREEN;

	if (line->flags & BEARER_GATE_CLOSED)
		return VERDICT_GATE_CLOSED;
	if (line->flags & BEARER_COLOUR_AWARE)
		colour = police_colour(*tos);
	if (line->rate) {
		const struct region_rate *rate =
		    line->rate < pipe->shape.rates ? &user->region->rates[line->rate] : &undefined;

		colour = police_meter(user->line, rate, user->ip.length * pipe->byte_tokens, now, colour);
		if (colour == POLICE_RED) {
			count_red(&user->region->rest[user->slot], user->way, user->ip.length);
			if (!(line->flags & BEARER_RED_REMARK) || line->mark == BEARER_MARK_EF)
				return VERDICT_RED;
		}
	}
	*tos = police_tos(line->mark, colour, *tos);
	return VERDICT_FORWARD;
}

STEP void count(const struct user *user)
{
	struct line *line = user->line;
	uint32_t packets = line->packets;

	line->bytes += user->ip.length;
	FAULT_POINT("packet.bytes");
	line->packets = packets + 1;
	if (__builtin_expect(((packets + 1) & 0x7fffffff) == 0, 0))
		count_half_turn(&user->region->rest[user->slot], user->way, packets);
}

// Once the session is found and the packet admitted: one hop less, the marks, the account. `limit` is the largest
// user's packet the next link takes.
STEP enum verdict pass(struct lane_handle *handle, const struct user *user, uint8_t tos, uint32_t limit)
{
	if (user->ip.ttl <= 1)
		return VERDICT_TO_SLOW_TTL;
	if (user->ip.length > limit) {
		handle->hint = limit;
		return VERDICT_TO_SLOW_BIG;
	}
	FAULT_POINT("packet.admitted");
	if (user->ip.version == 4)
		hop4(user->packet, tos);
	else
		hop6(user->packet, tos);
	FAULT_POINT("packet.hopped");
	count(user);
	FAULT_POINT("packet.counted");
	return VERDICT_FORWARD;
}

STEP enum verdict uplink_find(const struct pipe *pipe, struct user *user, uint32_t teid)
{
	user->region = &pipe->shard[shard_of_teid(teid)];
	user->slot = shard_slot_of_teid(teid, pipe->net->slot_bits);
	user->way = LINE_UPLINK;
	if (!user->region->header)
		return VERDICT_STEER_AGAIN;
	if (user->slot >= pipe->shape.slots)
		return VERDICT_NO_SESSION;
	user->line = user->region->uplink + user->slot;
	return user->line->flags & LINE_VALID && user->line->teid == teid ? VERDICT_FORWARD : VERDICT_NO_SESSION;
}

// Anti-spoofing: a session sends from its own address or /64 only. Its link-local traffic (fe80::/10) has no business
// beyond the gateway.
STEP bool source_good(const struct user *user)
{
	uint32_t address = be32_get(user->packet + 12);
	uint64_t prefix = be64_get(user->packet + 8);

	if (user->ip.version == 4)
		return address && address == user->line->ue_ipv4;
	return prefix && prefix == user->line->ue_ipv6;
}

static enum verdict uplink(const struct pipe *pipe, struct lane_handle *handle, uint8_t *outer, uint64_t now)
{
	struct tunnel_inside inside;
	struct user user;
	enum verdict verdict = tunnel_open(&inside, outer, handle->length);
	enum ip_fault fault;
	unsigned ecn;
	uint8_t tos;

	handle->hint = 0;
	if (verdict == VERDICT_FORWARD)
		verdict = uplink_find(pipe, &user, inside.teid);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	user.packet = outer + inside.offset;
	fault = ip_read(&user.ip, user.packet, inside.left);
	if (fault != IP_SOUND)
		return ip_verdict(fault);
	if (!source_good(&user))
		return VERDICT_SPOOFED;
	ecn = tunnel_ecn(user.ip.tos, inside.tos);
	if (ecn == TUNNEL_DROP)
		return VERDICT_CONGESTION;
	tos = (uint8_t)ecn;
	verdict = admit(pipe, &user, &tos, now);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	verdict = pass(handle, &user, tos, pipe->net->core_mtu);
	if (verdict == VERDICT_FORWARD)
		handle->port = LANE_SIDE_CORE;
	handle->offset = (uint16_t)(handle->offset + inside.offset);
	handle->length = (uint16_t)user.ip.length;
	return verdict;
}

// Slot of a UE address: by arithmetic if it is from our pools, else FOREIGN_NONE.
static uint32_t pool_slot(const struct plane_net *net, const uint8_t *packet, uint32_t left)
{
	uint32_t slot = FOREIGN_NONE;

	if (left >= IP4_HEADER && packet[0] >> 4 == 4) {
		uint32_t address = be32_get(packet + 16);

		for (unsigned i = 0; i < net->pools && slot == FOREIGN_NONE; i++)
			slot = shard_pool_slot4(&net->pool[i], address);
	} else if (left >= IP6_HEADER) {
		uint64_t prefix = be64_get(packet + 24);

		for (unsigned i = 0; i < net->pools && slot == FOREIGN_NONE; i++)
			slot = shard_pool_slot6(&net->pool[i], prefix);
	}
	return slot;
}

STEP uint32_t foreign_slot(const struct pipe *pipe, const struct user *user)
{
	if (user->ip.version == 4)
		return foreign_find4(user->region, &pipe->shape, be32_get(user->packet + 16));
	return foreign_find6(user->region, &pipe->shape, be64_get(user->packet + 24));
}

STEP bool destination_good(const struct user *user)
{
	if (user->ip.version == 4)
		return user->line->ue_ipv4 == be32_get(user->packet + 16);
	return user->line->ue_ipv6 == be64_get(user->packet + 24);
}

// pooled: the slot pool_slot found.
STEP enum verdict downlink_find(const struct pipe *pipe, struct user *user, uint32_t pooled)
{
	user->way = LINE_DOWNLINK;
	user->slot = pooled == FOREIGN_NONE ? foreign_slot(pipe, user) : pooled;
	if (user->slot >= pipe->shape.slots)
		return VERDICT_NO_SESSION;
	user->line = user->region->downlink + user->slot;
	if (!(user->line->flags & LINE_VALID) || !destination_good(user))
		return VERDICT_NO_SESSION;
	return user->line->peer_ipv4 ? VERDICT_FORWARD : VERDICT_NO_PEER;
}

STEP void encapsulate(const struct pipe *pipe, const struct user *user, uint8_t tos, uint16_t port)
{
	const struct line *line = user->line;
	struct tunnel_ends ends = { pipe->net->gtpu_ipv4, line->peer_ipv4, line->teid, port, tos };

	if (line->flags & BEARER_QFI)
		tunnel_close_qfi(user->packet, user->ip.length, &ends, line->qfi);
	else
		tunnel_close(user->packet, user->ip.length, &ends);
}

static enum verdict downlink(const struct pipe *pipe, struct lane_handle *handle, uint8_t *packet, uint32_t pooled,
			     uint64_t now)
{
	struct user user;
	uint32_t shard = handle->hint, front;
	enum verdict verdict;
	enum ip_fault fault;
	uint16_t port;
	uint8_t tos;

	handle->hint = 0;
	if (shard >= SHARDS || handle->offset < TUNNEL_BYTES_QFI)
		return VERDICT_NOT_OURS;
	user.packet = packet;
	user.region = &pipe->shard[shard];
	if (!user.region->header)
		return VERDICT_STEER_AGAIN;
	fault = ip_read(&user.ip, packet, handle->length);
	if (fault != IP_SOUND)
		return ip_verdict(fault);
	verdict = downlink_find(pipe, &user, pooled);
	tos = user.ip.tos;
	if (verdict == VERDICT_FORWARD)
		verdict = admit(pipe, &user, &tos, now);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	front = user.line->flags & BEARER_QFI ? TUNNEL_BYTES_QFI : TUNNEL_BYTES;
	port = flow_port(packet, &user.ip); // before pass: a wide store must not be read back in other pieces
	verdict = pass(handle, &user, tos, pipe->net->access_mtu - front);
	if (verdict != VERDICT_FORWARD) {
		handle->length = (uint16_t)user.ip.length;
		return verdict;
	}
	encapsulate(pipe, &user, tos, port);
	FAULT_POINT("packet.encapsulated");
	handle->offset = (uint16_t)(handle->offset - front);
	handle->length = (uint16_t)(user.ip.length + front);
	handle->port = LANE_SIDE_ACCESS;
	return VERDICT_FORWARD;
}

// Packets of one direction, in order, and what was found out about them ahead.
struct waiting {
	unsigned count;
	struct {
		struct lane_handle *handle;
		uint8_t *bytes;
		uint32_t pooled; // downlink: pool_slot's answer
	} packet[LANE_BURST];
};

static bool handle_good(const struct pipe *pipe, const struct lane_handle *handle)
{
	return room_valid(pipe->rooms, handle->room) && (uint32_t)handle->offset + handle->length <= ROOM_STRIDE &&
	       (handle->code == LANE_UPLINK || handle->code == LANE_DOWNLINK);
}

static void prefetch_line(const struct pipe *pipe, const struct line *lines, uint32_t slot)
{
	if (lines && slot < pipe->shape.slots)
		__builtin_prefetch(lines + slot, 1);
}

// First pass: headers on their way into the cache, and the session lines that the TEID in the hint names. Sorting by
// direction makes of an unpredictable branch a predictable one.
static void sort(const struct pipe *pipe, struct lane_handle *handles, unsigned n, struct waiting ways[LINE_WAYS])
{
	for (unsigned i = 0; i < n; i++) {
		struct lane_handle *handle = &handles[i];
		struct waiting *way = &ways[handle->code != LANE_UPLINK];
		uint8_t *bytes;

		if (!handle_good(pipe, handle)) {
			handle->code = VERDICT_NOT_OURS;
			handle->hint = 0;
			continue;
		}
		bytes = room_at(pipe->rooms, handle->room) + handle->offset;
		FAULT_PACKET(bytes, handle->length);
		__builtin_prefetch(bytes, 1);
		__builtin_prefetch(bytes + TUNNEL_BYTES, 1);
		way->packet[way->count].handle = handle;
		way->packet[way->count++].bytes = bytes;
	}
}

// Second pass: the session lines, which the hint names for uplink packets and the destination for downlink ones.
static void locate(const struct pipe *pipe, struct waiting *ups, struct waiting *downs)
{
	for (unsigned i = 0; i < ups->count; i++) {
		uint32_t teid = ups->packet[i].handle->hint;

		prefetch_line(pipe, pipe->shard[shard_of_teid(teid)].uplink,
			      shard_slot_of_teid(teid, pipe->net->slot_bits));
	}
	for (unsigned i = 0; i < downs->count; i++) {
		const struct lane_handle *handle = downs->packet[i].handle;
		uint32_t slot = pool_slot(pipe->net, downs->packet[i].bytes, handle->length);

		downs->packet[i].pooled = slot;
		prefetch_line(pipe, pipe->shard[handle->hint % SHARDS].downlink, slot);
	}
}

void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct waiting ways[LINE_WAYS], *ups = &ways[LINE_UPLINK], *downs = &ways[LINE_DOWNLINK];

	ups->count = downs->count = 0;
	sort(pipe, handles, n, ways);
	locate(pipe, ups, downs);
	FAULT_POINT("burst.sorted");
	for (unsigned i = 0; i < ups->count; i++) {
		struct lane_handle *handle = ups->packet[i].handle;

		handle->code = (uint8_t)uplink(pipe, handle, ups->packet[i].bytes, now);
	}
	for (unsigned i = 0; i < downs->count; i++) {
		struct lane_handle *handle = downs->packet[i].handle;

		handle->code = (uint8_t)downlink(pipe, handle, downs->packet[i].bytes, downs->packet[i].pooled, now);
	}
}
