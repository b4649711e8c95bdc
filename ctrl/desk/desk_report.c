// desk_report.c - requests about reports: list, perhaps when there is one, and done.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/session/record.h"

#define LIST_DEFAULT 100u
#define LIST_MAX 1000u
#define LIST_BYTES (512u * 1024) // of one answer, about
#define DONE_MAX 1000u
#define REPORT_WAITS_MAX 64u // so that others can wait, too

struct listing {
	struct job *job;
	const char *prefix;
	Shoal__Oss__ReportListAnswer *answer;
	uint32_t limit;
};

static int list_visit(void *with, const struct store_row *row)
{
	struct listing *listing = with;
	Shoal__Oss__ReportListAnswer *answer = listing->answer;
	Shoal__Store__Report *stored;

	if (answer->n_reports == listing->limit)
		return 1;
	answer->next = row->key;
	stored = record_report(row, &listing->job->desk->arena);
	if (!stored || !stored->report || strncmp(stored->report->owner, listing->prefix, strlen(listing->prefix)))
		return 0;
	stored->report->number = row->key;
	answer->reports[answer->n_reports++] = stored->report;
	return 0;
}

// The session's words, as they are now; none if it is gone.
static ProtobufCBinaryData front_of(struct job *job, uint64_t session)
{
	const struct store *store = job->desk->store;
	struct store_row row = { .key = session };
	const Shoal__Store__Session *stored = NULL;

	if (!store->engine->get(store->self, STORE_SESSIONS, &row))
		stored = record_session(&row, &job->desk->arena);
	return stored ? stored->session->front : (ProtobufCBinaryData){ 0 };
}

// As many as fit with their sessions' words.
static void fronts_fill(struct job *job, Shoal__Oss__ReportListAnswer *answer)
{
	size_t bytes = 0, i;

	for (i = 0; i < answer->n_reports && bytes < LIST_BYTES; i++) {
		answer->reports[i]->front = front_of(job, answer->reports[i]->session);
		bytes += shoal__oss__report__get_packed_size(answer->reports[i]);
	}
	if (i == answer->n_reports)
		return;
	answer->n_reports = i;
	answer->next = answer->reports[i - 1]->number;
}

// Fills the response with what there is; false with job->fault.
static bool list(struct job *job)
{
	const Shoal__Oss__ReportList *wanted = job->message->report_list;
	const struct store *store = job->desk->store;
	struct listing listing = { .job = job, .prefix = wanted->owner_prefix };
	int ended;

	listing.limit = wanted->limit ? wanted->limit : LIST_DEFAULT;
	if (listing.limit > LIST_MAX)
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "limit", "At most 1,000 reports a page.");
	if (job->fault.code)
		return false;
	listing.answer = job_take(job, sizeof(*listing.answer));
	if (!listing.answer)
		return false;
	shoal__oss__report_list_answer__init(listing.answer);
	listing.answer->reports = job_take(job, listing.limit * sizeof(*listing.answer->reports));
	if (!listing.answer->reports)
		return false;
	ended = store->engine->walk(store->self, STORE_REPORTS, wanted->after + 1, list_visit, &listing);
	if (ended < 0) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The store cannot be read.");
		return false;
	}
	if (!ended)
		listing.answer->next = 0;
	fronts_fill(job, listing.answer);
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_REPORT_LIST;
	job->response.report_list = listing.answer;
	return true;
}

static unsigned report_waits(const struct desk *desk)
{
	unsigned count = 0;

	for (const struct wait *wait = desk->waits; wait; wait = wait->next)
		count += wait->kind == WAIT_REPORT;
	return count;
}

void desk_report_list(struct job *job)
{
	struct desk *desk = job->desk;

	if (!list(job) || job->response.report_list->n_reports || !job->message->report_list->wait)
		return;
	if (report_waits(desk) == REPORT_WAITS_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "wait", "Too many wait for reports; ask without.");
		return;
	}
	job->wait = job_wait(job, WAIT_REPORT);
	if (job->wait)
		job->wait->arrived = desk->load->outbox->arrived;
}

bool desk_report_came(struct wait *wait)
{
	const struct outbox *outbox = wait->desk->load->outbox;
	struct request *request = wait->request;
	struct job job;

	if (wait->arrived == outbox->arrived)
		return false;
	wait->arrived = outbox->arrived;
	job_open(&job, wait->desk, request);
	if (job.fault.code || !list(&job) || !job.response.report_list->n_reports)
		return false;
	free(request->answer);
	request->answer = job_answer(&job, &request->answer_bytes);
	return true;
}

void desk_report_done(struct job *job)
{
	const Shoal__Oss__ReportDone *wanted = job->message->report_done;
	struct outbox *outbox = job->desk->load->outbox;
	struct outbox_mark mark = outbox_mark(outbox);
	struct ledger_mark before = ledger_mark(job->desk->ledger);
	Shoal__Oss__ReportDoneAnswer *answer = job_take(job, sizeof(*answer));
	int done;

	if (!answer)
		return;
	if (!wanted->n_numbers || wanted->n_numbers > DONE_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "numbers", "1 to 1,000 numbers.");
		return;
	}
	shoal__oss__report_done_answer__init(answer);
	done = outbox_drop(outbox, wanted->numbers, wanted->n_numbers, &job->desk->ledger->batch);
	if (done < 0) {
		ledger_undo(job->desk->ledger, before);
		outbox_undo(outbox, mark);
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
		return;
	}
	answer->done = (uint32_t)done;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_REPORT_DONE;
	job->response.report_done = answer;
}
