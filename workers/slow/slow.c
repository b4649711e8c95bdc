// slow.c - hands each handle to what answers it. State: the rate limits, owned by the slow lane's loop.
#include "workers/slow/slow.h"
#include <string.h>
#include "shared/base/faults.h"
#include "shared/wire/ip.h"
#include "workers/slow/echo.h"
#include "workers/slow/heard.h"
#include "workers/slow/icmp.h"
#include "workers/slow/signal.h"

static void limit_open(struct slow_limit *limit, uint64_t clock_hz, uint32_t per_second, uint32_t burst)
{
	limit->at = 0;
	limit->step = clock_hz / per_second;
	limit->depth = limit->step * burst;
}

bool slow_admit(struct slow_limit *limit, uint64_t now)
{
	uint64_t end = (limit->at > now ? limit->at : now) + limit->step;

	if (end - now > limit->depth)
		return false;
	limit->at = end;
	return true;
}

void slow_open(struct slow *slow, const struct plane_net *net, const struct rooms *rooms)
{
	slow->net = net;
	slow->rooms = rooms;
	slow->plane = NULL;
	limit_open(&slow->errors, net->clock_hz, SLOW_ERRORS_PER_SECOND, SLOW_LIMIT_BURST);
	limit_open(&slow->echoes, net->clock_hz, SLOW_ECHOES_PER_SECOND, SLOW_LIMIT_BURST);
	limit_open(&slow->signals, net->clock_hz, SLOW_SIGNALS_PER_SECOND, SLOW_LIMIT_BURST);
	for (unsigned i = 0; i < SLOW_PEERS; i++)
		limit_open(&slow->peers[i], net->clock_hz, SLOW_SIGNALS_TO_ONE, SLOW_BURST_TO_ONE);
	limit_open(&slow->talk, net->clock_hz, SLOW_TALK_PER_SECOND, SLOW_TALK_BURST);
	for (unsigned i = 0; i < SLOW_PEERS; i++)
		limit_open(&slow->talkers[i], net->clock_hz, SLOW_TALK_OF_ONE, SLOW_TALK_BURST_OF_ONE);
	limit_open(&slow->elsewhere, net->clock_hz, SLOW_ELSEWHERE_PER_SECOND, SLOW_ELSEWHERE_BURST);
	for (unsigned i = 0; i < SLOW_PEERS; i++)
		limit_open(&slow->elsewheres[i], net->clock_hz, SLOW_ELSEWHERE_OF_ONE, SLOW_ELSEWHERE_BURST_OF_ONE);
}

static bool handle_good(const struct slow *slow, const struct lane_handle *handle)
{
	return room_valid(slow->rooms, handle->room) && handle->offset >= SLOW_HEADROOM &&
	       (uint32_t)handle->offset + handle->length <= ROOM_STRIDE && handle->offset <= ROOM_STRIDE - SIGNAL_BYTES;
}

void slow_speaks(struct slow *slow, const struct plane *plane)
{
	slow->plane = plane;
}

// The pool that the address of its sender is of, and 1; 0: of none.
static unsigned pool_of(const struct plane_net *net, const uint8_t *packet)
{
	bool ipv4 = packet[0] >> 4 == 4;

	for (unsigned i = 0; i < net->pools; i++)
		if ((ipv4 ? shard_pool_slot4(&net->pool[i], be32_get(packet + 12))
			  : shard_pool_slot6(&net->pool[i], be64_get(packet + 8))) != UINT32_MAX)
			return i + 1;
	return 0;
}

// The port whose address it is told with, and 1; 0: any.
static unsigned port_of(const struct slow *slow, const struct slow_packet *packet, const struct lane_handle *handle)
{
	unsigned pool = handle->hint >> LANE_POOL;

	if (handle->port < PLANE_PORTS)
		return handle->port + 1u;
	if (!pool)
		pool = pool_of(slow->net, packet->packet);
	return pool && pool <= SHARD_POOLS_MAX ? slow->plane->voice[pool - 1] : 0;
}

static bool link_local(const struct plane_address *own)
{
	return own->family == 6 && own->bytes[0] == 0xfe && (own->bytes[1] & 0xc0) == 0x80;
}

// That address, of the packet's family; where the port has none, the first one of a port towards the core; null: there is none.
static const uint8_t *voice(const struct slow *slow, const struct slow_packet *packet, const struct lane_handle *handle,
			    uint8_t first4[4])
{
	unsigned family = packet->packet[0] >> 4, port = slow->plane ? port_of(slow, packet, handle) : 0;

	for (unsigned i = 0; port && i < slow->plane->owns; i++) {
		const struct plane_address *own = &slow->plane->own[i];

		if (own->port + 1u == port && own->family == family && !link_local(own))
			return own->bytes;
	}
	be32_put(first4, slow->net->icmp_ipv4);
	if (family == 4)
		return slow->net->icmp_ipv4 ? first4 : NULL;
	return be64_get(slow->net->icmp_ipv6) ? slow->net->icmp_ipv6 : NULL;
}

// Time exceeded or too big: the packet as its sender sent it goes into the quotation.
static enum verdict error_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				 uint64_t now)
{
	enum icmp_error error = handle->code == LANE_BIG ? ICMP_TOO_BIG : ICMP_TIME_EXCEEDED;
	enum verdict verdict = icmp_may_answer(packet);
	uint8_t first4[4];

	if (verdict != VERDICT_ANSWERED)
		return verdict;
	if (!slow_admit(&slow->errors, now))
		return VERDICT_SLOW_REFUSED;
	return icmp_answer(packet, voice(slow, packet, handle, first4), error, (uint16_t)handle->hint);
}

unsigned slow_place(const struct signal *signal)
{
	uint64_t hash = be64_get(signal->source) ^ be64_get(signal->source + 8);

	return (unsigned)(hash * 0x9e3779b97f4a7c15ull >> 56) % SLOW_PEERS;
}

// A peer's share first: one that floods takes nothing from the others.
static bool signal_admit(struct slow *slow, const struct signal *signal, uint64_t now)
{
	return slow_admit(&slow->peers[slow_place(signal)], now) && slow_admit(&slow->signals, now);
}

static enum verdict notice_answer(struct slow *slow, struct slow_packet *packet, const struct signal *signal,
				  uint64_t now)
{
	if (!signal_admit(slow, signal, now))
		return VERDICT_GTPU_EXTENSION;
	signal_notice_put(packet, signal);
	return VERDICT_ANSWERED;
}

// User data that a worker could not place, from a peer that may be answered.
static enum verdict stray_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				 uint64_t now)
{
	struct signal signal;
	enum verdict verdict = icmp_may_answer(packet);

	if (verdict == VERDICT_ANSWERED)
		verdict = signal_read(&signal, packet);
	if (verdict != VERDICT_ANSWERED)
		return verdict;
	if (signal.gtpu.type != GTPU_G_PDU)
		return VERDICT_NOT_OURS;
	if (signal.fault == GTPU_UNKNOWN)
		return notice_answer(slow, packet, &signal, now);
	if ((uint16_t)handle->hint != LANE_NO_SESSION || !signal_admit(slow, &signal, now))
		return VERDICT_NO_SESSION;
	signal_error_put(packet, &signal);
	return VERDICT_ANSWERED;
}

// A header that has to be understood and is not: whoever sent it is told so (TS 29.281 5.2.1), but not about a notice of his own.
static enum verdict message_answer(struct slow *slow, struct slow_packet *packet, const struct signal *signal,
				   uint64_t now)
{
	if (signal->fault == GTPU_UNKNOWN && signal->gtpu.type != GTPU_EXTENSION_NOTICE)
		return notice_answer(slow, packet, signal, now);
	switch (signal->gtpu.type) {
	case GTPU_ECHO_REQUEST:
		if (!slow_admit(&slow->echoes, now))
			return VERDICT_SLOW_REFUSED;
		signal_echo_answer(packet, signal);
		return VERDICT_ANSWERED;
	case GTPU_ECHO_RESPONSE:
	case GTPU_ERROR_INDICATION:
		return heard_message(slow, signal, now);
	case GTPU_END_MARKER:
		return plane_knows(slow->net, VERDICT_END_MARKER) ? VERDICT_END_MARKER : VERDICT_GTPU_TYPE;
	default:
		return VERDICT_GTPU_TYPE;
	}
}

static bool is_udp(const struct slow_packet *packet)
{
	return packet->packet[packet->packet[0] >> 4 == 4 ? 9 : 6] == IP_UDP;
}

// What no ICMP error would be sent to is not answered in any other way.
static enum verdict question_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				    uint64_t now)
{
	enum verdict verdict = icmp_may_answer(packet);
	struct signal signal;

	if (verdict != VERDICT_ANSWERED)
		return verdict;
	if (!is_udp(packet))
		return slow_admit(&slow->echoes, now) ? echo_answer(packet) : VERDICT_SLOW_REFUSED;
	verdict = signal_read(&signal, packet);
	signal.inside = handle->port == LANE_SIDE_ACCESS;
	return verdict == VERDICT_ANSWERED ? message_answer(slow, packet, &signal, now) : verdict;
}

static enum verdict packet_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				  uint64_t now)
{
	switch (handle->code) {
	case LANE_LOCAL:
		return (uint16_t)handle->hint == LANE_ASKED ? question_answer(slow, packet, handle, now)
							    : stray_answer(slow, packet, handle, now);
	case LANE_TTL:
	case LANE_BIG:
		return error_answer(slow, packet, handle, now);
	default:
		return VERDICT_NOT_OURS;
	}
}

static void handle_answer(struct slow *slow, struct lane_handle *handle, uint8_t *copy, uint64_t now)
{
	struct slow_packet packet = { copy + handle->offset, handle->length };
	enum verdict verdict;

	memcpy(packet.packet, room_at(slow->rooms, handle->room) + handle->offset, handle->length);
	FAULT_PACKET(packet.packet, packet.length);
	verdict = packet_answer(slow, &packet, handle, now);
	FAULT_POINT("slow.answered");
	handle->hint = 0;
	handle->code = (uint8_t)verdict;
	if (verdict != VERDICT_ANSWERED)
		return;
	handle->offset = (uint16_t)(packet.packet - copy);
	handle->length = (uint16_t)packet.length;
	if (handle->port == LANE_SIDE_ACCESS) // it came out of a tunnel
		handle->code = VERDICT_STEER_AGAIN;
}

void slow_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct slow *slow = with;

	slow->heards = 0;
	for (unsigned i = 0; i < n; i++) {
		if (handle_good(slow, &handles[i])) {
			handle_answer(slow, &handles[i], slow->copy[i], now);
		} else {
			handles[i].code = VERDICT_NOT_OURS;
			handles[i].hint = 0;
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (handles[i].code == VERDICT_ANSWERED || handles[i].code == VERDICT_STEER_AGAIN)
			memcpy(room_at(slow->rooms, handles[i].room) + handles[i].offset,
			       slow->copy[i] + handles[i].offset, handles[i].length);
}
