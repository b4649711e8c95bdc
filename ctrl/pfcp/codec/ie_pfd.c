// ie_pfd.c - PFD Contents (TS 29.244 8.2.39) out of their IE (ie_get.h). Pure.
#include <errno.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "shared/wire/cursor.h"

// A piece behind its length, which then is skipped. False: it is cut off.
static bool piece_read(struct cursor *cursor, struct pfcp_piece *piece)
{
	const uint8_t *at = cursor->at;

	if (!cursor_skip(cursor, 2) || !cursor_skip(cursor, be16_get(at)))
		return false;
	*piece = (struct pfcp_piece){ (const char *)at + 2, be16_get(at) };
	return true;
}

int pfcp_get_pfd(const struct pfcp_ie *ie, struct pfcp_pfd *pfd)
{
	struct cursor cursor = cursor_over(ie->value, ie->length);
	unsigned flags = ie->length ? ie->value[0] : 0;

	*pfd = (struct pfcp_pfd){ 0 };
	if (!cursor_skip(&cursor, 2)) // flags, and an octet that is spare
		return -EMSGSIZE;
	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++)
		if (flags >> i & 1 && !piece_read(&cursor, &pfd->part[i]))
			return -EMSGSIZE;
	return 0;
}

int pfcp_pfd_next(struct pfcp_piece *left, struct pfcp_piece *piece)
{
	struct cursor cursor = cursor_over((const uint8_t *)left->text, left->length);

	if (!left->length)
		return 0;
	if (!piece_read(&cursor, piece))
		return -EMSGSIZE;
	*left = (struct pfcp_piece){ (const char *)cursor.at, (uint16_t)cursor.left };
	return 1;
}
