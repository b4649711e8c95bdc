// translate_pdr.c - what a PDR and its PDI say (TS 29.244 7.5.2.2). Pure.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"
#include "shared/wire/cursor.h"

#define PREFIX_BITS 64u

// The IEs that are understood in each group.
static const bool of_pdr[PFCP_IE_TYPES] = { [PFCP_IE_PDR_ID] = true,
					    [PFCP_IE_PRECEDENCE] = true,
					    [PFCP_IE_PDI] = true,
					    [PFCP_IE_OUTER_HEADER_REMOVAL] = true,
					    [PFCP_IE_FAR_ID] = true,
					    [PFCP_IE_QER_ID] = true,
					    [PFCP_IE_URR_ID] = true,
					    [PFCP_IE_RAT_TYPE] = true,
					    [PFCP_IE_ACTIVATE_PREDEFINED_RULES] = true };
static const bool of_pdi[PFCP_IE_TYPES] = { [PFCP_IE_SOURCE_INTERFACE] = true,    [PFCP_IE_F_TEID] = true,
					    [PFCP_IE_NETWORK_INSTANCE] = true,    [PFCP_IE_UE_IP_ADDRESS] = true,
					    [PFCP_IE_SDF_FILTER] = true,          [PFCP_IE_QFI] = true,
					    [PFCP_IE_3GPP_INTERFACE_TYPE] = true, [PFCP_IE_TRAFFIC_ENDPOINT_ID] = true,
					    [PFCP_IE_FRAMED_ROUTE] = true,        [PFCP_IE_FRAMED_ROUTING] = true,
					    [PFCP_IE_FRAMED_IPV6_ROUTE] = true,   [PFCP_IE_APPLICATION_ID] = true };
static const bool of_endpoint[PFCP_IE_TYPES] = {
	[PFCP_IE_TRAFFIC_ENDPOINT_ID] = true, [PFCP_IE_F_TEID] = true,
	[PFCP_IE_NETWORK_INSTANCE] = true,    [PFCP_IE_UE_IP_ADDRESS] = true,
	[PFCP_IE_3GPP_INTERFACE_TYPE] = true, [PFCP_IE_FRAMED_ROUTE] = true,
	[PFCP_IE_FRAMED_ROUTING] = true,      [PFCP_IE_FRAMED_IPV6_ROUTE] = true
};

// Whether the end is at one of our addresses, or where it is ours to choose, can be. Of two that are asked for, or of none, IPv4 is taken.
static bool at_ours(const struct translate_given *given, struct pfcp_fteid *fteid)
{
	static const uint8_t none[16];
	struct pfcp_address *address = &fteid->address;
	bool ipv6 = address->has_ipv6 && memcmp(given->gtpu_ipv6, none, sizeof(none));

	address->has_ipv4 |= fteid->choose && !address->has_ipv6;
	if (address->has_ipv4) {
		address->has_ipv6 = address->has_ipv6 && !fteid->choose;
		return fteid->choose || address->ipv4 == given->gtpu_ipv4;
	}
	if (fteid->choose)
		memcpy(address->ipv6, given->gtpu_ipv6, sizeof(address->ipv6));
	return ipv6 && !memcmp(address->ipv6, given->gtpu_ipv6, sizeof(address->ipv6));
}

// Our end of the tunnel: ours to choose, or the CP function's if it is at our address.
static int fteid_read(const struct reading *reading, const struct pfcp_ie *ie, struct translated_pdr *pdr)
{
	struct pfcp_fteid *fteid = &pdr->fteid;

	if (!ie)
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_F_TEID,
				   "From access and the CP function packets come in a tunnel.");
	if (pfcp_get_fteid(ie, fteid))
		return rules_fault(reading->fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_F_TEID, "Not an F-TEID.");
	if (at_ours(reading->given, fteid) && (fteid->choose || fteid->teid))
		return 0;
	return rules_fault(reading->fault, PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID,
			   "Tunnels end at an address of ours, and a TEID is not 0.");
}

// Whether the UE's address is the packet's source or destination goes without saying: the source interface says it. S/D is not asked.
static int address_join(const struct reading *reading, const struct pfcp_ie *ie, struct translated_pdr *pdr)
{
	struct pfcp_ue_address *all = &pdr->address, ue;

	if (pfcp_get_ue_address(ie, &ue))
		return rules_fault(reading->fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_UE_IP_ADDRESS,
				   "Not a UE address.");
	ue.address.has_ipv4 &= ue.address.ipv4 != 0; // of zeros: who fills in both families, and has one
	ue.address.has_ipv6 &= be64_get(ue.address.ipv6) != 0;
	if (ue.delegated_bits || (ue.has_prefix_bits && ue.prefix_bits != PREFIX_BITS))
		return read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "A UE has one /64.");
	if ((all->address.has_ipv4 || all->choose_ipv4) && (ue.address.has_ipv4 || ue.choose_ipv4))
		return read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "A UE has one IPv4 address.");
	if ((all->address.has_ipv6 || all->choose_ipv6) && (ue.address.has_ipv6 || ue.choose_ipv6))
		return read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "A UE has one /64.");
	pdr->ue |= ue.address.has_ipv4 || ue.address.has_ipv6 || ue.choose_ipv4 || ue.choose_ipv6;
	all->destination = ue.destination;
	all->choose_ipv4 |= ue.choose_ipv4;
	all->choose_ipv6 |= ue.choose_ipv6;
	if (ue.address.has_ipv4) {
		all->address.has_ipv4 = true;
		all->address.ipv4 = ue.address.ipv4;
	}
	if (ue.address.has_ipv6) {
		all->address.has_ipv6 = true;
		memcpy(all->address.ipv6, ue.address.ipv6, sizeof(ue.address.ipv6));
	}
	return 0;
}

// A living session keeps its addresses: what a rule names is among them, or a prefix that comes to its IPv4 address (OAI's SMF, at a path
// switch).
static int kept_check(const struct reading *reading, const struct pfcp_ue_address *ue)
{
	const struct translate_given *given = reading->given;
	bool comes = given->ue_ipv4 && !given->ue_ipv6 && !ue->choose_ipv6;

	if (!given->teid)
		return 0;
	if (((ue->address.has_ipv4 || ue->choose_ipv4) && !given->ue_ipv4) ||
	    ((ue->address.has_ipv6 || ue->choose_ipv6) && !given->ue_ipv6 && !comes) ||
	    (ue->address.has_ipv4 && ue->address.ipv4 != given->ue_ipv4) ||
	    (ue->address.has_ipv6 && be64_get(ue->address.ipv6) != given->ue_ipv6 && !comes))
		return read_failure(reading, PFCP_IE_UE_IP_ADDRESS, "A session keeps its UE addresses.");
	return 0;
}

static int addresses_read(const struct reading *reading, const struct pfcp_ie *pdi, struct translated_pdr *pdr)
{
	const struct pfcp_tree *tree = &reading->rules->tree;

	for (const struct pfcp_ie *ie = pfcp_first(tree, pdi, PFCP_IE_UE_IP_ADDRESS); ie; ie = pfcp_again(tree, ie))
		if (address_join(reading, ie, pdr))
			return -EPROTO;
	return kept_check(reading, &pdr->address);
}

// The numbers of all IEs of this type.
static int list_read(const struct reading *reading, const struct pfcp_ie *group, uint16_t type, uint32_t **list)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	int count = 0;

	*list = read_numbers(reading, 0);
	for (const struct pfcp_ie *ie = pfcp_first(tree, group, type); ie; ie = pfcp_again(tree, ie), count++) {
		uint32_t *number = read_numbers(reading, 1); // behind the last one

		if (!number)
			return -EPROTO;
		*number = (uint32_t)pfcp_number(ie);
	}
	return count;
}

// Only packets from a tunnel have a QFI: asking for one of others means which flow they are to be, and their QER says so, too.
static int qfis_read(const struct reading *reading, const struct pfcp_ie *pdi, Shoal__Oss__Match *match)
{
	int count = list_read(reading, pdi, PFCP_IE_QFI, &match->qfis);

	if (count < 0)
		return -EPROTO;
	match->n_qfis = match->source == SHOAL__OSS__INTERFACE__CORE && !match->tunnelled ? 0 : (size_t)count;
	return 0;
}

static int source_read(const struct reading *reading, const struct pfcp_ie *pdi, Shoal__Oss__Match *match)
{
	static const Shoal__Oss__Interface sources[] = {
		[PFCP_SOURCE_INTERFACE_ACCESS] = SHOAL__OSS__INTERFACE__ACCESS,
		[PFCP_SOURCE_INTERFACE_CORE] = SHOAL__OSS__INTERFACE__CORE,
		[PFCP_SOURCE_INTERFACE_SGI_LAN] = SHOAL__OSS__INTERFACE__CORE,
		[PFCP_SOURCE_INTERFACE_CP_FUNCTION] = SHOAL__OSS__INTERFACE__CP,
	};
	unsigned source = (unsigned)pfcp_number(pfcp_first(&reading->rules->tree, pdi, PFCP_IE_SOURCE_INTERFACE));

	if (source >= sizeof(sources) / sizeof(*sources))
		return read_failure(reading, PFCP_IE_SOURCE_INTERFACE,
				    "Packets come from access, core or the CP function.");
	match->source = sources[source];
	return 0;
}

// Where the packets of a PDR come from: what its PDI says of that, or its traffic endpoint.
static int end_read(const struct reading *reading, const struct pfcp_ie *group, struct translated_pdr *pdr,
		    Shoal__Oss__Match *match)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, group, PFCP_IE_F_TEID);

	match->tunnelled = match->source == SHOAL__OSS__INTERFACE__CORE && ie;
	pdr->tunnelled = match->source != SHOAL__OSS__INTERFACE__CORE || ie;
	if ((pdr->tunnelled && fteid_read(reading, ie, pdr)) || addresses_read(reading, group, pdr) ||
	    framed_read(reading, group, match))
		return -EPROTO;
	match->framed_alone = !pdr->tunnelled && !pdr->ue && (match->n_framed_ipv4 || match->n_framed_ipv6);
	return pdr->tunnelled ? 0 : read_instance(reading, group, reading->to->instance);
}

// The same of a traffic endpoint (TS 29.244 5.2.3.3), whose body is opened, and then the PDR's again.
static int endpoint_read(const struct reading *reading, const struct pfcp_ie *pdi, struct translated_pdr *pdr,
			 Shoal__Oss__Match *match)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *id = pfcp_first(tree, pdi, PFCP_IE_TRAFFIC_ENDPOINT_ID);

	if (pfcp_again(tree, id) || pfcp_first(tree, pdi, PFCP_IE_F_TEID) ||
	    pfcp_first(tree, pdi, PFCP_IE_UE_IP_ADDRESS) || pfcp_first(tree, pdi, PFCP_IE_FRAMED_ROUTE) ||
	    pfcp_first(tree, pdi, PFCP_IE_FRAMED_ROUTING) || pfcp_first(tree, pdi, PFCP_IE_FRAMED_IPV6_ROUTE))
		return read_failure(reading, PFCP_IE_TRAFFIC_ENDPOINT_ID,
				    "One traffic endpoint, or an F-TEID and addresses.");
	pdr->endpoint = rules_find(reading->rules, RULE_ENDPOINT, (uint32_t)pfcp_number(id));
	if (!pdr->endpoint)
		return read_failure(reading, PFCP_IE_TRAFFIC_ENDPOINT_ID,
				    "The PDR names a traffic endpoint that does not exist.");
	if (rules_open(reading->rules, pdr->endpoint, reading->fault) || end_read(reading, NULL, pdr, match))
		return -EPROTO;
	return rules_open(reading->rules, pdr->rule, reading->fault);
}

int endpoint_check(const struct reading *reading, const struct rule *rule)
{
	return rules_open(reading->rules, rule, reading->fault) || read_admit(reading, NULL, of_endpoint) ? -EPROTO : 0;
}

static int flows_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_ie *pdi, unsigned *count)
{
	const struct pfcp_tree *tree = &reading->rules->tree;

	bool application = pfcp_first(tree, pdi, PFCP_IE_APPLICATION_ID), sdf = filters_given(reading, pdi);
	bool predefined = pfcp_first(tree, NULL, PFCP_IE_ACTIVATE_PREDEFINED_RULES);

	if (application && sdf)
		return read_failure(reading, PFCP_IE_APPLICATION_ID, "An application, or SDF filters.");
	if (predefined && (application || sdf))
		return read_failure(reading, PFCP_IE_ACTIVATE_PREDEFINED_RULES, "Predefined rules, or filters.");
	if (predefined)
		return predefined_read(reading, pdr, count);
	return application ? application_read(reading, pdr, pdi, count) : filters_read(reading, pdr, pdi, count);
}

static int pdi_read(const struct reading *reading, struct translated_pdr *pdr, Shoal__Oss__Match *match)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *pdi = pfcp_first(tree, NULL, PFCP_IE_PDI);
	struct translation *to = reading->to;
	unsigned first = to->filters_used, filters;
	bool apart = pfcp_first(tree, pdi, PFCP_IE_TRAFFIC_ENDPOINT_ID);

	if (source_read(reading, pdi, match) || read_admit(reading, pdi, of_pdi) ||
	    (apart ? endpoint_read(reading, pdi, pdr, match) : end_read(reading, pdi, pdr, match)))
		return -EPROTO;
	pdi = pfcp_first(tree, NULL, PFCP_IE_PDI);
	if (flows_read(reading, pdr->rule, pdi, &filters) || qfis_read(reading, pdi, match))
		return -EPROTO;
	match->filters = &to->filters[first];
	match->n_filters = filters;
	return 0;
}

// Packets from a tunnel leave it, whichever of our addresses it ended at, and whether or not that is said: a tunnel in a tunnel, or in
// the core, is what nobody means who leaves it out. Others come without one.
static int removal_check(const struct reading *reading, bool tunnelled)
{
	const struct pfcp_ie *ie = pfcp_first(&reading->rules->tree, NULL, PFCP_IE_OUTER_HEADER_REMOVAL);
	struct pfcp_outer_removal removal;

	if (!ie)
		return 0;
	if (!tunnelled)
		return read_failure(reading, PFCP_IE_OUTER_HEADER_REMOVAL, "There is no outer header to remove.");
	if (pfcp_get_outer_removal(ie, &removal) || (removal.description != PFCP_OUTER_HEADER_REMOVAL_GTPU_IPV4 &&
						     removal.description != PFCP_OUTER_HEADER_REMOVAL_GTPU_IPV6 &&
						     removal.description != PFCP_OUTER_HEADER_REMOVAL_GTPU_IP))
		return read_failure(reading, PFCP_IE_OUTER_HEADER_REMOVAL, "Only GTP-U is removed.");
	return 0;
}

// An SGW-C's PDRs have no precedence (7.5.2.2: not on Sxa): each is found by its F-TEID alone. Others need one.
static int precedence_check(const struct reading *reading, const struct translated_pdr *pdr,
			    const Shoal__Oss__Match *match)
{
	bool alone = pdr->tunnelled && !pdr->ue && !match->n_filters;

	if (alone || pfcp_first(&reading->rules->tree, NULL, PFCP_IE_PRECEDENCE))
		return 0;
	return rules_fault(reading->fault, PFCP_CAUSE_MANDATORY_MISSING, PFCP_IE_PRECEDENCE,
			   "Where more than an F-TEID tells, a PDR has a precedence.");
}

static int names_read(const struct reading *reading, Shoal__Oss__Rule *rule)
{
	int qers = list_read(reading, NULL, PFCP_IE_QER_ID, &rule->rate_ids);
	int urrs = list_read(reading, NULL, PFCP_IE_URR_ID, &rule->measure_ids);

	if (qers < 0 || urrs < 0)
		return -EPROTO;
	rule->n_rate_ids = (size_t)qers;
	rule->n_measure_ids = (size_t)urrs;
	return 0;
}

static int self_read(const struct reading *reading, struct translated_pdr *pdr, Shoal__Oss__Rule *rule)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *far = pfcp_first(tree, NULL, PFCP_IE_FAR_ID);

	if (read_admit(reading, NULL, of_pdr))
		return -EPROTO;
	if (!far)
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_FAR_ID,
				   "A PDR needs a FAR.");
	pdr->far = (uint32_t)pfcp_number(far);
	rule->id = oss_id(pdr->rule->id);
	rule->precedence = (uint32_t)pfcp_number(pfcp_first(tree, NULL, PFCP_IE_PRECEDENCE));
	return names_read(reading, rule);
}

int pdr_read(const struct reading *reading, const struct rule *rule)
{
	struct translation *to = reading->to;
	unsigned at = to->pdrs;

	if (at == TRANSLATE_PDRS)
		return rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_CREATE_PDR,
				   "A session has at most 64 PDRs.");
	shoal__oss__rule__init(&to->rule[at]);
	shoal__oss__match__init(&to->match[at]);
	to->pdr[at] = (struct translated_pdr){ .rule = rule };
	if (rules_open(reading->rules, rule, reading->fault) || self_read(reading, &to->pdr[at], &to->rule[at]) ||
	    pdi_read(reading, &to->pdr[at], &to->match[at]) ||
	    precedence_check(reading, &to->pdr[at], &to->match[at]) || removal_check(reading, to->pdr[at].tunnelled))
		return -EPROTO;
	to->rule[at].match = &to->match[at];
	to->rules[at] = &to->rule[at];
	to->pdrs++;
	return 0;
}
