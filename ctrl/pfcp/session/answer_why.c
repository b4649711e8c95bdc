// answer_why.c - ctrl's refusals, which name a field of oss.proto, as a cause, a rule and an IE (TS 29.244 8.2.1, 8.2.80). Pure.
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/session/answer.h"

static const struct why {
	Shoal__Oss__Code code;
	uint8_t cause;
	uint16_t offending;
} whys[] = {
	{ SHOAL__OSS__CODE__INVALID_FIELD, PFCP_CAUSE_RULE_FAILURE, 0 },
	{ SHOAL__OSS__CODE__MISSING_FIELD, PFCP_CAUSE_RULE_FAILURE, 0 },
	{ SHOAL__OSS__CODE__UNSUPPORTED, PFCP_CAUSE_RULE_FAILURE, 0 },
	{ SHOAL__OSS__CODE__NOT_FOUND, PFCP_CAUSE_SESSION_NOT_FOUND, 0 },
	{ SHOAL__OSS__CODE__ADDRESS_TAKEN, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_UE_IP_ADDRESS },
	{ SHOAL__OSS__CODE__POOL_EXHAUSTED, PFCP_CAUSE_ALL_ADDRESSES_OCCUPIED, 0 },
	{ SHOAL__OSS__CODE__LIMIT, PFCP_CAUSE_NO_RESOURCES, 0 },
	{ SHOAL__OSS__CODE__BUSY, PFCP_CAUSE_CONGESTION, 0 },
};

// Where a field stands in PFCP: the first row that the path of the field begins with.
static const struct field {
	const char *path;
	int kind; // enum rule_kind; -1 = of the session
	uint16_t ie;
} fields[] = {
	{ "rules[].match.source", RULE_PDR, PFCP_IE_SOURCE_INTERFACE },
	{ "rules[].match.te", RULE_PDR, PFCP_IE_F_TEID },
	{ "rules[].match.tunnel", RULE_PDR, PFCP_IE_F_TEID },
	{ "rules[].match.framed_ipv4", RULE_PDR, PFCP_IE_FRAMED_ROUTE },
	{ "rules[].match.framed_ipv6", RULE_PDR, PFCP_IE_FRAMED_IPV6_ROUTE },
	{ "rules[].match.filter", RULE_PDR, PFCP_IE_SDF_FILTER },
	{ "rules[].match.qfis", RULE_PDR, PFCP_IE_QFI },
	{ "rules[].forward.destination", RULE_FAR, PFCP_IE_DESTINATION_INTERFACE },
	{ "rules[].forward.peer", RULE_FAR, PFCP_IE_OUTER_HEADER_CREATION },
	{ "rules[].forward.dscp", RULE_FAR, PFCP_IE_TRANSPORT_LEVEL_MARKING },
	{ "rules[].forward.end_marker", RULE_FAR, PFCP_IE_PFCPSMREQ_FLAGS },
	{ "rules[].forward", RULE_FAR, PFCP_IE_APPLY_ACTION },
	{ "rules[].rate", RULE_PDR, PFCP_IE_QER_ID },
	{ "rules[].measure", RULE_PDR, PFCP_IE_URR_ID },
	{ "rules[].precedence", RULE_PDR, PFCP_IE_PRECEDENCE },
	{ "rules[]", RULE_PDR, PFCP_IE_CREATE_PDR },
	{ "rates[].qfi", RULE_QER, PFCP_IE_QFI },
	{ "rates[].has_qfi", RULE_QER, PFCP_IE_QFI },
	{ "rates[].uplink.gate", RULE_QER, PFCP_IE_GATE_STATUS },
	{ "rates[].downlink.gate", RULE_QER, PFCP_IE_GATE_STATUS },
	{ "rates[].uplink", RULE_QER, PFCP_IE_MBR },
	{ "rates[].downlink", RULE_QER, PFCP_IE_MBR },
	{ "rates[]", RULE_QER, PFCP_IE_CREATE_QER },
	{ "measures[].triggers", RULE_URR, PFCP_IE_REPORTING_TRIGGERS },
	{ "measures[].volume_threshold", RULE_URR, PFCP_IE_VOLUME_THRESHOLD },
	{ "measures[].volume_quota", RULE_URR, PFCP_IE_VOLUME_QUOTA },
	{ "measures[].volume", RULE_URR, PFCP_IE_MEASUREMENT_METHOD },
	{ "measures[].duration", RULE_URR, PFCP_IE_MEASUREMENT_METHOD },
	{ "measures[].event_threshold", RULE_URR, PFCP_IE_EVENT_THRESHOLD },
	{ "measures[].event_quota", RULE_URR, PFCP_IE_EVENT_QUOTA },
	{ "measures[].event", RULE_URR, PFCP_IE_MEASUREMENT_METHOD },
	{ "measures[].time_threshold", RULE_URR, PFCP_IE_TIME_THRESHOLD },
	{ "measures[].time_quota", RULE_URR, PFCP_IE_TIME_QUOTA },
	{ "measures[].period", RULE_URR, PFCP_IE_MEASUREMENT_PERIOD },
	{ "measures[].quota_holding", RULE_URR, PFCP_IE_QUOTA_HOLDING_TIME },
	{ "measures[].inactivity", RULE_URR, PFCP_IE_INACTIVITY_DETECTION_TIME },
	{ "measures[].monitoring", RULE_URR, PFCP_IE_MONITORING_TIME },
	{ "measures[].subsequent_volume_threshold", RULE_URR, PFCP_IE_SUBSEQUENT_VOLUME_THRESHOLD },
	{ "measures[].subsequent_time_threshold", RULE_URR, PFCP_IE_SUBSEQUENT_TIME_THRESHOLD },
	{ "measures[].subsequent_volume_quota", RULE_URR, PFCP_IE_SUBSEQUENT_VOLUME_QUOTA },
	{ "measures[].subsequent_time_quota", RULE_URR, PFCP_IE_SUBSEQUENT_TIME_QUOTA },
	{ "measures[].dropped", RULE_URR, PFCP_IE_DROPPED_DL_TRAFFIC_THRESHOLD },
	{ "measures[].linked", RULE_URR, PFCP_IE_LINKED_URR_ID },
	{ "measures[].information", RULE_URR, PFCP_IE_MEASUREMENT_INFORMATION },
	{ "measures[]", RULE_URR, PFCP_IE_CREATE_URR },
	{ "ue", -1, PFCP_IE_UE_IP_ADDRESS },
	{ "identity.dnn", -1, PFCP_IE_NETWORK_INSTANCE },
	{ "inactivity_s", -1, PFCP_IE_USER_PLANE_INACTIVITY_TIMER },
};

// Whether the field's path begins so; [] stands for any index, which goes to *index.
static bool begins(const char *field, const char *path, unsigned long *index)
{
	for (; *path; path++, field++) {
		char *end;

		if (*path != *field)
			return false;
		if (*path != '[')
			continue;
		*index = strtoul(field + 1, &end, 10);
		if (end == field + 1 || *end != ']')
			return false;
		field = end;
		path++;
	}
	return true;
}

static void rule_name(const struct field *field, unsigned long index, const struct answer_names *names,
		      struct rules_fault *fault)
{
	struct rule rule = { .kind = (enum rule_kind)field->kind };

	if (field->kind == RULE_QER && index < names->qers)
		rule.id = names->qer[index];
	else if (field->kind == RULE_URR && index < names->urrs)
		rule.id = names->urr[index];
	else if (field->kind == RULE_FAR && index < names->pdrs)
		rule.id = names->pdr[index].far;
	else if (field->kind == RULE_PDR && index < names->pdrs)
		rule.id = names->pdr[index].id;
	else
		return;
	rules_fault_of(fault, &rule);
}

// Somebody else's tunnel is a matter of its F-TEID (TS 29.244 5.5), however ctrl calls it.
static void field_name(const Shoal__Oss__Status *status, const struct answer_names *names, struct rules_fault *fault)
{
	const char *path = strncmp(status->field, "session.", 8) ? status->field : status->field + 8;

	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		unsigned long index = 0;

		if (!begins(path, fields[i].path, &index))
			continue;
		fault->why.offending = fields[i].ie;
		if (fields[i].ie == PFCP_IE_F_TEID && fault->why.cause == PFCP_CAUSE_RULE_FAILURE)
			fault->why.cause = PFCP_CAUSE_INVALID_F_TEID_ALLOCATION;
		if (fields[i].kind >= 0)
			rule_name(&fields[i], index, names, fault);
		return;
	}
}

void answer_why(const Shoal__Oss__Status *status, const struct answer_names *names, struct rules_fault *fault)
{
	*fault = (struct rules_fault){ 0 };
	rules_fault(fault, PFCP_CAUSE_SYSTEM_FAILURE, 0, status->message);
	for (unsigned i = 0; i < sizeof(whys) / sizeof(*whys); i++)
		if (whys[i].code == status->code)
			rules_fault(fault, whys[i].cause, whys[i].offending, status->message);
	if (names && (fault->why.cause == PFCP_CAUSE_RULE_FAILURE || fault->why.cause == PFCP_CAUSE_NO_RESOURCES))
		field_name(status, names, fault);
}
