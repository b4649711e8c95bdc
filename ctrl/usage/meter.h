// meter.h - what living sessions have used, on disk: a journal that is appended to, and rows it is folded into.
//
// A million sessions counting at once are a million random rows a second, more than any tree takes; so what moved is appended to
// the journal in passes over the grid, many sessions a row. When the journal has grown, every block of 64 cells that is in it gets a
// row of its own, and the journal up to there is dropped. Both hold cumulative counts, so reading a session twice, in any
// order, gives the same (count_merge). The main thread owns it; the caller runs the transactions.
#pragma once
#include "ctrl/session/session.h"
#include "ctrl/store/batch.h"

#define METER_BLOCK 64u    // cells of a row; a word has a bit for each
#define METER_RECORDS 512u // sessions of a journal's row

// Counts of some sessions by columns, as Usage of store.proto wants them.
struct meter_columns {
	uint32_t count;
	bool based; // one has lives before this one
	uint64_t session[METER_RECORDS], life[METER_RECORDS];
	struct feed_count seen[METER_RECORDS], base[METER_RECORDS];
};

struct meter {
	const struct grid *grid;
	uint64_t limit;                       // bytes of journal before it is folded
	uint32_t blocks;                      // of the grid
	uint64_t *heard;                      // bit by cell: has moved since it was last filled
	uint64_t *filled;                     // bit by cell: is in the batch under way
	bool *stale;                          // by block: its own row is older than the journal
	uint32_t cursor;                      // next block of the pass; blocks = the pass is over
	uint32_t fold;                        // next block to fold; blocks = nothing is being folded
	uint64_t first, next;                 // rows of the journal
	uint64_t fold_next;                   // rows below go when all is folded
	uint64_t bytes, fold_bytes;           // of the journal; of that part of it
	uint32_t cursor_to, fold_to;          // after the commit
	uint64_t first_to, next_to, bytes_to; // likewise
	struct meter_columns columns;
};

int meter_open(struct meter *meter, const struct grid *grid, uint64_t limit); // 0 or -ENOMEM
void meter_close(struct meter *meter);

// At start, for each row of the journal and of the blocks. -EBADMSG: not a row of these.
int meter_load_journal(struct meter *meter, const struct sessions *sessions, const struct store_row *row,
		       struct arena *arena);
int meter_load_block(struct meter *meter, const struct sessions *sessions, const struct store_row *row,
		     struct arena *arena);

void meter_mark(struct meter *meter, uint32_t cell); // it has moved

void meter_begin(struct meter *meter); // a pass: everything marked so far will be written when it is over
static inline bool meter_over(const struct meter *meter)
{
	return meter->cursor == meter->blocks;
}

static inline bool meter_folding(const struct meter *meter)
{
	return meter->fold != meter->blocks || meter->first < meter->fold_next;
}

// Adds a bounded number of rows to the batch: the pass goes on, and so does folding. 0 or -ENOMEM.
int meter_fill(struct meter *meter, uint64_t at_ms, struct batch *batch);
void meter_settle(struct meter *meter, bool committed); // what was filled stands, or is to be filled again
