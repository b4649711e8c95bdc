// ledger.c - create, modify and delete with their undoing.
#include "ctrl/truth/ledger.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/rules/sheet_make.h"
#include "ctrl/session/record.h"
#include "ctrl/truth/ledger_entry.h"
#include "ctrl/usage/closing.h"
#include "ctrl/usage/measures.h"
#include "shared/base/faults.h"

void ledger_open(struct ledger *ledger)
{
	batch_open(&ledger->batch);
	batch_open(&ledger->writing);
	ledger->entries = NULL;
	ledger->count = ledger->room = 0;
	ledger->seed = hash_seed();
	for (unsigned shard = 0; shard < SHARDS; shard++)
		ledger->number[shard] = ledger->chains->chain[shard].number;
}

struct compile_needs ledger_needs(struct ledger *ledger)
{
	return (struct compile_needs){ .place = ledger->place,
				       .room = &ledger->sheet_room,
				       .rules_bytes = ledger->conf->rules_bytes,
				       .quota = ledger->quota };
}

void ledger_close(struct ledger *ledger)
{
	batch_close(&ledger->batch);
	batch_close(&ledger->writing);
	free(ledger->entries);
}

static int no_memory(struct fault *fault)
{
	return fault_say(fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
}

// Takes rate indexes for both ways into `bearer`. On failure none is taken.
static int rates_of_plan(struct ledger *ledger, const struct plan *plan, struct bearer *bearer, struct fault *fault)
{
	struct bearer_way *way[2] = { &bearer->uplink, &bearer->downlink };

	for (unsigned i = 0; i < 2; i++) {
		way[i]->rate = 0;
		if (!plan->rate[i].cir_bps || !rates_take(ledger->rates, &plan->rate[i], &way[i]->rate))
			continue;
		if (i)
			rates_give(ledger->rates, way[0]->rate);
		return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "", "All entries of the rate table are in use.");
	}
	return 0;
}

static void rates_drop(struct ledger *ledger, const struct bearer *bearer)
{
	rates_give(ledger->rates, bearer->uplink.rate);
	rates_give(ledger->rates, bearer->downlink.rate);
}

static void exceptions_count(struct ledger *ledger, const struct session *session, int step)
{
	if (!session->told)
		return;
	ledger->exceptions += (uint32_t)(step * session->told);
	ledger->exceptions_said++;
	ledger->exceptions_changed = true;
}

static int session_row(struct ledger *ledger, const struct session *session, const Shoal__Oss__Session *message,
		       const struct record_pieces *said, uint64_t number)
{
	Shoal__Store__Session stored = SHOAL__STORE__SESSION__INIT;
	Shoal__Oss__Session lean;
	struct store_row row = { .key = session->id };
	uint32_t serials[SHEET_SERIALS];

	stored.made = session->made;
	if (session->sheet) {
		stored.episode = session->sheet->episode;
		stored.serials = serials;
		stored.n_serials = sheet_serials(session->sheet, message, serials);
	}
	stored.session = record_saying(message, said, &lean);
	stored.number = number;
	stored.uplink_rate = session->bearer.uplink.rate;
	stored.downlink_rate = session->bearer.downlink.rate;
	if (record_pack(&stored.base, &ledger->batch.bytes, &row))
		return -ENOMEM;
	return batch_put(&ledger->batch, STORE_SESSIONS, &row);
}

// Puts together the session a plan asks for, in the cell found for it; rates are taken.
static void session_unmake(struct ledger *ledger, struct session *session)
{
	ledger_reach_undo(ledger, session, &(struct ledger_had){ 0 });
	rates_drop(ledger, &session->bearer);
	session_free(session);
}

static struct session *session_make(struct ledger *ledger, const struct plan *plan, const struct place_wish *wish,
				    uint32_t cell, struct fault *fault)
{
	struct session *session = calloc(1, sizeof(*session));
	struct ledger_had had;
	struct sheet *sheet;

	if (!session || compile_keep(plan, &sheet)) {
		free(session);
		no_memory(fault);
		return NULL;
	}
	*session = (struct session){ .id = ledger->next_session, .identity = plan->identity, .bearer = plan->bearer };
	session->owner = plan->owner;
	session->sheet = sheet;
	session->made = plan->made;
	session->cell = cell;
	session->bearer.ue_ipv4 = wish->ipv4;
	session->bearer.ue_ipv6 = wish->ipv6;
	session->bearer.teid = ledger_teid(ledger, cell);
	if (ledger->exceptions + session_told(ledger->sessions, session) > LEDGER_EXCEPTIONS_MAX) {
		fault_say(fault, SHOAL__OSS__CODE__LIMIT, "ue.ipv6_prefix",
			  "Too many addresses that the primary would have to be told of.");
		session_free(session);
		return NULL;
	}
	if (rates_of_plan(ledger, plan, &session->bearer, fault)) {
		session_free(session);
		return NULL;
	}
	if (ledger_reach(ledger, session, plan, &had, fault)) {
		session_unmake(ledger, session);
		return NULL;
	}
	return session;
}

static void create_undo(struct ledger *ledger, const struct ledger_entry *entry)
{
	struct session *session = entry->session;

	session_leave(ledger->sessions, session);
	exceptions_count(ledger, session, -1);
	ledger->place->grid->cells[session->cell].teid = entry->last_teid;
	place_back(ledger->place, session->cell);
	ledger->next_session = session->id;
	session_unmake(ledger, session);
}

int ledger_create(struct ledger *ledger, const struct plan *plan, Shoal__Oss__Session *message, uint64_t at_ms,
		  struct fault *fault)
{
	struct place_wish wish = plan->wish;
	struct ledger_mark mark = ledger_mark(ledger);
	struct ledger_entry *entry;
	struct session *session;
	uint32_t cell;
	int error = 0;

	if (ledger_taken(ledger, plan, fault))
		return -EINVAL;
	wish.at_home |= ledger->exceptions_deaf;
	cell = place_find(ledger->place, &wish, &error);
	if (cell == CELL_NONE)
		return ledger_misplaced(error, &wish, fault);
	__builtin_prefetch(&ledger->place->grid->cells[cell], 1); // of another shard than the last one
	if (plan->ends && compile_ends(message, wish.ipv4, wish.ipv6, fault))
		return -EINVAL;
	session = session_make(ledger, plan, &wish, cell, fault);
	if (!session)
		return -EINVAL;
	if (session_enter(ledger->sessions, session) || !(entry = ledger_entry_add(ledger, LEDGER_CREATE, session))) {
		if (ledger->place->grid->cells[cell].session == session)
			session_leave(ledger->sessions, session);
		session_unmake(ledger, session);
		return no_memory(fault);
	}
	place_take(ledger->place, cell);
	exceptions_count(ledger, session, 1);
	ledger->next_session++;
	entry->last_teid = ledger->place->grid->cells[cell].teid;
	ledger->place->grid->cells[cell].teid = session->bearer.teid;
	entry->digest = bearer_digest(cell_slot(ledger->place->grid, cell), &session->bearer);
	ledger_complete(ledger, session, at_ms, message);
	if (!session_row(ledger, session, message, &plan->said, entry->number) &&
	    !measures_create(ledger->measures, session, message, &ledger->batch))
		return 0;
	ledger_undo(ledger, mark);
	return no_memory(fault);
}

// 0, or -ENOMEM with nothing changed.
static int moved(struct ledger *ledger, struct session *session, uint64_t prefix)
{
	int error;

	if (session->bearer.ue_ipv6 == prefix)
		return 0;
	exceptions_count(ledger, session, -1);
	error = session_move(ledger->sessions, session, prefix);
	exceptions_count(ledger, session, 1);
	return error;
}

int ledger_modify(struct ledger *ledger, struct session *session, const struct plan *plan,
		  const Shoal__Oss__Session *message, struct fault *fault)
{
	struct ledger_mark mark = ledger_mark(ledger);
	struct bearer bearer = plan->bearer;
	struct ledger_entry *entry;
	struct ledger_had had;
	struct sheet *sheet;

	if (ledger_movable(ledger, session, plan, fault) || rates_of_plan(ledger, plan, &bearer, fault))
		return -EINVAL;
	if (ledger_reach(ledger, session, plan, &had, fault)) {
		rates_drop(ledger, &bearer);
		return -EINVAL;
	}
	entry = compile_keep(plan, &sheet) ? NULL : ledger_entry_of(ledger, LEDGER_MODIFY, session);
	if (!entry) {
		free(sheet);
		ledger_reach_undo(ledger, session, &had);
		rates_drop(ledger, &bearer);
		return no_memory(fault);
	}
	entry->had = had;
	bearer.ue_ipv4 = session->bearer.ue_ipv4;
	bearer.ue_ipv6 = session->bearer.ue_ipv6;
	bearer.teid = session->bearer.teid;
	session->bearer = bearer;
	entry->made = session->made;
	session->sheet = sheet;
	session->made = plan->made;
	if (!moved(ledger, session, plan->wish.moves ? plan->wish.ipv6 : bearer.ue_ipv6)) {
		entry->digest = bearer_digest(cell_slot(ledger->place->grid, session->cell), &session->bearer);
		if (!session_row(ledger, session, message, NULL, entry->number))
			return 0;
	}
	ledger_undo(ledger, mark);
	return no_memory(fault);
}

static void modify_undo(struct ledger *ledger, const struct ledger_entry *entry)
{
	moved(ledger, entry->session, entry->was->bearer.ue_ipv6); // where there is room
	ledger_reach_undo(ledger, entry->session, &entry->had);
	rates_drop(ledger, &entry->session->bearer);
	entry->session->bearer = entry->was->bearer;
	free(entry->session->sheet);
	entry->session->sheet = entry->was->sheet;
	entry->session->made = entry->made;
	ledger_entry_forget(ledger, entry);
}

static int cell_row(struct ledger *ledger, const struct session *session, uint64_t number)
{
	Shoal__Store__Cell stored = SHOAL__STORE__CELL__INIT;
	const struct grid *grid = ledger->place->grid;
	struct store_row row = { .key =
				     record_cell_key(cell_shard(grid, session->cell), cell_slot(grid, session->cell)) };

	stored.teid = session->bearer.teid;
	stored.number = number;
	if (record_pack(&stored.base, &ledger->batch.bytes, &row) || batch_put(&ledger->batch, STORE_CELLS, &row))
		return -ENOMEM;
	return batch_drop(&ledger->batch, STORE_SESSIONS, session->id);
}

int ledger_delete(struct ledger *ledger, struct session *session, Shoal__Oss__Session *message, uint64_t at_ms,
		  struct fault *fault)
{
	struct ledger_mark mark = ledger_mark(ledger);
	struct ledger_entry *entry = ledger_entry_of(ledger, LEDGER_DELETE, session);

	if (!entry)
		return no_memory(fault);
	ledger_reach(ledger, session, NULL, &entry->had, fault); // to have none is always possible
	session_leave(ledger->sessions, session);
	exceptions_count(ledger, session, -1);
	place_give(ledger->place, session->cell);
	if (!cell_row(ledger, session, entry->number) && !closing_row(session, message, at_ms, &ledger->batch))
		return 0;
	ledger_undo(ledger, mark);
	return no_memory(fault);
}

static void delete_undo(struct ledger *ledger, const struct ledger_entry *entry)
{
	place_take(ledger->place, entry->session->cell);
	session_enter(ledger->sessions, entry->session);
	exceptions_count(ledger, entry->session, 1);
	ledger_reach_undo(ledger, entry->session, &entry->had);
	ledger_entry_forget(ledger, entry);
}

struct ledger_mark ledger_mark(const struct ledger *ledger)
{
	return (struct ledger_mark){ ledger->count, ledger->batch.count, measures_mark(ledger->measures) };
}

// A primary that has begun anew since was told of what is undone now.
static void entry_unsay(struct ledger *ledger, const struct ledger_entry *entry)
{
	const struct session *session = entry->session;

	if (entry->anew == ledger->aliases->anew + ledger->framed->anew)
		return;
	aliases_say(ledger->aliases, session->bearer.teid, session->alias, entry->had.alias);
	framed_say(ledger->framed, session->bearer.teid, session->framed, entry->had.framed);
}

void ledger_undo(struct ledger *ledger, struct ledger_mark mark)
{
	measures_undo(ledger->measures, mark.measures); // while their sessions are there
	while (ledger->count > mark.entries) {
		const struct ledger_entry *entry = &ledger->entries[--ledger->count];

		ledger->number[cell_shard(ledger->place->grid, entry->session->cell)]--;
		entry_unsay(ledger, entry);
		if (entry->verb == LEDGER_CREATE)
			create_undo(ledger, entry);
		else if (entry->verb == LEDGER_MODIFY)
			modify_undo(ledger, entry);
		else
			delete_undo(ledger, entry);
	}
	ledger->batch.count = mark.rows;
}

static void entry_publish(struct ledger *ledger, const struct ledger_entry *entry)
{
	uint32_t cell = entry->session->cell;

	FAULT_POINT("ledger.publishing");
	ledger->hooks.moving(ledger->hooks.with, cell);
	chain_move(ledger->chains, cell, entry->number, entry->digest);
	aliases_say(ledger->aliases, entry->session->bearer.teid, entry->had.alias, entry->session->alias);
	framed_say(ledger->framed, entry->session->bearer.teid, entry->had.framed, entry->session->framed);
	free(entry->had.alias);
	free(entry->had.framed);
	if (entry->verb == LEDGER_CREATE)
		return;
	rates_drop(ledger, &entry->was->bearer);
	free(entry->was->sheet);
	ledger_entry_forget(ledger, entry);
	if (entry->verb == LEDGER_MODIFY)
		return;
	entry->session->sheet = NULL;
	ledger->hooks.departed(ledger->hooks.with, entry->session);
}

const struct batch *ledger_hand(struct ledger *ledger)
{
	ledger->handed = ledger_mark(ledger);
	batch_swap(&ledger->batch, &ledger->writing);
	return &ledger->writing;
}

void ledger_take_back(struct ledger *ledger)
{
	ledger_undo(ledger, (struct ledger_mark){ ledger->handed.entries, 0, ledger->handed.measures });
	batch_empty(&ledger->batch);
}

void ledger_settle(struct ledger *ledger, int error)
{
	size_t stand = ledger->handed.entries;

	if (error)
		ledger_undo(ledger, (struct ledger_mark){ 0, 0, 0 });
	measures_settle(ledger->measures, !error, ledger->handed.measures);
	for (size_t i = 0; !error && i < stand; i++)
		entry_publish(ledger, &ledger->entries[i]);
	FAULT_POINT("ledger.published");
	if (!error)
		ledger->count -= stand;
	if (ledger->count)
		memmove(ledger->entries, ledger->entries + stand, ledger->count * sizeof(*ledger->entries));
	ledger->handed = (struct ledger_mark){ 0 };
	batch_empty(&ledger->writing);
}
