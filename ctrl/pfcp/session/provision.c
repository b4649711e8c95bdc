// provision.c - see provision.h.
#include "ctrl/pfcp/session/provision.h"
#include <stdlib.h>
#include <string.h>

#define DEADLINE_NS 8000000000ull
#define AGAIN_NS 100000000ull // what ctrl did not take
#define WINDOW 16u            // notes under way
#define QUEUE 64u             // requests

enum entry_state { ENTRY_WAITS, ENTRY_UNDER_WAY, ENTRY_DONE };

struct entry {
	struct provision_change *change;
	struct pfds_app *app; // the set's once it is done
	enum entry_state state;
};

struct provision_change {
	TAILQ_ENTRY(provision_change) all;
	struct deal *deal;
	uint64_t deadline_ns; // 0: it is not its turn yet
	bool everything;      // it names no application: all are forgotten
	unsigned count, under_way, done;
	struct entry entry[PFDS_MAX]; // of each application one
};

void provision_open(struct provision *provision, const struct provision_ways *ways)
{
	*provision = (struct provision){ .ways = *ways, .due_ns = UINT64_MAX };
	TAILQ_INIT(&provision->changes);
}

static void change_free(struct provision_change *change)
{
	for (unsigned i = 0; i < change->count; i++)
		if (change->entry[i].state != ENTRY_DONE)
			free(change->entry[i].app);
	free(change);
}

void provision_close(struct provision *provision)
{
	struct provision_change *change;

	while ((change = TAILQ_FIRST(&provision->changes)) != NULL) {
		TAILQ_REMOVE(&provision->changes, change, all);
		change_free(change);
	}
	pfds_clear(&provision->pfds);
}

bool provision_found(struct provision *provision, const char *name, const uint8_t *value, size_t bytes)
{
	struct pfcp_fault fault;
	struct pfds_app *app;

	if (!strcmp(name, PROVISION_NOTE)) {
		provision->marked = provision->owed = true;
		provision->due_ns = 0;
		return true;
	}
	app = pfds_read(value, bytes, &provision->tree, &fault);
	if (app && !app->gone && pfds_put(&provision->pfds, app))
		return true;
	free(app);
	return false;
}

// ---- A request becomes a change

// Each application once, as it is named last.
static struct entry *entry_of(struct provision_change *change, const struct pfds_app *app)
{
	for (unsigned i = 0; i < change->count; i++)
		if (change->entry[i].app->id_bytes == app->id_bytes &&
		    !memcmp(change->entry[i].app->id, app->id, app->id_bytes))
			return &change->entry[i];
	change->entry[change->count] = (struct entry){ .change = change };
	return &change->entry[change->count++];
}

// What is named is what changes.
static bool named_take(struct provision *provision, struct provision_change *change, const struct pfcp_ie *named,
		       struct pfcp_fault *fault)
{
	struct pfds_app *app = pfds_read(named->value, named->length, &provision->tree, fault);
	struct entry *entry;

	if (!app)
		return false;
	if (change->count == PFDS_MAX) {
		free(app);
		*fault = (struct pfcp_fault){ PFCP_CAUSE_NO_RESOURCES, PFCP_IE_APPLICATION_IDS_PFDS,
					      "At most 1,024 applications." };
		return false;
	}
	entry = entry_of(change, app);
	free(entry->app);
	entry->app = app;
	return true;
}

// None is named: all are forgotten. An application that is gone is its id alone.
static bool all_take(struct provision *provision, struct provision_change *change, struct pfcp_fault *fault)
{
	for (unsigned i = 0; i < provision->pfds.count; i++) {
		const struct pfds_app *known = provision->pfds.app[i];
		const struct pfcp_ie id = { .length = (uint16_t)(known->id_bytes + 4), .value = known->id - 4 };

		if (!named_take(provision, change, &id, fault))
			return false;
	}
	return true;
}

// What is so already need not be written.
static void same_leave(struct provision *provision, struct provision_change *change)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < change->count; i++) {
		struct pfds_app *app = change->entry[i].app;
		const struct pfds_app *known = pfds_find(&provision->pfds, app->id, app->id_bytes);

		if (known ? pfds_same(known, app) : app->gone)
			free(app);
		else
			change->entry[kept++] = change->entry[i];
	}
	change->count = kept;
}

static bool has_room(const struct provision *provision, const struct provision_change *change)
{
	unsigned count = provision->pfds.count;

	for (unsigned i = 0; i < change->count; i++) {
		const struct pfds_app *app = change->entry[i].app;
		bool known = pfds_find(&provision->pfds, app->id, app->id_bytes);

		count += !known && !app->gone;
		count -= known && app->gone;
	}
	return count <= PFDS_MAX;
}

static bool change_read(struct provision *provision, struct provision_change *change, const struct pfcp_tree *message,
			struct pfcp_fault *fault)
{
	const struct pfcp_ie *named = pfcp_first(message, NULL, PFCP_IE_APPLICATION_IDS_PFDS);

	change->everything = !named;
	for (; named; named = pfcp_again(message, named))
		if (!named_take(provision, change, named, fault))
			return false;
	return true;
}

// Its turn: what was asked before it is so now.
static bool change_begin(struct provision *provision, struct provision_change *change, struct pfcp_fault *fault)
{
	change->deadline_ns = provision->now_ns + DEADLINE_NS;
	if (change->everything && !all_take(provision, change, fault))
		return false;
	same_leave(provision, change);
	if (has_room(provision, change))
		return true;
	*fault =
	    (struct pfcp_fault){ PFCP_CAUSE_NO_RESOURCES, PFCP_IE_APPLICATION_IDS_PFDS, "At most 1,024 applications." };
	return false;
}

static void change_end(struct provision *provision, struct provision_change *change, const struct pfcp_fault *fault)
{
	provision->owed |= change->done;
	provision->ways.answer(provision->ways.arg, change->deal, fault);
	TAILQ_REMOVE(&provision->changes, change, all);
	provision->waiting--;
	change_free(change);
}

// ---- Its notes

static void pause_now(struct provision *provision)
{
	provision->pause_ns = provision->now_ns + AGAIN_NS;
}

static bool pausing(const struct provision *provision)
{
	return provision->now_ns < provision->pause_ns;
}

static void mark(struct provision *provision, bool to)
{
	if (provision->marking || pausing(provision))
		return;
	provision->marking = !provision->ways.note(provision->ways.arg, PROVISION_NOTE, to ? "1" : NULL, to, provision);
	provision->mark = to;
	if (!provision->marking)
		pause_now(provision);
}

static void entries_ask(struct provision *provision, struct provision_change *change)
{
	for (unsigned i = 0; i < change->count && change->under_way < WINDOW && !pausing(provision); i++) {
		struct entry *entry = &change->entry[i];
		const struct pfds_app *app = entry->app;
		char name[PFDS_NOTE_BYTES];

		if (entry->state != ENTRY_WAITS)
			continue;
		pfds_note(app, name);
		if (provision->ways.note(provision->ways.arg, name, app->gone ? NULL : app->value, app->bytes, entry)) {
			pause_now(provision);
			return;
		}
		entry->state = ENTRY_UNDER_WAY;
		change->under_way++;
	}
}

// True: it is over, and the next has its turn.
static bool change_work(struct provision *provision, struct provision_change *change)
{
	struct pfcp_fault fault = { .cause = PFCP_CAUSE_ACCEPTED };
	bool over = false;

	if (!change->deadline_ns && !change_begin(provision, change, &fault)) {
		over = true;
	} else if (change->done == change->count) {
		over = true;
	} else if (provision->now_ns >= change->deadline_ns && !change->under_way && !provision->marking) {
		fault.cause = PFCP_CAUSE_SYSTEM_FAILURE;
		over = true;
	}
	if (over)
		change_end(provision, change, &fault);
	else if (!provision->marked)
		mark(provision, true);
	else if (!provision->marking)
		entries_ask(provision, change);
	return over;
}

static void work(struct provision *provision)
{
	struct provision_change *change;

	while ((change = TAILQ_FIRST(&provision->changes)) && change_work(provision, change))
		;
	if (provision->owed && !provision->following) {
		provision->owed = false;
		provision->following = true;
		provision->ways.follow(provision->ways.arg);
	}
	if (!change && !provision->owed && !provision->following && provision->marked)
		mark(provision, false);
	provision->due_ns = UINT64_MAX;
	if (pausing(provision))
		provision->due_ns = provision->pause_ns;
	else if (change && change->deadline_ns > provision->now_ns)
		provision->due_ns = change->deadline_ns;
}

// ---- From outside

void provision_request(struct provision *provision, struct deal *deal, const struct pfcp_tree *message)
{
	struct pfcp_fault fault = { .cause = PFCP_CAUSE_NO_RESOURCES };
	struct provision_change *change =
	    provision->waiting < QUEUE ? calloc(1, sizeof(struct provision_change)) : NULL;

	if (!change || !change_read(provision, change, message, &fault)) {
		if (change)
			change_free(change);
		provision->ways.answer(provision->ways.arg, deal, &fault);
		return;
	}
	change->deal = deal;
	TAILQ_INSERT_TAIL(&provision->changes, change, all);
	provision->waiting++;
	work(provision);
}

void provision_noted(struct provision *provision, void *about, bool done)
{
	struct entry *entry = about;

	if (!done)
		pause_now(provision);
	if (about == provision) {
		provision->marking = false;
		provision->marked = done ? provision->mark : provision->marked;
	} else {
		entry->change->under_way--;
		entry->change->done += done;
		entry->state = done ? ENTRY_DONE : ENTRY_WAITS;
		provision->changed += done;
		if (done && !pfds_put(&provision->pfds, entry->app))
			free(entry->app); // there was room when its turn came
	}
	work(provision);
}

void provision_followed(struct provision *provision)
{
	provision->following = false;
	work(provision);
}

void provision_tick(struct provision *provision, uint64_t now_ns)
{
	provision->now_ns = now_ns;
	if (provision->due_ns <= now_ns)
		work(provision);
}
