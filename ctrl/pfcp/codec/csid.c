// csid.c - see csid.h. Pure.
#include "ctrl/pfcp/codec/csid.h"
#include <errno.h>
#include <string.h>

#define CSID_BYTES 2u

enum { NODE_IPV4, NODE_IPV6, NODE_NUMBER }; // a number: MCC, MNC and twelve bits

struct csids {
	uint8_t kind;
	unsigned count;
	size_t node_bytes;
	const uint8_t *node, *csid;
};

static bool value_read(struct csids *csids, const uint8_t *value, size_t length)
{
	if (!length || value[0] >> 4 > NODE_NUMBER)
		return false;
	csids->kind = value[0] >> 4;
	csids->count = value[0] & 0xf;
	csids->node_bytes = csids->kind == NODE_IPV6 ? 16 : 4;
	csids->node = value + 1;
	csids->csid = csids->node + csids->node_bytes;
	return csids->count && length >= 1 + csids->node_bytes + CSID_BYTES * (size_t)csids->count;
}

int csids_read(const struct pfcp_tree *message, const struct pfcp_ie *group, uint8_t bytes[CSIDS_BYTES])
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, CSIDS_BYTES);
	struct csids csids;

	for (const struct pfcp_ie *ie = pfcp_first(message, group, PFCP_IE_FQ_CSID); ie; ie = pfcp_again(message, ie)) {
		if (!value_read(&csids, ie->value, ie->length))
			return -EINVAL;
		pfcp_put_bytes(&writer, PFCP_IE_FQ_CSID, ie->value, ie->length);
	}
	return writer.full ? -EMSGSIZE : (int)(writer.at - writer.start);
}

static bool meet(const struct csids *one, const struct csids *other)
{
	if (one->kind != other->kind || memcmp(one->node, other->node, one->node_bytes) != 0)
		return false;
	for (unsigned i = 0; i < one->count; i++)
		for (unsigned j = 0; j < other->count; j++)
			if (!memcmp(one->csid + CSID_BYTES * i, other->csid + CSID_BYTES * j, CSID_BYTES))
				return true;
	return false;
}

static bool meet_any(const struct csids *one, const struct pfcp_tree *other, const struct pfcp_ie *group)
{
	struct csids csids;

	for (const struct pfcp_ie *ie = pfcp_first(other, group, PFCP_IE_FQ_CSID); ie; ie = pfcp_again(other, ie))
		if (value_read(&csids, ie->value, ie->length) && meet(one, &csids))
			return true;
	return false;
}

bool csids_meet(const struct pfcp_tree *message, const struct pfcp_tree *other, const struct pfcp_ie *group)
{
	struct csids csids;

	for (const struct pfcp_ie *ie = pfcp_first(message, NULL, PFCP_IE_FQ_CSID); ie; ie = pfcp_again(message, ie))
		if (value_read(&csids, ie->value, ie->length) && meet_any(&csids, other, group))
			return true;
	return false;
}
