// front.c - sessions' words for themselves, to bytes and back. Pure.
#include "ctrl/pfcp/rules/front.h"
#include <errno.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "shared/wire/cursor.h"

#define VERSION 2u
#define FIRST_VERSION 1u
#define FIRST_TAB_BYTES 82u // of each URR, what it had to report

// Reads a number of so many octets; 0 behind the end, which *whole then tells.
static uint64_t number(struct cursor *cursor, unsigned octets, bool *whole)
{
	const uint8_t *at = cursor->at;
	uint64_t value = 0;

	if (!cursor_skip(cursor, octets)) {
		*whole = false;
		return 0;
	}
	for (unsigned i = 0; i < octets; i++)
		value = value << 8 | at[i];
	return value;
}

static void group_read(struct front *front, const struct pfcp_tree *message)
{
	const struct pfcp_ie *ie = pfcp_first(message, NULL, PFCP_IE_GROUP_ID);
	struct pfcp_writer writer = pfcp_writer_over(front->group, sizeof(front->group));

	if (ie)
		pfcp_copy(&writer, ie);
	front->group_bytes = ie ? (size_t)(writer.at - writer.start) : front->group_bytes;
}

static int body_read(struct front *front, struct pfcp_tree *tree)
{
	const struct pfcp_ie *cp, *elsewhere;
	struct pfcp_fault fault;
	int csids;

	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_REQUEST), front->body, front->body_bytes, tree, &fault))
		return -EBADMSG;
	csids = csids_read(tree, NULL, front->csids);
	if (csids < 0)
		return -EBADMSG;
	front->csids_bytes = (size_t)csids;
	front->group_bytes = 0;
	group_read(front, tree);
	elsewhere = pfcp_first(tree, NULL, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS);
	front->elsewhere = (struct pfcp_address){ 0 };
	if (elsewhere && pfcp_get_address(elsewhere, &front->elsewhere))
		return -EBADMSG;
	cp = pfcp_first(tree, NULL, PFCP_IE_F_SEID);
	return cp && !pfcp_get_fseid(cp, &front->cp) ? 0 : -EBADMSG;
}

// The first version's last answer, and what its URRs had to report.
static bool more_skip(struct cursor *cursor, bool *whole)
{
	return cursor_skip(cursor, (uint32_t)number(cursor, 2, whole)) &&
	       cursor_skip(cursor, (uint32_t)number(cursor, 2, whole) * FIRST_TAB_BYTES);
}

int front_read(struct front *front, const uint8_t *bytes, size_t length, struct pfcp_tree *tree)
{
	struct cursor cursor = cursor_over(bytes, (uint32_t)length);
	bool whole = length <= FRONT_MAX;
	uint64_t version = number(&cursor, 1, &whole);

	front->first_version = version == FIRST_VERSION;
	if (!whole || (version != VERSION && version != FIRST_VERSION))
		return -EBADMSG;
	front->served = number(&cursor, 8, &whole);
	front->served_ms = number(&cursor, 8, &whole);
	if ((front->first_version && !more_skip(&cursor, &whole)) || !whole)
		return -EBADMSG;
	front->body = cursor.at;
	front->body_bytes = cursor.left;
	return body_read(front, tree);
}

static int csids_learn(struct front *front, const struct pfcp_tree *request, struct rules_fault *fault)
{
	int length = csids_read(request, NULL, front->csids);

	if (length == -EMSGSIZE)
		return rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_FQ_CSID, "Too many FQ-CSIDs.");
	if (length < 0)
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_FQ_CSID, "Not an FQ-CSID.");
	front->csids_bytes = (size_t)length;
	return 0;
}

// Who takes a session over hears of it from then on.
int front_learn(struct front *front, const struct pfcp_tree *request, struct rules_fault *fault)
{
	const struct pfcp_ie *cp = pfcp_first(request, NULL, PFCP_IE_F_SEID);

	if (cp && pfcp_get_fseid(cp, &front->cp))
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_F_SEID, "Not an F-SEID.");
	if (cp)
		front->elsewhere = (struct pfcp_address){ 0 };
	group_read(front, request);
	return pfcp_first(request, NULL, PFCP_IE_FQ_CSID) ? csids_learn(front, request, fault) : 0;
}

static void elsewhere_put(struct pfcp_writer *writer, const struct front *front)
{
	if (front->elsewhere.has_ipv4 || front->elsewhere.has_ipv6)
		pfcp_put_address(writer, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS, &front->elsewhere);
}

int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size)
{
	bool moved = front->elsewhere.has_ipv4 || front->elsewhere.has_ipv6;
	struct pfcp_writer writer = pfcp_writer_over(bytes, moved ? size : size - FRONT_SPARE);

	pfcp_raw_number(&writer, VERSION, 1);
	pfcp_raw_number(&writer, front->served, 8);
	pfcp_raw_number(&writer, front->served_ms, 8);
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &front->cp);
	elsewhere_put(&writer, front);
	pfcp_raw(&writer, front->csids, front->csids_bytes);
	pfcp_raw(&writer, front->group, front->group_bytes);
	rules_write(rules, &writer);
	return writer.full ? -EMSGSIZE : (int)(writer.at - writer.start);
}

int front_move(const struct front *front, const uint8_t *was, const struct pfcp_tree *tree, uint8_t bytes[FRONT_MAX])
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, FRONT_MAX);

	pfcp_raw(&writer, was, (size_t)(front->body - was));
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &front->cp);
	for (const struct pfcp_ie *ie = pfcp_child(tree, NULL); ie; ie = pfcp_next(tree, ie))
		if (ie->type != PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS && ie->type != PFCP_IE_F_SEID)
			pfcp_copy(&writer, ie);
	elsewhere_put(&writer, front);
	return writer.full ? -EMSGSIZE : (int)(writer.at - writer.start);
}
