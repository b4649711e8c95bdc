// books.h - what everybody has used: in memory at once, on disk soon after, and told to nobody as kept before it is there.
//
//   courier --Usage, Reports--> count (memory) --pass: journal, closed accounts--> store --durable--> Heard (hearing.h)
//
// The regions hold the truth about living sessions while the primary lives, so what a dead ctrl had not written comes again; last
// counters of deleted ones wait in the workers' report rings until they are heard. Where the store fails, both wait in memory,
// which is bounded: one count a session. The main thread owns it.
#pragma once
#include "ctrl/feed/hearing.h"
#include "ctrl/store/scribe.h"
#include "ctrl/usage/closing.h"
#include "ctrl/usage/measures.h"
#include "ctrl/usage/meter.h"
#include "shared/base/conf.h"

struct books {
	struct scribe *scribe;
	const struct sessions *sessions;
	struct measures *measures;
	struct meter meter;
	struct closing closing;
	struct batch batch;
	struct hearing_progress progress;
	uint64_t pass;        // `taken` when the pass under way began
	uint64_t pass_marked; // rows of measures that are part of it: up to here
	uint64_t next_ns;     // not to write before
	uint64_t turn_ns;     // of the last turn
	bool passing, finals, writing;
	int error;                 // of the last write
	uint64_t passes, failures; // counters
};

// measures: what the words are about, too.
int books_open(struct books *books, const struct conf *conf, struct scribe *scribe, const struct grid *grid,
	       struct measures *measures); // 0 or -ENOMEM
void books_close(struct books *books);

// At start, for each row of these tables, after the sessions. -EBADMSG: damaged.
int books_load(struct books *books, enum store_table table, const struct store_row *row, struct arena *arena);

// A word about a living session; the session if it has moved, else null.
struct session *books_usage(struct books *books, const struct feed_usage *usage, uint64_t at_ms);

// A word about one of its measures.
void books_gauge(struct books *books, const struct feed_gauge *gauge, uint64_t at_ms);

// What owners report of packets: last counters, downlink data that waits.
void books_report(struct books *books, const struct report *report, uint64_t at_ms);

// Last counters of a cell: of a deleted session as a rule.
void books_final(struct books *books, const struct report *report, uint64_t at_ms);

// At most one transaction, if the scribe has time. To be called between groups of requests; books_wait_ms: when next, at the latest.
void books_turn(struct books *books, uint64_t now_ns, uint64_t at_ms);
// All that is in memory, or nothing any more where the store fails. After scribe_stop.
void books_flush(struct books *books, uint64_t at_ms);
int books_wait_ms(const struct books *books, uint64_t now_ns);
