// desk_closed.c - the request for a page of settled accounts.
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/door/role.h"
#include "ctrl/session/record.h"

#define LIST_DEFAULT 100u
#define LIST_MAX 1000u
#define LIST_LOOK_MAX 50000u // rows looked at for one page; the rest is for the next

struct listing {
	struct job *job;
	const Shoal__Oss__ClosedList *wanted;
	Shoal__Oss__ClosedListAnswer *answer;
	uint32_t limit, looked;
};

static bool list_fits(const struct listing *listing, const Shoal__Oss__Session *session)
{
	const Shoal__Oss__ClosedList *wanted = listing->wanted;
	const struct job *job = listing->job;
	int dnn = place_dnn(job->desk->ledger->place, session->identity->dnn);

	if (wanted->session && session->id != wanted->session)
		return false;
	if (job->pass->dnn >= 0 && (dnn < 0 || !role_sees(job->pass, (unsigned)dnn)))
		return false;
	return !strncmp(session->identity->imsi, wanted->imsi_prefix, strlen(wanted->imsi_prefix));
}

static int list_visit(void *with, const struct store_row *row)
{
	struct listing *listing = with;
	Shoal__Oss__ClosedListAnswer *answer = listing->answer;
	Shoal__Store__Closed *stored;
	Shoal__Oss__ClosedSession *closed;

	if (listing->looked++ == LIST_LOOK_MAX || answer->n_closed == listing->limit)
		return 1;
	answer->next = row->key;
	stored = record_closed(row, &listing->job->desk->arena);
	if (!stored || !list_fits(listing, stored->session))
		return 0;
	closed = job_take(listing->job, sizeof(*closed));
	if (!closed)
		return -1;
	shoal__oss__closed_session__init(closed);
	closed->number = row->key;
	closed->session = stored->session;
	if (listing->job->pass->duty < CONF_PROVISION)
		closed->session->front = (ProtobufCBinaryData){ 0 };
	closed->deleted_ms = stored->at_ms;
	closed->final = stored->final;
	closed->correction = stored->correction;
	closed->reports = stored->reports;
	closed->n_reports = stored->n_reports;
	answer->closed[answer->n_closed++] = closed;
	return 0;
}

static int list_open(struct listing *listing)
{
	struct job *job = listing->job;

	if (listing->wanted->limit > LIST_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "limit",
				 "At most 1,000 records a page.");
	listing->limit = listing->wanted->limit ? listing->wanted->limit : LIST_DEFAULT;
	listing->answer = job_take(job, sizeof(*listing->answer));
	if (!listing->answer)
		return -1;
	shoal__oss__closed_list_answer__init(listing->answer);
	listing->answer->closed = job_take(job, listing->limit * sizeof(*listing->answer->closed));
	return listing->answer->closed ? 0 : -1;
}

// Where to begin: a session that is named with its TEID has its last record where the log's index says, or none.
static uint64_t list_from(const struct listing *listing)
{
	const Shoal__Oss__ClosedList *wanted = listing->wanted;
	uint64_t number = wanted->session && wanted->teid
			      ? closing_number(&listing->job->desk->load->books->closing, wanted->teid)
			      : 1;

	if (!number)
		return UINT64_MAX;
	return number > wanted->after ? number : wanted->after + 1;
}

void desk_closed_list(struct job *job)
{
	const struct store *store = job->desk->store;
	struct listing listing = { .job = job, .wanted = job->message->closed_list };
	int ended;

	if (list_open(&listing))
		return;
	ended = store->engine->walk(store->self, STORE_CLOSED, list_from(&listing), list_visit, &listing);
	if (ended < 0 && !job->fault.code)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The store cannot be read.");
	if (job->fault.code)
		return;
	if (!ended)
		listing.answer->next = 0;
	listing.answer->oldest = job->desk->load->books->closing.first;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_CLOSED_LIST;
	job->response.closed_list = listing.answer;
}
