// meter.c - passes over the grid, and folding.
#include "ctrl/usage/meter.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/record.h"

#define FILL_RECORDS 8192u // sessions of a transaction: requests wait for it
#define FOLD_BLOCKS 64u    // folded in each transaction, and as many again as the journal needs to lose the race
#define DROP_ROWS 512u

int meter_open(struct meter *meter, const struct grid *grid, uint64_t limit)
{
	uint32_t blocks = (grid->slots * SHARDS + METER_BLOCK - 1) / METER_BLOCK;

	*meter = (struct meter){ .grid = grid, .limit = limit, .blocks = blocks, .cursor = blocks, .fold = blocks };
	meter->first = meter->next = 1;
	meter->heard = calloc(blocks, sizeof(*meter->heard));
	meter->filled = calloc(blocks, sizeof(*meter->filled));
	meter->stale = calloc(blocks, sizeof(*meter->stale));
	return meter->heard && meter->filled && meter->stale ? 0 : -ENOMEM;
}

void meter_close(struct meter *meter)
{
	free(meter->heard);
	free(meter->filled);
	free(meter->stale);
}

void meter_mark(struct meter *meter, uint32_t cell)
{
	meter->heard[cell / METER_BLOCK] |= 1ull << cell % METER_BLOCK;
}

static int row_load(struct meter *meter, const struct sessions *sessions, const Shoal__Store__Usage *stored, bool stale)
{
	bool based = stored && stored->n_before;

	if (!stored || stored->n_life != stored->n_session || stored->n_seen != stored->n_session * COUNT_WORDS ||
	    (based && stored->n_before != stored->n_seen))
		return -EBADMSG;
	for (size_t i = 0; i < stored->n_session; i++) {
		struct session *session = session_by_id(sessions, stored->session[i]);
		struct count count = { .life = stored->life[i], .at_ms = stored->at_ms };

		if (!session)
			continue; // deleted since
		memcpy(&count.seen, stored->seen + i * COUNT_WORDS, sizeof(count.seen));
		if (based)
			memcpy(&count.base, stored->before + i * COUNT_WORDS, sizeof(count.base));
		count_merge(&session->usage, &count);
		meter->stale[session->cell / METER_BLOCK] |= stale;
	}
	return 0;
}

int meter_load_journal(struct meter *meter, const struct sessions *sessions, const struct store_row *row,
		       struct arena *arena)
{
	if (meter->bytes == 0)
		meter->first = row->key;
	meter->next = row->key + 1;
	meter->bytes += row->length + 1;
	return row_load(meter, sessions, record_usage(row, arena), true);
}

int meter_load_block(struct meter *meter, const struct sessions *sessions, const struct store_row *row,
		     struct arena *arena)
{
	return row_load(meter, sessions, record_usage(row, arena), false);
}

void meter_begin(struct meter *meter)
{
	meter->cursor = 0;
}

static void column_add(struct meter_columns *columns, const struct session *session)
{
	const struct count *usage = &session->usage;
	static const struct feed_count none;

	columns->session[columns->count] = session->id;
	columns->life[columns->count] = usage->life;
	columns->seen[columns->count] = usage->seen;
	columns->base[columns->count++] = usage->base;
	columns->based |= memcmp(&usage->base, &none, sizeof(none)) != 0;
}

// Puts the columns into a row; length 0: there are none.
static int columns_pack(struct meter_columns *columns, uint64_t at_ms, struct batch *batch, struct store_row *row)
{
	Shoal__Store__Usage stored = SHOAL__STORE__USAGE__INIT;

	stored.at_ms = at_ms;
	stored.n_session = stored.n_life = columns->count;
	stored.session = columns->session;
	stored.life = columns->life;
	stored.n_seen = columns->count * COUNT_WORDS;
	stored.seen = &columns->seen[0].uplink_packets;
	stored.n_before = columns->based ? stored.n_seen : 0;
	stored.before = &columns->base[0].uplink_packets;
	columns->count = 0;
	columns->based = false;
	return record_pack(&stored.base, &batch->bytes, row);
}

static int journal_put(struct meter *meter, uint64_t at_ms, struct batch *batch)
{
	struct store_row row = { .key = meter->next_to };
	int error = 0;

	if (!meter->columns.count)
		return 0;
	error = columns_pack(&meter->columns, at_ms, batch, &row);
	if (!error)
		error = batch_put(batch, STORE_JOURNAL, &row);
	meter->next_to++;
	meter->bytes_to += row.length + 1;
	return error;
}

// The cells of a block that `mask` has bits for, and that have a session with something to say.
static uint32_t block_add(struct meter *meter, uint32_t block, uint64_t mask)
{
	uint32_t cells = meter->grid->slots * SHARDS, before = meter->columns.count;

	for (; mask; mask &= mask - 1) {
		uint32_t cell = block * METER_BLOCK + (uint32_t)__builtin_ctzll(mask);
		const struct session *session = cell < cells ? meter->grid->cells[cell].session : NULL;

		if (session && session->usage.at_ms)
			column_add(&meter->columns, session);
	}
	return meter->columns.count - before;
}

static int journal_fill(struct meter *meter, uint64_t at_ms, struct batch *batch, uint32_t *records)
{
	int error = 0;

	for (; !error && meter->cursor_to < meter->blocks && *records < FILL_RECORDS; meter->cursor_to++) {
		if (meter->columns.count > METER_RECORDS - METER_BLOCK)
			error = journal_put(meter, at_ms, batch);
		meter->filled[meter->cursor_to] = meter->heard[meter->cursor_to];
		meter->heard[meter->cursor_to] = 0;
		*records += block_add(meter, meter->cursor_to, meter->filled[meter->cursor_to]);
	}
	return error ? error : journal_put(meter, at_ms, batch);
}

static int block_put(struct meter *meter, uint32_t block, uint64_t at_ms, struct batch *batch)
{
	struct store_row row = { .key = block };
	int error;

	if (!block_add(meter, block, UINT64_MAX))
		return batch_drop(batch, STORE_USAGE, block);
	error = columns_pack(&meter->columns, at_ms, batch, &row);
	return error ? error : batch_put(batch, STORE_USAGE, &row);
}

static int fold_fill(struct meter *meter, uint64_t at_ms, struct batch *batch, uint32_t blocks)
{
	int error = 0;

	for (; !error && blocks && meter->fold_to < meter->blocks; meter->fold_to++) {
		if (!meter->stale[meter->fold_to])
			continue;
		error = block_put(meter, meter->fold_to, at_ms, batch);
		blocks--;
	}
	return error;
}

// What is folded leaves the journal, some rows at a time.
static int journal_drop(struct meter *meter, struct batch *batch)
{
	int error = 0;

	if (meter->fold != meter->blocks)
		return 0;
	for (uint32_t i = 0; !error && i < DROP_ROWS && meter->first_to < meter->fold_next; i++)
		error = batch_drop(batch, STORE_JOURNAL, meter->first_to++);
	return error;
}

static void fold_begin(struct meter *meter)
{
	if (meter->fold != meter->blocks || meter->first < meter->fold_next || meter->bytes < meter->limit)
		return;
	meter->fold = 0;
	meter->fold_next = meter->next;
	meter->fold_bytes = meter->bytes;
}

int meter_fill(struct meter *meter, uint64_t at_ms, struct batch *batch)
{
	uint32_t records = 0;
	int error;

	fold_begin(meter);
	meter->cursor_to = meter->cursor;
	meter->fold_to = meter->fold;
	meter->first_to = meter->first;
	meter->next_to = meter->next;
	meter->bytes_to = meter->bytes;
	meter->columns.count = 0;
	error = journal_fill(meter, at_ms, batch, &records);
	if (!error)
		error = journal_drop(meter, batch);
	if (!error)
		error = fold_fill(meter, at_ms, batch, FOLD_BLOCKS + records / 8);
	return error;
}

// A block that folding passed and that came into the journal by this very commit has to be folded the next time.
void meter_settle(struct meter *meter, bool committed)
{
	if (!committed) {
		for (uint32_t block = meter->cursor; block < meter->cursor_to; block++)
			meter->heard[block] |= meter->filled[block];
		return;
	}
	for (; meter->fold < meter->fold_to; meter->fold++)
		meter->stale[meter->fold] = false;
	for (; meter->cursor < meter->cursor_to; meter->cursor++) {
		meter->stale[meter->cursor] |= meter->filled[meter->cursor] != 0;
	}
	meter->next = meter->next_to;
	meter->bytes = meter->bytes_to;
	if (meter->first < meter->fold_next && meter->first_to == meter->fold_next)
		meter->bytes -= meter->fold_bytes;
	meter->first = meter->first_to;
}
