// pipe.c - the burst loop and the steps of each direction. Owned by the worker's loop; one thread.
#include "workers/pipe.h"
#include "workers/foreign.h"
#include "workers/police.h"
#include "workers/tunnel.h"

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
	static const uint8_t verdicts[] = {
		[IP_SOUND] = VERDICT_FORWARD, [IP_SHORT] = VERDICT_SHORT, [IP_BAD] = VERDICT_BAD_IP
	};

	return verdicts[fault];
}

// Gate and rate: VERDICT_FORWARD with *tos marked for its class and colour, or the refusal.
static enum verdict admit(const struct pipe *pipe, const struct user *user, uint8_t *tos, uint64_t now)
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
			struct rest *rest = &user->region->rest[user->slot];

			rest->red_packets[user->way]++;
			rest->red_bytes[user->way] += user->ip.length;
			if (!(line->flags & BEARER_RED_REMARK) || line->mark == BEARER_MARK_EF)
				return VERDICT_RED;
		}
	}
	*tos = police_tos(line->mark, colour, *tos);
	return VERDICT_FORWARD;
}

// What the slow lane is to answer: the user's packet, without padding.
static enum verdict relay(struct lane_handle *handle, const struct user *user, const uint8_t *room,
			  enum verdict verdict)
{
	handle->offset = (uint16_t)(user->packet - room);
	handle->length = (uint16_t)user->ip.length;
	return verdict;
}

static void count(const struct user *user)
{
	struct line *line = user->line;
	uint32_t packets = line->packets;

	line->bytes += user->ip.length;
	line->packets = packets + 1;
	if (__builtin_expect(((packets + 1) & 0x7fffffff) == 0, 0)) {
		uint32_t *half_turns = &user->region->rest[user->slot].half_turns[user->way];

		*half_turns = (uint32_t)(region_packets(*half_turns, packets) >> 31) + 1;
	}
}
// The steps both directions share once the session is found and the packet admitted: one hop less, the marks, the account.
// `limit` is the largest user's packet the next link takes.
static enum verdict pass(struct lane_handle *handle, const struct user *user, const uint8_t *room, uint8_t tos,
			 uint32_t limit)
{
	if (user->ip.ttl <= 1)
		return relay(handle, user, room, VERDICT_TO_SLOW_TTL);
	if (user->ip.length > limit) {
		handle->hint = limit;
		return relay(handle, user, room, VERDICT_TO_SLOW_BIG);
	}
	if (user->ip.version == 4)
		ip4_pass(user->packet, tos);
	else
		ip6_pass(user->packet, tos);
	count(user);
	return VERDICT_FORWARD;
}

static enum verdict uplink_find(const struct pipe *pipe, struct user *user, uint32_t teid)
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
static bool source_good(const struct user *user)
{
	uint32_t address = be32_get(user->packet + 12);
	uint64_t prefix = be64_get(user->packet + 8);

	if (user->ip.version == 4)
		return address && address == user->line->ue_ipv4;
	return prefix && prefix == user->line->ue_ipv6;
}

static enum verdict uplink(const struct pipe *pipe, struct lane_handle *handle, uint64_t now)
{
	uint8_t *room = room_at(pipe->rooms, handle->room), *outer = room + handle->offset;
	struct tunnel_inside inside;
	struct user user;
	enum verdict verdict = tunnel_open(&inside, outer, handle->length);
	unsigned ecn;
	uint8_t tos;

	if (verdict == VERDICT_FORWARD)
		verdict = uplink_find(pipe, &user, inside.teid);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	user.packet = outer + inside.offset;
	verdict = ip_verdict(ip_read(&user.ip, user.packet, inside.left));
	if (verdict != VERDICT_FORWARD)
		return verdict;
	if (!source_good(&user))
		return VERDICT_SPOOFED;
	ecn = tunnel_ecn(user.ip.tos, inside.tos);
	if (ecn == TUNNEL_DROP)
		return VERDICT_CONGESTION;
	tos = (uint8_t)ecn;
	verdict = admit(pipe, &user, &tos, now);
	if (verdict == VERDICT_FORWARD)
		verdict = pass(handle, &user, room, tos, pipe->net->core_mtu);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	handle->port = LANE_SIDE_CORE;
	return relay(handle, &user, room, VERDICT_FORWARD);
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

static uint32_t foreign_slot(const struct pipe *pipe, const struct user *user)
{
	if (user->ip.version == 4)
		return foreign_find4(user->region, &pipe->shape, be32_get(user->packet + 16));
	return foreign_find6(user->region, &pipe->shape, be64_get(user->packet + 24));
}

static bool destination_good(const struct user *user)
{
	if (user->ip.version == 4)
		return user->line->ue_ipv4 == be32_get(user->packet + 16);
	return user->line->ue_ipv6 == be64_get(user->packet + 24);
}

// pooled: the slot pool_slot found.
static enum verdict downlink_find(const struct pipe *pipe, struct user *user, uint32_t pooled)
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

static void encapsulate(const struct pipe *pipe, const struct user *user, uint8_t tos)
{
	const struct line *line = user->line;
	struct tunnel_ends ends = { pipe->net->gtpu_ipv4, line->peer_ipv4, line->teid,
				    tunnel_port(user->packet, &user->ip), tos };

	if (line->flags & BEARER_QFI)
		tunnel_close_qfi(user->packet, user->ip.length, &ends, line->qfi);
	else
		tunnel_close(user->packet, user->ip.length, &ends);
}

static enum verdict downlink(const struct pipe *pipe, struct lane_handle *handle, uint32_t pooled, uint64_t now)
{
	uint8_t *room = room_at(pipe->rooms, handle->room);
	struct user user = { .packet = room + handle->offset };
	enum verdict verdict;
	uint32_t shard = handle->hint, overhead;
	uint8_t tos;

	handle->hint = 0;
	if (shard >= SHARDS || handle->offset < TUNNEL_BYTES_QFI)
		return VERDICT_NOT_OURS;
	user.region = &pipe->shard[shard];
	if (!user.region->header)
		return VERDICT_STEER_AGAIN;
	verdict = ip_verdict(ip_read(&user.ip, user.packet, handle->length));
	if (verdict == VERDICT_FORWARD)
		verdict = downlink_find(pipe, &user, pooled);
	tos = user.ip.tos;
	if (verdict == VERDICT_FORWARD)
		verdict = admit(pipe, &user, &tos, now);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	overhead = user.line->flags & BEARER_QFI ? TUNNEL_BYTES_QFI : TUNNEL_BYTES;
	verdict = pass(handle, &user, room, tos, pipe->net->access_mtu - overhead);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	encapsulate(pipe, &user, tos);
	handle->offset = (uint16_t)(handle->offset - overhead);
	handle->length = (uint16_t)(user.ip.length + overhead);
	handle->port = LANE_SIDE_ACCESS;
	return VERDICT_FORWARD;
}

// Positions of a burst by direction, so that the direction of a packet is not a branch, and what was found out ahead.
struct sorted {
	unsigned ups, downs;
	uint8_t up[LANE_BURST], down[LANE_BURST];
	uint32_t pooled[LANE_BURST]; // of down
};

static void prefetch_uplink(const struct pipe *pipe, uint32_t teid)
{
	const struct region *region = &pipe->shard[shard_of_teid(teid)];
	uint32_t slot = shard_slot_of_teid(teid, pipe->net->slot_bits);

	if (region->header && slot < pipe->shape.slots)
		__builtin_prefetch(region->uplink + slot, 1);
}

static bool handle_good(const struct pipe *pipe, const struct lane_handle *handle)
{
	return room_valid(pipe->rooms, handle->room) && (uint32_t)handle->offset + handle->length <= ROOM_STRIDE &&
	       (handle->code == LANE_UPLINK || handle->code == LANE_DOWNLINK);
}

// First pass: headers on their way into the cache, and the session lines that the TEID in the hint names.
static void sort(const struct pipe *pipe, struct lane_handle *handles, unsigned n, struct sorted *sorted)
{
	for (unsigned i = 0; i < n; i++) {
		struct lane_handle *handle = &handles[i];
		const uint8_t *header;

		if (!handle_good(pipe, handle)) {
			handle->code = VERDICT_NOT_OURS;
			handle->hint = 0;
			continue;
		}
		header = room_at(pipe->rooms, handle->room) + handle->offset;
		__builtin_prefetch(header, 1);
		if (handle->code == LANE_UPLINK) {
			__builtin_prefetch(header + TUNNEL_BYTES, 1);
			prefetch_uplink(pipe, handle->hint);
		}
		sorted->up[sorted->ups] = (uint8_t)i;
		sorted->down[sorted->downs] = (uint8_t)i;
		sorted->ups += handle->code == LANE_UPLINK;
		sorted->downs += handle->code == LANE_DOWNLINK;
	}
}

// Second pass, for what only the header tells: the session lines of downlink packets.
static void locate(const struct pipe *pipe, const struct lane_handle *handles, struct sorted *sorted)
{
	for (unsigned i = 0; i < sorted->downs; i++) {
		const struct lane_handle *handle = &handles[sorted->down[i]];
		const uint8_t *packet = room_at(pipe->rooms, handle->room) + handle->offset;
		uint32_t slot = pool_slot(pipe->net, packet, handle->length);

		sorted->pooled[i] = slot;
		if (slot < pipe->shape.slots && handle->hint < SHARDS && pipe->shard[handle->hint].header)
			__builtin_prefetch(pipe->shard[handle->hint].downlink + slot, 1);
	}
}

void pipe_burst(struct pipe *pipe, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct sorted sorted;

	sorted.ups = sorted.downs = 0;
	sort(pipe, handles, n, &sorted);
	locate(pipe, handles, &sorted);
	for (unsigned i = 0; i < sorted.ups; i++) {
		struct lane_handle *handle = &handles[sorted.up[i]];

		handle->hint = 0;
		handle->code = (uint8_t)uplink(pipe, handle, now);
	}
	for (unsigned i = 0; i < sorted.downs; i++) {
		struct lane_handle *handle = &handles[sorted.down[i]];

		handle->code = (uint8_t)downlink(pipe, handle, sorted.pooled[i], now);
	}
}
