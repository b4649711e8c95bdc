// aside.c - what becomes of uplink packets that do not go on to the network.
#include "workers/pipe/aside.h"
#include "workers/pipe/advert.h"

#define FRONT (ROOM_HEADROOM + TUNNEL6_BYTES + GTPU_HEADER_QFI) // before an answer
#define ADVISE_SHIFT 28u // 2^28 ticks of the clock are some 100 ms: one advertisement in each

// Whether the region has what ctrl has to say of it: its chain has begun, and no snapshot is under way (change.h). One that nobody was
// ever in is silent for ever: it looks like one whose sessions are yet to come.
static bool settled(const struct region *region)
{
	const struct region_header *header = region->header;

	return atomic_load_explicit(&header->seq, memory_order_relaxed) &&
	       (!header->sweep || header->sweep_next >= region->slots);
}

enum verdict aside_tunnel(const struct pipe *pipe, const struct pipe_user *user, enum verdict verdict)
{
	if (verdict == VERDICT_NO_SESSION && plane_knows(pipe->net, VERDICT_TO_SLOW_NO_SESSION) &&
	    settled(user->region))
		return VERDICT_TO_SLOW_NO_SESSION;
	if (verdict == VERDICT_GTPU_EXTENSION && plane_knows(pipe->net, VERDICT_TO_SLOW_EXTENSION))
		return VERDICT_TO_SLOW_EXTENSION;
	return verdict;
}

// From a link-local or the unspecified address, or to the link itself: fe80::/10, ff00::/8.
static bool link_only(const uint8_t *packet)
{
	uint64_t source = be64_get(packet + 8);

	return source >> 54 == 0xfe80 >> 6 || !(source | be64_get(packet + 16)) ||
	       be64_get(packet + 24) >> 54 == 0xfe80 >> 6 || packet[24] == 0xff;
}

// Its answer is the last one for a while.
static bool advise(const struct pipe_user *user, uint64_t now)
{
	struct rest *rest = pipe_rest(user);
	uint32_t when = (uint32_t)(now >> ADVISE_SHIFT);

	if (rest->advised == when)
		return false;
	rest->advised = when;
	return true;
}

// Its session has two lines.
static enum verdict advert_close(const struct pipe_asked *advert, struct lane_handle *handle)
{
	if (!advert->user.line->peer_ipv4)
		return VERDICT_NO_PEER;
	pipe_close(advert->pipe, handle, &advert->user, 0, GTPU_PORT);
	return VERDICT_FORWARD;
}

static enum verdict advert_send(const struct pipe_asked *asked, struct lane_handle *handle)
{
	struct pipe_asked advert = { .pipe = asked->pipe, .user = asked->user, .now = asked->now, .own = true };
	uint32_t at = handle->offset + handle->length + FRONT;
	enum verdict verdict;

	if (at + ADVERT_BYTES > ROOM_STRIDE)
		return VERDICT_LINK_LOCAL; // nobody asks like that
	advert.user.way = LINE_DOWNLINK;
	advert.user.line = asked->user.region->downlink + (asked->user.line - asked->user.region->uplink);
	advert.user.packet = room_at(asked->pipe->rooms, handle->room) + at;
	advert.user.length = ADVERT_BYTES;
	advert_put(advert.user.packet, asked->user.packet, asked->user.line->ue_ipv6, asked->pipe->net->link_mtu);
	if (ip_read(&advert.ip, advert.user.packet, ADVERT_BYTES) != IP_SOUND)
		return VERDICT_LINK_LOCAL;
	handle->offset = (uint16_t)at;
	verdict = advert.user.line->flags & BEARER_SHEET ? pipe_ruled(&advert, handle) : advert_close(&advert, handle);
	handle->hint = 0;
	if (verdict == VERDICT_FORWARD)
		return VERDICT_ANSWERED;
	return verdict_final(verdict) ? verdict : VERDICT_LINK_LOCAL;
}

enum verdict aside_source(const struct pipe_asked *asked, struct lane_handle *handle, enum verdict verdict)
{
	const struct pipe_user *user = &asked->user;

	if ((verdict != VERDICT_SPOOFED && verdict != VERDICT_NO_RULE) || user->family != 6 ||
	    !plane_knows(asked->pipe->net, VERDICT_LINK_LOCAL) || !link_only(user->packet))
		return verdict;
	if (!user->line->ue_ipv6 || !advert_asked(user->packet, user->length) || !advise(user, asked->now))
		return VERDICT_LINK_LOCAL;
	return advert_send(asked, handle);
}
