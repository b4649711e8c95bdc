// translate_qer.c - what a QER says (TS 29.244 7.5.2.5). Pure.
#include <errno.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"

#define CIR_MAX_KBPS 1000000000ull // what oss.proto can say; no session here is faster than 1 Tbit/s
#define BURST_MIN 3000u
#define BURST_MAX 268435456u
#define QFI_MAX 63u

// GBR: the CP function has admitted it, and nothing here takes it away. QERs that are correlated (8.2.10) are limited each by itself.
static const bool of_qer[PFCP_IE_TYPES] = { [PFCP_IE_QER_ID] = true,
					    [PFCP_IE_QER_CORRELATION_ID] = true,
					    [PFCP_IE_GATE_STATUS] = true,
					    [PFCP_IE_MBR] = true,
					    [PFCP_IE_GBR] = true,
					    [PFCP_IE_QFI] = true,
					    [PFCP_IE_AVERAGING_WINDOW] = true,
					    [PFCP_IE_RQI] = true };

// What may come at once: the rate times the time over which it is meant (TS 23.501 5.7.3.6). 0 = ctrl's choice.
static uint32_t burst_of(uint64_t kbps, const struct pfcp_ie *window)
{
	uint64_t bytes = kbps * (window ? pfcp_number(window) : 0) / 8;

	if (!window)
		return 0;
	if (bytes < BURST_MIN)
		return BURST_MIN;
	return bytes < BURST_MAX ? (uint32_t)bytes : BURST_MAX;
}

static void limit_set(Shoal__Oss__Limit *limit, bool closed, const uint64_t *kbps, const struct pfcp_ie *window)
{
	shoal__oss__limit__init(limit);
	limit->gate_closed = closed || (kbps && !*kbps);
	if (limit->gate_closed || !kbps || *kbps > CIR_MAX_KBPS)
		return;
	limit->cir_bps = *kbps * 1000;
	limit->cbs_bytes = burst_of(*kbps, window);
}

int qer_read(const struct reading *reading, const struct rule *rule, unsigned index)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	struct translation *to = reading->to;
	Shoal__Oss__Limit *limit = to->limit[index];
	const struct pfcp_ie *mbr, *qfi, *window;
	struct pfcp_rate rate;
	struct pfcp_gate gate;

	if (rules_open(reading->rules, rule, reading->fault) || read_admit(reading, NULL, of_qer))
		return -EPROTO;
	if (pfcp_get_gate(pfcp_first(tree, NULL, PFCP_IE_GATE_STATUS), &gate))
		return rules_fault(reading->fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_GATE_STATUS,
				   "A gate is open or closed.");
	mbr = pfcp_first(tree, NULL, PFCP_IE_MBR);
	if (mbr && pfcp_get_rate(mbr, &rate))
		return rules_fault(reading->fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_MBR, "Not a rate.");
	if (rule->id > IDS_PFCP_MAX)
		return read_failure(reading, PFCP_IE_QER_ID, "No rule has this id.");
	window = pfcp_first(tree, NULL, PFCP_IE_AVERAGING_WINDOW);
	limit_set(&limit[TRANSLATE_UPLINK], gate.uplink_closed, mbr ? &rate.uplink_kbps : NULL, window);
	limit_set(&limit[TRANSLATE_DOWNLINK], gate.downlink_closed, mbr ? &rate.downlink_kbps : NULL, window);
	shoal__oss__rate__init(&to->rate[index]);
	to->rate[index].id = oss_id(rule->id);
	to->rate[index].uplink = &limit[TRANSLATE_UPLINK];
	to->rate[index].downlink = &limit[TRANSLATE_DOWNLINK];
	qfi = pfcp_first(tree, NULL, PFCP_IE_QFI);
	to->rate[index].has_qfi = qfi != NULL;
	to->rate[index].qfi = (uint32_t)(pfcp_number(qfi) & QFI_MAX);
	to->rate[index].reflective = pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_RQI)) & PFCP_RQI_RQI;
	return 0;
}

void qer_predefine(const struct reading *reading, const struct conf_pfcp_rule *from, unsigned index)
{
	const uint64_t uplink = from->uplink_kbps, downlink = from->downlink_kbps;
	Shoal__Oss__Limit *limit = reading->to->limit[index];
	Shoal__Oss__Rate *rate = &reading->to->rate[index];

	limit_set(&limit[TRANSLATE_UPLINK], !from->pass, uplink ? &uplink : NULL, NULL);
	limit_set(&limit[TRANSLATE_DOWNLINK], !from->pass, downlink ? &downlink : NULL, NULL);
	shoal__oss__rate__init(rate);
	rate->uplink = &limit[TRANSLATE_UPLINK];
	rate->downlink = &limit[TRANSLATE_DOWNLINK];
	rate->has_qfi = from->qfi != 0;
	rate->qfi = from->qfi;
}

static size_t users(const struct translation *to, uint32_t id)
{
	size_t count = 0;

	for (unsigned i = 0; i < to->pdrs; i++) {
		const Shoal__Oss__Rule *rule = &to->rule[i];
		bool named = rule->rate_id == id;

		for (size_t more = 0; more < rule->n_rate_ids && !named; more++)
			named = rule->rate_ids[more] == id;
		count += named;
	}
	return count;
}

// Whether the QFI of a is to be before that of b where a PDR names both.
static bool nearer(const struct translation *to, const Shoal__Oss__Rate *a, const Shoal__Oss__Rate *b)
{
	bool none_a = a->has_qfi && !a->qfi, none_b = b->has_qfi && !b->qfi;

	return none_a != none_b ? none_b : users(to, a->id) < users(to, b->id);
}

void qers_order(struct translation *to)
{
	for (size_t i = 1; i < to->session.n_rates; i++)
		for (size_t at = i; at && nearer(to, to->rates[at], to->rates[at - 1]); at--) {
			Shoal__Oss__Rate *rate = to->rates[at];
			const struct rule *qer = to->qer[at];

			to->rates[at] = to->rates[at - 1];
			to->qer[at] = to->qer[at - 1];
			to->rates[at - 1] = rate;
			to->qer[at - 1] = qer;
		}
}
