// translate_far.c - what a FAR says (TS 29.244 7.5.2.3), for the PDRs that name it. Pure.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"

#define DSCP_SHIFT 2u
#define DELAY_UNIT_MS 50u
#define MARK_SHIFT 8u // Transport Level Marking: TOS or traffic class, and which bits of it count

static const bool of_far[PFCP_IE_TYPES] = { [PFCP_IE_FAR_ID] = true,
					    [PFCP_IE_APPLY_ACTION] = true,
					    [PFCP_IE_FORWARDING_PARAMETERS] = true,
					    [PFCP_IE_BAR_ID] = true };

// Linked Traffic Endpoint ID: where packets of the other direction come from. Nothing here depends on it.
static const bool of_parameters[PFCP_IE_TYPES] = {
	[PFCP_IE_DESTINATION_INTERFACE] = true, [PFCP_IE_NETWORK_INSTANCE] = true,
	[PFCP_IE_OUTER_HEADER_CREATION] = true, [PFCP_IE_TRANSPORT_LEVEL_MARKING] = true,
	[PFCP_IE_3GPP_INTERFACE_TYPE] = true,   [PFCP_IE_TRAFFIC_ENDPOINT_ID] = true
};

static bool forwards(const Shoal__Oss__Forward *forward)
{
	return !forward->drop && !forward->buffer;
}

// The other end of the tunnel. As long as nothing goes there it may still be unknown: 0.
static int creation_read(const struct reading *reading, const struct pfcp_ie *ie, Shoal__Oss__Forward *forward,
			 uint8_t ipv6[16])
{
	const uint16_t gtpu = PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_GTPU_IPV6;
	static const uint8_t nowhere[16];
	struct pfcp_outer_creation outer;
	bool known;

	if (pfcp_get_outer_creation(ie, &outer))
		return rules_fault(reading->fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_OUTER_HEADER_CREATION,
				   "Not an outer header.");
	if (!(outer.description & gtpu) || outer.description & ~gtpu)
		return read_failure(reading, PFCP_IE_OUTER_HEADER_CREATION, "Tunnels are GTP-U.");
	known = outer.teid && ((outer.address.has_ipv4 && outer.address.ipv4) ||
			       (outer.address.has_ipv6 && memcmp(outer.address.ipv6, nowhere, sizeof(nowhere))));
	if (!known)
		return forwards(forward) ? read_failure(reading, PFCP_IE_OUTER_HEADER_CREATION,
							"A tunnel ends at an address and a TEID.")
					 : 0;
	forward->peer_teid = outer.teid;
	if (outer.address.has_ipv4 && outer.address.ipv4) { // both are offered: one is enough
		forward->peer_ipv4 = outer.address.ipv4;
		return 0;
	}
	memcpy(ipv6, outer.address.ipv6, sizeof(outer.address.ipv6));
	forward->peer_ipv6 = (ProtobufCBinaryData){ sizeof(outer.address.ipv6), ipv6 };
	return 0;
}

static void marking_read(const struct pfcp_ie *ie, Shoal__Oss__Forward *forward)
{
	if (!ie)
		return;
	forward->has_dscp = true;
	forward->dscp = (uint32_t)pfcp_number(ie) >> (MARK_SHIFT + DSCP_SHIFT);
}

static int destination_read(const struct reading *reading, const struct pfcp_ie *group, Shoal__Oss__Forward *forward)
{
	static const Shoal__Oss__Interface destinations[] = {
		[PFCP_DESTINATION_INTERFACE_ACCESS] = SHOAL__OSS__INTERFACE__ACCESS,
		[PFCP_DESTINATION_INTERFACE_CORE] = SHOAL__OSS__INTERFACE__CORE,
		[PFCP_DESTINATION_INTERFACE_SGI_LAN] = SHOAL__OSS__INTERFACE__CORE,
		[PFCP_DESTINATION_INTERFACE_CP_FUNCTION] = SHOAL__OSS__INTERFACE__CP,
	};
	unsigned to = (unsigned)pfcp_number(pfcp_first(&reading->rules->tree, group, PFCP_IE_DESTINATION_INTERFACE));

	if (to >= sizeof(destinations) / sizeof(*destinations))
		return read_failure(reading, PFCP_IE_DESTINATION_INTERFACE,
				    "Packets go to access, core or the CP function.");
	forward->destination = destinations[to];
	return 0;
}

static int parameters_read(const struct reading *reading, const struct pfcp_ie *group, Shoal__Oss__Forward *forward,
			   uint8_t ipv6[16])
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *outer = pfcp_first(tree, group, PFCP_IE_OUTER_HEADER_CREATION);

	if (pfcp_first(tree, group, PFCP_IE_FORWARDING_POLICY))
		return rules_fault(reading->fault, PFCP_CAUSE_INVALID_FORWARDING_POLICY, PFCP_IE_FORWARDING_POLICY,
				   "No forwarding policy is configured.");
	if (read_admit(reading, group, of_parameters) || destination_read(reading, group, forward))
		return -EPROTO;
	if (!outer && forwards(forward) && forward->destination == SHOAL__OSS__INTERFACE__CP)
		return read_failure(reading, PFCP_IE_OUTER_HEADER_CREATION,
				    "Towards the CP function packets go in a tunnel.");
	// The radio side that is to be told in a later message: until then there is no way there.
	if (!outer && forwards(forward) && forward->destination == SHOAL__OSS__INTERFACE__ACCESS)
		forward->drop = true;
	if (outer && creation_read(reading, outer, forward, ipv6))
		return -EPROTO;
	marking_read(pfcp_first(tree, group, PFCP_IE_TRANSPORT_LEVEL_MARKING), forward);
	return forward->destination == SHOAL__OSS__INTERFACE__CORE && !outer
		   ? read_instance(reading, group, reading->to->instance)
		   : 0;
}

// One of drop, forward and buffer, TS 29.244 8.2.26. To tell of packets means to buffer them: OAI's SPGW-C leaves that out.
static int action_read(const struct reading *reading, Shoal__Oss__Forward *forward)
{
	uint64_t action = pfcp_flags(pfcp_first(&reading->rules->tree, NULL, PFCP_IE_APPLY_ACTION));

	if (action & PFCP_APPLY_ACTION_DUPL)
		return read_failure(reading, PFCP_IE_APPLY_ACTION, "Packets are not duplicated.");
	forward->drop = action == PFCP_APPLY_ACTION_DROP;
	forward->buffer =
	    action == PFCP_APPLY_ACTION_NOCP || (action & ~PFCP_APPLY_ACTION_NOCP) == PFCP_APPLY_ACTION_BUFF;
	forward->notify = forward->buffer && action & PFCP_APPLY_ACTION_NOCP;
	if (forward->drop || forward->buffer || action == PFCP_APPLY_ACTION_FORW)
		return 0;
	return read_failure(reading, PFCP_IE_APPLY_ACTION, "Packets are forwarded, dropped or buffered.");
}

// How many packets of the session may wait, and when that is told (8.2.28), 7.5.2.6. It is opened in the FAR's place.
static int bar_read(const struct reading *reading, const struct rule *bar, Shoal__Oss__Forward *forward)
{
	const struct pfcp_ie *packets, *delay;

	if (rules_open(reading->rules, bar, reading->fault))
		return -EPROTO;
	packets = pfcp_first(&reading->rules->tree, NULL, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT);
	forward->has_buffer_packets = packets && forward->buffer;
	if (forward->has_buffer_packets)
		forward->buffer_packets = (uint32_t)pfcp_number(packets);
	delay = pfcp_first(&reading->rules->tree, NULL, PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY);
	if (forward->notify)
		forward->notify_delay_ms = DELAY_UNIT_MS * (uint32_t)pfcp_number(delay);
	return 0;
}

static int body_read(const struct reading *reading, const struct rule *rule, Shoal__Oss__Forward *forward,
		     uint8_t ipv6[16])
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *parameters, *named;
	const struct rule *bar;

	shoal__oss__forward__init(forward);
	if (rules_open(reading->rules, rule, reading->fault) || read_admit(reading, NULL, of_far) ||
	    action_read(reading, forward))
		return -EPROTO;
	named = pfcp_first(tree, NULL, PFCP_IE_BAR_ID);
	bar = named ? rules_find(reading->rules, RULE_BAR, (uint32_t)pfcp_number(named)) : NULL;
	if (named && !bar)
		return read_failure(reading, PFCP_IE_BAR_ID, "The FAR names a BAR that does not exist.");
	parameters = pfcp_first(tree, NULL, PFCP_IE_FORWARDING_PARAMETERS);
	if (!parameters && forwards(forward))
		return rules_fault(reading->fault, PFCP_CAUSE_CONDITIONAL_MISSING, PFCP_IE_FORWARDING_PARAMETERS,
				   "Forward, but where to?");
	forward->end_marker = rule->end_marker;
	if (parameters && parameters_read(reading, parameters, forward, ipv6))
		return -EPROTO;
	return bar ? bar_read(reading, bar, forward) : 0;
}

int far_read(const struct reading *reading, const struct rule *rule)
{
	struct translation *to = reading->to;
	unsigned at = to->fars++; // a set has no more rules than there is room for

	to->far[at].rule = rule;
	return body_read(reading, rule, &to->far[at].forward, to->far[at].peer_ipv6);
}

int far_follow(const struct reading *reading, const struct rule *rule, unsigned pdr)
{
	Shoal__Oss__Forward *forward = &reading->to->forward[pdr];
	Shoal__Oss__Interface source = reading->to->match[pdr].source;
	unsigned far = 0;

	while (reading->to->far[far].rule != rule) // FARs are read before PDRs
		far++;
	*forward = reading->to->far[far].forward;
	// Where what is dropped or buffered does not go need not be said.
	if (!forward->destination)
		forward->destination = source == SHOAL__OSS__INTERFACE__ACCESS ? SHOAL__OSS__INTERFACE__CORE
									       : SHOAL__OSS__INTERFACE__ACCESS;
	if (source == SHOAL__OSS__INTERFACE__CORE && forward->destination == SHOAL__OSS__INTERFACE__CORE)
		return read_failure(reading, PFCP_IE_DESTINATION_INTERFACE, "From the core packets go elsewhere.");
	// A worker keeps what comes for a UE that is idle; what comes from the CP function, or the UE itself, is not kept.
	if (source != SHOAL__OSS__INTERFACE__CORE && forward->buffer) {
		forward->drop = true;
		forward->buffer = forward->notify = forward->has_buffer_packets = false;
		forward->buffer_packets = forward->notify_delay_ms = 0;
	}
	reading->to->rule[pdr].forward = forward;
	return 0;
}
