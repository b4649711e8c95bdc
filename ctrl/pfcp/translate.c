// translate.c - rules of PFCP to rules of oss.proto: how they hang together. What a PDR, FAR or QER says is read in translate_read.c.
#include "ctrl/pfcp/translate.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/translate_read.h"
#include "shared/wire/cursor.h"

#define CIR_MAX_KBPS 1000000000ull // what oss.proto can say; no session here is faster than 1 Tbit/s

// Several limits on the same packets let pass what the least of them does.
static void limit_join(Shoal__Oss__Rate *rate, const struct qer *qer, enum translate_way way)
{
	uint64_t cir_bps = qer->mbr_kbps[way] * 1000;

	if (qer->closed[way] || (qer->has_mbr && !qer->mbr_kbps[way]))
		rate->gate_closed = true;
	else if (qer->has_mbr && qer->mbr_kbps[way] <= CIR_MAX_KBPS && (!rate->cir_bps || cir_bps < rate->cir_bps))
		rate->cir_bps = cir_bps;
}

// The uplink's QFI is the radio side's to set (TS 38.415); the downlink carries the one of its QER.
static int qfi_join(struct translation *to, const struct qer *qer, enum translate_way way, struct rules_fault *fault)
{
	Shoal__Oss__Rate *rate = &to->rate[way];

	if (!qer->has_qfi || way == TRANSLATE_UPLINK)
		return 0;
	if (rate->has_qfi && rate->qfi != qer->qfi)
		return rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_QFI,
				   "Two QERs of a PDR say different QFIs.");
	rate->has_qfi = true;
	rate->qfi = qer->qfi;
	return 0;
}

static int qers_translate(struct rules *rules, const struct pdr *pdr, struct translation *to, struct rules_fault *fault)
{
	Shoal__Oss__Rate *rate = &to->rate[pdr->way];

	shoal__oss__rate__init(rate);
	rate->id = pdr->way + 1;
	for (unsigned i = 0; i < pdr->qers; i++) {
		const struct rule *rule = rules_find(rules, RULE_QER, pdr->qer[i]);
		struct qer qer;

		if (!rule) {
			rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_QER_ID,
				    "The PDR names a QER that does not exist.");
			return rules_fault_of(fault, pdr->rule);
		}
		if (qer_read(rules, rule, &qer, fault) || qfi_join(to, &qer, pdr->way, fault))
			return rules_fault_of(fault, rule);
		limit_join(rate, &qer, pdr->way);
	}
	if (!pdr->qers)
		return 0;
	to->rule[pdr->way].rate_id = rate->id;
	to->rates[to->session.n_rates++] = rate;
	return 0;
}

static int urr_translate(const struct pdr *pdr, uint32_t id, struct translation *to, struct rules_fault *fault)
{
	for (unsigned i = 0; i < to->urrs; i++) {
		if (to->urr[i].id != id)
			continue;
		to->urr[i].ways |= (uint8_t)(1u << pdr->way);
		return 0;
	}
	rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_URR_ID, "The PDR names a URR that does not exist.");
	return rules_fault_of(fault, pdr->rule);
}

static int far_translate(struct rules *rules, const struct pdr *pdr, struct translation *to, struct rules_fault *fault)
{
	const struct rule *rule = rules_find(rules, RULE_FAR, pdr->far);
	Shoal__Oss__Forward *forward = &to->forward[pdr->way];
	struct far far;

	if (!rule) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_FAR_ID, "The PDR names a FAR that does not exist.");
		return rules_fault_of(fault, pdr->rule);
	}
	if (far_read(rules, rule, pdr->way, &far, fault))
		return rules_fault_of(fault, rule);
	shoal__oss__forward__init(forward);
	forward->drop = far.drop;
	forward->destination =
	    pdr->way == TRANSLATE_UPLINK ? SHOAL__OSS__INTERFACE__CORE : SHOAL__OSS__INTERFACE__ACCESS;
	forward->peer_ipv4 = far.peer_ipv4;
	forward->peer_teid = far.peer_teid;
	if (*far.instance)
		memcpy(to->instance, far.instance, sizeof(to->instance));
	to->rule[pdr->way].forward = forward;
	return 0;
}

static void match_translate(const struct pdr *pdr, struct translation *to)
{
	Shoal__Oss__Match *match = &to->match[pdr->way];
	Shoal__Oss__Rule *rule = &to->rule[pdr->way];

	shoal__oss__match__init(match);
	shoal__oss__rule__init(rule);
	match->source = pdr->way == TRANSLATE_UPLINK ? SHOAL__OSS__INTERFACE__ACCESS : SHOAL__OSS__INTERFACE__CORE;
	rule->id = pdr->rule->id;
	rule->precedence = pdr->precedence;
	rule->match = match;
	to->rules[to->session.n_rules++] = rule;
	to->pdr[pdr->way] = (struct translated_pdr){ .id = (uint16_t)pdr->rule->id,
						     .fresh = pdr->rule->fresh,
						     .choose_teid = pdr->choose_teid,
						     .ue = pdr->has_ue,
						     .address = pdr->ue };
	if (*pdr->instance && pdr->way == TRANSLATE_DOWNLINK)
		memcpy(to->instance, pdr->instance, sizeof(to->instance));
}

static int pdr_translate(struct rules *rules, const struct rule *rule, const struct translate_given *given,
			 struct translation *to, struct rules_fault *fault)
{
	struct pdr pdr;

	if (pdr_read(rules, rule, given, &pdr, fault))
		return rules_fault_of(fault, rule);
	if (to->pdr[pdr.way].id) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_SOURCE_INTERFACE,
			    "One PDR for each direction is served.");
		return rules_fault_of(fault, rule);
	}
	match_translate(&pdr, to);
	if (far_translate(rules, &pdr, to, fault) || qers_translate(rules, &pdr, to, fault))
		return -EPROTO;
	for (unsigned i = 0; i < pdr.urrs; i++)
		if (urr_translate(&pdr, pdr.urr[i], to, fault))
			return -EPROTO;
	return 0;
}

// Rules that no PDR names have to make sense, too: they are acknowledged.
static int spare_check(struct rules *rules, const struct rule *rule, struct translation *to, struct rules_fault *fault)
{
	struct qer qer;
	struct far far;

	if (rule->kind == RULE_QER && qer_read(rules, rule, &qer, fault))
		return rules_fault_of(fault, rule);
	if (rule->kind == RULE_FAR && far_read(rules, rule, TRANSLATE_WAYS, &far, fault))
		return rules_fault_of(fault, rule);
	if (rule->kind == RULE_BAR) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_CREATE_BAR, "Packets are not buffered.");
		return rules_fault_of(fault, rule);
	}
	if (rule->kind != RULE_URR)
		return 0;
	if (to->urrs == TRANSLATE_URRS)
		rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_CREATE_URR, "A session has at most 64 URRs.");
	else if (!urr_read(rules, rule, &to->urr[to->urrs], fault)) {
		to->urrs++;
		return 0;
	}
	return rules_fault_of(fault, rule);
}

// Without a PDR nothing passes: an uplink that is dropped says so, and what has no rule carries nothing.
static void nothing_translate(struct translation *to)
{
	shoal__oss__match__init(&to->match[TRANSLATE_UPLINK]);
	shoal__oss__rule__init(&to->rule[TRANSLATE_UPLINK]);
	shoal__oss__forward__init(&to->forward[TRANSLATE_UPLINK]);
	to->match[TRANSLATE_UPLINK].source = SHOAL__OSS__INTERFACE__ACCESS;
	to->forward[TRANSLATE_UPLINK].drop = true;
	to->rule[TRANSLATE_UPLINK].id = 1;
	to->rule[TRANSLATE_UPLINK].match = &to->match[TRANSLATE_UPLINK];
	to->rule[TRANSLATE_UPLINK].forward = &to->forward[TRANSLATE_UPLINK];
	to->rules[to->session.n_rules++] = &to->rule[TRANSLATE_UPLINK];
}

static bool same_address(const struct pfcp_ue_address *a, const struct pfcp_ue_address *b)
{
	const struct pfcp_address *one = &a->address, *other = &b->address;

	return one->has_ipv4 == other->has_ipv4 && one->has_ipv6 == other->has_ipv6 &&
	       a->choose_ipv4 == b->choose_ipv4 && a->choose_ipv6 == b->choose_ipv6 &&
	       (!one->has_ipv4 || one->ipv4 == other->ipv4) &&
	       (!one->has_ipv6 || be64_get(one->ipv6) == be64_get(other->ipv6));
}

// The addresses of a session to be made: what its PDRs say, which must be the same.
static int addresses_translate(struct translation *to, struct rules_fault *fault)
{
	const struct translated_pdr *down = &to->pdr[TRANSLATE_DOWNLINK], *up = &to->pdr[TRANSLATE_UPLINK];
	const struct translated_pdr *pdr = down->id ? down : up;
	const struct rule rule = { .kind = RULE_PDR, .id = pdr->id };

	if (!pdr->ue) {
		rules_fault(fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_UE_IP_ADDRESS,
			    "The PDR needs the UE's address.");
		return rules_fault_of(fault, &rule);
	}
	if (up->ue && !same_address(&up->address, &pdr->address)) {
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_UE_IP_ADDRESS,
			    "Uplink and downlink PDRs have different UE addresses.");
		return rules_fault_of(fault, &rule);
	}
	shoal__oss__ue_address__init(&to->ue);
	to->ue.want_ipv4 = pdr->address.choose_ipv4;
	to->ue.want_ipv6 = pdr->address.choose_ipv6;
	to->ue.ipv4 = pdr->address.address.has_ipv4 ? pdr->address.address.ipv4 : 0;
	to->ue.ipv6_prefix = pdr->address.address.has_ipv6 ? be64_get(pdr->address.address.ipv6) : 0;
	to->session.ue = &to->ue;
	return 0;
}

int translate(struct rules *rules, const struct translate_given *given, struct translation *to,
	      struct rules_fault *fault)
{
	*to = (struct translation){ 0 };
	*fault = (struct rules_fault){ 0 };
	shoal__oss__session__init(&to->session);
	to->session.rules = to->rules;
	to->session.rates = to->rates;
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind != RULE_PDR && spare_check(rules, &rules->rule[i], to, fault))
			return -EPROTO;
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind == RULE_PDR && pdr_translate(rules, &rules->rule[i], given, to, fault))
			return -EPROTO;
	if (!given->teid && addresses_translate(to, fault))
		return -EPROTO;
	if (!to->session.n_rules)
		nothing_translate(to);
	return 0;
}
