// front.c - sessions' words for themselves, to bytes and back. Pure.
#include "ctrl/pfcp/front.h"
#include <errno.h>
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/ie_put.h"
#include "shared/wire/cursor.h"

#define VERSION 1u

// Reads a number of so many octets; 0 behind the end, which `left` then tells.
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

static struct usage usage_read(struct cursor *cursor, bool *whole)
{
	struct usage usage;

	for (unsigned way = 0; way < TRANSLATE_WAYS; way++) {
		usage.bytes[way] = number(cursor, 8, whole);
		usage.packets[way] = number(cursor, 8, whole);
	}
	return usage;
}

static void tab_read(struct tab *tab, struct cursor *cursor, bool *whole)
{
	tab->urr = (uint32_t)number(cursor, 4, whole);
	tab->reports = (uint32_t)number(cursor, 4, whole);
	tab->ways = (uint8_t)number(cursor, 1, whole);
	tab->packets = number(cursor, 1, whole) != 0;
	tab->since_ms = number(cursor, 8, whole);
	tab->counted = usage_read(cursor, whole);
	tab->seen = usage_read(cursor, whole);
}

static int tabs_read(struct tabs *tabs, struct cursor *cursor, bool *whole)
{
	tabs->count = (unsigned)number(cursor, 2, whole);
	if (tabs->count > TRANSLATE_URRS)
		return -EBADMSG;
	for (unsigned i = 0; i < tabs->count; i++)
		tab_read(&tabs->tab[i], cursor, whole);
	return 0;
}

static int body_read(struct front *front, struct pfcp_tree *tree)
{
	const struct pfcp_ie *cp;
	struct pfcp_fault fault;

	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_REQUEST), front->body, front->body_bytes, tree, &fault))
		return -EBADMSG;
	cp = pfcp_first(tree, NULL, PFCP_IE_F_SEID);
	return cp && !pfcp_get_fseid(cp, &front->cp) ? 0 : -EBADMSG;
}

int front_read(struct front *front, const uint8_t *bytes, size_t length, struct pfcp_tree *tree)
{
	struct cursor cursor = cursor_over(bytes, (uint32_t)length);
	bool whole = length <= FRONT_MAX;

	if (!whole || number(&cursor, 1, &whole) != VERSION)
		return -EBADMSG;
	front->served = number(&cursor, 8, &whole);
	front->served_ms = number(&cursor, 8, &whole);
	front->answer_bytes = (uint16_t)number(&cursor, 2, &whole);
	front->answer = cursor.at;
	if (!cursor_skip(&cursor, front->answer_bytes) || tabs_read(&front->tabs, &cursor, &whole) || !whole)
		return -EBADMSG;
	front->body = cursor.at;
	front->body_bytes = cursor.left;
	return body_read(front, tree);
}

static void usage_write(struct pfcp_writer *writer, const struct usage *usage)
{
	for (unsigned way = 0; way < TRANSLATE_WAYS; way++) {
		pfcp_raw_number(writer, usage->bytes[way], 8);
		pfcp_raw_number(writer, usage->packets[way], 8);
	}
}

static void tab_write(struct pfcp_writer *writer, const struct tab *tab)
{
	pfcp_raw_number(writer, tab->urr, 4);
	pfcp_raw_number(writer, tab->reports, 4);
	pfcp_raw_number(writer, tab->ways, 1);
	pfcp_raw_number(writer, tab->packets, 1);
	pfcp_raw_number(writer, tab->since_ms, 8);
	usage_write(writer, &tab->counted);
	usage_write(writer, &tab->seen);
}

int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, size);

	pfcp_raw_number(&writer, VERSION, 1);
	pfcp_raw_number(&writer, front->served, 8);
	pfcp_raw_number(&writer, front->served_ms, 8);
	pfcp_raw_number(&writer, front->answer_bytes, 2);
	pfcp_raw(&writer, front->answer, front->answer_bytes);
	pfcp_raw_number(&writer, front->tabs.count, 2);
	for (unsigned i = 0; i < front->tabs.count; i++)
		tab_write(&writer, &front->tabs.tab[i]);
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &front->cp);
	rules_write(rules, &writer);
	return writer.full ? -EMSGSIZE : (int)(writer.at - writer.start);
}
