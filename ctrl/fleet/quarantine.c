// quarantine.c - keeps the table, in the store and with the primary.
#include "ctrl/fleet/quarantine.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/wall.h"
#include "ctrl/session/record.h"
#include "ctrl/store/batch.h"
#include "shared/base/log.h"

#define HEARD_KEY 0u
#define ROW_BYTES 4096u

struct loading {
	struct quarantine *quarantine;
	struct arena arena;
	bool salvage;
};

static int row_take(struct quarantine *quarantine, uint64_t key, const Shoal__Store__Quarantined *stored)
{
	struct quarantine_entry *entry = &quarantine->entry[quarantine->count];

	if (key == HEARD_KEY) {
		quarantine->generation = stored->generation;
		quarantine->heard = stored->heard;
		return 0;
	}
	if (quarantine->count == QUARANTINE_MAX)
		return 0;
	*entry = (struct quarantine_entry){ .session = key, .at_ms = stored->at_ms, .kept = true };
	snprintf(entry->record, sizeof(entry->record), "%s", stored->record);
	quarantine->count++;
	return 0;
}

static int row_visit(void *with, const struct store_row *row)
{
	struct loading *loading = with;
	const Shoal__Store__Quarantined *stored;

	arena_reset(&loading->arena);
	stored = record_quarantined(row, &loading->arena);
	if (stored)
		return row_take(loading->quarantine, row->key, stored);
	log_error("store.damaged", "table quarantine, row %llu: damaged", (unsigned long long)row->key);
	return loading->salvage ? 0 : -EBADMSG;
}

int quarantine_open(struct quarantine *quarantine, bool salvage)
{
	const struct store *store = quarantine->scribe->store;
	struct loading loading = { .quarantine = quarantine, .salvage = salvage };
	int error;

	batch_open(&quarantine->batch);
	arena_open(&loading.arena, ROW_BYTES);
	error = store->engine->walk(store->self, STORE_QUARANTINE, 0, row_visit, &loading);
	arena_close(&loading.arena);
	quarantine->changed = true;
	return error;
}

void quarantine_close(struct quarantine *quarantine)
{
	batch_close(&quarantine->batch);
}

const struct quarantine_entry *quarantine_find(const struct quarantine *quarantine, uint64_t session)
{
	for (unsigned i = 0; i < quarantine->count; i++)
		if (quarantine->entry[i].session == session)
			return &quarantine->entry[i];
	return NULL;
}

// ---- In the store

static int row_put(struct batch *batch, uint64_t key, Shoal__Store__Quarantined *stored)
{
	struct store_row row = { .key = key };

	if (record_pack(&stored->base, &batch->bytes, &row))
		return -ENOMEM;
	return batch_put(batch, STORE_QUARANTINE, &row);
}

static int heard_put(const struct quarantine *quarantine, struct batch *batch)
{
	Shoal__Store__Quarantined stored = SHOAL__STORE__QUARANTINED__INIT;

	stored.generation = quarantine->generation;
	stored.heard = quarantine->heard;
	return row_put(batch, HEARD_KEY, &stored);
}

static int entry_put(const struct quarantine_entry *entry, struct batch *batch)
{
	Shoal__Store__Quarantined stored = SHOAL__STORE__QUARANTINED__INIT;

	stored.at_ms = entry->at_ms;
	stored.record = (char *)entry->record;
	return row_put(batch, entry->session, &stored);
}

static int entry_drop(const struct quarantine *quarantine, uint64_t session)
{
	struct batch batch;
	int error;

	batch_open(&batch);
	error = batch_drop(&batch, STORE_QUARANTINE, session);
	if (!error)
		error = batch_write(&batch, quarantine->scribe->store);
	quarantine->scribe->lost |= error == -EUCLEAN; // as if the scribe had written it
	batch_close(&batch);
	return error;
}

static bool is_gone(const struct quarantine *quarantine, const struct quarantine_entry *entry)
{
	return !session_by_id(quarantine->sessions, entry->session);
}

static void entry_forget(struct quarantine *quarantine, unsigned i)
{
	memmove(&quarantine->entry[i], &quarantine->entry[i + 1],
		(--quarantine->count - i) * sizeof(*quarantine->entry));
	quarantine->changed = true;
}

static int rows_fill(struct quarantine *quarantine)
{
	int error = quarantine->behind ? heard_put(quarantine, &quarantine->batch) : 0;

	quarantine->filled = quarantine->count;
	quarantine->filled_heard = quarantine->heard;
	for (unsigned i = 0; !error && i < quarantine->count; i++) {
		const struct quarantine_entry *entry = &quarantine->entry[i];

		if (is_gone(quarantine, entry))
			error = batch_drop(&quarantine->batch, STORE_QUARANTINE, entry->session);
		else if (!entry->kept)
			error = entry_put(entry, &quarantine->batch);
	}
	return error;
}

// Meanwhile entries may have come, at the end. Whoever of the others is gone by now was gone when the rows were filled: no session
// leaves, and none is released, while the scribe is busy.
static void rows_written(void *with, int error)
{
	struct quarantine *quarantine = with;

	batch_empty(&quarantine->batch);
	if (error) { // again with the next tick
		log_error("quarantine.store", "not durable: %s", strerror(-error));
		return;
	}
	quarantine->behind = quarantine->heard != quarantine->filled_heard;
	for (unsigned i = quarantine->filled; i-- > 0;) {
		quarantine->entry[i].kept = true;
		if (is_gone(quarantine, &quarantine->entry[i]))
			entry_forget(quarantine, i);
	}
}

static void rows_write(struct quarantine *quarantine)
{
	int error;

	quarantine->waits = quarantine->behind && scribe_busy(quarantine->scribe);
	if (quarantine->waits)
		scribe_want(quarantine->scribe);
	if (scribe_busy(quarantine->scribe))
		return;
	error = rows_fill(quarantine);
	if (error)
		rows_written(quarantine, error);
	else if (quarantine->batch.count)
		scribe_write(quarantine->scribe, &quarantine->batch, rows_written, quarantine);
}

// ---- In and out

static const struct session *suspect_session(const struct sessions *sessions, const Shoal__Fleet__Suspect *suspect)
{
	const struct session *session = NULL;

	if (!suspect)
		return NULL;
	if (suspect->teid)
		session = session_by_tunnel(sessions, suspect->teid);
	if (!session && suspect->ipv4)
		session = session_by_ipv4(sessions, PLACE_ANY, suspect->ipv4);
	if (!session && suspect->ipv6)
		session = session_by_ipv6(sessions, PLACE_ANY, suspect->ipv6);
	if (!session && suspect->place)
		session = session_at(sessions, (uint8_t)(suspect->place - 1), (suspect->place - 1) / SHARDS);
	return session;
}

static struct quarantine_entry *entry_add(struct quarantine *quarantine, uint64_t session, const char *record)
{
	struct quarantine_entry *entry = &quarantine->entry[quarantine->count];

	if (quarantine_find(quarantine, session) || quarantine->count == QUARANTINE_MAX)
		return NULL;
	*entry = (struct quarantine_entry){ .session = session, .at_ms = wall_ms() };
	snprintf(entry->record, sizeof(entry->record), "%s", record);
	quarantine->count++;
	return entry;
}

void quarantine_event(struct quarantine *quarantine, const Shoal__Fleet__Event *event, uint64_t generation)
{
	const struct session *session = suspect_session(quarantine->sessions, event->suspect);
	const struct quarantine_entry *entry;

	if (generation == quarantine->generation && event->number <= quarantine->heard)
		return;
	quarantine->generation = generation;
	quarantine->heard = event->number;
	quarantine->changed = true; // without a session, the primary lets go of whom it holds
	quarantine->behind = true;
	entry = session ? entry_add(quarantine, session->id, event->record) : NULL;
	if (entry)
		quarantine->tell(quarantine->with, entry->session, "set apart: a packet of it killed two workers");
	rows_write(quarantine);
}

int quarantine_release(struct quarantine *quarantine, uint64_t session)
{
	const struct quarantine_entry *entry = quarantine_find(quarantine, session);
	int error = entry ? entry_drop(quarantine, session) : -ENOENT;

	if (error)
		return error;
	entry_forget(quarantine, (unsigned)(entry - quarantine->entry));
	quarantine->tell(quarantine->with, session, "released");
	return 0;
}

// ---- With the primary

void quarantine_state(struct quarantine *quarantine)
{
	const Shoal__Fleet__State *state = fleet_state(quarantine->fleet);

	if (!state || quarantine->changed || quarantine->asked)
		return; // its order is not ours
	for (unsigned i = 0; i < quarantine->count && i < state->n_refused; i++)
		quarantine->entry[i].refused = state->refused[i];
}

void quarantine_reborn(struct quarantine *quarantine)
{
	quarantine->changed = true;
}

static void told(void *with, const Shoal__Fleet__Answer *answer)
{
	struct quarantine *quarantine = with;

	quarantine->asked = false;
	if (answer && !answer->error)
		return;
	if (answer)
		log_error("quarantine.refused", "the primary refuses the table: %s", answer->message);
	quarantine->changed = true; // again with the next tick
}

static void suspect_fill(const struct session *session, Shoal__Fleet__Suspect *suspect)
{
	shoal__fleet__suspect__init(suspect);
	suspect->teid = session->bearer.teid;
	suspect->ipv4 = session->bearer.ue_ipv4;
	suspect->ipv6 = session->bearer.ue_ipv6;
}

static int table_send(struct quarantine *quarantine, uint64_t generation)
{
	static Shoal__Fleet__Suspect suspects[QUARANTINE_MAX], *list[QUARANTINE_MAX]; // too large for the stack
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Quarantine body = SHOAL__FLEET__QUARANTINE__INIT;

	body.suspects = list;
	body.heard = generation == quarantine->generation ? quarantine->heard : 0;
	for (unsigned i = 0; i < quarantine->count; i++) {
		const struct session *session = session_by_id(quarantine->sessions, quarantine->entry[i].session);

		list[body.n_suspects] = &suspects[body.n_suspects];
		if (session)
			suspect_fill(session, list[body.n_suspects++]);
	}
	order.body_case = SHOAL__FLEET__ORDER__BODY_QUARANTINE;
	order.quarantine = &body;
	return fleet_order(quarantine->fleet, &order, told, quarantine);
}

void quarantine_turn(struct quarantine *quarantine)
{
	if (quarantine->waits)
		rows_write(quarantine);
}

void quarantine_tick(struct quarantine *quarantine)
{
	const Shoal__Fleet__State *state = quarantine->fleet ? fleet_state(quarantine->fleet) : NULL;

	rows_write(quarantine);
	if (quarantine->behind || !quarantine->changed || quarantine->asked || !state ||
	    table_send(quarantine, state->generation))
		return;
	quarantine->changed = false;
	quarantine->asked = true;
}
