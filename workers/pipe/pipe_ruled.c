// pipe_ruled.c - the way of a packet whose session has a sheet of rules (shared/wire/sheet.h), behind the long way's first steps. Pure but for
// the session's lines and room; owned by the worker's loop; one thread.
//
//   rule (PDR) -> source -> drop (FAR) -> peer -> gates -> quotas -> meters -> TTL, MTU -> wait? -> mark, encapsulate -> count
//
// A packet that waits is neither metered nor counted: it comes again, and is judged as if it had just come.
#include "workers/pipe/pipe_asked.h"
#include "workers/pipe/ruled_gauge.h"
#include "workers/pipe/ruled_green.h"
#include "workers/pipe/ruled_match.h"
#include "workers/pipe/ruled_pieces.h"
#include "workers/pipe/ruled_route.h"
#include "workers/pipe/ruled_tell.h"

#define NO_QFI_TOLD 255u
_Static_assert((int)SHEET_UPLINK == (int)LINE_UPLINK && (int)SHEET_DOWNLINK == (int)LINE_DOWNLINK, "a way is a way");

// A packet and what is known of it by now.
struct way {
	const struct pipe_asked *asked;
	struct ruled_room room;
	struct ruled_packet packet;
	struct sheet_far far; // a copy
	struct ruled_means means;
	uint8_t tos;       // as it goes on
	uint8_t container; // as it goes on: GTPU_CONTAINER
	bool reflects;     // valid with a container: it asks for reflective QoS
	bool waits;
};

static uint32_t slot_of(const struct pipe_user *user)
{
	const struct line *lines = user->way == LINE_UPLINK ? user->region->uplink : user->region->downlink;

	return (uint32_t)(user->line - lines);
}

static uint64_t ones(unsigned count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

// Of which of them some filter says that it takes the packet. A tunnel's rules are all of one side, so the first tells which end is the UE's.
static uint64_t matched(const struct way *way, uint64_t candidates)
{
	const struct sheet *sheet = &way->room.sheet;
	const struct sheet_parts *parts = &way->room.parts;
	const struct pipe_asked *asked = way->asked;
	bool core = parts->pdr[__builtin_ctzll(candidates)].flags & SHEET_FROM_CORE;
	struct ruled_key key;

	if (!(asked->ip.version == 4 ? sheet->groups4 : sheet->groups6))
		return 0;
	key = ruled_key(asked->user.packet, &asked->ip, asked->user.way == LINE_UPLINK && !core);
	if (PIPE_UNLIKELY(ruled_is_fragment(asked->user.packet, &asked->ip)))
		ruled_pieces_ask(asked, &key);
	return asked->ip.version == 4 ? ruled_match4(parts->filters4, sheet->groups4, &key)
				      : ruled_match6(parts->filters6, sheet->groups6, &key);
}

// The packet's PDR and FAR.
static enum verdict rule_find(struct way *way)
{
	const struct pipe_asked *asked = way->asked;
	const struct sheet *sheet = &way->room.sheet;
	bool up = asked->user.way == LINE_UPLINK;
	uint64_t candidates = sheet->way[asked->user.way] & ones(sheet->pdrs);
	unsigned qfi = asked->container ? asked->container & GTPU_CONTAINER_QFI : RULED_NO_QFI, pdr;

	if (up && asked->tunnel >= sheet->tunnels)
		return VERDICT_NO_RULE;
	if (up)
		candidates &= way->room.parts.tunnel[asked->tunnel];
	else if (PIPE_UNLIKELY(asked->framed))
		candidates = ruled_routes_to(asked) & ones(sheet->pdrs);
	if (candidates & ~sheet->open[asked->ip.version == 6])
		candidates &= sheet->open[asked->ip.version == 6] | matched(way, candidates);
	pdr = ruled_choose(way->room.parts.pdr, candidates, qfi);
	if (pdr == RULED_NO_PDR)
		return VERDICT_NO_RULE;
	way->packet.pdr = way->room.parts.pdr[pdr];
	if (way->packet.pdr.far >= sheet->fars)
		return VERDICT_NO_RULE;
	if (way->packet.pdr.flags & SHEET_FROM_CORE)
		way->packet.way = SHEET_DOWNLINK;
	way->packet.pdr.qers &= (uint8_t)ones(sheet->qers);
	way->packet.pdr.urrs &= (uint16_t)ones(sheet->urrs);
	way->far = way->room.parts.far[way->packet.pdr.far];
	return VERDICT_FORWARD;
}

// Whose packet it is, and the outer congestion mark.
static enum verdict source_check(struct way *way)
{
	const struct pipe_asked *asked = way->asked;
	unsigned ecn;

	way->tos = asked->ip.tos;
	if (asked->user.way == LINE_DOWNLINK)
		return VERDICT_FORWARD;
	if (!(way->packet.pdr.flags & SHEET_ANY_SOURCE) && !pipe_source_good(&asked->user) && !ruled_route_from(asked))
		return VERDICT_SPOOFED;
	ecn = tunnel_ecn(asked->ip.tos, asked->outer_tos);
	if (ecn == TUNNEL_DROP)
		return VERDICT_CONGESTION;
	way->tos = (uint8_t)ecn;
	return VERDICT_FORWARD;
}

static bool has_peer(const struct way *way)
{
	const struct sheet_far *far = &way->far;

	if (far->outer == SHEET_OUTER_NONE)
		return true;
	if (!(far->flags & SHEET_HAS_PEER))
		return false;
	return far->outer == SHEET_OUTER_GTPU4 || way->asked->pipe->gtpu_ipv6[0];
}

// For want of the radio side it goes no further: its rule has it dropped, or nothing is known of where it would go.
static __attribute__((noinline, cold)) enum verdict action_drop(const struct way *way, enum verdict verdict)
{
	if (way->packet.way == SHEET_DOWNLINK && !way->asked->own)
		ruled_count_dropped(&way->packet);
	return verdict;
}

// What the FAR says. Only what comes from the core side can wait; where it came by a tunnel, with a primary of a build that has such rules.
static enum verdict action_check(struct way *way)
{
	bool down = way->asked->user.way == LINE_DOWNLINK ||
		    (way->packet.way == SHEET_DOWNLINK && plane_knows(way->asked->pipe->net, VERDICT_JOINED));

	if (way->far.action == SHEET_BUFFER && down) {
		way->waits = true;
		return VERDICT_FORWARD;
	}
	if (way->far.action != SHEET_FORWARD || way->far.outer >= SHEET_OUTERS)
		return action_drop(way, VERDICT_RULE_DROP);
	way->waits = down && way->asked->now < way->room.ruled->held_until; // the other way nothing does
	return has_peer(way) ? VERDICT_FORWARD : action_drop(way, VERDICT_NO_PEER);
}

// Red is noted, dropped or remarked.
static enum verdict meter_rare(struct way *way)
{
	enum police_colour colour;
	bool passes = ruled_meter(&way->packet, way->means.mark, &way->tos, &colour);

	if (colour == POLICE_RED) {
		struct rest *rest = pipe_rest(&way->asked->user);

		rest->red_packets[way->packet.way]++;
		rest->red_bytes[way->packet.way] += way->packet.length;
	}
	return passes ? VERDICT_FORWARD : VERDICT_RED;
}

// Takes it from the meters of its QERs.
static enum verdict meter(struct way *way)
{
	if (way->means.flags & SHEET_AWARE || !ruled_green(&way->packet))
		return meter_rare(way);
	way->tos = police_tos(way->means.mark, POLICE_GREEN, way->tos);
	return VERDICT_FORWARD;
}

// A quota may be used up, or an event begin.
static __attribute__((noinline, cold)) enum verdict admit_rare(struct way *way)
{
	if (ruled_spent(&way->packet, way->packet.pdr.urrs)) {
		ruled_knock(&way->packet);
		return VERDICT_QUOTA;
	}
	return way->waits ? VERDICT_FORWARD : meter_rare(way);
}

static enum verdict admit(struct way *way)
{
	enum verdict verdict = VERDICT_FORWARD;

	way->means = ruled_means(&way->packet);
	if (ruled_closed(&way->means, way->packet.way))
		verdict = VERDICT_GATE_CLOSED;
	else if (PIPE_UNLIKELY(ruled_doubted(&way->packet)))
		verdict = admit_rare(way);
	else if (!way->waits)
		verdict = meter(way);
	if (PIPE_UNLIKELY(verdict != VERDICT_FORWARD) && verdict != VERDICT_QUOTA)
		ruled_count_refused(&way->packet);
	return verdict;
}

// The container that goes with it: of the first QER that has a QFI, else the one it came with, as from tunnel to tunnel a flow is what it was
// (roaming, TS 23.501 5.6.3; indirect forwarding). Towards the UE it says "downlink", whoever sent it. The CP function knows no flows.
static void container_choose(struct way *way)
{
	unsigned container = GTPU_CONTAINER | GTPU_CONTAINER_UP | way->means.qfi;
	bool to_user;

	if (way->means.qfi == RULED_NO_QFI)
		container = pipe_bare(&way->far) ? 0 : way->asked->container;
	way->container = 0;
	if (!container)
		return;
	to_user = way->packet.way == SHEET_DOWNLINK || pipe_destination_good(&way->asked->user);
	way->container = (uint8_t)(container & ~(to_user ? GTPU_CONTAINER_UP : 0u));
	way->reflects = to_user && way->means.reflects;
}

// Bytes that are put in front of it. What waits will go into a tunnel, of which nothing need be known yet.
static uint32_t front(const struct way *way)
{
	uint32_t options = way->container ? GTPU_HEADER_QFI - GTPU_HEADER : 0;

	if (way->far.outer == SHEET_OUTER_NONE && !way->waits)
		return 0;
	if (PIPE_UNLIKELY(way->asked->pdcp))
		options = gtpu_options(way->container, pipe_pdcp(way->asked, &way->far));
	return options + (way->far.outer == SHEET_OUTER_GTPU6 ? TUNNEL6_BYTES : TUNNEL_BYTES);
}

// From tunnel to tunnel it stays as it is. Too large it goes in pieces of the tunnel's packet, or ends: whoever has its addresses here is not
// its sender, and is not told.
static enum verdict leave(const struct way *way, struct lane_handle *handle)
{
	const struct pipe_asked *asked = way->asked;
	const struct plane_net *net = asked->pipe->net;
	uint32_t bytes = front(way);
	const struct pipe_limit limit = { asked->user.packet, bytes ? net->access_mtu - bytes : net->core_mtu,
					  bytes ? asked->pipe->cut : 0 };
	enum verdict verdict;

	if (handle->offset + asked->inward < (int)bytes)
		return VERDICT_NOT_OURS;
	if (bytes && asked->user.way == LINE_UPLINK)
		return asked->ip.length <= limit.whole || asked->pipe->cut ? VERDICT_FORWARD : VERDICT_TOO_LONG;
	verdict = pipe_leave(asked->pipe, handle, &asked->ip, limit);
	if (verdict == VERDICT_FORWARD)
		return verdict;
	handle->offset = (uint16_t)(handle->offset + asked->inward);
	handle->length = (uint16_t)asked->ip.length;
	return verdict;
}

// What its rule says of the packets that wait: how many, how long. Not to a primary that would not understand.
static enum verdict park_as(const struct way *way, struct lane_handle *handle)
{
	const struct sheet_far *far = &way->far;

	if (far->action != SHEET_BUFFER || far->flags & SHEET_HAS_PEER || !(far->waits | far->lasts) ||
	    !plane_knows(way->asked->pipe->net, VERDICT_BUFFER_LONG))
		return VERDICT_BUFFER;
	handle->offset = (uint16_t)(far->waits - 1); // none are said: as many as there are
	return far->lasts ? VERDICT_BUFFER_LONG : VERDICT_BUFFER_FEW;
}

static enum verdict park(const struct way *way, struct lane_handle *handle)
{
	const struct pipe_asked *asked = way->asked;
	uint32_t slot = slot_of(&asked->user);

	handle->hint = slot;
	if (plane_knows(asked->pipe->net, VERDICT_COUNTED) && ruled_drops(&way->packet)) {
		handle->hint |= (uint32_t)way->packet.pdr.id << 16;
		handle->length = (uint16_t)way->packet.length;
		handle->port = LANE_DROPS;
	}
	if (way->far.action == SHEET_BUFFER && way->far.flags & SHEET_NOTIFY && asked->pipe->tells &&
	    way->room.ruled->told != way->room.sheet.episode) {
		const struct ruled_tell tell = { way->room.ruled,
						 slot,
						 way->room.sheet.episode,
						 way->packet.pdr.id,
						 (uint8_t)(asked->user.region - asked->pipe->shard),
						 asked->ip.tos,
						 way->container ? way->container & GTPU_CONTAINER_QFI : NO_QFI_TOLD };

		ruled_tell(asked->pipe->tells, &tell);
	}
	return park_as(way, handle);
}

static void outer_put(const struct way *way, uint8_t *packet, uint32_t bytes, uint16_t port)
{
	const struct pipe *pipe = way->asked->pipe;
	const struct sheet_far *far = &way->far;
	uint32_t length = way->packet.length + bytes;
	uint8_t tos = far->flags & SHEET_DSCP ? (uint8_t)(far->dscp << 2 | (way->tos & TUNNEL_ECN)) : way->tos;
	bool six = far->outer == SHEET_OUTER_GTPU6;
	uint8_t *gtpu = packet - GTPU_HEADER_QFI;

	if (six)
		tunnel6_put(packet - bytes, length,
			    &(struct tunnel_ends6){ { pipe->gtpu_ipv6[0], pipe->gtpu_ipv6[1] },
						    { far->peer_ipv6[0], far->peer_ipv6[1] },
						    far->peer_teid,
						    port,
						    tos });
	else
		tunnel_put(packet - bytes, length,
			   &(struct tunnel_ends){ pipe->net->gtpu_ipv4, far->peer_ipv4, far->peer_teid, port, tos });
	if (PIPE_UNLIKELY(way->asked->pdcp)) {
		gtpu = packet - bytes + (six ? TUNNEL6_BYTES : TUNNEL_BYTES) - GTPU_HEADER;
		gtpu_put_options(gtpu, way->container, pipe_pdcp(way->asked, &way->far));
	} else if (way->container) {
		gtpu_put_container(gtpu, way->container);
	}
	if (way->container && way->reflects)
		gtpu_put_reflective(gtpu);
	if (six)
		tunnel6_sum(packet - bytes, length);
	pipe_encapsulated();
}

// From tunnel to tunnel no hop is taken: what neighbours say to one another (RFC 4861) would not be believed any more.
static void pass(const struct way *way, bool relayed)
{
	const struct pipe_user *user = &way->asked->user;
	struct pipe_user from_core;

	if (!relayed) {
		pipe_pass(user, way->asked->ip.tos, way->tos);
		return;
	}
	pipe_admitted();
	if (user->family == 4)
		mark4(user->packet, way->asked->ip.tos, way->tos);
	else
		mark6(user->packet, way->tos);
	pipe_hopped();
	if (way->packet.way != user->way) {
		from_core = *user;
		from_core.line = user->region->downlink + slot_of(user);
		from_core.way = way->packet.way;
		user = &from_core;
	}
	pipe_count(user);
	pipe_counted();
}

static enum verdict forward(const struct way *way, struct lane_handle *handle)
{
	const struct pipe_user *user = &way->asked->user;
	uint32_t bytes = front(way);
	uint16_t port = bytes ? flow_port(user->packet, &way->asked->ip) : 0;

	if (!way->asked->own) {
		pass(way, bytes && user->way == LINE_UPLINK);
		ruled_count(&way->packet, way->packet.pdr.urrs);
	}
	if (bytes)
		outer_put(way, user->packet, bytes, port);
	handle->offset = (uint16_t)(handle->offset + way->asked->inward - bytes);
	handle->length = (uint16_t)(user->length + bytes);
	handle->port = bytes ? LANE_SIDE_ACCESS : LANE_SIDE_CORE;
	return VERDICT_FORWARD;
}

static enum verdict judge(struct way *way, struct lane_handle *handle)
{
	enum verdict verdict = rule_find(way);

	if (verdict == VERDICT_FORWARD)
		verdict = source_check(way);
	if (verdict == VERDICT_FORWARD)
		verdict = action_check(way);
	if (verdict == VERDICT_FORWARD)
		verdict = admit(way);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	container_choose(way);
	return leave(way, handle);
}

enum verdict pipe_ruled(struct pipe_asked *asked, struct lane_handle *handle)
{
	const struct pipe *pipe = asked->pipe;
	struct way way;
	enum verdict verdict;

	way.asked = asked;
	way.packet.room = &way.room;
	way.packet.now = asked->now;
	way.packet.byte_tokens = pipe->byte_tokens;
	way.packet.length = asked->ip.length;
	way.packet.way = asked->user.way;
	way.packet.tos = asked->ip.tos;
	if (!ruled_room_open(&way.room, asked->user.region, &pipe->shape, slot_of(&asked->user)))
		return VERDICT_NO_RULE;
	verdict = judge(&way, handle);
	if (verdict != VERDICT_FORWARD)
		return verdict;
	if (!way.waits)
		return forward(&way, handle);
	return asked->own ? VERDICT_NO_PEER : park(&way, handle);
}
