// measures.c - the heap, the ring of rows that are behind, and changes that may have to be taken back.
#include "ctrl/usage/measures.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/usage/measures_inside.h"
#include "shared/base/log.h"

#define MARKED_FIRST 1024u
#define RETRY_MS 1000u
#define FILL_MAX 4096u // rows of a transaction

int measures_open(struct measures *measures, const struct sessions *sessions, struct outbox *outbox)
{
	*measures = (struct measures){ .sessions = sessions, .outbox = outbox, .marked_room = MARKED_FIRST };
	measures->marked = calloc(MARKED_FIRST, sizeof(*measures->marked));
	return measures->marked && !table_open(&measures->loaded) && !table_open(&measures->leaving) ? 0 : -ENOMEM;
}

// What sessions have goes with them.
void measures_close(struct measures *measures)
{
	for (uint32_t i = 0; measures->loaded.slots && i <= measures->loaded.mask; i++)
		if (measures->loaded.slots[i].key)
			free(measures->loaded.slots[i].value);
	table_close(&measures->loaded);
	table_close(&measures->leaving);
	free(measures->heap);
	free(measures->marked);
	free(measures->changes);
}

struct measured *measured_make(unsigned count, unsigned delays)
{
	struct measured *measured =
	    calloc(1, sizeof(*measured) + count * sizeof(struct measure) + delays * sizeof(struct measured_delay));

	if (!measured)
		return NULL;
	measured->count = (uint8_t)count;
	measured->delays = (uint8_t)delays;
	measured->due_ms = UINT64_MAX;
	return measured;
}

// ---- The heap

static void heap_up(struct measures_due *heap, uint32_t at)
{
	while (at && heap[(at - 1) / 2].due_ms > heap[at].due_ms) {
		struct measures_due swap = heap[at];

		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
		heap[at] = swap;
	}
}

static void heap_down(struct measures_due *heap, uint32_t count)
{
	for (uint32_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		struct measures_due swap = heap[at];

		child += child + 1 < count && heap[child + 1].due_ms < heap[child].due_ms;
		if (heap[child].due_ms >= heap[at].due_ms)
			return;
		heap[at] = heap[child];
		heap[child] = swap;
	}
}

static int heap_push(struct measures *measures, struct measures_due due)
{
	if (measures->dues == measures->dues_room) {
		uint32_t room = measures->dues_room ? measures->dues_room * 2 : MARKED_FIRST;
		struct measures_due *heap = realloc(measures->heap, room * sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		measures->heap = heap;
		measures->dues_room = room;
	}
	measures->heap[measures->dues++] = due;
	heap_up(measures->heap, measures->dues - 1);
	return 0;
}

// Takes the first entry out. Null: it is of nobody any more, or there is a better one.
static struct session *heap_pop(struct measures *measures)
{
	struct measures_due due = measures->heap[0];
	struct session *session = session_by_id(measures->sessions, due.session);

	measures->heap[0] = measures->heap[--measures->dues];
	heap_down(measures->heap, measures->dues);
	if (!session || !session->measured || session->measured->due_ms != due.due_ms)
		return NULL;
	session->measured->due_ms = UINT64_MAX;
	return session;
}

struct session *measures_next(struct measures *measures, uint64_t now_ms)
{
	struct session *session = NULL;

	while (!session && measures_is_due(measures, now_ms))
		session = heap_pop(measures);
	return session;
}

void measured_again(struct measures *measures, struct session *session)
{
	struct measures_due due = { measures->now_ms + RETRY_MS, session->id };

	if (due.due_ms < session->measured->due_ms && !heap_push(measures, due))
		session->measured->due_ms = due.due_ms;
}

// An entry that is too early is looked at, and goes on: so what is put off with every packet costs nothing then.
void measured_plan(struct measures *measures, struct session *session, uint64_t now_ms)
{
	struct measured *measured = session->measured;
	uint32_t due[MEASURES_MAX];
	uint64_t next_ms;

	if (measured_due(measured, now_ms, due, &next_ms))
		next_ms = now_ms;
	if (next_ms >= measured->due_ms)
		return;
	if (heap_push(measures, (struct measures_due){ next_ms, session->id }))
		log_warning("measures.memory", "session %llu is looked at when its packets come",
			    (unsigned long long)session->id);
	else
		measured->due_ms = next_ms;
}

// ---- Rows that are behind

static int marked_grow(struct measures *measures)
{
	uint64_t room = measures->marked_room * 2, *ring = calloc(room, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	for (uint64_t i = measures->marked_first; i != measures->marked_next; i++)
		ring[i & (room - 1)] = measures->marked[i & (measures->marked_room - 1)];
	free(measures->marked);
	measures->marked = ring;
	measures->marked_room = room;
	return 0;
}

// Without memory the row stays behind until the session's next word: what it has then is in it.
void measured_mark(struct measures *measures, struct session *session)
{
	if (session->measured->marked)
		return;
	if (measures->marked_next - measures->marked_first == measures->marked_room && marked_grow(measures))
		return;
	measures->marked[measures->marked_next++ & (measures->marked_room - 1)] = session->id;
	session->measured->marked = true;
}

static struct session *session_marked(const struct measures *measures, uint64_t index)
{
	uint64_t id = measures->marked[index & (measures->marked_room - 1)];
	struct session *session = session_by_id(measures->sessions, id);

	session = session ? session : table_get(&measures->leaving, id);
	return session && session->measured ? session : NULL;
}

int measures_fill(struct measures *measures, struct batch *batch)
{
	uint64_t end = measures->marked_next - measures->marked_first;
	int error = 0;

	end = measures->marked_first + (end < FILL_MAX ? end : FILL_MAX);
	measures->filled = (uint32_t)(end - measures->marked_first);
	for (uint64_t i = measures->marked_first; !error && i != end; i++) {
		struct session *session = session_marked(measures, i);

		if (!session)
			continue;
		session->measured->marked = false; // words that come while it is written mark it again
		error = measured_row(session, batch);
	}
	return error;
}

void measures_filled(struct measures *measures, bool committed)
{
	for (uint32_t i = 0; !committed && i < measures->filled; i++) {
		struct session *session = session_marked(measures, measures->marked_first + i);

		if (session)
			session->measured->marked = true;
	}
	if (committed)
		measures->marked_first += measures->filled;
	measures->filled = 0;
}

// ---- Sessions that leave

// Without memory for it, its last words count in memory alone.
void measures_depart(struct measures *measures, struct session *session)
{
	if (session->measured && table_put(&measures->leaving, session->id, session))
		log_warning("measures.memory", "session %llu leaves, and its last gauges are not written",
			    (unsigned long long)session->id);
}

void measures_forget(struct measures *measures, const struct session *session)
{
	table_drop(&measures->leaving, session->id);
}

// ---- Changes

int measured_replace(struct measures *measures, struct session *session, struct measured *after)
{
	if (measures->count == measures->changes_room) {
		uint32_t room = measures->changes_room ? measures->changes_room * 2 : 64;
		struct measures_change *changes = realloc(measures->changes, room * sizeof(*changes));

		if (!changes)
			return -ENOMEM;
		measures->changes = changes;
		measures->changes_room = room;
	}
	if (after && session->measured) {
		after->due_ms = session->measured->due_ms;
		after->marked = session->measured->marked;
	}
	measures->changes[measures->count++] = (struct measures_change){ session, session->measured, after };
	session->measured = after;
	return 0;
}

uint32_t measures_mark(const struct measures *measures)
{
	return measures->count;
}

static void flow_back(struct measure_flow *to, const struct measure_flow *from)
{
	const struct measure_flow before = *to;

	*to = *from;
	to->first_ms = before.first_ms ? before.first_ms : from->first_ms;
	if (before.events.serial != from->events.serial)
		to->events = before.events;
	if (before.drop_serial == from->drop_serial)
		return;
	to->drop_serial = before.drop_serial;
	to->drop_life = before.drop_life;
	to->drop_base = before.drop_base;
	to->drop_seen = before.drop_seen;
}

// What was heard meanwhile stays heard.
static void flows_back(struct measured *to, const struct measured *from)
{
	for (unsigned i = 0; i < to->count; i++)
		for (unsigned k = 0; k < from->count; k++)
			if (to->measure[i].flow.id == from->measure[k].flow.id &&
			    to->measure[i].flow.serial == from->measure[k].flow.serial)
				flow_back(&to->measure[i].flow, &from->measure[k].flow);
	to->state.last_ms = from->state.last_ms;
	to->state.waiting_ms = from->state.waiting ? from->state.waiting_ms : to->state.waiting_ms;
	to->state.waiting = from->state.waiting ? from->state.waiting : to->state.waiting;
	to->state.waiting_packet = from->state.waiting ? from->state.waiting_packet : to->state.waiting_packet;
	to->due_ms = from->due_ms;
	to->marked = from->marked;
}

void measures_undo(struct measures *measures, uint32_t mark)
{
	while (measures->count > mark) {
		struct measures_change *change = &measures->changes[--measures->count];

		if (change->before && change->after)
			flows_back(change->before, change->after);
		change->session->measured = change->before;
		free(change->after);
		if (change->before)
			measured_again(measures, change->session);
	}
}

void measures_settle(struct measures *measures, bool committed, uint32_t upto)
{
	if (!committed) {
		measures_undo(measures, 0);
		return;
	}
	for (uint32_t i = 0; i < upto; i++)
		free(measures->changes[i].before);
	measures->count -= upto;
	if (measures->count)
		memmove(measures->changes, measures->changes + upto, measures->count * sizeof(*measures->changes));
}
