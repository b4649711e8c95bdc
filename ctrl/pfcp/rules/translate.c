// translate.c - rules of PFCP to rules of oss.proto: how they hang together. What each says is read in translate_*.c.
#include "ctrl/pfcp/rules/translate.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/rules/translate_read.h"
#include "shared/wire/cursor.h"

static const bool of_bar[PFCP_IE_TYPES] = { [PFCP_IE_BAR_ID] = true,
					    [PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY] = true,
					    [PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT] = true };

// ---- What reading has in common

int read_failure(const struct reading *reading, uint16_t offending, const char *text)
{
	return rules_fault(reading->fault, PFCP_CAUSE_RULE_FAILURE, offending, text);
}

int read_admit(const struct reading *reading, const struct pfcp_ie *group, const bool understood[PFCP_IE_TYPES])
{
	const struct pfcp_tree *tree = &reading->rules->tree;

	for (const struct pfcp_ie *ie = pfcp_child(tree, group); ie; ie = pfcp_next(tree, ie))
		if (ie->type < PFCP_IE_TYPES && !understood[ie->type] && pfcp_kind(ie->type))
			return read_failure(reading, ie->type, "Not served in this rule.");
	return 0;
}

int read_instance(const struct reading *reading, const struct pfcp_ie *group, char *to)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, group, PFCP_IE_NETWORK_INSTANCE);
	const char *other = *to ? to : reading->given->dnn;
	char name[PFCP_NAME];

	if (!ie || !ie->length)
		return 0;
	if (pfcp_get_name(ie, name) || strlen(name) >= TRANSLATE_DNN)
		return read_failure(reading, PFCP_IE_NETWORK_INSTANCE, "No such network instance.");
	if (*other && reading->given->apart && reading->given->apart(reading->given->arg, other, name))
		return read_failure(reading, PFCP_IE_NETWORK_INSTANCE, "The session's packets go by another network.");
	memcpy(to, name, strlen(name) + 1);
	return 0;
}

uint32_t *read_numbers(const struct reading *reading, unsigned count)
{
	struct translation *to = reading->to;
	uint32_t *numbers = to->number + to->numbers_used;

	if (count > TRANSLATE_NUMBERS - to->numbers_used) {
		rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, 0, "The session's rules name too many others.");
		return NULL;
	}
	to->numbers_used += count;
	return numbers;
}

// ---- What rules name

// Missing: which IE of the PDR names it.
static int missing(const struct reading *reading, const struct rule *pdr, uint16_t by, const char *text)
{
	read_failure(reading, by, text);
	return rules_fault_of(reading->fault, pdr);
}

static int qer_translate(const struct reading *reading, const struct rule *pdr, uint32_t id)
{
	const struct rule *rule = rules_find(reading->rules, RULE_QER, id);
	struct translation *to = reading->to;
	size_t index = to->session.n_rates;

	if (!rule)
		return missing(reading, pdr, PFCP_IE_QER_ID, "The PDR names a QER that does not exist.");
	for (size_t i = 0; i < index; i++)
		if (to->qer[i] == rule)
			return 0;
	if (index == TRANSLATE_QERS)
		rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_CREATE_QER,
			    "A session has at most 64 QERs.");
	if (index == TRANSLATE_QERS || qer_read(reading, rule, (unsigned)index))
		return rules_fault_of(reading->fault, rule);
	to->qer[index] = rule;
	to->rates[index] = &to->rate[index];
	to->session.n_rates++;
	return 0;
}

// The QERs of a PDR: the first is the rule's rate, the others besides.
static int qers_translate(const struct reading *reading, unsigned pdr)
{
	Shoal__Oss__Rule *rule = &reading->to->rule[pdr];

	for (size_t i = 0; i < rule->n_rate_ids; i++) {
		if (qer_translate(reading, reading->to->pdr[pdr].rule, rule->rate_ids[i]))
			return -EPROTO;
		rule->rate_ids[i] = oss_id(rule->rate_ids[i]);
	}
	if (!rule->n_rate_ids)
		return 0;
	rule->rate_id = *rule->rate_ids++;
	rule->n_rate_ids--;
	return 0;
}

// Null: no such URR.
static const Shoal__Oss__Measure *measure_of(const struct translation *to, uint32_t urr)
{
	for (size_t i = 0; i < to->session.n_measures; i++)
		if (to->urr[i]->id == urr)
			return &to->measure[i];
	return NULL;
}

// The URRs of a PDR. What an inactive one (INAM) measures is not named: so it counts nothing. Number 0 stands for none where there is none:
// so OAI's SMF fills it in.
static int urrs_translate(const struct reading *reading, unsigned pdr)
{
	Shoal__Oss__Rule *rule = &reading->to->rule[pdr];
	size_t named = 0;

	for (size_t i = 0; i < rule->n_measure_ids; i++) {
		const Shoal__Oss__Measure *measure = measure_of(reading->to, rule->measure_ids[i]);

		if (!measure && rule->measure_ids[i])
			return missing(reading, reading->to->pdr[pdr].rule, PFCP_IE_URR_ID,
				       "The PDR names a URR that does not exist.");
		if (measure && !(measure->information & PFCP_MEASUREMENT_INFORMATION_INAM))
			rule->measure_ids[named++] = measure->id;
	}
	rule->n_measure_ids = named;
	return 0;
}

static int far_translate(const struct reading *reading, unsigned pdr)
{
	const struct translated_pdr *from = &reading->to->pdr[pdr];
	const struct rule *rule = rules_find(reading->rules, RULE_FAR, from->far);

	if (!rule)
		return missing(reading, from->rule, PFCP_IE_FAR_ID, "The PDR names a FAR that does not exist.");
	return far_follow(reading, rule, pdr) ? rules_fault_of(reading->fault, rule) : 0;
}

static int pdr_translate(const struct reading *reading, const struct rule *rule)
{
	unsigned pdr = reading->to->pdrs;

	if (pdr_read(reading, rule))
		return rules_fault_of(reading->fault, rule);
	if (far_translate(reading, pdr) || qers_translate(reading, pdr) || predefined_rates(reading, pdr))
		return -EPROTO;
	return urrs_translate(reading, pdr);
}

static int urr_translate(const struct reading *reading, const struct rule *rule)
{
	struct translation *to = reading->to;
	size_t index = to->session.n_measures;

	if (index == TRANSLATE_URRS)
		return rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_CREATE_URR,
				   "A session has at most 64 URRs.");
	if (urr_read(reading, rule, (unsigned)index))
		return -EPROTO;
	to->urr[index] = rule;
	to->measures[index] = &to->measure[index];
	to->session.n_measures++;
	return 0;
}

// What it says is said of the packets of FARs that name it (translate_far.c).
static int bar_check(const struct reading *reading, const struct rule *rule)
{
	return rules_open(reading->rules, rule, reading->fault) || read_admit(reading, NULL, of_bar) ? -EPROTO : 0;
}

// Rules that no PDR names have to make sense, too: they are acknowledged. QERs that one names are read again with it.
static int spare_translate(const struct reading *reading, const struct rule *rule)
{
	int error = rule->kind == RULE_QER        ? qer_read(reading, rule, 0)
		    : rule->kind == RULE_FAR      ? far_read(reading, rule)
		    : rule->kind == RULE_BAR      ? bar_check(reading, rule)
		    : rule->kind == RULE_ENDPOINT ? endpoint_check(reading, rule)
						  : urr_translate(reading, rule);

	return error ? rules_fault_of(reading->fault, rule) : 0;
}

// ---- The UE's addresses

static uint64_t prefix_of(const struct pfcp_ue_address *ue)
{
	return ue->address.has_ipv6 ? be64_get(ue->address.ipv6) : 0;
}

// What a PDR says of the UE's addresses, with what the others have said.
static int address_join(const struct reading *reading, const struct translated_pdr *pdr)
{
	const struct pfcp_ue_address *said = &pdr->address;
	Shoal__Oss__UeAddress *ue = &reading->to->ue;
	bool same4 = !(said->choose_ipv4 || said->address.has_ipv4) || !(ue->want_ipv4 || ue->ipv4) ||
		     (ue->want_ipv4 == said->choose_ipv4 && ue->ipv4 == said->address.ipv4);
	bool same6 = !(said->choose_ipv6 || said->address.has_ipv6) || !(ue->want_ipv6 || ue->ipv6_prefix) ||
		     (ue->want_ipv6 == said->choose_ipv6 && ue->ipv6_prefix == prefix_of(said));

	if (!same4 || !same6) {
		read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "PDRs have different UE addresses.");
		return rules_fault_of(reading->fault, pdr->rule);
	}
	ue->want_ipv4 |= said->choose_ipv4;
	ue->want_ipv6 |= said->choose_ipv6;
	if (said->address.has_ipv4)
		ue->ipv4 = said->address.ipv4;
	if (said->address.has_ipv6)
		ue->ipv6_prefix = prefix_of(said);
	return 0;
}

// Of a session that lies between tunnels each way out needs one. Older Open5GS forwards before it names it: until then there is no way.
static void ways_await(struct translation *to)
{
	bool from_core = false;

	for (unsigned i = 0; i < to->pdrs; i++) {
		from_core |= to->match[i].tunnelled;
		if (!to->pdr[i].tunnelled || to->pdr[i].ue)
			return;
	}
	for (unsigned i = 0; from_core && i < to->pdrs; i++)
		to->forward[i].drop |= !to->forward[i].buffer && !to->forward[i].peer_teid;
}

// As an SGW-U's session, or one between N9 and N3, that names no UE address: nothing comes or goes without a tunnel.
static bool by_tunnels_alone(const struct translation *to)
{
	const Shoal__Oss__UeAddress *ue = &to->ue;
	bool from_core = false;

	if (ue->ipv4 || ue->ipv6_prefix || ue->want_ipv4 || ue->want_ipv6)
		return false;
	for (unsigned i = 0; i < to->pdrs; i++) {
		const Shoal__Oss__Forward *forward = &to->forward[i];

		if (!to->pdr[i].tunnelled || (!forward->drop && !forward->buffer && !forward->peer_teid))
			return false;
		from_core |= to->match[i].tunnelled;
	}
	return from_core;
}

// The addresses of a session to be made: what its PDRs say.
static int addresses_translate(const struct reading *reading)
{
	struct translation *to = reading->to;
	const struct rule *pdr = to->pdrs ? to->pdr[0].rule : NULL;

	shoal__oss__ue_address__init(&to->ue);
	to->session.ue = &to->ue;
	for (unsigned i = 0; i < to->pdrs; i++) {
		if (address_join(reading, &to->pdr[i]))
			return -EPROTO;
		if (!to->pdr[i].tunnelled)
			pdr = to->pdr[i].rule;
	}
	to->ue.none = by_tunnels_alone(to);
	if (to->ue.ipv4 || to->ue.ipv6_prefix || to->ue.want_ipv4 || to->ue.want_ipv6 || to->ue.none)
		return 0;
	rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_UE_IP_ADDRESS,
		    "A PDR has to name the UE's address.");
	return pdr ? rules_fault_of(reading->fault, pdr) : -EPROTO;
}

// The prefix that PDRs of a living session name, whether or not it has it already: a request that is repeated says the same again.
static int prefix_translate(const struct reading *reading)
{
	struct translation *to = reading->to;

	shoal__oss__ue_address__init(&to->ue);
	for (unsigned i = 0; i < to->pdrs; i++) {
		uint64_t prefix = prefix_of(&to->pdr[i].address);

		if (prefix && to->ue.ipv6_prefix && prefix != to->ue.ipv6_prefix) {
			read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "PDRs have different UE addresses.");
			return rules_fault_of(reading->fault, to->pdr[i].rule);
		}
		to->ue.ipv6_prefix = prefix ? prefix : to->ue.ipv6_prefix;
	}
	if (to->ue.ipv6_prefix)
		to->session.ue = &to->ue;
	return 0;
}

// A PDR that names one of a UE's two addresses takes packets of this family alone.
static int families_translate(const struct reading *reading)
{
	const struct translate_given *given = reading->given;
	struct translation *to = reading->to;
	bool ipv4 = given->teid ? given->ue_ipv4 : to->ue.ipv4 || to->ue.want_ipv4;
	bool ipv6 = (given->teid && given->ue_ipv6) || to->ue.ipv6_prefix || to->ue.want_ipv6;

	for (unsigned i = 0; i < to->pdrs && ipv4 && ipv6; i++) {
		const struct translated_pdr *pdr = &to->pdr[i];
		bool names4 = pdr->address.address.has_ipv4 || pdr->address.choose_ipv4;
		bool names6 = pdr->address.address.has_ipv6 || pdr->address.choose_ipv6;

		if (names4 != names6 && (names4 ? to->match[i].n_framed_ipv6 : to->match[i].n_framed_ipv4)) {
			read_failure(reading, names4 ? PFCP_IE_FRAMED_IPV6_ROUTE : PFCP_IE_FRAMED_ROUTE,
				     "The PDR is for the UE's other family alone.");
			return rules_fault_of(reading->fault, pdr->rule);
		}
		if (names4 != names6 && filters_restrict(reading, i, names4 ? 4 : 6))
			return rules_fault_of(reading->fault, pdr->rule);
	}
	return 0;
}

// ---- All of it

// Without a PDR nothing passes: an uplink that is dropped says so, and what has no rule carries nothing.
static void nothing_translate(struct translation *to)
{
	shoal__oss__match__init(&to->match[0]);
	shoal__oss__rule__init(&to->rule[0]);
	shoal__oss__forward__init(&to->forward[0]);
	to->match[0].source = SHOAL__OSS__INTERFACE__ACCESS;
	to->forward[0].drop = true;
	to->rule[0].id = 1;
	to->rule[0].match = &to->match[0];
	to->rule[0].forward = &to->forward[0];
	to->rules[0] = &to->rule[0];
	to->session.n_rules = 1;
}

static void begin(struct translation *to)
{
	to->pdrs = to->fars = to->filters_used = to->numbers_used = 0;
	to->framed_used[0] = to->framed_used[1] = 0;
	to->text_used = 0;
	*to->instance = '\0';
	shoal__oss__session__init(&to->session);
	to->session.rules = to->rules;
	to->session.rates = to->rates;
	to->session.measures = to->measures;
}

// What is chosen for a traffic endpoint is chosen with the PDRs that name it, and told at once.
static int endpoints_check(const struct reading *reading)
{
	for (unsigned i = 0; i < reading->rules->count; i++) {
		const struct rule *rule = &reading->rules->rule[i];
		unsigned pdr = 0;

		while (pdr < reading->to->pdrs && reading->to->pdr[pdr].endpoint != rule)
			pdr++;
		if (rule->kind == RULE_ENDPOINT && rule->turn == RULE_CREATED && pdr == reading->to->pdrs)
			return read_failure(reading, PFCP_IE_CREATE_TRAFFIC_ENDPOINT,
					    "No PDR names the traffic endpoint.");
	}
	return 0;
}

static int together(const struct reading *reading)
{
	if (endpoints_check(reading))
		return -EPROTO;
	if (filters_resolve(reading) || tunnels_choose(reading))
		return -EPROTO;
	ways_await(reading->to);
	if (reading->given->teid ? prefix_translate(reading) : addresses_translate(reading))
		return -EPROTO;
	return families_translate(reading) || flows_tell(reading) ? -EPROTO : 0;
}

int translate(struct rules *rules, const struct translate_given *given, struct translation *to,
	      struct rules_fault *fault)
{
	const struct reading reading = { rules, given, to, fault };

	begin(to);
	*fault = (struct rules_fault){ 0 };
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind != RULE_PDR && spare_translate(&reading, &rules->rule[i]))
			return -EPROTO;
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].kind == RULE_PDR && pdr_translate(&reading, &rules->rule[i]))
			return -EPROTO;
	qers_order(to);
	if (together(&reading))
		return -EPROTO;
	to->session.n_rules = to->pdrs;
	to->session.inactivity_s = rules->inactivity_s;
	if (!to->pdrs)
		nothing_translate(to);
	return 0;
}
