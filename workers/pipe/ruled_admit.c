// ruled_admit.c - the meters of a rule in full. Memory: the session's room, its shard's owner's.
#include "workers/pipe/ruled_gauge.h"

// What the meters will have when the packet has passed.
struct charge {
	struct police_bucket bucket[SHEET_QERS];
	unsigned limited; // QERs that are
	enum police_colour worst;
	bool refused;
};

static void qer_meter(const struct ruled_packet *packet, unsigned i, struct charge *charge)
{
	const struct sheet_qer *qer = &packet->room->parts.qer[i];
	const struct ruled_tokens *tokens = &packet->room->tokens[i * SHEET_WAYS + packet->way];
	enum police_colour colour = qer->flags & SHEET_AWARE ? police_colour(packet->tos) : POLICE_GREEN;
	uint64_t byte_tokens = packet->byte_tokens;

	if (qer->cir_bps[packet->way]) {
		const struct region_rate rate = { .cir_bps = qer->cir_bps[packet->way],
						  .cbs = qer->cbs_bytes[packet->way] * byte_tokens,
						  .ebs = qer->ebs_bytes[packet->way] * byte_tokens };

		charge->bucket[i] = (struct police_bucket){ tokens->at, tokens->tc, tokens->te };
		colour = police_bucket(&charge->bucket[i], &rate, packet->length * byte_tokens, packet->now, colour);
		charge->limited |= 1u << i;
		charge->refused |=
		    colour == POLICE_RED && (!(qer->flags & SHEET_REMARK) || qer->mark == BEARER_MARK_EF);
	}
	charge->worst = colour > charge->worst ? colour : charge->worst;
}

static void charge_keep(const struct ruled_packet *packet, const struct charge *charge)
{
	RULED_EACH(i, charge->limited)
	{
		struct ruled_tokens *tokens = &packet->room->tokens[i * SHEET_WAYS + packet->way];

		tokens->at = charge->bucket[i].at;
		tokens->tc = charge->bucket[i].tc;
		tokens->te = charge->bucket[i].te;
	}
}

bool ruled_meter(const struct ruled_packet *packet, enum bearer_mark mark, uint8_t *tos, enum police_colour *colour)
{
	struct charge charge;

	charge.limited = 0, charge.worst = POLICE_GREEN, charge.refused = false;
	RULED_EACH(i, packet->pdr.qers)
	qer_meter(packet, i, &charge);
	*colour = charge.worst;
	if (charge.refused)
		return false;
	charge_keep(packet, &charge);
	*tos = police_tos(mark, charge.worst, *tos);
	return true;
}

__attribute__((noinline, cold)) void ruled_count_lost(const struct ruled_room *room, uint16_t urrs,
						      const struct ruled_loss *loss)
{
	bool any = false;

	RULED_EACH(i, urrs)
	{
		uint32_t dropped = i < room->sheet.urrs ? room->parts.urr[i].dropped : 0;
		struct ruled_gauge *gauge;

		if (!dropped || dropped > room->sheet.urrs)
			continue;
		gauge = &room->gauges[dropped - 1];
		gauge->packets[SHEET_DOWNLINK] += loss->packets;
		gauge->bytes[SHEET_DOWNLINK] += loss->bytes;
		gauge->first = gauge->first ? gauge->first : loss->now;
		gauge->last = loss->now;
		any = true;
	}
	if (any)
		room->ruled->aside += loss->packets;
}

bool ruled_drops(const struct ruled_packet *packet)
{
	uint32_t dropped = 0;

	RULED_EACH(i, packet->pdr.urrs)
	dropped |= packet->room->parts.urr[i].dropped;
	return dropped;
}

void ruled_count_dropped(const struct ruled_packet *packet)
{
	const struct ruled_loss loss = { 1, packet->length, packet->now };

	ruled_count_lost(packet->room, packet->pdr.urrs, &loss);
}

void ruled_count_refused(const struct ruled_packet *packet)
{
	unsigned urrs = 0;

	RULED_EACH(i, packet->pdr.urrs)
	if (packet->room->parts.urr[i].flags & SHEET_BEFORE && !ruled_spent(packet, 1u << i))
		urrs |= 1u << i;
	ruled_count(packet, urrs);
	packet->room->ruled->aside += urrs != 0;
}
