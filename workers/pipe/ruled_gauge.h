// ruled_gauge.h - what a rule's URRs let pass by their quotas, and what they count: packets, bytes, and events (TS 29.244 5.2.2.2), which are that
// packets of a URR begin to come, after none have for so long.
//
// Of a URR that has events (SHEET_EVENTS) a gauge beside it counts them, and its own says when the one under way began (shared/plane/ruled.h).
// What usual packets of usual URRs ask is inline. Pure but for the room of the session.
#pragma once
#include "workers/pipe/ruled_admit.h"

// The quota of one way stops that way alone.
static inline bool ruled_volume_spent(const struct sheet_urr *urr, const struct ruled_gauge *gauge, unsigned way)
{
	return gauge->bytes[SHEET_UPLINK] + gauge->bytes[SHEET_DOWNLINK] >= urr->quota[SHEET_TOTAL] ||
	       gauge->bytes[way] >= urr->quota[way == SHEET_UPLINK ? SHEET_UP : SHEET_DOWN];
}

// False: its URRs let it pass. Else ruled_spent says whether they do.
static inline bool ruled_doubted(const struct ruled_packet *packet)
{
	RULED_EACH(i, packet->pdr.urrs)
	{
		const struct sheet_urr *urr = &packet->room->parts.urr[i];

		if (!(urr->flags & (SHEET_QUOTA | SHEET_STOPPED | SHEET_EVENTS)))
			continue;
		if (urr->flags & (SHEET_STOPPED | SHEET_EVENTS) ||
		    ruled_volume_spent(urr, &packet->room->gauges[i], packet->way))
			return true;
	}
	return false;
}

// Whether one of these URRs, a bit each, is stopped, or has volume or events that are used up. That a packet comes after a silence, and would begin
// an event, is noted in the gauge.
bool ruled_spent(const struct ruled_packet *packet, unsigned urrs);

// Its quotas refuse it: its URRs note that it came, and count nothing; so the start of traffic is seen where none may pass yet.
void ruled_knock(const struct ruled_packet *packet);

// It passes, and is the URR's first one or begins an event: that is counted. urr: index.
void ruled_begin(const struct ruled_packet *packet, unsigned urr);

// It passes: these URRs count it.
static inline void ruled_count(const struct ruled_packet *packet, unsigned urrs)
{
	RULED_EACH(i, urrs)
	{
		struct ruled_gauge *gauge = &packet->room->gauges[i];

		gauge->bytes[packet->way] += packet->length;
		gauge->packets[packet->way]++;
		if (!gauge->first)
			ruled_begin(packet, i);
		gauge->last = packet->now;
	}
}
