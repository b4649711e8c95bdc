// ruled_admit.c - gates, quotas and meters of a rule. Memory: the session's room, its shard's owner's.
#include "workers/ruled_admit.h"
#include "workers/ruled_match.h"

#define FOR_EACH_BIT(i, word) \
	for (unsigned i, left_ = (word); left_ && (i = (unsigned)__builtin_ctz(left_), true); left_ &= left_ - 1)

enum verdict ruled_gates(const struct ruled_packet *packet)
{
	uint8_t closed = packet->way == SHEET_UPLINK ? SHEET_GATE_UP : SHEET_GATE_DOWN;

	FOR_EACH_BIT(i, packet->pdr.qers)
	if (packet->room->parts.qer[i].flags & closed)
		return VERDICT_GATE_CLOSED;
	return VERDICT_FORWARD;
}

// The quota of one way stops that way alone.
static bool spent(const struct sheet_urr *urr, const struct ruled_gauge *gauge, unsigned way)
{
	if (urr->flags & SHEET_STOPPED)
		return true;
	if (!(urr->flags & SHEET_QUOTA))
		return false;
	return gauge->bytes[SHEET_UPLINK] + gauge->bytes[SHEET_DOWNLINK] >= urr->quota[SHEET_TOTAL] ||
	       gauge->bytes[way] >= urr->quota[way == SHEET_UPLINK ? SHEET_UP : SHEET_DOWN];
}

enum verdict ruled_quotas(const struct ruled_packet *packet)
{
	FOR_EACH_BIT(i, packet->pdr.urrs)
	if (spent(&packet->room->parts.urr[i], &packet->room->gauges[i], packet->way))
		return VERDICT_QUOTA;
	return VERDICT_FORWARD;
}

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
	FOR_EACH_BIT(i, charge->limited)
	{
		struct ruled_tokens *tokens = &packet->room->tokens[i * SHEET_WAYS + packet->way];

		tokens->at = charge->bucket[i].at;
		tokens->tc = charge->bucket[i].tc;
		tokens->te = charge->bucket[i].te;
	}
}

static enum bearer_mark mark_of(const struct ruled_packet *packet)
{
	FOR_EACH_BIT(i, packet->pdr.qers)
	if (packet->room->parts.qer[i].mark != BEARER_MARK_KEEP)
		return packet->room->parts.qer[i].mark;
	return BEARER_MARK_KEEP;
}

bool ruled_meter(const struct ruled_packet *packet, uint8_t *tos, enum police_colour *colour)
{
	struct charge charge;

	charge.limited = 0, charge.worst = POLICE_GREEN, charge.refused = false;
	FOR_EACH_BIT(i, packet->pdr.qers)
	qer_meter(packet, i, &charge);
	*colour = charge.worst;
	if (charge.refused)
		return false;
	charge_keep(packet, &charge);
	*tos = police_tos(mark_of(packet), charge.worst, *tos);
	return true;
}

unsigned ruled_qfi(const struct ruled_packet *packet)
{
	FOR_EACH_BIT(i, packet->pdr.qers)
	if (packet->room->parts.qer[i].flags & SHEET_QFI)
		return packet->room->parts.qer[i].qfi % 64 |
		       (packet->room->parts.qer[i].flags & SHEET_RQI ? RULED_REFLECTS : 0);
	return RULED_NO_QFI;
}

static void gauge_count(const struct ruled_packet *packet, struct ruled_gauge *gauge)
{
	gauge->bytes[packet->way] += packet->length;
	gauge->packets[packet->way]++;
	if (!gauge->first)
		gauge->first = packet->now;
	gauge->last = packet->now;
}

void ruled_count_refused(const struct ruled_packet *packet)
{
	FOR_EACH_BIT(i, packet->pdr.urrs)
	{
		const struct sheet_urr *urr = &packet->room->parts.urr[i];
		struct ruled_gauge *gauge = &packet->room->gauges[i];

		if (urr->flags & SHEET_BEFORE && !spent(urr, gauge, packet->way))
			gauge_count(packet, gauge);
	}
}

void ruled_count(const struct ruled_packet *packet)
{
	FOR_EACH_BIT(i, packet->pdr.urrs)
	gauge_count(packet, &packet->room->gauges[i]);
}
