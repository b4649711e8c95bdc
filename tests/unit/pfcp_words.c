// pfcp_words.c - what an SMF says.
#include "tests/unit/pfcp_words.h"

void words_begin(struct words *words)
{
	words->writer = pfcp_writer_over(words->bytes, sizeof(words->bytes));
}

void words_head(struct words *words, uint64_t cp_seid)
{
	struct pfcp_node_id node = { .kind = PFCP_NODE_ID_IPV4, .address = { .has_ipv4 = true, .ipv4 = WORDS_CP } };
	struct pfcp_fseid cp = { .seid = cp_seid, .address = node.address };

	pfcp_put_node_id(&words->writer, PFCP_IE_NODE_ID, &node);
	pfcp_put_fseid(&words->writer, PFCP_IE_F_SEID, &cp);
}

static void ue_put(struct pfcp_writer *writer, bool destination, bool choose)
{
	struct pfcp_ue_address ue = { .destination = destination, .choose_ipv4 = choose };

	ue.address.has_ipv4 = !choose;
	ue.address.ipv4 = choose ? 0 : WORDS_UE;
	pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &ue);
}

void words_uplink(struct words *words, uint16_t pdr, uint32_t far, bool choose_ue)
{
	struct pfcp_writer *writer = &words->writer;
	struct pfcp_fteid fteid = { .choose = true, .address.has_ipv4 = true };
	uint8_t *mark, *pdi;

	pfcp_begin(writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, pdr);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 255);
	pfcp_begin(writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_ACCESS);
	pfcp_put_fteid(writer, PFCP_IE_F_TEID, &fteid);
	ue_put(writer, false, choose_ue);
	pfcp_end(writer, pdi);
	pfcp_put_u8(writer, PFCP_IE_OUTER_HEADER_REMOVAL, 0);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, far);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, 1);
	pfcp_put_u32(writer, PFCP_IE_QER_ID, 1);
	pfcp_end(writer, mark);
}

void words_downlink(struct words *words, uint16_t pdr, uint32_t far, bool choose_ue)
{
	struct pfcp_writer *writer = &words->writer;
	uint8_t *mark, *pdi;

	pfcp_begin(writer, PFCP_IE_CREATE_PDR, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, pdr);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 255);
	pfcp_begin(writer, PFCP_IE_PDI, &pdi);
	pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, PFCP_SOURCE_INTERFACE_CORE);
	pfcp_put_name(writer, PFCP_IE_NETWORK_INSTANCE, "internet");
	ue_put(writer, true, choose_ue);
	pfcp_end(writer, pdi);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, far);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, 1);
	pfcp_put_u32(writer, PFCP_IE_QER_ID, 1);
	pfcp_end(writer, mark);
}

static void tunnel_put(struct pfcp_writer *writer, uint32_t teid)
{
	struct pfcp_outer_creation outer = { .description = PFCP_OUTER_HEADER_CREATION_GTPU_IPV4,
					     .teid = teid,
					     .address = { .has_ipv4 = true, .ipv4 = WORDS_GNB } };

	if (teid)
		pfcp_put_outer_creation(writer, PFCP_IE_OUTER_HEADER_CREATION, &outer);
}

void words_forward(struct words *words, uint32_t far, uint8_t to, uint32_t teid)
{
	struct pfcp_writer *writer = &words->writer;
	uint8_t *mark, *parameters;

	pfcp_begin(writer, PFCP_IE_CREATE_FAR, &mark);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, far);
	pfcp_put_flags(writer, PFCP_IE_APPLY_ACTION, PFCP_APPLY_ACTION_FORW, 2);
	pfcp_begin(writer, PFCP_IE_FORWARDING_PARAMETERS, &parameters);
	pfcp_put_u8(writer, PFCP_IE_DESTINATION_INTERFACE, to);
	tunnel_put(writer, teid);
	pfcp_end(writer, parameters);
	pfcp_end(writer, mark);
}

void words_qer(struct words *words, uint32_t qer, uint64_t kbps, uint8_t qfi)
{
	struct pfcp_writer *writer = &words->writer;
	struct pfcp_rate mbr = { kbps, kbps };
	struct pfcp_gate gate = { false, false };
	uint8_t *mark;

	pfcp_begin(writer, PFCP_IE_CREATE_QER, &mark);
	pfcp_put_u32(writer, PFCP_IE_QER_ID, qer);
	pfcp_put_gate(writer, PFCP_IE_GATE_STATUS, &gate);
	pfcp_put_rate(writer, PFCP_IE_MBR, &mbr);
	if (qfi)
		pfcp_put_u8(writer, PFCP_IE_QFI, qfi);
	pfcp_end(writer, mark);
}

void words_urr(struct words *words, uint32_t urr)
{
	struct pfcp_writer *writer = &words->writer;
	uint8_t *mark;

	pfcp_begin(writer, PFCP_IE_CREATE_URR, &mark);
	pfcp_put_u32(writer, PFCP_IE_URR_ID, urr);
	pfcp_put_flags(writer, PFCP_IE_MEASUREMENT_METHOD, PFCP_MEASUREMENT_METHOD_VOLUM, 1);
	pfcp_put_flags(writer, PFCP_IE_REPORTING_TRIGGERS, 0, 3);
	pfcp_end(writer, mark);
}

void words_rules(struct words *words, bool choose_ue)
{
	words_uplink(words, 1, 1, choose_ue);
	words_downlink(words, 2, 2, choose_ue);
	words_forward(words, 1, PFCP_DESTINATION_INTERFACE_CORE, 0);
	words_forward(words, 2, PFCP_DESTINATION_INTERFACE_ACCESS, 0x77);
	words_urr(words, 1);
	words_qer(words, 1, 8000, 9);
}

void words_session(struct words *words, uint64_t cp_seid, bool choose_ue)
{
	words_head(words, cp_seid);
	words_rules(words, choose_ue);
}

static void far_update(struct words *words, uint32_t far, uint64_t action, uint32_t teid)
{
	struct pfcp_writer *writer = &words->writer;
	uint8_t *mark, *parameters;

	pfcp_begin(writer, PFCP_IE_UPDATE_FAR, &mark);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, far);
	pfcp_put_flags(writer, PFCP_IE_APPLY_ACTION, action, 2);
	if (teid) {
		pfcp_begin(writer, PFCP_IE_UPDATE_FORWARDING_PARAMETERS, &parameters);
		tunnel_put(writer, teid);
		pfcp_end(writer, parameters);
	}
	pfcp_end(writer, mark);
}

void words_handover(struct words *words, uint32_t far, uint32_t teid)
{
	far_update(words, far, PFCP_APPLY_ACTION_FORW, teid);
}

void words_drop(struct words *words, uint32_t far)
{
	far_update(words, far, PFCP_APPLY_ACTION_DROP, 0);
}

void words_query(struct words *words, uint32_t urr)
{
	uint8_t *mark;

	pfcp_begin(&words->writer, PFCP_IE_QUERY_URR, &mark);
	pfcp_put_u32(&words->writer, PFCP_IE_URR_ID, urr);
	pfcp_end(&words->writer, mark);
}
