// measures.h - all measures of all sessions that have any: in memory, in the store, and when to look at which.
//
//   words --measures_hear, measures_usage--> flows --due--> measures_decide: report + stand + row, in the group's transaction
//                                             `--marked--> measures_fill: rows of what only moved, in a pass of the books
//
// A session's `measured` is replaced by each decision, and put back if the transaction fails; so memory and store are alike. Sessions
// without measures have none, and cost nothing. Sessions to look at lie in a heap by time, never all of them. The main thread owns it.
#pragma once
#include "ctrl/kit/arena.h"
#include "ctrl/measure/measured.h"
#include "ctrl/session/session.h"
#include "ctrl/store/batch.h"
#include "ctrl/tell/outbox.h"
#include "proto/store.pb-c.h"
#include "shared/wire/change.h"

struct measures_due {
	uint64_t due_ms, session;
};

struct measures_change {
	struct session *session;
	struct measured *before, *after; // null = none
};

struct measures {
	const struct sessions *sessions;
	struct outbox *outbox;
	struct table leaving; // id -> session that is deleted, and has not been settled
	struct table loaded;  // at start: session -> struct measured without rules, until its session comes
	struct measures_due *heap;
	uint64_t *marked; // ids, a ring
	struct measures_change *changes;
	uint32_t dues, dues_room, changes_room, count;
	uint64_t marked_first, marked_next, marked_room; // marked_room: a power of 2
	uint64_t now_ms, now_ns;                         // of the last decision: since 1970; CLOCK_MONOTONIC
	uint32_t filled;                                 // of the transaction under way
};

int measures_open(struct measures *measures, const struct sessions *sessions, struct outbox *outbox); // 0 or -ENOMEM
void measures_close(struct measures *measures);
// At start, for each row, before the sessions; then each session takes its own, and what is left goes. -EBADMSG: not a row of this table.
int measures_load(struct measures *measures, const struct store_row *row, struct arena *arena);
int measures_take(struct measures *measures, struct session *session, const Shoal__Oss__Session *message);
int measures_start(struct measures *measures, uint64_t now_ms, struct batch *batch); // 0 or -ENOMEM

// ---- Words: true if they say something new. The row is written by a pass. urr 0: of a gauge that counts what is dropped, or events; serial 0: change.h
bool measures_hear(struct measures *measures, struct session *session, uint32_t urr, uint32_t serial,
		   const struct measure_word *word);
bool measures_usage(struct measures *measures, struct session *session); // its usage has moved
bool measures_data(struct measures *measures, struct session *session, const struct report *report, uint64_t at_ms);

int measures_fill(struct measures *measures, struct batch *batch); // rows of what moved, so many; 0 or -ENOMEM
void measures_filled(struct measures *measures, bool committed);
static inline bool measures_waits(const struct measures *measures)
{
	return measures->marked_first != measures->marked_next;
}

// ---- Changes, in the transaction of a group

// What the sheet says of a measure, and of packets that wait: compile_quota.
void measures_quota(void *with, uint64_t session, const Shoal__Oss__Measure *measure, struct sheet_urr urr[2]);
struct compile_kept measures_kept(void *with, uint64_t session);

// A session as it is now. 0 or -ENOMEM.
int measures_create(struct measures *measures, struct session *session, const Shoal__Oss__Session *message,
		    struct batch *batch);

// A session has been changed. Its answer tells of the measures that are no more, and of those that are asked for.
struct measures_wish {
	const Shoal__Oss__Session *message; // the whole session, as it is to be stored
	uint64_t now_ms;
	const uint32_t *query;
	size_t queries;
	bool query_all, undrop;
	uint64_t dropped_ns, dropped_by; // as in measured_state; 0 = as it was
	uint64_t kept_ms, kept_packets;  // likewise
	struct arena *arena;             // of the answer
};
int measures_modify(struct measures *measures, struct session *session, const struct measures_wish *wish,
		    struct batch *batch, Shoal__Oss__SessionAnswer *answer);

// A session has been deleted: what is heard of it is kept until its account is settled; then it is forgotten.
void measures_depart(struct measures *measures, struct session *session);
void measures_forget(struct measures *measures, const struct session *session);
// Its account is being settled: what nobody has taken yet of its usage reports, and the last of each measure. 0 or -ENOMEM.
int measures_last(struct measures *measures, struct session *session, Shoal__Store__Closed *stored,
		  struct batch *batch);

static inline bool measures_is_due(const struct measures *measures, uint64_t now_ms)
{
	return measures->dues && measures->heap[0].due_ms <= now_ms;
}

// Takes the next session that is due; what it has to report goes into the transaction. *anew: its sheet is to be made again; and what waits
// of it is dropped (dropped_ns), its time is over. Null: none is.
enum measures_anew { MEASURES_SAME, MEASURES_ANEW, MEASURES_OVER };
struct session *measures_decide(struct measures *measures, uint64_t now_ms, struct batch *batch,
				enum measures_anew *anew);

uint32_t measures_mark(const struct measures *measures);
void measures_undo(struct measures *measures, uint32_t mark);
void measures_settle(struct measures *measures, bool committed,
		     uint32_t upto); // those before the mark `upto`; not committed: all
