// ie_print_value.c - values as text (ie_print_value.h): a function a shape. None is asked about a value that its getter refuses.
#include <arpa/inet.h>
#include <inttypes.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_print_value.h"

#define BYTES_SHOWN 64u

static void bytes_print(FILE *out, const uint8_t *bytes, size_t length)
{
	fputc(' ', out);
	for (size_t i = 0; i < length && i < BYTES_SHOWN; i++)
		fprintf(out, "%02x", bytes[i]);
	if (length > BYTES_SHOWN)
		fprintf(out, "... %zu bytes", length);
}

static void quoted_print(FILE *out, const char *text, size_t length)
{
	fputs(" \"", out);
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			fprintf(out, "\\x%02x", (uint8_t)text[i]);
		else
			fputc(text[i], out);
	fputc('"', out);
}

static void address_print(FILE *out, const struct pfcp_address *address)
{
	uint32_t ipv4 = htonl(address->ipv4);
	char text[INET6_ADDRSTRLEN];

	if (address->has_ipv4)
		fprintf(out, " %s", inet_ntop(AF_INET, &ipv4, text, sizeof(text)));
	if (address->has_ipv6)
		fprintf(out, " %s", inet_ntop(AF_INET6, address->ipv6, text, sizeof(text)));
}

static const char *word_find(const struct pfcp_kind *kind, unsigned value)
{
	for (unsigned i = 0; i < kind->words_count; i++)
		if (kind->words[i].value == value)
			return kind->words[i].name;
	return "unknown";
}

static void choice_print(FILE *out, const struct pfcp_kind *kind, unsigned value)
{
	fprintf(out, " %s (%u)", word_find(kind, value), value);
}

static void flags_print(FILE *out, const struct pfcp_kind *kind, uint64_t flags)
{
	for (unsigned i = 0; i < kind->words_count; i++)
		if (flags >> kind->words[i].value & 1)
			fprintf(out, " %s", kind->words[i].name);
	fprintf(out, " (0x%" PRIx64 ")", flags);
}

static void fteid_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_fteid fteid;

	pfcp_get_fteid(ie, &fteid);
	if (!fteid.choose) {
		fprintf(out, " 0x%08" PRIx32, fteid.teid);
		address_print(out, &fteid.address);
		return;
	}
	fprintf(out, " choose%s%s", fteid.address.has_ipv4 ? " ipv4" : "", fteid.address.has_ipv6 ? " ipv6" : "");
	if (fteid.has_choose_id)
		fprintf(out, " id %u", fteid.choose_id);
}

static void ue_address_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_ue_address ue;

	pfcp_get_ue_address(ie, &ue);
	fputs(ue.destination ? " destination" : " source", out);
	address_print(out, &ue.address);
	fprintf(out, "%s%s", ue.choose_ipv4 ? " choose ipv4" : "", ue.choose_ipv6 ? " choose ipv6" : "");
	if (ue.has_delegated)
		fprintf(out, " delegated %u", ue.delegated_bits);
	if (ue.has_prefix_bits)
		fprintf(out, " prefix %u", ue.prefix_bits);
}

static void outer_creation_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_outer_creation outer;

	pfcp_get_outer_creation(ie, &outer);
	flags_print(out, kind, outer.description);
	if (outer.description & (PFCP_OUTER_HEADER_CREATION_GTPU_IPV4 | PFCP_OUTER_HEADER_CREATION_GTPU_IPV6))
		fprintf(out, " 0x%08" PRIx32, outer.teid);
	address_print(out, &outer.address);
	if (outer.description & (PFCP_OUTER_HEADER_CREATION_UDP_IPV4 | PFCP_OUTER_HEADER_CREATION_UDP_IPV6))
		fprintf(out, " port %u", outer.port);
	if (outer.description & PFCP_OUTER_HEADER_CREATION_CTAG)
		bytes_print(out, outer.ctag, sizeof(outer.ctag));
	if (outer.description & PFCP_OUTER_HEADER_CREATION_STAG)
		bytes_print(out, outer.stag, sizeof(outer.stag));
}

static void sdf_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_sdf sdf;

	pfcp_get_sdf(ie, &sdf);
	if (sdf.flow)
		quoted_print(out, sdf.flow, sdf.flow_bytes);
	if (sdf.has_tos)
		fprintf(out, " tos 0x%04x", sdf.tos);
	if (sdf.has_spi)
		fprintf(out, " spi 0x%08" PRIx32, sdf.spi);
	if (sdf.has_label)
		fprintf(out, " label 0x%05" PRIx32, sdf.label);
	if (sdf.has_id)
		fprintf(out, " id %" PRIu32, sdf.id);
}

static void volume_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	static const char *const names[] = { "total",         "uplink",         "downlink",
					     "total packets", "uplink packets", "downlink packets" };
	struct pfcp_volume volume;
	const uint64_t *values[] = { &volume.total,         &volume.uplink,         &volume.downlink,
				     &volume.total_packets, &volume.uplink_packets, &volume.downlink_packets };

	pfcp_get_volume(ie, &volume);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (volume.has & 1u << i)
			fprintf(out, " %s %" PRIu64, names[i], *values[i]);
}

// An additional part is a list, if it is one.
static void pfd_list_print(FILE *out, const struct pfcp_piece *part)
{
	struct pfcp_piece left = *part, piece;
	int more = 1;

	while (more > 0)
		more = pfcp_pfd_next(&left, &piece);
	if (more) {
		quoted_print(out, part->text, part->length);
		return;
	}
	for (left = *part; pfcp_pfd_next(&left, &piece) > 0;)
		quoted_print(out, piece.text, piece.length);
}

static void pfd_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_pfd pfd;

	pfcp_get_pfd(ie, &pfd);
	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++) {
		if (!pfd.part[i].text)
			continue;
		fprintf(out, " %s", kind->words[i].name);
		if (i < PFCP_PFD_FLOWS)
			quoted_print(out, pfd.part[i].text, pfd.part[i].length);
		else
			pfd_list_print(out, &pfd.part[i]);
	}
}

static void redirect_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_redirect redirect;

	pfcp_get_redirect(ie, &redirect);
	choice_print(out, kind, redirect.kind);
	quoted_print(out, redirect.address.text, redirect.address.length);
	if (redirect.other.text)
		quoted_print(out, redirect.other.text, redirect.other.length);
}

static void dropped_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_dropped dropped;

	pfcp_get_dropped(ie, &dropped);
	if (dropped.has_packets)
		fprintf(out, " packets %" PRIu64, dropped.packets);
	if (dropped.has_bytes)
		fprintf(out, " bytes %" PRIu64, dropped.bytes);
}

static void outer_removal_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_outer_removal removal;

	pfcp_get_outer_removal(ie, &removal);
	choice_print(out, kind, removal.description);
	fputs(removal.delete_pdu_container ? " delete pdu session container" : "", out);
}

static void failed_rule_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_failed_rule rule;

	pfcp_get_failed_rule(ie, &rule);
	choice_print(out, kind, rule.kind);
	fprintf(out, " %" PRIu32, rule.id);
}

static void policy_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_piece policy;

	pfcp_get_policy(ie, &policy);
	quoted_print(out, policy.text, policy.length);
}

static void rate_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_rate rate;

	pfcp_get_rate(ie, &rate);
	fprintf(out, " uplink %" PRIu64 " kbps downlink %" PRIu64 " kbps", rate.uplink_kbps, rate.downlink_kbps);
}

static void gate_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_gate gate;

	pfcp_get_gate(ie, &gate);
	fprintf(out, " uplink %s downlink %s", gate.uplink_closed ? "closed" : "open",
		gate.downlink_closed ? "closed" : "open");
}

static void name_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	char name[PFCP_NAME];

	if (!pfcp_get_name(ie, name))
		fprintf(out, " %s", name);
}

static void node_id_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_node_id node;
	char text[PFCP_NAME];

	pfcp_get_node_id(ie, &node);
	pfcp_node_id_text(&node, text);
	fprintf(out, " %s", text);
}

static void fseid_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_fseid fseid;

	pfcp_get_fseid(ie, &fseid);
	fprintf(out, " 0x%" PRIx64, fseid.seid);
	address_print(out, &fseid.address);
}

static void addresses_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	struct pfcp_address address;

	pfcp_get_address(ie, &address);
	address_print(out, &address);
}

static void number_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	if (kind->words_count)
		choice_print(out, kind, (unsigned)pfcp_number(ie));
	else
		fprintf(out, " %" PRIu64, pfcp_number(ie));
}

static void bits_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	flags_print(out, kind, pfcp_flags(ie));
}

static void seconds_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	uint32_t seconds = pfcp_seconds(ie);

	if (seconds == PFCP_FOREVER)
		fputs(" infinite", out);
	else
		fprintf(out, " %" PRIu32 " s", seconds);
}

static void text_print(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	quoted_print(out, (const char *)ie->value, ie->length);
}

typedef void printer(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie);

static printer *const printers[PFCP_SHAPES] = {
	[PFCP_SHAPE_U6] = number_print,
	[PFCP_SHAPE_U8] = number_print,
	[PFCP_SHAPE_U16] = number_print,
	[PFCP_SHAPE_U24] = number_print,
	[PFCP_SHAPE_U32] = number_print,
	[PFCP_SHAPE_U64] = number_print,
	[PFCP_SHAPE_TIME] = number_print,
	[PFCP_SHAPE_FLAGS] = bits_print,
	[PFCP_SHAPE_ENUM] = number_print,
	[PFCP_SHAPE_CHOICE] = number_print,
	[PFCP_SHAPE_TEXT] = text_print,
	[PFCP_SHAPE_NAME] = name_print,
	[PFCP_SHAPE_TIMER] = seconds_print,
	[PFCP_SHAPE_GATE] = gate_print,
	[PFCP_SHAPE_RATE] = rate_print,
	[PFCP_SHAPE_NODE_ID] = node_id_print,
	[PFCP_SHAPE_FSEID] = fseid_print,
	[PFCP_SHAPE_FTEID] = fteid_print,
	[PFCP_SHAPE_UE_ADDRESS] = ue_address_print,
	[PFCP_SHAPE_SDF] = sdf_print,
	[PFCP_SHAPE_OUTER_CREATION] = outer_creation_print,
	[PFCP_SHAPE_OUTER_REMOVAL] = outer_removal_print,
	[PFCP_SHAPE_REDIRECT] = redirect_print,
	[PFCP_SHAPE_PFD] = pfd_print,
	[PFCP_SHAPE_POLICY] = policy_print,
	[PFCP_SHAPE_VOLUME] = volume_print,
	[PFCP_SHAPE_DROPPED] = dropped_print,
	[PFCP_SHAPE_FAILED_RULE] = failed_rule_print,
	[PFCP_SHAPE_GTPU_PEER] = addresses_print,
	[PFCP_SHAPE_ADDRESS] = addresses_print,
};

void pfcp_print_value(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	printer *print = kind && ie->length >= kind->least && !pfcp_value_check(ie) ? printers[kind->shape] : NULL;

	if (print)
		print(out, kind, ie);
	else
		bytes_print(out, ie->value, ie->length);
	fputc('\n', out);
}
