// pfcp_shape.c - rules as they are asked for.
#include "tests/unit/pfcp_shape.h"
#include <string.h>

static void tunnel_put(struct pfcp_writer *writer, const struct pdr *pdr)
{
	struct pfcp_fteid fteid = { .choose = pdr->tunnel != TEID,
				    .has_choose_id = pdr->tunnel == CHOOSE_5 || pdr->tunnel == CHOOSE_6,
				    .choose_id = pdr->tunnel == CHOOSE_5 ? 5 : 6,
				    .teid = pdr->teid,
				    .address = { .has_ipv4 = true, .ipv4 = WORDS_OURS } };

	fteid.address.has_ipv6 = fteid.choose; // as open5gs asks for both
	fteid.address.has_ipv4 = pdr->tunnel != CHOOSE_IPV6;
	if (pdr->tunnel)
		pfcp_put_fteid(writer, PFCP_IE_F_TEID, &fteid);
}

static void pdi_put(struct pfcp_writer *writer, const struct pdr *pdr)
{
	struct pfcp_ue_address ue = { .destination = pdr->source == PFCP_SOURCE_INTERFACE_CORE,
				      .address = { .has_ipv4 = pdr->ue4, .has_ipv6 = pdr->ue6, .ipv4 = WORDS_UE } };
	struct pfcp_sdf sdf = { .flow = pdr->flow, .has_id = pdr->filter_id != 0, .id = pdr->filter_id };
	uint8_t *mark;

	memcpy(ue.address.ipv6, (uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 7 }, 8);
	sdf.flow_bytes = (uint16_t)(pdr->flow ? strlen(pdr->flow) : 0);
	pfcp_begin(writer, PFCP_IE_PDI, &mark);
	pfcp_put_u8(writer, PFCP_IE_SOURCE_INTERFACE, pdr->source);
	tunnel_put(writer, pdr);
	pfcp_put_name(writer, PFCP_IE_NETWORK_INSTANCE, "internet");
	if (pdr->ue4 || pdr->ue6)
		pfcp_put_ue_address(writer, PFCP_IE_UE_IP_ADDRESS, &ue);
	if (pdr->flow || pdr->filter_id)
		pfcp_put_sdf(writer, PFCP_IE_SDF_FILTER, &sdf);
	for (unsigned i = 0; i < 2; i++)
		if (pdr->qfis[i])
			pfcp_put_u8(writer, PFCP_IE_QFI, pdr->qfis[i]);
	for (unsigned i = 0; i < 3 && pdr->framed[i]; i++)
		pfcp_put_bytes(writer, strchr(pdr->framed[i], ':') ? PFCP_IE_FRAMED_IPV6_ROUTE : PFCP_IE_FRAMED_ROUTE,
			       (const uint8_t *)pdr->framed[i], (uint16_t)strlen(pdr->framed[i]));
	if (pdr->routing)
		pfcp_put_bytes(writer, PFCP_IE_FRAMED_ROUTING, pdr->routing, 4);
	pfcp_end(writer, mark);
}

void shape_pdr(struct pfcp_writer *writer, unsigned verb, const struct pdr *pdr)
{
	uint8_t *mark;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u16(writer, PFCP_IE_PDR_ID, pdr->id);
	pfcp_put_u32(writer, PFCP_IE_PRECEDENCE, 255);
	pdi_put(writer, pdr);
	if (pdr->removal != NO_REMOVAL)
		pfcp_put_bytes(writer, PFCP_IE_OUTER_HEADER_REMOVAL, (uint8_t[]){ pdr->removal, 1 }, 2);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, pdr->far);
	for (unsigned i = 0; i < 2; i++)
		if (pdr->qers[i])
			pfcp_put_u32(writer, PFCP_IE_QER_ID, pdr->qers[i]);
	for (unsigned i = 0; i < 2; i++)
		if (pdr->urrs[i])
			pfcp_put_u32(writer, PFCP_IE_URR_ID, pdr->urrs[i]);
	pfcp_end(writer, mark);
}

static void far_put(struct pfcp_writer *writer, unsigned verb, unsigned group, const struct far *far)
{
	struct pfcp_outer_creation outer = { .description = PFCP_OUTER_HEADER_CREATION_GTPU_IPV4,
					     .teid = far->teid,
					     .address = { .has_ipv4 = true, .ipv4 = far->peer } };
	uint8_t *mark, *parameters;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u32(writer, PFCP_IE_FAR_ID, far->id);
	pfcp_put_flags(writer, PFCP_IE_APPLY_ACTION, far->action, 1);
	if (far->bar)
		pfcp_put_u8(writer, PFCP_IE_BAR_ID, far->bar);
	if (far->to >= 0) {
		pfcp_begin(writer, group, &parameters);
		pfcp_put_u8(writer, PFCP_IE_DESTINATION_INTERFACE, (uint8_t)far->to);
		if (far->teid || far->to == PFCP_DESTINATION_INTERFACE_ACCESS)
			pfcp_put_outer_creation(writer, PFCP_IE_OUTER_HEADER_CREATION, &outer);
		if (far->marking)
			pfcp_put_u16(writer, PFCP_IE_TRANSPORT_LEVEL_MARKING, far->marking);
		if (far->end_marker)
			pfcp_put_flags(writer, PFCP_IE_PFCPSMREQ_FLAGS, PFCP_PFCPSMREQ_FLAGS_SNDEM, 1);
		pfcp_end(writer, parameters);
	}
	pfcp_end(writer, mark);
}

void shape_far_create(struct pfcp_writer *writer, const struct far *far)
{
	far_put(writer, PFCP_IE_CREATE_FAR, PFCP_IE_FORWARDING_PARAMETERS, far);
}

void shape_fars(struct pfcp_writer *writer)
{
	const struct far up = { .id = 1, .action = PFCP_APPLY_ACTION_FORW, .to = PFCP_DESTINATION_INTERFACE_CORE };
	const struct far down = { .id = 2, .action = PFCP_APPLY_ACTION_FORW, .teid = 7, .peer = WORDS_GNB };

	shape_far_create(writer, &up);
	shape_far_create(writer, &down);
}

void shape_far_update(struct pfcp_writer *writer, const struct far *far)
{
	far_put(writer, PFCP_IE_UPDATE_FAR, PFCP_IE_UPDATE_FORWARDING_PARAMETERS, far);
}

void shape_bar(struct pfcp_writer *writer, unsigned verb, const struct bar *bar)
{
	uint8_t *mark;

	pfcp_begin(writer, verb, &mark);
	pfcp_put_u8(writer, PFCP_IE_BAR_ID, bar->id);
	if (bar->delay >= 0)
		pfcp_put_u8(writer, PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY, (uint8_t)bar->delay);
	if (bar->packets >= 0)
		pfcp_put_u8(writer, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT, (uint8_t)bar->packets);
	pfcp_end(writer, mark);
}
