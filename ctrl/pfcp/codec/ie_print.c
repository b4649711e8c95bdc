// ie_print.c - PFCP messages as text (ie_print.h): headers, groups, and values by their shape.
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_print.h"
#include "ctrl/pfcp/codec/ie_print_value.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/codec/message.h"

#define INDENT 2

static void children_print(FILE *out, const struct pfcp_tree *tree, const struct pfcp_ie *parent, unsigned depth)
{
	for (const struct pfcp_ie *ie = pfcp_child(tree, parent); ie; ie = pfcp_next(tree, ie))
		pfcp_print_ie(out, tree, ie, depth);
}

void pfcp_print_ie(FILE *out, const struct pfcp_tree *tree, const struct pfcp_ie *ie, unsigned depth)
{
	const struct pfcp_kind *kind = pfcp_kind(ie->type);

	fprintf(out, "%*s", (int)depth * INDENT, "");
	if (ie->type & PFCP_VENDOR)
		fprintf(out, "IE %u of vendor %u:", ie->type, ie->vendor);
	else if (kind)
		fprintf(out, "%s:", kind->name);
	else
		fprintf(out, "IE %u:", ie->type);
	if (ie->child || !ie->length)
		fputc('\n', out);
	else
		pfcp_print_value(out, kind, ie);
	if (ie->child)
		children_print(out, tree, ie, depth + 1);
}

static int message_print(FILE *out, const struct pfcp_header *header, struct pfcp_tree *tree)
{
	const struct pfcp_kind *kind = pfcp_kind(PFCP_MESSAGE(header->type));
	struct pfcp_fault fault;
	int error;

	if (kind)
		fprintf(out, "%s", kind->name);
	else
		fprintf(out, "message %u", header->type);
	fprintf(out, ", sequence %" PRIu32, header->sequence);
	if (header->has_seid)
		fprintf(out, ", SEID 0x%" PRIx64, header->seid);
	if (header->has_priority)
		fprintf(out, ", priority %u", header->priority);
	fprintf(out, ", %zu bytes\n", header->message_bytes);
	error = pfcp_read(PFCP_MESSAGE(header->type), header->body, header->bytes, tree, &fault);
	children_print(out, tree, NULL, 1);
	if (error)
		fprintf(out, "! %s (cause %u, offending IE %u)\n", fault.text, fault.cause, fault.offending);
	return error;
}

int pfcp_print(FILE *out, const uint8_t *datagram, size_t bytes, struct pfcp_tree *tree)
{
	struct pfcp_header header;
	int error, first = 0;

	do {
		error = pfcp_header_read(datagram, bytes, &header);
		if (error) {
			fprintf(out, "! no message: %s\n",
				error == -EPROTONOSUPPORT ? "not version 1" : "shorter than it says");
			return first ? first : error;
		}
		error = message_print(out, &header, tree);
		first = first ? first : error;
		datagram += header.message_bytes;
		bytes -= header.message_bytes;
	} while (header.follows && bytes);
	return first;
}
