// assoc.c - see assoc.h. One thread; associations belong to the table.
#include "ctrl/pfcp/peer/assoc.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/peer/assoc_note.h"
#include "shared/base/log.h"

#define AGAIN_NS 1000000000ull

void assocs_open(struct assocs *assocs, const struct assocs_ways *ways)
{
	*assocs = (struct assocs){ .ways = *ways };
	TAILQ_INIT(&assocs->all);
}

static void assoc_end(struct assocs *assocs, struct assoc *assoc)
{
	TAILQ_REMOVE(&assocs->all, assoc, all);
	assocs->count--;
	free(assoc);
}

void assocs_close(struct assocs *assocs)
{
	while (!TAILQ_EMPTY(&assocs->all))
		assoc_end(assocs, TAILQ_FIRST(&assocs->all));
}

struct assoc *assoc_of_node(const struct assocs *assocs, const char *node_id)
{
	struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc->state <= ASSOC_UP && !strcmp(assoc->node_id, node_id))
		return assoc;
	return NULL;
}

struct assoc *assoc_of_owner(const struct assocs *assocs, const char *owner)
{
	struct assoc *assoc, *silent = NULL;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	{
		if (assoc->state != ASSOC_UP || strcmp(assoc->owner, owner))
			continue;
		if (!assoc->silent)
			return assoc;
		silent = assoc;
	}
	return silent;
}

bool assoc_absent(const struct assocs *assocs, const char *owner, const struct remote *remote)
{
	const struct assoc *assoc;
	bool others = false;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	{
		if (assoc->state != ASSOC_UP || assoc->silent || strcmp(assoc->owner, owner))
			continue;
		if (assoc_speaks(assoc, remote))
			return false;
		others |= assoc->set != 0;
	}
	return others;
}

bool assoc_speaks(const struct assoc *assoc, const struct remote *remote)
{
	bool speaks = remote_same(&assoc->remote, remote);

	for (unsigned i = 0; i < assoc->others && !speaks; i++)
		speaks = remote_same(&assoc->other[i], remote);
	return speaks;
}

bool assoc_shared(const struct assocs *assocs, const struct assoc *one)
{
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc != one && assoc->state <= ASSOC_UP && !strcmp(assoc->owner, one->owner))
		return true;
	return false;
}

struct assoc *assoc_here(const struct assocs *assocs, const struct remote *remote)
{
	struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc->state <= ASSOC_UP && remote_same(&assoc->remote, remote))
		return assoc;
	return NULL;
}

struct assoc *assoc_of_remote(const struct assocs *assocs, const struct remote *remote)
{
	struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc->state == ASSOC_UP && remote_same(&assoc->remote, remote))
		return assoc;
	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc->state == ASSOC_UP && assoc->others && assoc_speaks(assoc, remote))
		return assoc;
	return NULL;
}

// ---- What happens on the way from one state to the next

static void answer(struct assocs *assocs, struct assoc *assoc, bool accepted)
{
	struct deal *deal = assoc->deal;

	assoc->deal = NULL;
	if (deal)
		assocs->ways.answered(assocs->ways.arg, assoc, deal, accepted);
}

static void again_later(struct assocs *assocs, struct assoc *assoc)
{
	assoc->again_ns = assocs->now_ns + AGAIN_NS;
}

static void note_write(struct assocs *assocs, struct assoc *assoc)
{
	char value[ASSOC_NOTE_BYTES];

	assoc_note_write(assocs, assoc, value);
	assoc->writing++;
	if (assocs->ways.note(assocs->ways.arg, assoc, value))
		assocs_noted(assocs, assoc, false);
}

static void note_delete(struct assocs *assocs, struct assoc *assoc)
{
	assoc->writing++;
	if (assocs->ways.note(assocs->ways.arg, assoc, NULL))
		assocs_noted(assocs, assoc, false);
}

static void happen(struct assocs *assocs, struct assoc *assoc, enum assoc_event event);

// The sessions of a set are the others' as long as there is one.
static void drop(struct assocs *assocs, struct assoc *assoc)
{
	if (assoc_shared(assocs, assoc)) {
		happen(assocs, assoc, ASSOC_DROPPED);
		return;
	}
	if (assocs->ways.drop(assocs->ways.arg, assoc->owner))
		again_later(assocs, assoc);
}

static void stand(struct assocs *assocs, struct assoc *assoc)
{
	assoc->beat_ns = assocs->now_ns;
	answer(assocs, assoc, true);
}

static void stand_first(struct assocs *assocs, struct assoc *assoc)
{
	assocs->ways.stands(assocs->ways.arg, assoc);
	stand(assocs, assoc);
}

// The note may have been written all the same.
static void give_up(struct assocs *assocs, struct assoc *assoc)
{
	answer(assocs, assoc, false);
	note_delete(assocs, assoc);
}

static void refuse(struct assocs *assocs, struct assoc *assoc)
{
	answer(assocs, assoc, false);
}

static void leave(struct assocs *assocs, struct assoc *assoc)
{
	assocs->ways.left(assocs->ways.arg, assoc);
	note_write(assocs, assoc);
}

static void leave_again(struct assocs *assocs, struct assoc *assoc)
{
	answer(assocs, assoc, false);
	again_later(assocs, assoc);
}

static void drain(struct assocs *assocs, struct assoc *assoc)
{
	answer(assocs, assoc, true);
	if (!assoc->served)
		happen(assocs, assoc, ASSOC_IDLE);
}

struct step {
	bool known;
	enum assoc_state next;
	void (*act)(struct assocs *assocs, struct assoc *assoc);
};

#define TO(state, act) \
	{ \
		true, ASSOC_##state, act \
	}
static const struct step steps[ASSOC_STATES][ASSOC_EVENTS] = {
	[ASSOC_BEGINNING] = { [ASSOC_NOTED] = TO(UP, stand_first), [ASSOC_NOT_NOTED] = TO(ENDING, give_up) },
	[ASSOC_UP] = { [ASSOC_NOTED] = TO(UP, stand),
		       [ASSOC_NOT_NOTED] = TO(UP, refuse),
		       [ASSOC_LEAVE] = TO(LEAVING, leave) },
	[ASSOC_LEAVING] = { [ASSOC_NOTED] = TO(DRAINING, drain),
			    [ASSOC_NOT_NOTED] = TO(LEAVING, leave_again),
			    [ASSOC_AGAIN] = TO(LEAVING, note_write) },
	[ASSOC_DRAINING] = { [ASSOC_IDLE] = TO(DROPPING, drop) },
	[ASSOC_DROPPING] = { [ASSOC_DROPPED] = TO(ENDING, note_delete), [ASSOC_AGAIN] = TO(DROPPING, drop) },
	[ASSOC_ENDING] = { [ASSOC_NOTED] = TO(ENDING, assoc_end),
			   [ASSOC_NOT_NOTED] = TO(ENDING, again_later),
			   [ASSOC_AGAIN] = TO(ENDING, note_delete) },
};

// What has no meaning in a state changes nothing there.
static void happen(struct assocs *assocs, struct assoc *assoc, enum assoc_event event)
{
	const struct step *step = &steps[assoc->state][event];

	if (!step->known)
		return;
	assoc->state = step->next;
	assoc->again_ns = UINT64_MAX;
	step->act(assocs, assoc);
}

// ---- What others say

static struct assoc *assoc_add(struct assocs *assocs, const struct assoc *like)
{
	struct assoc *assoc = malloc(sizeof(*assoc));

	if (!assoc)
		return NULL;
	*assoc = *like;
	assoc->remote.port = 0;
	assoc->again_ns = UINT64_MAX;
	assoc->beat_ns = assoc->heard_ns = assocs->now_ns;
	TAILQ_INSERT_HEAD(&assocs->all, assoc, all);
	assocs->count++;
	return assoc;
}

// Who is the first of its set gives it its owner.
static void set_join(const struct assocs *assocs, struct assoc *assoc)
{
	const struct assoc *other;

	strcpy(assoc->note, assoc->owner);
	TAILQ_FOREACH(other, &assocs->all, all)
	if (assoc->set && other != assoc && other->set == assoc->set && other->state <= ASSOC_UP)
		strcpy(assoc->owner, other->owner);
}

int assoc_begin(struct assocs *assocs, const struct assoc *like, struct deal *deal)
{
	struct assoc *assoc;

	if (assocs->count >= ASSOCS_MAX)
		return -ENOBUFS;
	assoc = assoc_add(assocs, like);
	if (!assoc)
		return -ENOMEM;
	assoc->state = ASSOC_BEGINNING;
	assoc->deal = deal;
	assoc_owner_make(assoc, (uint32_t)hash_seed());
	set_join(assocs, assoc);
	note_write(assocs, assoc);
	return 0;
}

void assoc_move(struct assocs *assocs, struct assoc *assoc, struct deal *deal)
{
	answer(assocs, assoc, false); // one before it, if it still waits
	assoc->deal = deal;
	note_write(assocs, assoc);
}

void assoc_leave(struct assocs *assocs, struct assoc *assoc, struct deal *deal)
{
	answer(assocs, assoc, false);
	assoc->deal = deal;
	happen(assocs, assoc, ASSOC_LEAVE);
}

void assoc_served(struct assocs *assocs, struct assoc *assoc, int more)
{
	assoc->served += (unsigned)more;
	assoc->heard_ns = assocs->now_ns;
	if (!assoc->served)
		happen(assocs, assoc, ASSOC_IDLE);
}

void assocs_noted(struct assocs *assocs, struct assoc *assoc, bool done)
{
	if (!done)
		log_warning("pfcp.note", "%s: the controller did not take the note", assoc->owner);
	if (--assoc->writing)
		return; // the last word counts
	happen(assocs, assoc, done ? ASSOC_NOTED : ASSOC_NOT_NOTED);
}

void assocs_dropped(struct assocs *assocs, const char *owner)
{
	struct assoc *assoc, *next;

	for (assoc = TAILQ_FIRST(&assocs->all); assoc; assoc = next) {
		next = TAILQ_NEXT(assoc, all);
		if (!strcmp(assoc->owner, owner))
			happen(assocs, assoc, ASSOC_DROPPED);
	}
}

// ---- Start, and time

bool assocs_found(struct assocs *assocs, const char *owner, const char *value, uint64_t noted_ms)
{
	struct assoc found = { .noted_ms = noted_ms };

	if (strlen(owner) >= sizeof(found.owner) || assocs->count >= ASSOCS_MAX)
		return false;
	strcpy(found.owner, owner);
	strcpy(found.note, owner);
	if (!assoc_note_read(assocs, &found, value))
		return false;
	return assoc_add(assocs, &found);
}

static bool newer_lives(const struct assocs *assocs, const struct assoc *one)
{
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	if (assoc != one && assoc->state == ASSOC_UP && !strcmp(assoc->node_id, one->node_id) &&
	    assoc->noted_ms >= one->noted_ms)
		return true;
	return false;
}

void assocs_settle(struct assocs *assocs, uint64_t now_ns)
{
	struct assoc *assoc, *next;

	assocs->now_ns = now_ns;
	for (assoc = TAILQ_FIRST(&assocs->all); assoc; assoc = next) {
		next = TAILQ_NEXT(assoc, all);
		assoc->beat_ns = assoc->heard_ns = now_ns;
		if (assoc->state == ASSOC_LEAVING)
			happen(assocs, assoc, ASSOC_NOTED);
		else if (newer_lives(assocs, assoc))
			happen(assocs, assoc, ASSOC_LEAVE);
	}
}

void assocs_tick(struct assocs *assocs, uint64_t now_ns)
{
	struct assoc *assoc, *next;

	assocs->now_ns = now_ns;
	for (assoc = TAILQ_FIRST(&assocs->all); assoc; assoc = next) {
		next = TAILQ_NEXT(assoc, all);
		if (assoc->again_ns <= now_ns)
			happen(assocs, assoc, ASSOC_AGAIN);
	}
}

uint64_t assocs_due(const struct assocs *assocs)
{
	uint64_t due = UINT64_MAX;
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &assocs->all, all)
	due = assoc->again_ns < due ? assoc->again_ns : due;
	return due;
}
