// batch.h - rows on their way into the store: collected while requests are decided, written in one transaction.
//
// Nothing touches the store before every request of the group is decided, so a request that fails half-way takes its rows
// back by forgetting them. The main thread owns it.
#pragma once
#include "ctrl/kit/arena.h"
#include "ctrl/store/store.h"

struct batch_row {
	enum store_table table;
	bool drop;
	struct store_row row;
};

struct batch {
	struct arena bytes; // of the rows
	struct batch_row *rows;
	size_t count, room;
};

void batch_open(struct batch *batch);
void batch_close(struct batch *batch);

// 0 or -ENOMEM. The bytes of a row put have to live until the batch is emptied: take them from batch->bytes.
int batch_put(struct batch *batch, enum store_table table, const struct store_row *row);
int batch_drop(struct batch *batch, enum store_table table, uint64_t key);

// Writes all rows, durably or not at all; those of a table in the order they came, the tables one behind the other. The batch keeps them
// until batch_empty.
int batch_write(const struct batch *batch, const struct store *store);
void batch_empty(struct batch *batch);
void batch_swap(struct batch *a, struct batch *b); // what is in them
