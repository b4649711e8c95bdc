// closing.c - deleted sessions on their way into the log.
#include "ctrl/usage/closing_inside.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/measure/measured.h"
#include "ctrl/session/record.h"
#include "ctrl/usage/measures.h"
#include "shared/base/log.h"

#define FILL_MAX 1024u  // records of a transaction
#define PRUNE_MAX 2048u // so that a log that became too long shrinks
#define ROW_BYTES_MAX (16u << 20)

int closing_open(struct closing *closing, struct measures *measures, const struct grid *grid, uint32_t max)
{
	closing->measures = measures;
	closing->store = measures->outbox->store;
	closing->grid = grid;
	closing->max = max;
	closing->first = closing->next = 1;
	closing->ready_end = &closing->ready;
	closing->waiting_end = &closing->waiting;
	return table_open(&closing->leaving) || table_open(&closing->closed) ? -ENOMEM : 0;
}

static void leaver_free(struct leaver *leaver)
{
	if (leaver->confirmed)
		session_free(leaver->session);
	free(leaver);
}

static void waiting_pop(struct closing *closing)
{
	struct leaver *leaver = closing->waiting;

	closing->waiting = leaver->next_waiting;
	if (!closing->waiting)
		closing->waiting_end = &closing->waiting;
	leaver->waits = false;
	if (leaver->settled)
		leaver_free(leaver);
}

void closing_close(struct closing *closing)
{
	while (closing->waiting)
		waiting_pop(closing);
	for (uint32_t i = 0; closing->leaving.slots && i <= closing->leaving.mask; i++)
		if (closing->leaving.slots[i].key)
			leaver_free(closing->leaving.slots[i].value);
	table_close(&closing->leaving);
	table_close(&closing->closed);
}

struct leaver *closing_add(struct closing *closing, struct session *session)
{
	struct leaver *leaver = calloc(1, sizeof(*leaver));

	if (!leaver)
		return NULL;
	leaver->session = session;
	if (!table_put(&closing->leaving, session->bearer.teid, leaver))
		return leaver;
	free(leaver);
	return NULL;
}

void closing_ready(struct closing *closing, struct leaver *leaver)
{
	if (leaver->queued)
		return;
	leaver->queued = true;
	*closing->ready_end = leaver;
	closing->ready_end = &leaver->next_ready;
}

void closing_waiting(struct closing *closing, struct leaver *leaver, uint64_t due_ns)
{
	leaver->waits = true;
	leaver->due_ns = due_ns;
	*closing->waiting_end = leaver;
	closing->waiting_end = &leaver->next_waiting;
}

int closing_row(const struct session *session, Shoal__Oss__Session *message, uint64_t at_ms, struct batch *batch)
{
	Shoal__Store__Closed stored = SHOAL__STORE__CLOSED__INIT;
	struct store_row row = { .key = session->id };
	Shoal__Oss__Usage *usage = message->usage;
	int error;

	stored.session = message;
	stored.at_ms = at_ms;
	error = record_account(&stored, &session->usage, &batch->bytes, &row);
	message->usage = usage;
	return error ? error : batch_put(batch, STORE_LEAVING, &row);
}

// Without memory for it, its row stays where it is and the next start settles it. A TEID comes round again only after thousands of
// sessions in its cell; should the first one's account still be open, its row waits for the next start as well.
void closing_leave(struct closing *closing, struct session *session)
{
	if (table_get(&closing->leaving, session->bearer.teid) || !closing_add(closing, session))
		log_warning("closing.later", "session %llu is settled after the next start",
			    (unsigned long long)session->id);
	else
		measures_depart(closing->measures, session);
}

void closing_confirm(struct closing *closing, struct session *session, uint64_t now_ns)
{
	struct leaver *leaver = table_get(&closing->leaving, session->bearer.teid);

	if (!leaver || leaver->session != session) {
		session_free(session); // settled already, or never to be by us
		return;
	}
	leaver->confirmed = true;
	if (!leaver->queued)
		closing_waiting(closing, leaver, now_ns + CLOSING_PATIENCE_NS);
}

struct session *closing_session(const struct closing *closing, uint32_t teid)
{
	const struct leaver *leaver = table_get(&closing->leaving, teid);

	return leaver ? leaver->session : NULL;
}

bool closing_awaits(const struct closing *closing, uint64_t session, uint32_t teid)
{
	const struct leaver *leaver = table_get(&closing->leaving, teid);
	const struct measured *measured = leaver ? leaver->session->measured : NULL;

	return measured && measured->count && leaver->session->id == session && !leaver->corrects;
}

bool closing_tick(struct closing *closing, uint64_t now_ns)
{
	while (closing->waiting && closing->waiting->due_ns <= now_ns) {
		struct leaver *leaver = closing->waiting;

		if (!leaver->settled)
			closing_ready(closing, leaver);
		waiting_pop(closing);
	}
	return closing->ready != NULL;
}

uint64_t closing_number(const struct closing *closing, uint32_t teid)
{
	return (uint64_t)(uintptr_t)table_get(&closing->closed, teid);
}

// The account is settled: it is opened again for what has come too late.
static struct leaver *leaver_again(struct closing *closing, uint32_t teid)
{
	struct store_row row = { .key = closing_number(closing, teid) };
	struct leaver *leaver = NULL;
	struct session *session;
	struct arena arena;
	Shoal__Store__Closed *stored;

	if (!row.key || closing->store->engine->get(closing->store->self, STORE_CLOSED, &row))
		return NULL;
	arena_open(&arena, ROW_BYTES_MAX);
	stored = record_closed(&row, &arena);
	session = stored ? calloc(1, sizeof(*session)) : NULL;
	if (session) {
		session->id = stored->session->id;
		session->bearer.teid = teid;
		record_count(stored, &session->usage);
		leaver = closing_add(closing, session);
	}
	arena_close(&arena);
	if (!leaver) {
		session_free(session);
		return NULL;
	}
	leaver->confirmed = leaver->final = true;
	leaver->corrects = row.key;
	return leaver;
}

bool closing_final(struct closing *closing, const struct report *report, uint64_t at_ms)
{
	const struct feed_count count = { report->uplink_packets, report->uplink_bytes, report->downlink_packets,
					  report->downlink_bytes, report->red_packets };
	uint32_t teid = (uint32_t)report->teid;
	struct leaver *leaver = table_get(&closing->leaving, teid);
	bool moved;

	if (!leaver)
		leaver = leaver_again(closing, teid);
	if (!leaver)
		return false;
	moved = count_hear(&leaver->session->usage, report->life, &count, at_ms);
	if (leaver->corrects && !leaver->queued && !moved) {
		table_drop(&closing->leaving, teid);
		leaver_free(leaver);
		return false;
	}
	leaver->final = true;
	leaver->late |= moved;
	closing_ready(closing, leaver);
	return true;
}

void closing_note(struct closing *closing, uint32_t teid, uint64_t number)
{
	table_drop(&closing->closed, teid);
	if (table_put(&closing->closed, teid, (void *)(uintptr_t)number))
		log_warning("closing.memory", "late counters of TEID %08x will find nobody", teid);
}

// The record as it is stored so far, or the little that memory knows.
static Shoal__Store__Closed *account_read(const struct closing *closing, const struct leaver *leaver,
					  struct arena *arena)
{
	enum store_table table = leaver->corrects ? STORE_CLOSED : STORE_LEAVING;
	struct store_row row = { .key = leaver->corrects ? leaver->corrects : leaver->session->id };
	Shoal__Store__Closed *stored = NULL;

	if (!closing->store->engine->get(closing->store->self, table, &row))
		stored = record_closed_brief(&row, arena);
	if (!stored)
		log_error("closing.damaged", "table %s, row %llu: damaged; only its counts are kept",
			  store_table_names[table], (unsigned long long)row.key);
	return stored;
}

static int account_put(struct closing *closing, const struct leaver *leaver, struct batch *batch)
{
	Shoal__Oss__Identity identity = SHOAL__OSS__IDENTITY__INIT;
	Shoal__Oss__UeAddress ue = SHOAL__OSS__UE_ADDRESS__INIT;
	Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	Shoal__Store__Closed little = SHOAL__STORE__CLOSED__INIT, *stored;
	struct store_row row = { .key = closing->next + closing->filled };

	session.id = leaver->session->id;
	session.teid = leaver->session->bearer.teid;
	session.identity = &identity;
	session.ue = &ue;
	little.session = &session;
	stored = account_read(closing, leaver, &batch->bytes);
	stored = stored ? stored : &little;
	stored->final = leaver->final;
	stored->correction = leaver->corrects != 0;
	if (measures_last(closing->measures, leaver->session, stored, batch) ||
	    record_account(stored, &leaver->session->usage, &batch->bytes, &row) ||
	    batch_put(batch, STORE_CLOSED, &row))
		return -ENOMEM;
	return batch_drop(batch, STORE_LEAVING, leaver->session->id);
}

// Late counters will not find this record any more.
static void closed_forget(struct closing *closing, uint64_t number)
{
	struct store_row row = { .key = number };
	uint32_t teid;

	if (!closing->store->engine->get(closing->store->self, STORE_CLOSED, &row) && record_closed_teid(&row, &teid) &&
	    closing_number(closing, teid) == number)
		table_drop(&closing->closed, teid);
}

static int log_prune(struct closing *closing, struct batch *batch)
{
	uint64_t next = closing->next + closing->filled;
	int error = 0;

	for (; !error && closing->dropped < PRUNE_MAX && next - closing->first - closing->dropped > closing->max;
	     closing->dropped++) {
		closed_forget(closing, closing->first + closing->dropped);
		error = batch_drop(batch, STORE_CLOSED, closing->first + closing->dropped);
	}
	return error;
}

int closing_fill(struct closing *closing, struct batch *batch)
{
	int error = 0;

	closing->filled = closing->dropped = 0;
	for (struct leaver *leaver = closing->ready; !error && leaver && closing->filled < FILL_MAX;
	     leaver = leaver->next_ready) {
		error = account_put(closing, leaver, batch);
		leaver->late = false;
		closing->filled++;
	}
	return error ? error : log_prune(closing, batch);
}

static void leaver_settle(struct closing *closing, struct leaver *leaver)
{
	uint64_t number = closing->next++;
	bool correction = leaver->corrects;

	closing->corrected += correction;
	closing_note(closing, leaver->session->bearer.teid, number);
	leaver->corrects = number;
	if (closing->settled)
		closing->settled(closing->with, leaver->session, correction);
	leaver->queued = false;
	leaver->next_ready = NULL;
	if (leaver->late) { // at once, another record with them
		closing_ready(closing, leaver);
		return;
	}
	table_drop(&closing->leaving, leaver->session->bearer.teid);
	measures_forget(closing->measures, leaver->session);
	leaver->settled = true;
	if (!leaver->waits)
		leaver_free(leaver);
}

void closing_settle(struct closing *closing, bool committed)
{
	for (; committed && closing->filled; closing->filled--) {
		struct leaver *leaver = closing->ready;

		closing->ready = leaver->next_ready;
		if (!closing->ready)
			closing->ready_end = &closing->ready;
		leaver_settle(closing, leaver);
	}
	if (committed)
		closing->first += closing->dropped;
}
