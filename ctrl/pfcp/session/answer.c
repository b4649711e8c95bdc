// answer.c - bodies of responses. Pure.
#include "ctrl/pfcp/session/answer.h"
#include <string.h>
#include "ctrl/pfcp/rules/ids.h"
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

void answer_remember(const struct translation *from, struct answer_names *names)
{
	names->pdrs = (uint8_t)from->pdrs;
	names->qers = (uint8_t)from->session.n_rates;
	names->urrs = (uint8_t)from->session.n_measures;
	for (unsigned i = 0; i < names->pdrs; i++) {
		const struct translated_pdr *pdr = &from->pdr[i];

		names->pdr[i].id = (uint16_t)pdr->rule->id;
		names->pdr[i].turn = (uint8_t)pdr->rule->turn;
		names->pdr[i].choose_teid = pdr->tunnelled && pdr->fteid.choose;
		names->pdr[i].teid_ipv6 = names->pdr[i].choose_teid && pdr->fteid.address.has_ipv6;
		if (names->pdr[i].teid_ipv6)
			memcpy(names->gtpu_ipv6, pdr->fteid.address.ipv6, sizeof(names->gtpu_ipv6));
		names->pdr[i].choose_ipv4 = pdr->address.choose_ipv4;
		names->pdr[i].choose_ipv6 = pdr->address.choose_ipv6;
		names->pdr[i].destination = pdr->address.destination;
		names->pdr[i].far = pdr->far;
		names->pdr[i].apart = pdr->endpoint;
		if (!pdr->endpoint)
			continue;
		names->pdr[i].endpoint = (uint8_t)pdr->endpoint->id;
		names->pdr[i].turn = (uint8_t)pdr->endpoint->turn;
	}
	for (unsigned i = 0; i < names->qers; i++)
		names->qer[i] = from->qer[i]->id;
	for (unsigned i = 0; i < names->urrs; i++)
		names->urr[i] = from->urr[i]->id;
}

static void address_put(struct pfcp_writer *writer, const struct answer_names *names, unsigned pdr,
			const Shoal__Oss__UeAddress *ue)
{
	struct pfcp_ue_address address = { .destination = names->pdr[pdr].destination };

	address.address.has_ipv4 = names->pdr[pdr].choose_ipv4;
	address.address.has_ipv6 = names->pdr[pdr].choose_ipv6;
	address.address.ipv4 = ue ? ue->ipv4 : 0;
	be64_put(address.address.ipv6, ue ? ue->ipv6_prefix : 0);
	pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &address);
}

// The session's own TEID, unless the rule has another.
static void fteid_put(struct pfcp_writer *writer, const struct answer_names *names, unsigned pdr,
		      const Shoal__Oss__Session *session)
{
	struct pfcp_fteid fteid = { .teid = session->teid, .address = { .ipv4 = session->gtpu_ipv4 } };

	for (size_t i = 0; i < session->n_rules; i++)
		if (session->rules[i]->id == oss_id(names->pdr[pdr].id) && session->rules[i]->match &&
		    session->rules[i]->match->teid)
			fteid.teid = session->rules[i]->match->teid;
	fteid.address.has_ipv4 = !names->pdr[pdr].teid_ipv6;
	fteid.address.has_ipv6 = names->pdr[pdr].teid_ipv6;
	if (fteid.address.has_ipv6)
		memcpy(fteid.address.ipv6, names->gtpu_ipv6, sizeof(fteid.address.ipv6));
	pfcp_put_fteid(writer, PFCP_IE_F_TEID, &fteid);
}

// An earlier PDR has the same traffic endpoint: it has been said.
static bool endpoint_said(const struct answer_names *names, unsigned pdr)
{
	for (unsigned i = 0; i < pdr; i++)
		if (names->pdr[i].apart && names->pdr[i].endpoint == names->pdr[pdr].endpoint)
			return true;
	return false;
}

// What begins the IE in which it is told what was chosen.
static void created_begin(struct pfcp_writer *writer, const struct answer_names *names, unsigned pdr, uint8_t **mark)
{
	if (names->pdr[pdr].apart) {
		pfcp_begin(writer, PFCP_IE_CREATED_TRAFFIC_ENDPOINT, mark);
		pfcp_put_u8(writer, PFCP_IE_TRAFFIC_ENDPOINT_ID, names->pdr[pdr].endpoint);
		return;
	}
	pfcp_begin(writer, names->pdr[pdr].turn == RULE_CREATED ? PFCP_IE_CREATED_PDR : PFCP_IE_UPDATED_PDR, mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, names->pdr[pdr].id);
}

void answer_created(struct pfcp_writer *writer, const struct answer_names *names, const Shoal__Oss__Session *session)
{
	for (unsigned i = 0; i < names->pdrs; i++) {
		bool teid = names->pdr[i].choose_teid;
		bool address = names->pdr[i].choose_ipv4 || names->pdr[i].choose_ipv6;
		uint8_t *mark;

		if (names->pdr[i].turn == RULE_KEPT || !(teid || address) ||
		    (names->pdr[i].apart && endpoint_said(names, i)))
			continue;
		created_begin(writer, names, i, &mark);
		if (teid)
			fteid_put(writer, names, i, session);
		if (address)
			address_put(writer, names, i, session->ue);
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
