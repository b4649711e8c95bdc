// answer.c - bodies of responses. Pure.
#include "ctrl/pfcp/answer.h"
#include "shared/wire/cursor.h"

void answer_cause(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node, uint8_t cause)
{
	if (request == PFCP_SESSION_ESTABLISHMENT_REQUEST)
		pfcp_put_node_id(writer, PFCP_IE_NODE_ID, node);
	pfcp_put_u8(writer, PFCP_IE_CAUSE, cause);
}

void answer_fault(struct pfcp_writer *writer, uint8_t request, const struct pfcp_node_id *node,
		  const struct rules_fault *fault)
{
	struct pfcp_failed_rule rule = { .kind = (uint8_t)fault->kind, .id = fault->id };

	answer_cause(writer, request, node, fault->why.cause);
	if (fault->why.offending)
		pfcp_put_u16(writer, PFCP_IE_OFFENDING_IE, fault->why.offending);
	if (fault->of_rule && request != PFCP_SESSION_DELETION_REQUEST)
		pfcp_put_failed_rule(writer, PFCP_IE_FAILED_RULE_ID, &rule);
}

static void address_put(struct pfcp_writer *writer, const struct pfcp_ue_address *asked,
			const Shoal__Oss__UeAddress *ue)
{
	struct pfcp_ue_address address = { .destination = asked->destination };

	address.address.has_ipv4 = asked->choose_ipv4;
	address.address.has_ipv6 = asked->choose_ipv6;
	address.address.ipv4 = ue ? ue->ipv4 : 0;
	be64_put(address.address.ipv6, ue ? ue->ipv6_prefix : 0);
	pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &address);
}

void answer_created(struct pfcp_writer *writer, const struct translation *translation,
		    const Shoal__Oss__Session *session)
{
	struct pfcp_fteid fteid = { .teid = session->teid,
				    .address = { .has_ipv4 = true, .ipv4 = session->gtpu_ipv4 } };

	for (unsigned way = 0; way < TRANSLATE_WAYS; way++) {
		const struct translated_pdr *pdr = &translation->pdr[way];
		bool address = pdr->ue && (pdr->address.choose_ipv4 || pdr->address.choose_ipv6);
		uint8_t *mark;

		if (!pdr->fresh || !(pdr->choose_teid || address))
			continue;
		pfcp_begin(writer, PFCP_IE_CREATED_PDR, &mark);
		pfcp_put_u16(writer, PFCP_IE_PDR_ID, pdr->id);
		if (pdr->choose_teid)
			pfcp_put_fteid(writer, PFCP_IE_F_TEID, &fteid);
		if (address)
			address_put(writer, &pdr->address, session->ue);
		pfcp_end(writer, mark);
	}
}

size_t answer_message(const struct pfcp_header *header, const struct pfcp_writer *body, uint8_t *bytes, size_t size)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, size);
	uint8_t *mark;

	pfcp_message_begin(&writer, header, &mark);
	pfcp_raw(&writer, body->start, (size_t)(body->at - body->start));
	pfcp_message_end(&writer, mark);
	return writer.full || body->full ? 0 : (size_t)(writer.at - writer.start);
}

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

void answer_why(const Shoal__Oss__Status *status, struct rules_fault *fault)
{
	*fault = (struct rules_fault){ 0 };
	rules_fault(fault, PFCP_CAUSE_SYSTEM_FAILURE, 0, status->message);
	for (unsigned i = 0; i < sizeof(whys) / sizeof(*whys); i++)
		if (whys[i].code == status->code)
			rules_fault(fault, whys[i].cause, whys[i].offending, status->message);
}
