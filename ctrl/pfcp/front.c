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

static void account_read(struct account *account, struct cursor *cursor, bool *whole)
{
	account->urr = (uint32_t)number(cursor, 4, whole);
	account->reports = (uint32_t)number(cursor, 4, whole);
	account->ways = (uint8_t)number(cursor, 1, whole);
	account->packets = number(cursor, 1, whole) != 0;
	account->since_ms = number(cursor, 8, whole);
	account->counted = usage_read(cursor, whole);
	account->seen = usage_read(cursor, whole);
}

static int accounts_read(struct accounts *accounts, struct cursor *cursor, bool *whole)
{
	accounts->count = (unsigned)number(cursor, 2, whole);
	if (accounts->count > TRANSLATE_URRS)
		return -EBADMSG;
	for (unsigned i = 0; i < accounts->count; i++)
		account_read(&accounts->account[i], cursor, whole);
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
	if (!cursor_skip(&cursor, front->answer_bytes) || accounts_read(&front->accounts, &cursor, &whole) || !whole)
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

static void account_write(struct pfcp_writer *writer, const struct account *account)
{
	pfcp_raw_number(writer, account->urr, 4);
	pfcp_raw_number(writer, account->reports, 4);
	pfcp_raw_number(writer, account->ways, 1);
	pfcp_raw_number(writer, account->packets, 1);
	pfcp_raw_number(writer, account->since_ms, 8);
	usage_write(writer, &account->counted);
	usage_write(writer, &account->seen);
}

int front_write(const struct front *front, const struct rules *rules, uint8_t *bytes, size_t size)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, size);

	pfcp_raw_number(&writer, VERSION, 1);
	pfcp_raw_number(&writer, front->served, 8);
	pfcp_raw_number(&writer, front->served_ms, 8);
	pfcp_raw_number(&writer, front->answer_bytes, 2);
	pfcp_raw(&writer, front->answer, front->answer_bytes);
	pfcp_raw_number(&writer, front->accounts.count, 2);
	for (unsigned i = 0; i < front->accounts.count; i++)
		account_write(&writer, &front->accounts.account[i]);
	pfcp_put_fseid(&writer, PFCP_IE_F_SEID, &front->cp);
	rules_write(rules, &writer);
	return writer.full ? -EMSGSIZE : (int)(writer.at - writer.start);
}
