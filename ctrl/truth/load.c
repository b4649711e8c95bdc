// load.c - walks the tables and rebuilds what stands in memory.
#include "ctrl/truth/load.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/kit/wall.h"
#include "ctrl/rules/sheet_make.h"
#include "ctrl/session/record.h"
#include "shared/base/log.h"

#define STORE_VERSION 1u
#define META_KEY 1u
#define ROW_BYTES_MAX (16u << 20)

struct walk {
	struct load *load;
	struct arena arena; // of one row
	enum store_table table;
};

static int row_refuse(struct walk *walk, const struct store_row *row, int error, const char *what)
{
	struct load *load = walk->load;

	log_error("store.damaged", "table %s, row %llu: %s", store_table_names[walk->table],
		  (unsigned long long)row->key, what);
	if (!load->salvage)
		return error;
	load->salvaged++;
	return batch_drop(&load->ledger->batch, walk->table, row->key);
}

static int meta_read(struct load *load, struct arena *arena)
{
	struct store_row row = { .key = META_KEY };
	const Shoal__Store__Meta *meta;
	int error = load->store->engine->get(load->store->self, STORE_META, &row);

	load->starts = load->commits = 0;
	load->made_ms = wall_ms();
	load->ledger->next_session = 1;
	if (error == -ENOENT)
		return 0;
	meta = error ? NULL : record_meta(&row, arena);
	if (!meta) {
		log_error("store.meta", "table meta is damaged: restore the store from a copy");
		return error ? error : -EBADMSG;
	}
	if (meta->version != STORE_VERSION) {
		log_error("store.version", "the store has format %u, this build reads %u", meta->version,
			  STORE_VERSION);
		return -EPROTO;
	}
	if (meta->made_ms) // else a build wrote it that did not note the time
		load->made_ms = meta->made_ms;
	load->starts = meta->starts;
	load->commits = meta->commits;
	load->ledger->next_session = meta->next_session;
	keys_begin(load->keys, meta->next_key);
	return 0;
}

int load_meta(const struct load *load, struct batch *batch)
{
	Shoal__Store__Meta meta = SHOAL__STORE__META__INIT;
	struct store_row row = { .key = META_KEY };

	meta.version = STORE_VERSION;
	meta.starts = load->starts;
	meta.commits = load->commits + 1;
	meta.next_session = load->ledger->next_session;
	meta.next_key = load->keys->next;
	meta.made_ms = load->made_ms;
	if (record_pack(&meta.base, &batch->bytes, &row))
		return -ENOMEM;
	return batch_put(batch, STORE_META, &row);
}

static int cell_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	struct grid *grid = walk->load->ledger->place->grid;
	uint32_t shard = (uint32_t)(row->key >> 32), slot = (uint32_t)row->key;
	const Shoal__Store__Cell *stored;

	arena_reset(&walk->arena);
	stored = record_cell(row, &walk->arena);
	if (!stored)
		return row_refuse(walk, row, -EBADMSG, "damaged");
	if (shard >= SHARDS || slot >= grid->slots)
		return 0; // the grid was larger once; nobody lives there
	grid->cells[cell_at(grid, (uint8_t)shard, slot)].teid = stored->teid;
	grid->cells[cell_at(grid, (uint8_t)shard, slot)].number = stored->number;
	return 0;
}

// Takes the rate indexes the session had, so that lines in the workers' memory stay true.
static const char *rates_restore(struct ledger *ledger, const Shoal__Store__Session *stored, struct plan *plan)
{
	uint32_t index[2] = { stored->uplink_rate, stored->downlink_rate };

	for (unsigned i = 0; i < 2; i++)
		if (!index[i] != !plan->rate[i].cir_bps || index[i] > UINT16_MAX)
			return "its rates are not what its indexes say";
	for (unsigned i = 0; i < 2; i++)
		if (index[i] && rates_take_at(ledger->rates, &plan->rate[i], (uint16_t)index[i])) {
			rates_give(ledger->rates, i ? (uint16_t)index[0] : 0);
			return "its rate index is beyond limits.rates or taken";
		}
	plan->bearer.uplink.rate = (uint16_t)index[0];
	plan->bearer.downlink.rate = (uint16_t)index[1];
	return NULL;
}

// Null, or what is wrong: the session does not belong where it was stored, as pools and limits are now.
static const char *cell_restore(struct ledger *ledger, const Shoal__Oss__Session *message, struct session *session)
{
	const struct grid *grid = ledger->place->grid;
	struct bearer *bearer = &session->bearer;
	struct place_had had;
	const char *field;

	if (message->shard >= SHARDS || message->slot >= grid->slots)
		return "its place is beyond the configured pools and limits.foreign_slots";
	session->cell = cell_at(grid, (uint8_t)message->shard, message->slot);
	if (bearer_check(bearer, &field))
		return "its addresses or its TEID are impossible";
	if (shard_of_teid(bearer->teid) != message->shard ||
	    shard_slot_of_teid(bearer->teid, grid->slot_bits) != message->slot)
		return "its TEID was made for pools of another size";
	had = session_had(session);
	if (!place_may(ledger->place, &had))
		return "its addresses are not from the pools whose place it has";
	return grid->cells[session->cell].session ? "its place has a session already" : NULL;
}

// The numbers its sheet was made with.
static struct compile_past past_restore(const Shoal__Store__Session *stored)
{
	const Shoal__Oss__Session *message = stored->session;
	struct compile_past past = { .made = stored->made, .episode = stored->episode, .stored = stored->episode };

	while (past.count < stored->n_serials && past.count < message->n_measures && past.count < SHEET_URRS) {
		past.measure[past.count].id = message->measures[past.count]->id;
		past.measure[past.count].serial = stored->serials[past.count];
		if (message->n_measures + past.count < stored->n_serials)
			past.measure[past.count].drops = stored->serials[message->n_measures + past.count];
		if (2 * message->n_measures + past.count < stored->n_serials)
			past.measure[past.count].events = stored->serials[2 * message->n_measures + past.count];
		past.count++;
	}
	return past;
}

static const char *aliases_restore(struct ledger *ledger, struct session *session, const struct plan *plan)
{
	uint32_t *had, taken;

	return aliases_take(ledger->aliases, session, plan->alias, &had, &taken)
		   ? "one of its TEIDs is another session's"
		   : NULL;
}

static const char *framed_restore(struct ledger *ledger, struct session *session, const struct plan *plan)
{
	struct framed_wish wish = { plan->framed.prefix, plan->framed.count, 0 };
	struct framed_list *had;

	return framed_take(ledger->framed, session, &wish, &had)
		   ? "a network behind it overlaps a pool, a port's network or what another session has"
		   : NULL;
}

static const char *session_restore(struct ledger *ledger, const Shoal__Store__Session *stored, struct session *session)
{
	const Shoal__Oss__Session *message = stored->session;
	struct compile_needs needs = ledger_needs(ledger);
	struct compile_past past = past_restore(stored);
	struct compile_about about = { message->id, message->teid, message->ue->ipv4, message->ue->ipv6_prefix, &past };
	struct plan plan = { 0 };
	struct fault fault = { 0 };
	const char *wrong;
	int dnn = place_dnn(ledger->place, message->identity->dnn);

	if (dnn < 0)
		return "its DNN is not configured";
	if (compile_bearer(message, &needs, &about, &plan, &fault))
		return fault.code == SHOAL__OSS__CODE__LIMIT ? "its rules need more than limits.rules_bytes"
							     : "its bearer is not one this build makes";
	plan.bearer.ue_ipv4 = message->ue->ipv4;
	plan.bearer.ue_ipv6 = message->ue->ipv6_prefix;
	plan.bearer.teid = message->teid;
	session->id = message->id;
	session->owner = *message->owner ? session_owner(message->owner) : 0;
	session->identity = session->owner && !*message->identity->imsi
				? session_anonymous((unsigned)dnn)
				: session_identity(message->identity->imsi, (unsigned)dnn);
	session->bearer = plan.bearer;
	wrong = cell_restore(ledger, message, session);
	if (wrong)
		return wrong;
	if (!session->owner && (!session->identity || session_by_identity(ledger->sessions, session->identity)))
		return "its identity is missing or has a session already";
	wrong = rates_restore(ledger, stored, &plan);
	session->bearer = plan.bearer;
	session->made = plan.made;
	if (wrong)
		return wrong;
	if (compile_keep(&plan, &session->sheet))
		return "there is no memory for its rules";
	wrong = aliases_restore(ledger, session, &plan);
	if (wrong)
		return wrong;
	wrong = framed_restore(ledger, session, &plan);
	if (wrong)
		aliases_undo(ledger->aliases, session, NULL);
	return wrong;
}

static int session_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	struct ledger *ledger = walk->load->ledger;
	const Shoal__Store__Session *stored;
	struct session *session;
	struct cell *cell;
	const char *wrong;

	arena_reset(&walk->arena);
	stored = record_session(row, &walk->arena);
	if (!stored || stored->session->id != row->key)
		return row_refuse(walk, row, -EBADMSG, "damaged");
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	wrong = session_restore(ledger, stored, session);
	if (wrong) {
		session_free(session);
		return row_refuse(walk, row, -EPROTO, wrong);
	}
	if (session_enter(ledger->sessions, session) || measures_take(walk->load->measures, session, stored->session))
		return -ENOMEM;
	cell = &ledger->place->grid->cells[session->cell];
	cell->teid = session->bearer.teid;
	cell->number = stored->number;
	cell->digest = bearer_digest(cell_slot(ledger->place->grid, session->cell), &session->bearer);
	ledger->exceptions += session->told;
	if (ledger->next_session <= session->id)
		ledger->next_session = session->id + 1;
	return 0;
}

static int key_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	int error = keys_load(walk->load->keys, row);

	return error == -EBADMSG ? row_refuse(walk, row, error, "damaged") : error;
}

static int books_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	int error;

	arena_reset(&walk->arena);
	error = books_load(walk->load->books, walk->table, row, &walk->arena);
	return error == -EBADMSG ? row_refuse(walk, row, error, "damaged") : error;
}

static int note_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	int error;

	arena_reset(&walk->arena);
	error = notes_load(walk->load->notes, row, &walk->arena);
	return error ? row_refuse(walk, row, error, "damaged") : 0;
}

static int report_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	int error;

	arena_reset(&walk->arena);
	error = outbox_load(walk->load->outbox, row, &walk->arena);
	return error == -EBADMSG ? row_refuse(walk, row, error, "damaged") : error;
}

static int measures_visit(void *with, const struct store_row *row)
{
	struct walk *walk = with;
	int error;

	arena_reset(&walk->arena);
	error = measures_load(walk->load->measures, row, &walk->arena);
	return error == -EBADMSG ? row_refuse(walk, row, error, "damaged") : error;
}

static int tables_walk(struct walk *walk)
{
	static store_visit *const visits[STORE_TABLES] = {
		[STORE_CELLS] = cell_visit,        [STORE_SESSIONS] = session_visit, [STORE_KEYS] = key_visit,
		[STORE_USAGE] = books_visit,       [STORE_JOURNAL] = books_visit,    [STORE_LEAVING] = books_visit,
		[STORE_CLOSED] = books_visit,      [STORE_NOTES] = note_visit,       [STORE_REPORTS] = report_visit,
		[STORE_MEASURES] = measures_visit,
	};
	static const enum store_table order[] = { STORE_CELLS, STORE_MEASURES, STORE_SESSIONS, STORE_KEYS,
						  STORE_USAGE, STORE_JOURNAL,  STORE_LEAVING,  STORE_CLOSED,
						  STORE_NOTES, STORE_REPORTS };
	const struct store *store = walk->load->store;
	int error = 0;

	for (unsigned i = 0; !error && i < sizeof(order) / sizeof(*order); i++) {
		walk->table = order[i];
		error = store->engine->walk(store->self, order[i], 0, visits[order[i]], walk);
	}
	return error;
}

// Each row may be sound, and still some may be missing or old: a page was torn.
static int astray_refuse(struct load *load)
{
	uint32_t astray = load->store->engine->astray(load->store->self);

	for (unsigned i = 0; i < STORE_TABLES; i++)
		if (astray >> i & 1)
			log_error("store.damaged", "table %s: rows are missing, old or damaged", store_table_names[i]);
	return astray && !load->salvage ? -EBADMSG : 0;
}

// Cells that were used and are free again: the longest unused first in line.
static void free_cells_queue(const struct chains *chains, struct place *place)
{
	for (unsigned shard = 0; shard < SHARDS; shard++)
		for (uint32_t i = chains->chain[shard].oldest; i != CELL_NONE; i = chains->grid->cells[i].newer)
			if (!chains->grid->cells[i].session)
				place_give(place, i);
}

int load_all(struct load *load)
{
	struct ledger *ledger = load->ledger;
	struct walk walk = { .load = load };
	int error;

	arena_open(&walk.arena, ROW_BYTES_MAX);
	batch_open(&ledger->batch);
	error = meta_read(load, &walk.arena);
	if (!error)
		error = tables_walk(&walk);
	if (!error)
		error = keys_loaded(load->keys);
	if (!error)
		error = astray_refuse(load);
	arena_close(&walk.arena);
	if (!error)
		error = chains_build(ledger->chains);
	load->starts++;
	if (!error)
		error = load_meta(load, &ledger->batch);
	if (!error)
		error = measures_start(load->measures, wall_ms(), &ledger->batch);
	if (!error)
		error = batch_write(&ledger->batch, load->store);
	load->commits++;
	batch_close(&ledger->batch);
	if (error)
		return error;
	place_fill(ledger->place);
	free_cells_queue(ledger->chains, ledger->place);
	ledger_open(ledger);
	ledger->exceptions_changed = true;
	aliases_again(ledger->aliases);
	framed_again(ledger->framed);
	return 0;
}
