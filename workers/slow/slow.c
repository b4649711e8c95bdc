// slow.c - hands each handle to what answers it. State: the two rate limits, owned by the slow lane's loop.
#include "workers/slow/slow.h"
#include <string.h>
#include "shared/base/faults.h"
#include "shared/wire/ip.h"
#include "workers/slow/echo.h"
#include "workers/slow/icmp.h"

static void limit_open(struct slow_limit *limit, uint64_t clock_hz, uint32_t per_second)
{
	limit->at = 0;
	limit->step = clock_hz / per_second;
	limit->depth = limit->step * SLOW_LIMIT_BURST;
}

static bool limit_admit(struct slow_limit *limit, uint64_t now)
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
	limit_open(&slow->errors, net->clock_hz, SLOW_ERRORS_PER_SECOND);
	limit_open(&slow->echoes, net->clock_hz, SLOW_ECHOES_PER_SECOND);
}

static bool handle_good(const struct slow *slow, const struct lane_handle *handle)
{
	return room_valid(slow->rooms, handle->room) && handle->offset >= SLOW_HEADROOM &&
	       (uint32_t)handle->offset + handle->length <= ROOM_STRIDE;
}

// Time exceeded or too big: the packet as its sender sent it goes into the quotation.
static enum verdict error_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				 uint64_t now)
{
	enum icmp_error error = handle->code == LANE_BIG ? ICMP_TOO_BIG : ICMP_TIME_EXCEEDED;
	enum verdict verdict = icmp_may_answer(packet);

	if (verdict != VERDICT_ANSWERED)
		return verdict;
	if (!limit_admit(&slow->errors, now))
		return VERDICT_SLOW_REFUSED;
	return icmp_answer(packet, slow->net, error, handle->hint);
}

static enum verdict question_answer(struct slow *slow, struct slow_packet *packet, uint64_t now)
{
	enum verdict verdict = icmp_may_answer(packet); // the same sources and destinations deserve no echo

	if (verdict != VERDICT_ANSWERED)
		return verdict;
	return limit_admit(&slow->echoes, now) ? echo_answer(packet) : VERDICT_SLOW_REFUSED;
}

static enum verdict packet_answer(struct slow *slow, struct slow_packet *packet, const struct lane_handle *handle,
				  uint64_t now)
{
	switch (handle->code) {
	case LANE_LOCAL:
		return question_answer(slow, packet, now);
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
