// pipe_parts.h - what both ways through the pipe share: rate, account, and the headers in front.
//
// Inline, so that what a way knows of its packets leaves no question in the code. Pure but for the session's line.
#pragma once
#include "shared/wire/hop.h"
#include "workers/lines/police.h"
#include "workers/pipe/flow.h"
#include "workers/pipe/pipe.h"
#include "workers/pipe/pipe_points.h"
#include "workers/pipe/tunnel.h"

#define PIPE_LIKELY(condition) __builtin_expect(condition, 1)
#define PIPE_UNLIKELY(condition) __builtin_expect(condition, 0)

// The long way: any packet whatever, looked at piece by piece. Same results as the short way, for whatever that takes (pipe.c).
// Sets code and everything else that comes back.
void pipe_long(const struct pipe *pipe, struct lane_handle *handle, uint64_t now);

// A user's packet whose session is found.
struct pipe_user {
	uint8_t *packet; // its IP header
	uint32_t length;
	const struct region *region;
	struct line *line;
	uint8_t way; // LINE_UPLINK, LINE_DOWNLINK
	uint8_t family;
};

PIPE_STEP struct rest *pipe_rest(const struct pipe_user *user)
{
	const struct line *lines = user->way == LINE_UPLINK ? user->region->uplink : user->region->downlink;

	return &user->region->rest[user->line - lines];
}

// The account, of a packet with which the counter does not turn over.
PIPE_STEP void pipe_count_plain(struct line *line, uint32_t length)
{
	line->bytes += length;
	FAULT_POINT("packet.bytes");
	line->packets++;
}

PIPE_STEP void pipe_count(const struct pipe_user *user)
{
	uint32_t packets = user->line->packets;

	pipe_count_plain(user->line, user->length);
	if (PIPE_UNLIKELY(((packets + 1) & 0x7fffffff) == 0)) {
		uint32_t *half_turns = &pipe_rest(user)->half_turns[user->way];

		*half_turns = (uint32_t)(region_packets(*half_turns, packets) >> 31) + 1;
	}
}

// One hop less, the TOS byte `was` becomes `tos`, the account.
PIPE_STEP void pipe_pass(const struct pipe_user *user, uint8_t was, uint8_t tos)
{
	pipe_admitted();
	if (user->family == 4)
		hop4(user->packet, was, tos);
	else
		hop6(user->packet, tos);
	pipe_hopped();
	pipe_count(user);
	pipe_counted();
}

// Slot of the UE address a packet goes to: by arithmetic if it is from our pools, else UINT32_MAX.
static inline uint32_t pipe_pool_slot(const struct plane_net *net, const uint8_t *packet, unsigned family)
{
	for (unsigned i = 0; i < net->pools; i++) {
		uint32_t slot = family == 4 ? shard_pool_slot4(&net->pool[i], be32_get(packet + 16))
					    : shard_pool_slot6(&net->pool[i], be64_get(packet + 24));

		if (slot != UINT32_MAX)
			return slot;
	}
	return UINT32_MAX;
}

// Bytes in front of what goes into the session's tunnel.
static inline uint32_t pipe_front(const struct line *line)
{
	return line->flags & BEARER_QFI ? TUNNEL_BYTES_QFI : TUNNEL_BYTES;
}

// Puts the packet into its tunnel. port: UDP source.
PIPE_STEP void pipe_close(const struct pipe *pipe, struct lane_handle *handle, const struct pipe_user *user,
			  uint8_t tos, uint16_t port)
{
	const struct line *line = user->line;
	struct tunnel_ends ends = { pipe->net->gtpu_ipv4, line->peer_ipv4, line->teid, port, tos };
	uint32_t front = pipe_front(line);

	if (front == TUNNEL_BYTES)
		tunnel_close(user->packet, user->length, &ends);
	else
		tunnel_close_qfi(user->packet, user->length, &ends, line->qfi);
	pipe_encapsulated();
	handle->length = (uint16_t)(user->length + front);
	handle->offset = (uint16_t)(handle->offset - front);
	handle->port = LANE_SIDE_ACCESS;
}
