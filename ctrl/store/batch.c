// batch.c - a growing list of rows, and the one place that runs a transaction.
#include "ctrl/store/batch.h"
#include <errno.h>
#include <stdlib.h>
#include "shared/base/faults.h"

#define BYTES_MAX (256u << 20)
#define ROWS_FIRST 1024u

void batch_open(struct batch *batch)
{
	*batch = (struct batch){ 0 };
	arena_open(&batch->bytes, BYTES_MAX);
}

void batch_close(struct batch *batch)
{
	arena_close(&batch->bytes);
	free(batch->rows);
	batch->rows = NULL; // a start that failed closes twice
	batch->count = batch->room = 0;
}

static int row_add(struct batch *batch, const struct batch_row *row)
{
	if (batch->count == batch->room) {
		size_t room = batch->room ? batch->room * 2 : ROWS_FIRST;
		struct batch_row *rows = realloc(batch->rows, room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		batch->rows = rows;
		batch->room = room;
	}
	batch->rows[batch->count++] = *row;
	return 0;
}

int batch_put(struct batch *batch, enum store_table table, const struct store_row *row)
{
	return row_add(batch, &(struct batch_row){ table, false, *row });
}

int batch_drop(struct batch *batch, enum store_table table, uint64_t key)
{
	return row_add(batch, &(struct batch_row){ table, true, { .key = key } });
}

static int row_write(const struct batch_row *row, const struct store *store)
{
	const struct store_engine *engine = store->engine;

	FAULT_POINT("store.row");
	return row->drop ? engine->drop(store->self, row->table, row->row.key)
			 : engine->put(store->self, row->table, &row->row);
}

// What a transaction adds to a table lies together in the file then, and so does what is free once that has gone. Otherwise pages of rows
// that live long (keys) stand between those of rows that don't: what is free is a page here and there, and each one a write of its own.
int batch_write(const struct batch *batch, const struct store *store)
{
	const struct store_engine *engine = store->engine;
	int error = engine->begin(store->self);

	if (error)
		return error;
	for (unsigned table = 0; !error && table < STORE_TABLES; table++)
		for (size_t i = 0; !error && i < batch->count; i++)
			if (batch->rows[i].table == table)
				error = row_write(&batch->rows[i], store);
	if (!error)
		return engine->commit(store->self);
	engine->abandon(store->self);
	return error;
}

void batch_empty(struct batch *batch)
{
	batch->count = 0;
	arena_reset(&batch->bytes);
}

void batch_swap(struct batch *a, struct batch *b)
{
	const struct batch was = *a;

	*a = *b;
	*b = was;
	a->bytes.allocator.allocator_data = &a->bytes;
	b->bytes.allocator.allocator_data = &b->bytes;
}
