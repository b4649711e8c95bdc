// translate_tunnel.c - which of a session's tunnels each PDR has (TS 29.244 5.5, 8.2.3): the one it has had, unless its traffic endpoint
// is given another (7.5.4.13); that of another PDR with the same F-TEID, CHOOSE ID or traffic endpoint; else one that nobody has or had. Pure.
#include <errno.h>
#include "ctrl/pfcp/rules/translate_read.h"

#define NO_TUNNEL TRANSLATE_TUNNELS

// Of a living PDR, or of any that has this TEID.
static uint8_t tunnel_had(const struct translate_given *given, const struct translated_pdr *pdr)
{
	const struct pfcp_fteid *fteid = &pdr->fteid;
	bool new_end = pdr->endpoint && pdr->endpoint->new_end;

	if (new_end && fteid->choose)
		return NO_TUNNEL;
	for (unsigned i = 0; i < given->rules && pdr->endpoint && !new_end; i++)
		if (given->rule[i].endpoint == pdr->endpoint->id + 1)
			return given->rule[i].tunnel;
	for (unsigned i = 0; i < given->rules; i++)
		if (fteid->choose ? oss_id(pdr->rule->id) == given->rule[i].pdr : fteid->teid == given->rule[i].teid)
			return given->rule[i].tunnel;
	return !fteid->choose && given->teid && fteid->teid == given->teid ? 0 : NO_TUNNEL;
}

static bool same_end(const struct translated_pdr *pdr, const struct translated_pdr *beside)
{
	const struct pfcp_fteid *one = &pdr->fteid, *other = &beside->fteid;

	if (pdr->endpoint || beside->endpoint)
		return pdr->endpoint == beside->endpoint;
	if (one->choose != other->choose)
		return false;
	return one->choose ? one->has_choose_id && other->has_choose_id && one->choose_id == other->choose_id
			   : one->teid == other->teid;
}

static uint8_t tunnel_of_others(const struct translation *to, const struct translated_pdr *pdr)
{
	for (unsigned i = 0; i < to->pdrs; i++)
		if (to->pdr[i].tunnelled && to->pdr[i].tunnel != NO_TUNNEL && same_end(pdr, &to->pdr[i]))
			return to->pdr[i].tunnel;
	return NO_TUNNEL;
}

static uint8_t tunnel_free(uint32_t used)
{
	uint8_t tunnel = 0;

	while (tunnel < TRANSLATE_TUNNELS && used & 1u << tunnel)
		tunnel++;
	return tunnel;
}

static int tunnel_new(const struct reading *reading, struct translated_pdr *pdr, uint32_t *used)
{
	pdr->tunnel = tunnel_of_others(reading->to, pdr);
	if (pdr->tunnel == NO_TUNNEL)
		pdr->tunnel = tunnel_free(*used);
	*used |= 1u << pdr->tunnel;
	if (pdr->tunnel < TRANSLATE_TUNNELS)
		return 0;
	rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_F_TEID, "A session has at most 16 F-TEIDs.");
	return rules_fault_of(reading->fault, pdr->rule);
}

int tunnels_choose(const struct reading *reading)
{
	struct translation *to = reading->to;
	uint32_t used = 0;

	for (unsigned i = 0; i < reading->given->rules; i++)
		used |= 1u << reading->given->rule[i].tunnel;
	for (unsigned i = 0; i < to->pdrs; i++)
		if (to->pdr[i].tunnelled)
			to->pdr[i].tunnel = tunnel_had(reading->given, &to->pdr[i]);
	for (unsigned i = 0; i < to->pdrs; i++) {
		struct translated_pdr *pdr = &to->pdr[i];

		if (pdr->tunnelled && pdr->tunnel == NO_TUNNEL && tunnel_new(reading, pdr, &used))
			return -EPROTO;
		to->match[i].tunnel = pdr->tunnel;
		to->match[i].teid = pdr->fteid.teid;
	}
	return 0;
}
