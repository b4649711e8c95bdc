// ruled_gauge.c - when events begin, and whether they may. Memory: the session's room, its shard's owner's.
#include "workers/pipe/ruled_gauge.h"

// What counts its events; null: nothing does. Indexes are looked at, for a sheet lies in memory that others may have spoilt.
static const struct sheet_urr *events_of(const struct ruled_packet *packet, unsigned urr, struct ruled_gauge **gauge)
{
	const struct ruled_room *room = packet->room;
	uint32_t events = room->parts.urr[urr].flags & SHEET_EVENTS ? room->parts.urr[urr].events : 0;

	if (!events || events > room->sheet.urrs)
		return NULL;
	*gauge = &room->gauges[events - 1];
	return &room->parts.urr[events - 1];
}

// Whether its packets have been away for so long. Another worker's clock may be a little ahead.
static bool is_silent(const struct ruled_packet *packet, const struct ruled_gauge *gauge, uint64_t seconds)
{
	return packet->now > gauge->last && packet->now - gauge->last >= seconds * (packet->byte_tokens / 8);
}

// That the packet would begin an event is noted in the gauge, so that it is counted only where it passes.
static bool events_spent(const struct ruled_packet *packet, unsigned urr)
{
	struct ruled_gauge *gauge = &packet->room->gauges[urr], *events;
	const struct sheet_urr *counter = events_of(packet, urr, &events);

	if (!counter)
		return false;
	if (gauge->first && !is_silent(packet, gauge, counter->quota[SHEET_EVENTS_SILENCE]))
		return false;
	gauge->first = 0;
	return events->packets[SHEET_UPLINK] + events->packets[SHEET_DOWNLINK] >= counter->quota[SHEET_EVENTS_MAY];
}

static bool urr_spent(const struct ruled_packet *packet, unsigned i)
{
	const struct sheet_urr *urr = &packet->room->parts.urr[i];

	return urr->flags & SHEET_STOPPED ||
	       (urr->flags & SHEET_QUOTA && ruled_volume_spent(urr, &packet->room->gauges[i], packet->way)) ||
	       events_spent(packet, i);
}

__attribute__((noinline, cold)) bool ruled_spent(const struct ruled_packet *packet, unsigned urrs)
{
	RULED_EACH(i, urrs)
	if (urr_spent(packet, i))
		return true;
	return false;
}

// What an event waits for is silence of what passes.
__attribute__((noinline, cold)) void ruled_knock(const struct ruled_packet *packet)
{
	RULED_EACH(i, packet->pdr.urrs)
	{
		struct ruled_gauge *gauge = &packet->room->gauges[i];

		if (!(packet->room->parts.urr[i].flags & SHEET_EVENTS) || !gauge->first)
			gauge->last = packet->now;
	}
	packet->room->ruled->aside++;
}

__attribute__((noinline, cold)) void ruled_begin(const struct ruled_packet *packet, unsigned urr)
{
	struct ruled_gauge *events;

	if (events_of(packet, urr, &events)) {
		events->packets[packet->way]++;
		events->first = events->first ? events->first : packet->now;
		events->last = packet->now;
	}
	packet->room->gauges[urr].first = packet->now;
}
