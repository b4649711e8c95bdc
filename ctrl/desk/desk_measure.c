// desk_measure.c - measures in the desk's groups: what is due of them, and modifications that have to wait for fresh counts.
#include <errno.h>
#include <stdlib.h>
#include "ctrl/desk/job.h"
#include "ctrl/fleet/release.h"
#include "ctrl/kit/wall.h"
#include "ctrl/rules/sheet_make.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define GROUP_SESSIONS 256u // that are due, in one group
#define SLACK_MS 300u       // beyond the interval in which workers tell their counters
#define LOOK_NS 50000000ull

uint64_t desk_ms(const struct desk *desk)
{
	return desk->wall ? desk->wall() : wall_ms();
}

// ---- What is due

// The session's rules as they are stored, with what its measures have to say in them now. over: nothing waits longer by them any more.
static int sheet_anew(struct desk *desk, struct session *session, bool over)
{
	struct ledger *ledger = desk->ledger;
	struct compile_needs needs = ledger_needs(ledger);
	struct compile_past past;
	struct compile_about about = { session->id, session->bearer.teid, session->bearer.ue_ipv4,
				       session->bearer.ue_ipv6, &past };
	struct store_row row = { .key = session->id };
	const Shoal__Store__Session *stored = NULL;
	struct plan plan = { 0 };
	struct fault fault = { 0 };

	arena_reset(&desk->arena);
	if (!desk->store->engine->get(desk->store->self, STORE_SESSIONS, &row))
		stored = record_session(&row, &desk->arena);
	sheet_past(session->sheet, session->made, &past);
	past.waiting = over ? 0 : past.waiting; // the next packet that waits is a first one
	if (stored && !compile_bearer(stored->session, &needs, &about, &plan, &fault) &&
	    !ledger_modify(ledger, session, &plan, stored->session, &fault))
		return 0;
	log_error("measures.sheet", "session %llu: its quota cannot be told to its worker: %s",
		  (unsigned long long)session->id, stored ? fault.message : "its row cannot be read");
	return -EINVAL;
}

// What was kept for long enough goes when the sheet that says so is in force.
static int kept_end(struct desk *desk, const struct session *session)
{
	uint8_t shard = cell_shard(desk->push->chains->grid, session->cell);
	const struct release_dropped when = { .before_ns = session->measured->state.dropped_ns };

	if (!desk->release || release_drop(desk->release, session->cell, desk->ledger->number[shard], when))
		return 0;
	log_warning("release.drops", "session %llu: what waits does so for longer: too many drops wait for workers",
		    (unsigned long long)session->id);
	return -EBUSY;
}

void desk_measures(struct desk *desk)
{
	struct measures *measures = desk->load->measures;
	struct ledger *ledger = desk->ledger;

	for (unsigned i = 0; i < GROUP_SESSIONS; i++) {
		struct outbox_mark outbox = outbox_mark(desk->load->outbox);
		struct ledger_mark mark = ledger_mark(ledger);
		struct session *session;
		enum measures_anew anew;

		measures->now_ns = clock_ns();
		session = measures_decide(measures, desk_ms(desk), &ledger->batch, &anew);
		if (!session)
			return;
		if (!anew)
			continue;
		if (!sheet_anew(desk, session, anew == MEASURES_OVER) &&
		    (anew != MEASURES_OVER || !kept_end(desk, session)))
			continue;
		ledger_undo(ledger, mark);
		outbox_undo(desk->load->outbox, outbox);
	}
}

// ---- Fresh counts

static bool is_kept(const Shoal__Oss__Session *wanted, uint64_t id)
{
	for (size_t i = 0; i < wanted->n_measures; i++)
		if (wanted->measures[i]->id == id)
			return true;
	return false;
}

// Whether the answer will tell of usage.
static bool asks(const Shoal__Oss__SessionModify *modify, const struct measured *measured)
{
	bool asked = measured && measured->count && (modify->n_query || modify->query_all);

	for (unsigned i = 0; measured && i < measured->count; i++)
		asked |= !is_kept(modify->session, measured->measure[i].flow.id);
	return asked;
}

bool desk_counts_come(struct job *job, const struct session *session)
{
	const struct desk *desk = job->desk;
	uint64_t now_ns = clock_ns(), waited_ns = now_ns - job->request->arrived_ns;
	uint32_t interval_ms = desk->conf->usage_interval_ms; // 0 = nobody tells (tests)
	uint64_t patience_ns = interval_ms ? (interval_ms + SLACK_MS) * 1000000ull : 0;

	if (!asks(job->message->session_modify, session->measured) || waited_ns >= patience_ns ||
	    session->usage.at_ms > wall_ms() - waited_ns / 1000000)
		return false;
	job->request->parked_ns = now_ns + LOOK_NS;
	job->parked = true;
	return true;
}

void desk_park(struct desk *desk, struct request *request)
{
	request->next = desk->parked;
	desk->parked = request;
}

void desk_unpark(struct desk *desk, uint64_t now_ns)
{
	struct request **link = &desk->parked;

	while (*link) {
		struct request *request = *link;

		if (request->parked_ns > now_ns) {
			link = &request->next;
			continue;
		}
		*link = request->next;
		desk_take(desk, request);
		desk->requests--; // it has been counted
	}
}

// ---- Modifications

// Until when what waits is kept, and then dropped; 0 = nothing is asked, or waits.
static uint64_t kept_until(const struct job *job, const struct session *session, uint64_t now_ms)
{
	uint32_t seconds = job->message->session_modify->buffer_s, most = conf_longest(job->desk->conf);

	return seconds && release_keeps(session->sheet) ? now_ms + 1000ull * (seconds < most ? seconds : most) : 0;
}

// The measures follow, in the same transaction; what they have to say goes with the answer.
void desk_modify_measures(struct job *job, struct session *session, const Shoal__Oss__Session *stored,
			  Shoal__Oss__SessionAnswer *answer)
{
	const Shoal__Oss__SessionModify *modify = job->message->session_modify;
	struct ledger *ledger = job->desk->ledger;
	const struct release *release = job->desk->release;
	const struct measures_wish wish = { .message = stored,
					    .now_ms = ledger->measures->now_ms,
					    .query = modify->query,
					    .queries = modify->n_query,
					    .query_all = modify->query_all,
					    .dropped_ns = modify->drop_buffered ? clock_ns() : 0,
					    .dropped_by = modify->drop_buffered && release ? release->generation : 0,
					    .undrop = modify->undrop,
					    .kept_ms = kept_until(job, session, ledger->measures->now_ms),
					    .kept_packets = sheet_keeping(modify).packets,
					    .arena = &job->desk->arena };

	if (measures_modify(ledger->measures, session, &wish, &ledger->batch, answer))
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
}

void desk_drop_parked(struct job *job, const struct session *session)
{
	const Shoal__Oss__SessionModify *modify = job->message->session_modify;
	struct desk *desk = job->desk;
	uint8_t shard = cell_shard(desk->push->chains->grid, session->cell);
	struct release_dropped when = { 0 };
	uint64_t turn;

	if (job->fault.code || !desk->release || !(modify->drop_buffered | modify->undrop))
		return;
	if (modify->undrop)
		release_undrop(desk->release, session->cell);
	if (!modify->drop_buffered)
		return;
	when.before_ns = session->measured->state.dropped_ns;
	when.generation = session->measured->state.dropped_by;
	turn = release_drop(desk->release, session->cell, desk->ledger->number[shard], when);
	if (!turn)
		fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "", "Too many drops wait for workers; try again.");
	else if (job->wait)
		job->wait->drop = turn;
}

int desk_query_check(struct job *job, const Shoal__Oss__SessionModify *modify)
{
	for (size_t i = 0; i < modify->n_query; i++) {
		bool found = false;

		for (size_t k = 0; k < modify->session->n_measures; k++)
			found |= modify->session->measures[k]->id == modify->query[i];
		if (!found)
			return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "query",
					 "The session has no measure with this id then.");
	}
	return 0;
}
