// ruled_green.h - a rule's meters, as they mostly are: all green.
//
// Inline; changes the session's tokens and nothing else.
#pragma once
#include "workers/pipe/ruled_admit.h"

// The same for what most packets are: no meter asks for their colour, and for all of them they are green. False: nothing has changed, ask
// ruled_meter.
static inline bool ruled_green(const struct ruled_packet *packet)
{
	struct police_bucket left[SHEET_QERS];
	unsigned way = packet->way, limited = 0;

	RULED_EACH(i, packet->pdr.qers)
	{
		const struct sheet_qer *qer = &packet->room->parts.qer[i];
		const struct ruled_tokens *tokens = &packet->room->tokens[i * SHEET_WAYS + way];
		const struct region_rate rate = { .cir_bps = qer->cir_bps[way],
						  .cbs = qer->cbs_bytes[way] * packet->byte_tokens,
						  .ebs = qer->ebs_bytes[way] * packet->byte_tokens };

		if (!rate.cir_bps)
			continue;
		left[i] = (struct police_bucket){ tokens->at, tokens->tc, tokens->te };
		if (!police_green_bucket(&left[i], &rate, packet->length * packet->byte_tokens, packet->now))
			return false;
		limited |= 1u << i;
	}
	RULED_EACH(i, limited)
	memcpy(&packet->room->tokens[i * SHEET_WAYS + way], &left[i], sizeof(left[i]));
	return true;
}
_Static_assert(offsetof(struct ruled_tokens, at) == 0 && offsetof(struct ruled_tokens, te) == 16 &&
		   sizeof(struct police_bucket) == 24 && offsetof(struct police_bucket, te) == 16,
	       "a bucket is the first words of the tokens");
