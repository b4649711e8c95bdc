// closing_load.c - accounts at start: those that were open go on waiting, where they are not too many.
#include <errno.h>
#include <stdlib.h>
#include "ctrl/usage/closing_inside.h"
#include "ctrl/feed/push.h"
#include "ctrl/session/record.h"
#include "ctrl/usage/measures.h"

int closing_load_leaving(struct closing *closing, const struct store_row *row, struct arena *arena)
{
	Shoal__Store__Closed *stored = record_closed(row, arena);
	const Shoal__Oss__Session *message = stored ? stored->session : NULL;
	struct session *session;
	struct leaver *leaver;

	if (!stored || message->id != row->key || !message->teid || message->shard >= SHARDS)
		return -EBADMSG;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->id = message->id;
	session->bearer.teid = message->teid;
	session->cell = message->slot < closing->grid->slots
			    ? cell_at(closing->grid, (uint8_t)message->shard, message->slot)
			    : CELL_NONE;
	record_count(stored, &session->usage);
	leaver = measures_take(closing->measures, session, message) ? NULL : closing_add(closing, session);
	if (!leaver) {
		session_free(session);
		return -ENOMEM;
	}
	measures_depart(closing->measures, session);
	closing_waiting(closing, leaver, 0);
	return 0;
}

int closing_load_closed(struct closing *closing, const struct store_row *row)
{
	uint32_t teid;

	if (!record_closed_teid(row, &teid))
		return -EBADMSG;
	if (closing->next == 1)
		closing->first = row->key;
	closing->next = row->key + 1;
	if (teid)
		closing_note(closing, teid, row->key);
	return 0;
}

void closing_depart(struct closing *closing, struct push *push)
{
	uint32_t left = closing->leaving.count;
	struct leaver *leaver = closing->waiting;

	closing->waiting = NULL;
	closing->waiting_end = &closing->waiting;
	for (; left; left--) {
		struct leaver *next = leaver->next_waiting;

		leaver->next_waiting = NULL;
		leaver->waits = false;
		if (left > CLOSING_LEFT_MAX) {
			leaver->confirmed = true;
			closing_ready(closing, leaver);
		} else if (leaver->session->cell != CELL_NONE) {
			push_depart(push, leaver->session);
		} else {
			closing_confirm(closing, leaver->session, 0);
		}
		leaver = next;
	}
}
