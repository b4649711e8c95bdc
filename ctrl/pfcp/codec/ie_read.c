// ie_read.c - information elements into a tree (ie.h). Nothing here believes a length before it is checked.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "shared/wire/cursor.h"

#define VENDOR_BYTES 2u

_Static_assert(PFCP_IES <= UINT16_MAX, "indices of the tree have 16 bits");

struct reader {
	struct pfcp_tree *tree;
	struct pfcp_fault *fault;
};

static int __attribute__((format(printf, 4, 5)))
fail(const struct reader *reader, unsigned cause, unsigned type, const char *format, ...)
{
	struct pfcp_fault *fault = reader->fault;
	va_list args;

	*fault = (struct pfcp_fault){ .cause = (uint8_t)cause, .offending = (uint16_t)type };
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return -EPROTO;
}

static const char *ie_name(unsigned type)
{
	const struct pfcp_kind *kind = pfcp_kind(type);

	return kind ? kind->name : "unknown IE";
}

// The IE that begins at the cursor, put behind the others. Null: *error.
static inline struct pfcp_ie *ie_take(const struct reader *reader, struct cursor *cursor, int *error)
{
	struct pfcp_tree *tree = reader->tree;
	struct pfcp_ie *ie = &tree->ie[tree->used];
	unsigned type, length, vendor = 0;
	const uint8_t *value;

	if (cursor->left < PFCP_IE_HEADER) {
		*error = fail(reader, PFCP_CAUSE_INVALID_LENGTH, 0, "%u bytes behind the last IE", cursor->left);
		return NULL;
	}
	type = be16_get(cursor->at);
	length = be16_get(cursor->at + 2);
	cursor_skip(cursor, PFCP_IE_HEADER);
	value = cursor->at;
	if (!cursor_skip(cursor, length)) {
		*error = fail(reader, PFCP_CAUSE_INVALID_LENGTH, type, "%s (%u) of %u bytes, where %u are left",
			      ie_name(type), type, length, cursor->left);
		return NULL;
	}
	if (type & PFCP_VENDOR && length < VENDOR_BYTES) {
		*error = fail(reader, PFCP_CAUSE_INVALID_LENGTH, type, "an IE of a vendor without the vendor");
		return NULL;
	}
	if (tree->used == PFCP_IES) {
		*error = fail(reader, PFCP_CAUSE_NO_RESOURCES, 0, "more than %u IEs", PFCP_IES - 1);
		return NULL;
	}
	if (type & PFCP_VENDOR) {
		vendor = be16_get(value);
		value += VENDOR_BYTES;
		length -= VENDOR_BYTES;
	}
	*ie = (struct pfcp_ie){
		.type = (uint16_t)type, .vendor = (uint16_t)vendor, .length = (uint16_t)length, .value = value
	};
	tree->used++;
	return ie;
}

// Where among the group's children this type stands; children_count if nowhere.
static inline unsigned place_find(const struct pfcp_kind *group, unsigned type)
{
	unsigned at = type - group->places_first;

	return at < group->places_count ? group->places[at] : group->children_count;
}

bool pfcp_belongs(unsigned group, unsigned type)
{
	const struct pfcp_kind *kind = pfcp_kind(group);

	return kind && place_find(kind, type) < kind->children_count;
}

static inline int value_check(const struct reader *reader, const struct pfcp_kind *kind, const struct pfcp_ie *ie)
{
	int error;

	if (ie->length < kind->least || ie->length > kind->most)
		return fail(reader, PFCP_CAUSE_INVALID_LENGTH, ie->type, "%s of %u bytes; %u to %u are possible",
			    kind->name, ie->length, kind->least, kind->most);
	if (kind->shape <= PFCP_SHAPE_CHOICE) // groups, and numbers: their length says it all
		return 0;
	error = pfcp_value_check(ie);
	if (error == -EMSGSIZE)
		return fail(reader, PFCP_CAUSE_INVALID_LENGTH, ie->type, "%s of %u bytes holds less than it says",
			    kind->name, ie->length);
	if (error)
		return fail(reader, PFCP_CAUSE_MANDATORY_INCORRECT, ie->type, "%s makes no sense", kind->name);
	return 0;
}

static int group_read(const struct reader *reader, const struct pfcp_kind *kind, unsigned parent);

// One child of a group, which has met children of these places (bits): checked and looked into if it belongs there, and is not there
// already where it may be once.
static inline int child_read(const struct reader *reader, const struct pfcp_kind *group, const struct pfcp_ie *ie,
			     uint64_t *met)
{
	unsigned place = place_find(group, ie->type);
	const struct pfcp_kind *kind;
	int error;

	if (place == group->children_count || (!group->children[place].many && *met & UINT64_C(1) << place))
		return 0;
	*met |= UINT64_C(1) << place;
	kind = &pfcp_kinds[ie->type];
	error = value_check(reader, kind, ie);
	if (error || kind->shape != PFCP_SHAPE_GROUP)
		return error;
	return group_read(reader, kind, (unsigned)(ie - reader->tree->ie));
}

static int missing_check(const struct reader *reader, const struct pfcp_kind *group, uint64_t seen)
{
	uint64_t missing = group->mandatory & ~seen;
	unsigned type;

	if (!missing)
		return 0;
	type = group->children[__builtin_ctzll(missing)].type;
	return fail(reader, PFCP_CAUSE_MANDATORY_MISSING, type, "%s without %s", group->name, ie_name(type));
}

// Groups hold groups as ie.table says: a few levels (table.py sees to it).
static int group_read(const struct reader *reader, const struct pfcp_kind *kind, unsigned parent)
{
	struct pfcp_ie *ies = reader->tree->ie;
	struct cursor cursor = cursor_over(ies[parent].value, ies[parent].length);
	uint16_t *link = &ies[parent].child; // where the next one's place is said
	uint64_t met = 0;
	int error = 0;

	while (cursor.left) {
		struct pfcp_ie *ie = ie_take(reader, &cursor, &error);

		if (!ie)
			return error;
		*link = (uint16_t)(ie - ies);
		link = &ie->next;
		ies[parent].holds |= UINT64_C(1) << ie->type % 64;
		error = child_read(reader, kind, ie, &met);
		if (error)
			return error;
	}
	return missing_check(reader, kind, met);
}

int pfcp_read(unsigned group, const uint8_t *body, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault)
{
	tree->used = 0;
	return pfcp_read_more(group, body, bytes, tree, fault);
}

int pfcp_read_more(unsigned group, const uint8_t *body, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault)
{
	const struct reader reader = { tree, fault };
	const struct pfcp_kind *kind = pfcp_kind(group);

	if (tree->used == PFCP_IES)
		return fail(&reader, PFCP_CAUSE_NO_RESOURCES, 0, "more than %u IEs", PFCP_IES - 1);
	tree->top = tree->used++;
	tree->ie[tree->top] = (struct pfcp_ie){ .type = (uint16_t)group, .length = (uint16_t)bytes, .value = body };
	if (!kind || kind->shape != PFCP_SHAPE_GROUP)
		return fail(&reader, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, 0, "no message or group has number %u",
			    group & 0xffff);
	if (bytes > UINT16_MAX)
		return fail(&reader, PFCP_CAUSE_INVALID_LENGTH, 0, "%zu bytes are more than a message", bytes);
	return group_read(&reader, kind, tree->top);
}

const struct pfcp_ie *pfcp_again(const struct pfcp_tree *tree, const struct pfcp_ie *ie)
{
	unsigned type = ie->type;

	do
		ie = pfcp_next(tree, ie);
	while (ie && ie->type != type);
	return ie;
}
