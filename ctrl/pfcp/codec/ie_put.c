// ie_put.c - values into information elements (ie_put.h).
#include <assert.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_put.h"

#define LABEL_MAX 63u

static void address_raw(struct pfcp_writer *writer, const struct pfcp_address *address)
{
	if (address->has_ipv4)
		pfcp_raw_number(writer, address->ipv4, 4);
	if (address->has_ipv6)
		pfcp_raw(writer, address->ipv6, 16);
}

static void labels_raw(struct pfcp_writer *writer, const char *name)
{
	for (const char *end; *name; name = *end ? end + 1 : end) {
		size_t label = strcspn(name, ".");

		end = name + label;
		assert(label && label <= LABEL_MAX);
		pfcp_raw_number(writer, label, 1);
		pfcp_raw(writer, name, label);
	}
}

void pfcp_put_name(struct pfcp_writer *writer, unsigned type, const char *name)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	labels_raw(writer, name);
	pfcp_end(writer, mark);
}

void pfcp_put_node_id(struct pfcp_writer *writer, unsigned type, const struct pfcp_node_id *node)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, node->kind, 1);
	if (node->kind == PFCP_NODE_ID_NAME)
		labels_raw(writer, node->name);
	else
		address_raw(writer, &node->address);
	pfcp_end(writer, mark);
}

void pfcp_put_fseid(struct pfcp_writer *writer, unsigned type, const struct pfcp_fseid *fseid)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, (fseid->address.has_ipv4 ? 2u : 0u) | (fseid->address.has_ipv6 ? 1u : 0u), 1);
	pfcp_raw_number(writer, fseid->seid, 8);
	address_raw(writer, &fseid->address);
	pfcp_end(writer, mark);
}

void pfcp_put_fteid(struct pfcp_writer *writer, unsigned type, const struct pfcp_fteid *fteid)
{
	unsigned flags = (fteid->address.has_ipv4 ? 1u : 0u) | (fteid->address.has_ipv6 ? 2u : 0u) |
			 (fteid->choose ? 4u : 0u) | (fteid->has_choose_id ? 8u : 0u);
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, flags, 1);
	if (!fteid->choose) {
		pfcp_raw_number(writer, fteid->teid, 4);
		address_raw(writer, &fteid->address);
	} else if (fteid->has_choose_id) {
		pfcp_raw_number(writer, fteid->choose_id, 1);
	}
	pfcp_end(writer, mark);
}

void pfcp_put_ue_address(struct pfcp_writer *writer, unsigned type, const struct pfcp_ue_address *ue)
{
	const bool bits[] = { ue->address.has_ipv6, ue->address.has_ipv4, ue->destination,    ue->has_delegated,
			      ue->choose_ipv4,      ue->choose_ipv6,      ue->has_prefix_bits };
	unsigned flags = 0;
	uint8_t *mark;

	for (unsigned i = 0; i < sizeof(bits); i++)
		flags |= bits[i] ? 1u << i : 0u;
	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, flags, 1);
	address_raw(writer, &ue->address);
	if (ue->has_delegated)
		pfcp_raw_number(writer, ue->delegated_bits, 1);
	if (ue->has_prefix_bits)
		pfcp_raw_number(writer, ue->prefix_bits, 1);
	pfcp_end(writer, mark);
}

void pfcp_put_outer_creation(struct pfcp_writer *writer, unsigned type, const struct pfcp_outer_creation *outer)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, __builtin_bswap16(outer->description), 2);
	if (outer->description & (PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_GTPU_IPV6))
		pfcp_raw_number(writer, outer->teid, 4);
	address_raw(writer, &outer->address);
	if (outer->description & (PFCP_OUTER_HEADER_CREATION_UDP_IPV4 | PFCP_OUTER_HEADER_CREATION_UDP_IPV6))
		pfcp_raw_number(writer, outer->port, 2);
	if (outer->description & PFCP_OUTER_HEADER_CREATION_CTAG)
		pfcp_raw(writer, outer->ctag, 3);
	if (outer->description & PFCP_OUTER_HEADER_CREATION_STAG)
		pfcp_raw(writer, outer->stag, 3);
	pfcp_end(writer, mark);
}

void pfcp_put_outer_removal(struct pfcp_writer *writer, unsigned type, const struct pfcp_outer_removal *outer)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, outer->description, 1);
	if (outer->delete_pdu_container)
		pfcp_raw_number(writer, 1, 1);
	pfcp_end(writer, mark);
}

void pfcp_put_sdf(struct pfcp_writer *writer, unsigned type, const struct pfcp_sdf *sdf)
{
	unsigned flags = (sdf->flow ? 1u : 0u) | (sdf->has_tos ? 2u : 0u) | (sdf->has_spi ? 4u : 0u) |
			 (sdf->has_label ? 8u : 0u) | (sdf->has_id ? 16u : 0u);
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, flags << 8, 2);
	if (sdf->flow) {
		pfcp_raw_number(writer, sdf->flow_bytes, 2);
		pfcp_raw(writer, sdf->flow, sdf->flow_bytes);
	}
	if (sdf->has_tos)
		pfcp_raw_number(writer, sdf->tos, 2);
	if (sdf->has_spi)
		pfcp_raw_number(writer, sdf->spi, 4);
	if (sdf->has_label)
		pfcp_raw_number(writer, sdf->label, 3);
	if (sdf->has_id)
		pfcp_raw_number(writer, sdf->id, 4);
	pfcp_end(writer, mark);
}

void pfcp_put_rate(struct pfcp_writer *writer, unsigned type, const struct pfcp_rate *rate)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, rate->uplink_kbps, 5);
	pfcp_raw_number(writer, rate->downlink_kbps, 5);
	pfcp_end(writer, mark);
}

void pfcp_put_gate(struct pfcp_writer *writer, unsigned type, const struct pfcp_gate *gate)
{
	pfcp_put_u8(writer, type, (uint8_t)((gate->uplink_closed ? 4u : 0u) | (gate->downlink_closed ? 1u : 0u)));
}

void pfcp_put_volume(struct pfcp_writer *writer, unsigned type, const struct pfcp_volume *volume)
{
	const uint64_t values[] = { volume->total,         volume->uplink,         volume->downlink,
				    volume->total_packets, volume->uplink_packets, volume->downlink_packets };
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, volume->has, 1);
	for (unsigned i = 0; i < 6; i++)
		if (volume->has & 1u << i)
			pfcp_raw_number(writer, values[i], 8);
	pfcp_end(writer, mark);
}

void pfcp_put_dropped(struct pfcp_writer *writer, unsigned type, const struct pfcp_dropped *dropped)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, (dropped->has_packets ? 1u : 0u) | (dropped->has_bytes ? 2u : 0u), 1);
	if (dropped->has_packets)
		pfcp_raw_number(writer, dropped->packets, 8);
	if (dropped->has_bytes)
		pfcp_raw_number(writer, dropped->bytes, 8);
	pfcp_end(writer, mark);
}

void pfcp_put_failed_rule(struct pfcp_writer *writer, unsigned type, const struct pfcp_failed_rule *rule)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, rule->kind, 1);
	pfcp_raw_number(writer, rule->id, pfcp_rule_octets(rule->kind));
	pfcp_end(writer, mark);
}

static void piece_raw(struct pfcp_writer *writer, const struct pfcp_piece *piece, unsigned length_octets)
{
	pfcp_raw_number(writer, piece->length, length_octets);
	pfcp_raw(writer, piece->text, piece->length);
}

void pfcp_put_redirect(struct pfcp_writer *writer, unsigned type, const struct pfcp_redirect *redirect)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, redirect->kind, 1);
	piece_raw(writer, &redirect->address, 2);
	if (redirect->kind == PFCP_REDIRECT_INFORMATION_IPV4V6)
		piece_raw(writer, &redirect->other, 2);
	pfcp_end(writer, mark);
}

void pfcp_put_policy(struct pfcp_writer *writer, unsigned type, const struct pfcp_piece *policy)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	piece_raw(writer, policy, 1);
	pfcp_end(writer, mark);
}

void pfcp_put_address(struct pfcp_writer *writer, unsigned type, const struct pfcp_address *address)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, (address->has_ipv4 ? 2u : 0u) | (address->has_ipv6 ? 1u : 0u), 1);
	address_raw(writer, address);
	pfcp_end(writer, mark);
}

void pfcp_put_ip_resource(struct pfcp_writer *writer, unsigned type, const struct pfcp_ip_resource *resource)
{
	unsigned flags = 64 | 32 | (resource->address.has_ipv6 ? 2u : 0u) | (resource->address.has_ipv4 ? 1u : 0u);
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, flags, 1); // ASSOSI, ASSONI, no range of TEIDs
	address_raw(writer, &resource->address);
	labels_raw(writer, resource->instance);
	pfcp_raw_number(writer, resource->source, 1);
	pfcp_end(writer, mark);
}

void pfcp_put_pfd(struct pfcp_writer *writer, unsigned type, const struct pfcp_pfd *pfd)
{
	unsigned flags = 0;
	uint8_t *mark;

	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++)
		flags |= pfd->part[i].text ? 1u << i : 0;
	pfcp_begin(writer, type, &mark);
	pfcp_raw_number(writer, flags << 8, 2); // the second octet is spare
	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++)
		if (pfd->part[i].text)
			piece_raw(writer, &pfd->part[i], 2);
	pfcp_end(writer, mark);
}
