// pipe_long.c - the long way through the pipe: options, extension headers, padding, closed gates, foreign addresses, whatever
// comes. Pure; owned by the worker's loop; one thread.
#include "shared/wire/sheet.h"
#include "workers/lines/foreign.h"
#include "workers/pipe/aside.h"
#include "workers/pipe/pipe_asked.h"

static enum verdict ip_verdict(enum ip_fault fault)
{
	return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
}

// Takes a packet of the colour *colour from its session's tokens. False: red now, and red is dropped.
static bool police(const struct pipe *pipe, const struct pipe_user *user, uint64_t now, enum police_colour *colour)
{
	static const struct region_rate undefined;
	const struct line *line = user->line;
	const struct region_rate *rate = line->rate < pipe->shape.rates ? &user->region->rates[line->rate] : &undefined;
	struct rest *rest;

	*colour = police_meter(user->line, rate, user->length * pipe->byte_tokens, now, *colour);
	if (*colour != POLICE_RED)
		return true;
	rest = pipe_rest(user);
	rest->red_packets[user->way]++;
	rest->red_bytes[user->way] += user->length;
	return line->flags & BEARER_RED_REMARK && line->mark != BEARER_MARK_EF;
}

// Gate and rate: VERDICT_FORWARD with *tos marked for its class and colour, or the refusal.
static enum verdict admit(const struct pipe *pipe, const struct pipe_user *user, uint8_t *tos, uint64_t now)
{
	const struct line *line = user->line;
	enum police_colour colour = POLICE_GREEN;

	if (line->flags & BEARER_GATE_CLOSED)
		return VERDICT_GATE_CLOSED;
	if (line->flags & BEARER_COLOUR_AWARE)
		colour = police_colour(*tos);
	if (line->rate && !police(pipe, user, now, &colour))
		return VERDICT_RED;
	*tos = police_tos(line->mark, colour, *tos);
	return VERDICT_FORWARD;
}

// A session with a sheet has several TEIDs.
static bool other_tunnel(const struct pipe *pipe, const struct line *line, uint32_t teid)
{
	return (line->flags & (LINE_VALID | BEARER_SHEET)) == (LINE_VALID | BEARER_SHEET) &&
	       sheet_tunnel(line->teid, teid, pipe->net->slot_bits) < SHEET_TUNNELS;
}

static enum verdict uplink_find(const struct pipe *pipe, struct pipe_user *user, uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, pipe->net->slot_bits);

	user->region = &pipe->shard[shard_of_teid(teid)];
	if (!user->region->header)
		return VERDICT_STEER_AGAIN;
	if (slot >= user->region->slots)
		return VERDICT_NO_SESSION;
	user->line = user->region->uplink + slot;
	if (user->line->flags & LINE_VALID && user->line->teid == teid)
		return VERDICT_FORWARD;
	return other_tunnel(pipe, user->line, teid) ? VERDICT_FORWARD : VERDICT_NO_SESSION;
}

static enum verdict uplink_open(const struct pipe *pipe, const struct lane_handle *handle, struct tunnel_inside *inside,
				struct pipe_user *user)
{
	uint8_t *outer = room_at(pipe->rooms, handle->room) + handle->offset;
	enum verdict verdict = tunnel_open(inside, outer, handle->length);

	user->way = LINE_UPLINK;
	user->packet = outer + inside->offset;
	return verdict == VERDICT_FORWARD ? uplink_find(pipe, user, inside->teid) : verdict;
}

static bool for_us(const struct pipe *pipe, const uint8_t *outer)
{
	if (outer[0] >> 4 == 4)
		return be32_get(outer + 16) == pipe->net->gtpu_ipv4;
	return be64_get(outer + 24) == pipe->gtpu_ipv6[0] && be64_get(outer + 32) == pipe->gtpu_ipv6[1];
}

// What goes from one tunnel into another is written over the headers it came with. Is it lent again after a death in between, it is
// addressed to the other end.
enum verdict pipe_ruled_up(struct pipe_asked *asked, struct lane_handle *handle)
{
	enum verdict verdict = VERDICT_NOT_OURS;

	if (for_us(asked->pipe, asked->user.packet - asked->inward))
		verdict = pipe_ruled(asked, handle);
	return verdict == VERDICT_FORWARD ? verdict : aside_source(asked, handle, verdict);
}

// An End Marker's TEID may be nobody's (TS 29.281 7.3.2): that is not answered.
static __attribute__((noinline, cold)) enum verdict uplink_marker(const struct pipe *pipe, struct lane_handle *handle,
								  const struct tunnel_inside *inside, uint64_t now)
{
	uint8_t *outer = room_at(pipe->rooms, handle->room) + handle->offset;
	struct pipe_asked asked = { .pipe = pipe, .now = now, .inward = inside->offset };
	enum verdict verdict;

	asked.user.way = LINE_UPLINK;
	asked.user.packet = outer + inside->offset;
	verdict = uplink_find(pipe, &asked.user, inside->teid);
	if (verdict == VERDICT_STEER_AGAIN)
		return verdict;
	if (verdict != VERDICT_FORWARD || !(asked.user.line->flags & BEARER_SHEET))
		return VERDICT_END_MARKER;
	asked.tunnel = sheet_tunnel(asked.user.line->teid, inside->teid, pipe->net->slot_bits);
	return for_us(pipe, outer) ? pipe_marker(&asked, handle) : VERDICT_NOT_OURS;
}

static enum verdict uplink(const struct pipe *pipe, struct lane_handle *handle, uint64_t now)
{
	struct tunnel_inside inside = { 0 };
	struct pipe_user user;
	struct ip_packet ip;
	enum verdict verdict = uplink_open(pipe, handle, &inside, &user);
	enum ip_fault fault;
	unsigned ecn;
	uint8_t tos;

	if (verdict == VERDICT_END_MARKER)
		return uplink_marker(pipe, handle, &inside, now);
	if (verdict != VERDICT_FORWARD)
		return aside_tunnel(pipe, &user, verdict);
	fault = ip_read(&ip, user.packet, inside.left);
	if (fault != IP_SOUND)
		return ip_verdict(fault);
	user.family = ip.version;
	user.length = ip.length;
	if (user.line->flags & BEARER_SHEET) {
		struct pipe_asked asked = { .pipe = pipe, .user = user, .ip = ip, .now = now };

		asked.tunnel = sheet_tunnel(user.line->teid, inside.teid, pipe->net->slot_bits);
		asked.inward = inside.offset;
		asked.container = inside.container;
		asked.pdcp = inside.pdcp;
		asked.outer_tos = inside.tos;
		return pipe_ruled_up(&asked, handle);
	}
	if (!pipe_source_good(&user))
		return aside_source(&(struct pipe_asked){ .pipe = pipe, .user = user, .ip = ip, .now = now }, handle,
				    VERDICT_SPOOFED);
	ecn = tunnel_ecn(ip.tos, inside.tos);
	if (ecn == TUNNEL_DROP)
		return VERDICT_CONGESTION;
	tos = (uint8_t)ecn;
	verdict = admit(pipe, &user, &tos, now);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	verdict = pipe_leave(pipe, handle, &ip, (struct pipe_limit){ user.packet, pipe->net->core_mtu, 0 });
	if (verdict == VERDICT_FORWARD) {
		pipe_pass(&user, ip.tos, tos);
		handle->port = LANE_SIDE_CORE;
	}
	handle->offset = (uint16_t)(handle->offset + inside.offset);
	handle->length = (uint16_t)ip.length;
	return verdict;
}

static uint32_t foreign_slot(const struct pipe *pipe, const struct pipe_user *user)
{
	if (user->family == 4)
		return foreign_find4(user->region, &pipe->shape, be32_get(user->packet + 16));
	return foreign_find6(user->region, &pipe->shape, be64_get(user->packet + 24));
}

// Whether the address's session is there.
static bool downlink_at(struct pipe_user *user, uint32_t slot)
{
	if (slot >= user->region->slots)
		return false;
	user->line = user->region->downlink + slot;
	return user->line->flags & LINE_VALID && pipe_destination_good(user);
}

// Where the address's own place in a pool is somebody else's, the index knows. Where networks share addresses the primary has found the
// place, and nobody's address is foreign.
static enum verdict downlink_find(const struct pipe *pipe, struct pipe_user *user, uint32_t hint)
{
	uint32_t slot = pipe->net->places ? hint >> SHARD_BITS : pipe_pool_slot(pipe->net, user->packet, user->family);

	if (!downlink_at(user, slot) && (pipe->net->places || !downlink_at(user, foreign_slot(pipe, user))))
		return VERDICT_NO_SESSION;
	return user->line->peer_ipv4 || user->line->flags & BEARER_SHEET ? VERDICT_FORWARD : VERDICT_NO_PEER;
}

// The session is named; that its rules have a route to the destination is theirs to say.
static enum verdict framed_find(const struct pipe *pipe, struct pipe_user *user, uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, pipe->net->slot_bits);
	const uint8_t flags = LINE_VALID | BEARER_SHEET;
	const struct line *up;

	if (slot >= user->region->slots)
		return VERDICT_NO_SESSION;
	up = user->region->uplink + slot;
	user->line = user->region->downlink + slot;
	return up->teid == teid && (up->flags & user->line->flags & flags) == flags ? VERDICT_FORWARD
										    : VERDICT_NO_SESSION;
}

static enum verdict downlink_open(const struct pipe *pipe, const struct lane_handle *handle, uint32_t hint,
				  struct pipe_user *user, struct ip_packet *ip)
{
	enum ip_fault fault;

	if (handle->offset < TUNNEL_BYTES_QFI)
		return VERDICT_NOT_OURS;
	user->way = LINE_DOWNLINK;
	user->packet = room_at(pipe->rooms, handle->room) + handle->offset;
	user->region = &pipe->shard[shard_of_teid(hint)];
	if (!user->region->header)
		return VERDICT_STEER_AGAIN;
	fault = ip_read(ip, user->packet, handle->length);
	if (fault != IP_SOUND)
		return ip_verdict(fault);
	user->family = ip->version;
	user->length = ip->length;
	return handle->code == LANE_FRAMED ? framed_find(pipe, user, hint) : downlink_find(pipe, user, hint);
}

static enum verdict downlink(const struct pipe *pipe, struct lane_handle *handle, uint32_t hint, uint64_t now)
{
	struct pipe_user user;
	struct ip_packet ip;
	enum verdict verdict = downlink_open(pipe, handle, hint, &user, &ip);
	uint16_t port;
	uint8_t tos;

	if (verdict != VERDICT_FORWARD)
		return verdict;
	if (user.line->flags & BEARER_SHEET) {
		struct pipe_asked asked = { .pipe = pipe, .user = user, .ip = ip, .now = now };

		asked.framed = handle->code == LANE_FRAMED;
		return pipe_ruled(&asked, handle);
	}
	tos = ip.tos;
	verdict = admit(pipe, &user, &tos, now);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	verdict =
	    pipe_leave(pipe, handle, &ip,
		       (struct pipe_limit){ user.packet, pipe->net->access_mtu - pipe_front(user.line), pipe->cut });
	if (verdict != VERDICT_FORWARD) {
		handle->length = (uint16_t)ip.length;
		return verdict;
	}
	port = flow_port(user.packet, &ip);
	pipe_pass(&user, ip.tos, tos);
	pipe_close(pipe, handle, &user, tos, port);
	return VERDICT_FORWARD;
}

static bool handle_good(const struct pipe *pipe, const struct lane_handle *handle)
{
	return room_valid(pipe->rooms, handle->room) && (uint32_t)handle->offset + handle->length <= ROOM_STRIDE &&
	       (handle->code == LANE_UPLINK || lane_kind_down(handle->code));
}

void pipe_long(const struct pipe *pipe, struct lane_handle *handle, uint64_t now)
{
	uint32_t hint = handle->hint;

	handle->hint = 0;
	if (!handle_good(pipe, handle)) {
		handle->code = VERDICT_NOT_OURS;
		return;
	}
	FAULT_PACKET(room_at(pipe->rooms, handle->room) + handle->offset, handle->length);
	if (handle->code == LANE_UPLINK)
		handle->code = (uint8_t)uplink(pipe, handle, now);
	else
		handle->code = (uint8_t)downlink(pipe, handle, hint, now);
}
