// pipe_asked.h - what the long way finds out of a packet before it asks what its session's rules say, be they two lines (pipe_long.c) or a
// sheet (pipe_ruled.c).
//
// Inline.
#pragma once
#include "shared/wire/sheet_rules.h"
#include "workers/pipe/pipe_parts.h"

// What of a packet with a sheet the ways find out before.
struct pipe_asked {
	const struct pipe *pipe;
	struct pipe_user user;
	struct ip_packet ip;
	uint64_t now;
	uint32_t tunnel;   // uplink: which of the session's TEIDs
	uint16_t inward;   // uplink: bytes of its tunnel
	uint8_t container; // uplink: GTPU_CONTAINER
	uint8_t outer_tos; // uplink
	uint32_t pdcp;     // uplink: GTPU_PDCP_TYPE
	bool framed;       // downlink: for a network behind the UE
	bool own;          // downlink: made here. It takes no hop, does not wait, and is nobody's use
};

// To the CP function nothing of the tunnel it came by goes along.
PIPE_STEP bool pipe_bare(const struct sheet_far *far)
{
	return far->action == SHEET_FORWARD && far->flags & SHEET_BARE;
}

// On a handover's detour it is numbered (TS 36.300 10.1.2.3, TS 38.300 9.2.3.2), and stays so.
PIPE_STEP uint32_t pipe_pdcp(const struct pipe_asked *asked, const struct sheet_far *far)
{
	return pipe_bare(far) ? 0 : asked->pdcp;
}

// The way of a packet whose session has a sheet: its verdict, and handle as it comes back but for the code.
enum verdict pipe_ruled(struct pipe_asked *asked, struct lane_handle *handle);

// Likewise of one that came out of a tunnel, with what becomes of it where the sheet does not take it (aside.h).
enum verdict pipe_ruled_up(struct pipe_asked *asked, struct lane_handle *handle);

// Of an End Marker out of a tunnel of a session with a sheet: VERDICT_FORWARD, with handle as it goes on;
// VERDICT_END_MARKERS, into several tunnels, with handle around a row of struct lane_end; VERDICT_END_MARKER: it ends here.
enum verdict pipe_marker(const struct pipe_asked *asked, struct lane_handle *handle);

// Calls the rules of some of eight sessions into the cache, side by side: what each says lies behind three things that point to it. shard,
// line: of the eight; bits: of those with a sheet.
void pipe_ruled_call(const struct pipe *pipe, const uint32_t *shard, struct line *const line[8], unsigned way,
		     uint32_t bits);

// How much a link takes: whole, and in pieces, which the primary cuts where `packet` may be cut (struct plane).
struct pipe_limit {
	const uint8_t *packet;
	uint32_t whole, pieces;
};

// Whether it may go one hop further.
PIPE_STEP enum verdict pipe_leave(const struct pipe *pipe, struct lane_handle *handle, const struct ip_packet *ip,
				  struct pipe_limit limit)
{
	if (ip->ttl <= 1)
		return VERDICT_TO_SLOW_TTL;
	if (ip->length <= limit.whole)
		return VERDICT_FORWARD;
	if (pipe->cut && (ip->length <= limit.pieces || (ip->version == 4 && !(be16_get(limit.packet + 6) & IP4_DF))))
		return VERDICT_FORWARD;
	handle->hint = limit.pieces > limit.whole ? limit.pieces : limit.whole;
	return VERDICT_TO_SLOW_BIG;
}

// Anti-spoofing: a session sends from its own address or /64 only. Its link-local traffic (fe80::/10) has no business
// beyond the gateway.
PIPE_STEP bool pipe_source_good(const struct pipe_user *user)
{
	uint32_t address = be32_get(user->packet + 12);
	uint64_t prefix = be64_get(user->packet + 8);

	if (user->family == 4)
		return address && address == user->line->ue_ipv4;
	return prefix && prefix == user->line->ue_ipv6;
}

PIPE_STEP bool pipe_destination_good(const struct pipe_user *user)
{
	if (user->family == 4)
		return user->line->ue_ipv4 == be32_get(user->packet + 16);
	return user->line->ue_ipv6 == be64_get(user->packet + 24);
}
