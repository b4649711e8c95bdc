// books.c - words into memory, passes onto the disk.
#include "ctrl/usage/books.h"
#include <errno.h>
#include <string.h>
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define REST_NS 100000000ull      // between passes
#define REST_FINALS_NS 5000000ull // where last counters wait: their rings are not large
#define REST_FAILED_NS 1000000000ull
#define JOURNAL_MAX (128ull << 20)

int books_open(struct books *books, const struct conf *conf, struct scribe *scribe, const struct grid *grid,
	       struct measures *measures)
{
	uint64_t share = ((uint64_t)conf->store_mib << 20) / 16;
	int error;

	*books = (struct books){ .scribe = scribe, .sessions = measures->sessions, .measures = measures };
	batch_open(&books->batch);
	error = meter_open(&books->meter, grid, share < JOURNAL_MAX ? share : JOURNAL_MAX);
	return error ? error : closing_open(&books->closing, measures, grid, conf->closed_max);
}

void books_close(struct books *books)
{
	batch_close(&books->batch);
	meter_close(&books->meter);
	closing_close(&books->closing);
}

int books_load(struct books *books, enum store_table table, const struct store_row *row, struct arena *arena)
{
	if (table == STORE_USAGE)
		return meter_load_block(&books->meter, books->sessions, row, arena);
	if (table == STORE_JOURNAL)
		return meter_load_journal(&books->meter, books->sessions, row, arena);
	if (table == STORE_LEAVING)
		return closing_load_leaving(&books->closing, row, arena);
	return closing_load_closed(&books->closing, row);
}

struct session *books_usage(struct books *books, const struct feed_usage *usage, uint64_t at_ms)
{
	struct session *session = session_by_teid(books->sessions, usage->teid);

	if (!session || !count_hear(&session->usage, usage->life, &usage->count, at_ms))
		return NULL;
	meter_mark(&books->meter, session->cell);
	measures_usage(books->measures, session);
	books->progress.taken++;
	return session;
}

// When its last packet came; 0: none has, and it is told of because others of its session have moved.
static uint64_t last_of(const struct feed_gauge *gauge, uint64_t at_ms)
{
	if (gauge->last_ns)
		return gauge->last_ns / 1000000;
	return gauge->uplink_packets || gauge->downlink_packets ? at_ms : 0;
}

// A session that lives, or is about to leave.
static struct session *session_of(const struct books *books, uint32_t teid)
{
	struct session *session = session_by_teid(books->sessions, teid);

	return session ? session : closing_session(&books->closing, teid);
}

void books_gauge(struct books *books, const struct feed_gauge *gauge, uint64_t at_ms)
{
	struct session *session = session_of(books, gauge->teid);
	const struct measure_word word = {
		.life = gauge->life,
		.words = { { gauge->uplink_packets, gauge->downlink_packets },
			   { gauge->uplink_bytes, gauge->downlink_bytes } },
		.first_ms = gauge->first_ns / 1000000,
		.last_ms = last_of(gauge, at_ms),
	};

	if (session && measures_hear(books->measures, session, gauge->urr, gauge->serial, &word))
		books->progress.taken++;
}

static void gauge_final(struct books *books, const struct report *report, uint64_t at_ms)
{
	const struct feed_gauge last = {
		.teid = (uint32_t)report->teid,
		.urr = report->urr,
		.serial = report->serial,
		.life = report->life,
		.uplink_packets = report->uplink_packets,
		.uplink_bytes = report->uplink_bytes,
		.downlink_packets = report->downlink_packets,
		.downlink_bytes = report->downlink_bytes,
		.first_ns = report->first_ns,
		.last_ns = report->last_ns,
	};

	books_gauge(books, &last, at_ms);
}

static void data_hear(struct books *books, const struct report *report, uint64_t at_ms)
{
	struct session *session = session_by_teid(books->sessions, (uint32_t)report->teid);

	if (session && measures_data(books->measures, session, report, at_ms))
		books->progress.taken++;
}

void books_report(struct books *books, const struct report *report, uint64_t at_ms)
{
	if (report->kind == REPORT_FINAL)
		books_final(books, report, at_ms);
	else if (report->kind == REPORT_GAUGE)
		gauge_final(books, report, at_ms);
	else if (report->kind == REPORT_DATA)
		data_hear(books, report, at_ms);
}

void books_final(struct books *books, const struct report *report, uint64_t at_ms)
{
	const struct feed_usage last = {
		.teid = (uint32_t)report->teid,
		.count = { report->uplink_packets, report->uplink_bytes, report->downlink_packets,
			   report->downlink_bytes, report->red_packets },
		.life = report->life,
	};

	if (session_by_teid(books->sessions, last.teid)) { // its bearer was taken away, but it lives
		books_usage(books, &last, at_ms);
	} else if (closing_final(&books->closing, report, at_ms)) {
		books->progress.taken++;
		books->finals = true;
	}
}

static bool is_due(const struct books *books, uint64_t now_ns)
{
	uint64_t early_ns = books->finals && !books->failures ? REST_NS - REST_FINALS_NS : 0;

	return now_ns + early_ns >= books->next_ns;
}

static bool is_behind(const struct books *books)
{
	return books->progress.taken != books->progress.durable || closing_waits(&books->closing) ||
	       meter_folding(&books->meter) || measures_waits(books->measures);
}

int books_wait_ms(const struct books *books, uint64_t now_ns)
{
	if (scribe_busy(books->scribe)) // it will ring
		return INT32_MAX;
	if (books->passing)
		return 0;
	if (!is_behind(books))
		return INT32_MAX;
	if (is_due(books, now_ns))
		return 0;
	return books->finals ? (int)(REST_FINALS_NS / 1000000) : (int)(REST_NS / 1000000);
}

static void failed(struct books *books)
{
	if (!books->failures++)
		log_error("books.failed", "usage waits in memory: %s", strerror(-books->error));
	books->passing = false;
	books->next_ns = books->turn_ns + REST_FAILED_NS;
}

static void pass_begin(struct books *books, uint64_t now_ns)
{
	books->passing = true;
	books->pass = books->progress.taken;
	books->pass_marked = books->measures->marked_next;
	books->next_ns = now_ns + REST_NS;
	books->finals = false;
	meter_begin(&books->meter);
}

static void pass_end(struct books *books)
{
	if (books->failures)
		log_info("books.well", "usage is on disk again");
	books->failures = 0;
	books->passing = false;
	books->progress.durable = books->pass;
	books->passes++;
}

static void written(void *with, int error)
{
	struct books *books = with;

	FAULT_POINT("books.written");
	closing_settle(&books->closing, !error);
	meter_settle(&books->meter, !error);
	measures_settle(books->measures, !error, measures_mark(books->measures));
	measures_filled(books->measures, !error);
	outbox_settle(books->measures->outbox, !error);
	batch_empty(&books->batch);
	books->writing = false;
	books->error = error;
	if (error)
		failed(books);
	else if (books->passing && meter_over(&books->meter) && !closing_waits(&books->closing) &&
		 books->measures->marked_first >= books->pass_marked)
		pass_end(books);
}

static void write(struct books *books, uint64_t at_ms)
{
	int error = measures_fill(books->measures, &books->batch);

	if (!error)
		error = closing_fill(&books->closing, &books->batch);
	if (!error)
		error = meter_fill(&books->meter, at_ms, &books->batch);
	books->writing = true;
	if (!error && books->batch.count)
		scribe_write(books->scribe, &books->batch, written, books);
	else
		written(books, error);
}

void books_turn(struct books *books, uint64_t now_ns, uint64_t at_ms)
{
	books->turn_ns = now_ns;
	if (closing_tick(&books->closing, now_ns))
		books->finals = true;
	if (!books->passing && (!is_behind(books) || !is_due(books, now_ns)))
		return;
	if (scribe_busy(books->scribe)) {
		scribe_want(books->scribe);
		return;
	}
	if (!books->passing)
		pass_begin(books, now_ns);
	write(books, at_ms);
}

void books_flush(struct books *books, uint64_t at_ms)
{
	if (!books->measures ||
	    books->scribe->lost) // never opened: the store was refused; or nobody knows what is in it
		return;
	books->error = 0;
	meter_begin(&books->meter);
	while (!books->error &&
	       (!meter_over(&books->meter) || closing_waits(&books->closing) || measures_waits(books->measures)))
		write(books, at_ms);
}
