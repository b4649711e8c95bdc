// translate_read.c - what a PDR, FAR, QER or URR says. Pure.
#include "ctrl/pfcp/translate_read.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/ie_table.h"
#include "shared/wire/cursor.h"

#define GTPU_IPV4 0u // Outer Header Removal, TS 29.244 8.2.64
#define GTPU_ANY 6u
#define PREFIX_BITS 64u
#define QFI_MAX 63u

// The IEs that are understood in each group; the first 0 ends a row.
static const uint16_t of_pdr[] = { PFCP_IE_PDR_ID,
				   PFCP_IE_PRECEDENCE,
				   PFCP_IE_PDI,
				   PFCP_IE_OUTER_HEADER_REMOVAL,
				   PFCP_IE_FAR_ID,
				   PFCP_IE_QER_ID,
				   PFCP_IE_URR_ID,
				   PFCP_IE_RAT_TYPE,
				   0 };
static const uint16_t of_pdi[] = { PFCP_IE_SOURCE_INTERFACE,
				   PFCP_IE_F_TEID,
				   PFCP_IE_NETWORK_INSTANCE,
				   PFCP_IE_UE_IP_ADDRESS,
				   PFCP_IE_SDF_FILTER,
				   PFCP_IE_3GPP_INTERFACE_TYPE,
				   0 };
static const uint16_t of_far[] = { PFCP_IE_FAR_ID, PFCP_IE_APPLY_ACTION, PFCP_IE_FORWARDING_PARAMETERS, 0 };
static const uint16_t of_parameters[] = { PFCP_IE_DESTINATION_INTERFACE, PFCP_IE_NETWORK_INSTANCE,
					  PFCP_IE_OUTER_HEADER_CREATION, PFCP_IE_3GPP_INTERFACE_TYPE, 0 };
static const uint16_t of_qer[] = { PFCP_IE_QER_ID, PFCP_IE_GATE_STATUS, PFCP_IE_MBR, PFCP_IE_QFI, 0 };
static const uint16_t of_urr[] = { PFCP_IE_URR_ID, PFCP_IE_MEASUREMENT_METHOD, PFCP_IE_REPORTING_TRIGGERS,
				   PFCP_IE_MEASUREMENT_INFORMATION, 0 };

static int failure(struct rules_fault *fault, uint16_t offending, const char *text)
{
	return rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, offending, text);
}

// What the standard knows and we can't do is refused; what nobody knows is skipped.
static int group_admit(const struct pfcp_tree *tree, const struct pfcp_ie *group, const uint16_t *understood,
		       struct rules_fault *fault)
{
	for (const struct pfcp_ie *ie = pfcp_child(tree, group); ie; ie = pfcp_next(tree, ie)) {
		const uint16_t *type = understood;

		while (*type && *type != ie->type)
			type++;
		if (!*type && ie->type < PFCP_VENDOR && pfcp_kind(ie->type))
			return failure(fault, ie->type, "Not served in this rule.");
	}
	return 0;
}

static const struct pfcp_ie *alone(const struct pfcp_tree *tree, const struct pfcp_ie *group, uint16_t type,
				   struct rules_fault *fault)
{
	const struct pfcp_ie *ie = pfcp_first(tree, group, type);

	if (ie && pfcp_again(tree, ie))
		failure(fault, type, "Only one is served.");
	return ie;
}

static int instance_read(const struct pfcp_tree *tree, const struct pfcp_ie *group, char *to, struct rules_fault *fault)
{
	const struct pfcp_ie *ie = pfcp_first(tree, group, PFCP_IE_NETWORK_INSTANCE);
	char name[PFCP_NAME];

	if (!ie)
		return 0;
	if (pfcp_get_name(ie, name) || strlen(name) >= TRANSLATE_DNN)
		return failure(fault, PFCP_IE_NETWORK_INSTANCE, "No such network instance.");
	memcpy(to, name, strlen(name) + 1);
	return 0;
}

// "permit out ip from any to assigned" lets everything of the UE pass: no filter at all.
static int filter_check(const struct pfcp_ie *ie, struct rules_fault *fault)
{
	static const char everything[] = "permit out ip from any to assigned";
	struct pfcp_sdf sdf;

	if (!ie)
		return 0;
	if (!pfcp_get_sdf(ie, &sdf) && sdf.flow && sdf.flow_bytes == strlen(everything) &&
	    !memcmp(sdf.flow, everything, sdf.flow_bytes) && !sdf.has_tos && !sdf.has_spi && !sdf.has_label)
		return 0;
	return failure(fault, PFCP_IE_SDF_FILTER, "No SDF filter is served but one that lets everything pass.");
}

// Our end of the tunnel: ours to choose, or what we chose before. A CP function may not (feature FTUP, TS 29.244 5.5).
static int fteid_read(const struct pfcp_ie *ie, const struct translate_given *given, struct pdr *pdr,
		      struct rules_fault *fault)
{
	struct pfcp_fteid fteid;

	if (!ie)
		return rules_fault(fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_F_TEID,
				   "From access packets come in a tunnel.");
	if (pfcp_get_fteid(ie, &fteid))
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_F_TEID, "Not an F-TEID.");
	pdr->choose_teid = fteid.choose;
	if (fteid.choose && fteid.address.has_ipv4)
		return 0;
	if (!fteid.choose && given->teid && fteid.teid == given->teid && fteid.address.has_ipv4 &&
	    fteid.address.ipv4 == given->gtpu_ipv4)
		return 0;
	return rules_fault(fault, PFCP_CAUSE_INVALID_F_TEID_ALLOCATION, PFCP_IE_F_TEID,
			   fteid.choose ? "Tunnels run over IPv4." : "The UP function chooses F-TEIDs.");
}

// A living session keeps its addresses: each of them has to be in the rule, and no other.
static bool keeps_addresses(const struct pfcp_ue_address *ue, const struct translate_given *given)
{
	if ((ue->address.has_ipv4 || ue->choose_ipv4) != !!given->ue_ipv4 ||
	    (ue->address.has_ipv6 || ue->choose_ipv6) != !!given->ue_ipv6)
		return false;
	return (!ue->address.has_ipv4 || ue->address.ipv4 == given->ue_ipv4) &&
	       (!ue->address.has_ipv6 || be64_get(ue->address.ipv6) == given->ue_ipv6);
}

static int address_read(const struct pfcp_ie *ie, const struct translate_given *given, struct pdr *pdr,
			struct rules_fault *fault)
{
	const struct pfcp_ue_address *ue = &pdr->ue;

	if (!ie)
		return 0;
	if (pfcp_get_ue_address(ie, &pdr->ue))
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_UE_IP_ADDRESS, "Not a UE address.");
	if (ue->has_delegated || (ue->has_prefix_bits && ue->prefix_bits != PREFIX_BITS))
		return failure(fault, PFCP_IE_UE_IP_ADDRESS, "A UE has one /64.");
	if (ue->destination != (pdr->way == TRANSLATE_DOWNLINK))
		return failure(fault, PFCP_IE_UE_IP_ADDRESS,
			       "The UE is the source of the uplink, the destination of the downlink.");
	if (given->teid && !keeps_addresses(ue, given))
		return failure(fault, PFCP_IE_UE_IP_ADDRESS, "A session keeps all of its UE addresses.");
	pdr->has_ue = true;
	return 0;
}

static int pdi_read(const struct pfcp_tree *tree, const struct translate_given *given, struct pdr *pdr,
		    struct rules_fault *fault)
{
	const struct pfcp_ie *pdi = pfcp_first(tree, NULL, PFCP_IE_PDI), *ie, *address, *filter;
	unsigned source = (unsigned)pfcp_number(pfcp_first(tree, pdi, PFCP_IE_SOURCE_INTERFACE));

	if (source > PFCP_SOURCE_INTERFACE_SGI_LAN)
		return failure(fault, PFCP_IE_SOURCE_INTERFACE, "Packets come from access or core.");
	pdr->way = source == PFCP_SOURCE_INTERFACE_ACCESS ? TRANSLATE_UPLINK : TRANSLATE_DOWNLINK;
	ie = pfcp_first(tree, pdi, PFCP_IE_F_TEID);
	fault->why.cause = 0;
	address = alone(tree, pdi, PFCP_IE_UE_IP_ADDRESS, fault);
	filter = alone(tree, pdi, PFCP_IE_SDF_FILTER, fault);
	if (fault->why.cause || group_admit(tree, pdi, of_pdi, fault) || filter_check(filter, fault) ||
	    instance_read(tree, pdi, pdr->instance, fault))
		return -EPROTO;
	if (pdr->way == TRANSLATE_DOWNLINK && ie)
		return failure(fault, PFCP_IE_F_TEID, "No tunnels are served towards the core.");
	if (pdr->way == TRANSLATE_UPLINK && fteid_read(ie, given, pdr, fault))
		return -EPROTO;
	return address_read(address, given, pdr, fault);
}

// Uplink packets leave their tunnel, downlink packets come without one.
static int removal_check(const struct pfcp_tree *tree, const struct pdr *pdr, struct rules_fault *fault)
{
	const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_OUTER_HEADER_REMOVAL);
	struct pfcp_outer_removal removal;

	if (pdr->way == TRANSLATE_DOWNLINK)
		return ie ? failure(fault, PFCP_IE_OUTER_HEADER_REMOVAL, "There is no outer header to remove.") : 0;
	if (!ie)
		return failure(fault, PFCP_IE_OUTER_HEADER_REMOVAL, "Uplink packets have to leave their tunnel.");
	if (pfcp_get_outer_removal(ie, &removal) ||
	    (removal.description != GTPU_IPV4 && removal.description != GTPU_ANY))
		return failure(fault, PFCP_IE_OUTER_HEADER_REMOVAL, "Only GTP-U over IPv4 is removed.");
	return 0;
}

static int list_read(const struct pfcp_tree *tree, uint16_t type, uint32_t *list, unsigned most,
		     struct rules_fault *fault)
{
	unsigned count = 0;

	for (const struct pfcp_ie *ie = pfcp_first(tree, NULL, type); ie; ie = pfcp_again(tree, ie)) {
		if (count == most)
			return rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, type, "Too many for one PDR.");
		list[count++] = (uint32_t)pfcp_number(ie);
	}
	return (int)count;
}

int pdr_read(struct rules *rules, const struct rule *rule, const struct translate_given *given, struct pdr *pdr,
	     struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &rules->tree;
	const struct pfcp_ie *far;
	int qers, urrs;

	*pdr = (struct pdr){ .rule = rule };
	if (rules_open(rules, rule, fault) || group_admit(tree, NULL, of_pdr, fault) ||
	    pdi_read(tree, given, pdr, fault) || removal_check(tree, pdr, fault))
		return -EPROTO;
	if (!rule->id)
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_PDR_ID, "A PDR's id is 1 to 65535.");
	far = pfcp_first(tree, NULL, PFCP_IE_FAR_ID);
	if (!far)
		return rules_fault(fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_FAR_ID, "A PDR needs a FAR.");
	qers = list_read(tree, PFCP_IE_QER_ID, pdr->qer, PDR_QERS, fault);
	urrs = list_read(tree, PFCP_IE_URR_ID, pdr->urr, TRANSLATE_URRS, fault);
	if (qers < 0 || urrs < 0)
		return -EPROTO;
	pdr->far = (uint32_t)pfcp_number(far);
	pdr->precedence = (uint32_t)pfcp_number(pfcp_first(tree, NULL, PFCP_IE_PRECEDENCE));
	pdr->qers = (unsigned)qers;
	pdr->urrs = (unsigned)urrs;
	return 0;
}

static int creation_read(const struct pfcp_ie *ie, struct far *far, struct rules_fault *fault)
{
	struct pfcp_outer_creation outer;

	if (pfcp_get_outer_creation(ie, &outer))
		return rules_fault(fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_OUTER_HEADER_CREATION,
				   "Not an outer header.");
	if (!(outer.description & PFCP_OUTER_HEADER_CREATION_GTPU_IPV4) ||
	    outer.description & ~(PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_GTPU_IPV6))
		return failure(fault, PFCP_IE_OUTER_HEADER_CREATION, "Tunnels are GTP-U over IPv4.");
	if (!outer.teid || !outer.address.ipv4)
		return failure(fault, PFCP_IE_OUTER_HEADER_CREATION, "A tunnel ends at an address and a TEID.");
	far->peer_ipv4 = outer.address.ipv4;
	far->peer_teid = outer.teid;
	return 0;
}

static int parameters_read(const struct pfcp_tree *tree, const struct pfcp_ie *group, enum translate_way way,
			   struct far *far, struct rules_fault *fault)
{
	unsigned to = (unsigned)pfcp_number(pfcp_first(tree, group, PFCP_IE_DESTINATION_INTERFACE));
	const struct pfcp_ie *outer = pfcp_first(tree, group, PFCP_IE_OUTER_HEADER_CREATION);
	bool access = to == PFCP_DESTINATION_INTERFACE_ACCESS;

	if (pfcp_first(tree, group, PFCP_IE_FORWARDING_POLICY))
		return rules_fault(fault, PFCP_CAUSE_INVALID_FORWARDING_POLICY, PFCP_IE_FORWARDING_POLICY,
				   "No forwarding policy is configured.");
	if (group_admit(tree, group, of_parameters, fault))
		return -EPROTO;
	if (to > PFCP_DESTINATION_INTERFACE_SGI_LAN || (way != TRANSLATE_WAYS && access != (way == TRANSLATE_DOWNLINK)))
		return failure(fault, PFCP_IE_DESTINATION_INTERFACE,
			       "Packets go from access to core or from core to access.");
	if (!access && outer)
		return failure(fault, PFCP_IE_OUTER_HEADER_CREATION, "No tunnels are served towards the core.");
	if (access && !outer && !far->drop)
		return failure(fault, PFCP_IE_OUTER_HEADER_CREATION, "Towards access packets go in a tunnel.");
	if (outer && creation_read(outer, far, fault))
		return -EPROTO;
	return access ? 0 : instance_read(tree, group, far->instance, fault);
}

int far_read(struct rules *rules, const struct rule *rule, enum translate_way way, struct far *far,
	     struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &rules->tree;
	const struct pfcp_ie *parameters;
	uint64_t action;

	*far = (struct far){ 0 };
	if (rules_open(rules, rule, fault) || group_admit(tree, NULL, of_far, fault))
		return -EPROTO;
	action = pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_APPLY_ACTION));
	far->drop = action == PFCP_APPLY_ACTION_DROP;
	if (!far->drop && action != PFCP_APPLY_ACTION_FORW)
		return failure(fault, PFCP_IE_APPLY_ACTION, "Packets are forwarded or dropped.");
	parameters = pfcp_first(tree, NULL, PFCP_IE_FORWARDING_PARAMETERS);
	if (!parameters && !far->drop)
		return rules_fault(fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_FORWARDING_PARAMETERS,
				   "Forward, but where to?");
	return parameters ? parameters_read(tree, parameters, way, far, fault) : 0;
}

int qer_read(struct rules *rules, const struct rule *rule, struct qer *qer, struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &rules->tree;
	const struct pfcp_ie *ie;
	struct pfcp_rate mbr = { 0 };
	struct pfcp_gate gate = { 0 };

	*qer = (struct qer){ 0 };
	if (rules_open(rules, rule, fault) || group_admit(tree, NULL, of_qer, fault))
		return -EPROTO;
	if (pfcp_get_gate(pfcp_first(tree, NULL, PFCP_IE_GATE_STATUS), &gate))
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_GATE_STATUS,
				   "A gate is open or closed.");
	qer->closed[TRANSLATE_UPLINK] = gate.uplink_closed;
	qer->closed[TRANSLATE_DOWNLINK] = gate.downlink_closed;
	ie = pfcp_first(tree, NULL, PFCP_IE_MBR);
	if (ie && pfcp_get_rate(ie, &mbr))
		return rules_fault(fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_MBR, "Not a rate.");
	qer->has_mbr = ie != NULL;
	qer->mbr_kbps[TRANSLATE_UPLINK] = mbr.uplink_kbps;
	qer->mbr_kbps[TRANSLATE_DOWNLINK] = mbr.downlink_kbps;
	ie = pfcp_first(tree, NULL, PFCP_IE_QFI);
	qer->has_qfi = ie != NULL;
	qer->qfi = (uint8_t)(pfcp_number(ie) & QFI_MAX);
	return 0;
}

int urr_read(struct rules *rules, const struct rule *rule, struct translated_urr *urr, struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &rules->tree;
	uint64_t information;

	if (rules_open(rules, rule, fault) || group_admit(tree, NULL, of_urr, fault))
		return -EPROTO;
	if (pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_MEASUREMENT_METHOD)) != PFCP_MEASUREMENT_METHOD_VOLUM)
		return failure(fault, PFCP_IE_MEASUREMENT_METHOD, "Only volume is measured.");
	if (pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_REPORTING_TRIGGERS)))
		return failure(fault, PFCP_IE_REPORTING_TRIGGERS, "Usage is reported when asked for and at the end.");
	information = pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_MEASUREMENT_INFORMATION));
	if (information & ~PFCP_MEASUREMENT_INFORMATION_MNOP)
		return failure(fault, PFCP_IE_MEASUREMENT_INFORMATION, "Of this only the number of packets is served.");
	*urr = (struct translated_urr){ .id = rule->id, .packets = information != 0 };
	return 0;
}
