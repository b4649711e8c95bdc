// desk_path.c - requests about GTP-U paths, and the reports of tunnels that peers have nobody for.
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"
#include "ctrl/tell/path.h"
#include "shared/wire/cursor.h"

#define LIST_DEFAULT 100u
#define LIST_MAX 1000u
#define PATH_WAITS_MAX 64u // so that others can wait, too
#define GROUP_ERRORS 256u  // reported in one group

// ---- The list

static bool is_wanted(const Shoal__Oss__PathList *wanted, const struct path *path)
{
	if (!path_shown(path))
		return false;
	if (!wanted->down && !wanted->up)
		return true;
	return (wanted->down && path->state == SHOAL__OSS__PATH_STATE__PATH_DOWN) ||
	       (wanted->up && path->state == SHOAL__OSS__PATH_STATE__PATH_UP);
}

static Shoal__Oss__Path *path_told(struct job *job, struct path *path)
{
	Shoal__Oss__Path *told = job_take(job, sizeof(*told));

	if (!told)
		return NULL;
	shoal__oss__path__init(told);
	if (path->peer.family == 4)
		told->peer_ipv4 = be32_get(path->peer.address);
	else
		told->peer_ipv6 = (ProtobufCBinaryData){ sizeof(path->peer.address), path->peer.address };
	told->state = path->state;
	told->since_ms = path->since_ms;
	told->tunnels = path->tunnels;
	told->asked = path->asked;
	told->answered = path->answered;
	told->rtt_us = path->rtt_us;
	told->errors = path->errors;
	return told;
}

// Where the page ends: the place of its last path. Opaque to who asks.
static bool page_next(struct job *job, Shoal__Oss__PathListAnswer *answer, uint32_t place)
{
	uint8_t *bytes = job_take(job, sizeof(place));

	if (!bytes)
		return false;
	be32_put(bytes, place);
	answer->next = (ProtobufCBinaryData){ sizeof(place), bytes };
	return true;
}

static bool page_fill(struct job *job, Shoal__Oss__PathListAnswer *answer, uint32_t place, uint32_t limit)
{
	const struct paths *paths = job->desk->paths;

	for (; place < paths->places; place++) {
		struct path *path = paths->list[place];

		if (!path || !is_wanted(job->message->path_list, path))
			continue;
		if (answer->n_paths == limit)
			return page_next(job, answer, place - 1);
		answer->paths[answer->n_paths] = path_told(job, path);
		if (!answer->paths[answer->n_paths++])
			return false;
	}
	return true;
}

static int wanted_check(struct job *job, const Shoal__Oss__PathList *wanted)
{
	if (!job->desk->paths)
		return fault_say(&job->fault, SHOAL__OSS__CODE__UNAVAILABLE, "", "There are no paths here.");
	if (wanted->limit > LIST_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "limit", "At most 1,000 paths a page.");
	if (wanted->after.len && wanted->after.len != sizeof(uint32_t))
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "after",
				 "`next` of an answer, or empty.");
	return 0;
}

// Fills the response with what there is; false with job->fault.
static bool list(struct job *job)
{
	const Shoal__Oss__PathList *wanted = job->message->path_list;
	uint32_t limit = wanted->limit ? wanted->limit : LIST_DEFAULT;
	Shoal__Oss__PathListAnswer *answer;

	if (wanted_check(job, wanted))
		return false;
	answer = job_take(job, sizeof(*answer));
	if (!answer)
		return false;
	shoal__oss__path_list_answer__init(answer);
	answer->paths = job_take(job, limit * sizeof(struct Shoal__Oss__Path *));
	if (!answer->paths)
		return false;
	answer->stand = job->desk->paths->stand;
	answer->total = paths_shown(job->desk->paths);
	if (!page_fill(job, answer, wanted->after.len ? be32_get(wanted->after.data) + 1 : 0, limit))
		return false;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_PATH_LIST;
	job->response.path_list = answer;
	return true;
}

static unsigned path_waits(const struct desk *desk)
{
	unsigned count = 0;

	for (const struct wait *wait = desk->waits; wait; wait = wait->next)
		count += wait->kind == WAIT_PATH;
	return count;
}

void desk_path_list(struct job *job)
{
	struct desk *desk = job->desk;
	uint64_t seen = job->message->path_list->wait;

	if (!list(job) || !seen || seen != desk->paths->stand)
		return;
	if (path_waits(desk) == PATH_WAITS_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "wait", "Too many wait for paths; ask without.");
		return;
	}
	job->wait = job_wait(job, WAIT_PATH);
	if (job->wait)
		job->wait->arrived = seen;
}

bool desk_path_turned(struct wait *wait)
{
	struct request *request = wait->request;
	struct job job;

	if (wait->arrived == wait->desk->paths->stand)
		return false;
	job_open(&job, wait->desk, request);
	if (job.fault.code || !list(&job))
		return false;
	free(request->answer);
	request->answer = job_answer(&job, &request->answer_bytes);
	return true;
}

// ---- Reports

bool desk_errors_wait(const struct desk *desk)
{
	return desk->paths && desk->paths->errors;
}

// The name of its owner stands in the store alone.
static void error_report(struct desk *desk, const struct path_error *error)
{
	Shoal__Store__Report stored = SHOAL__STORE__REPORT__INIT;
	Shoal__Oss__Report report = SHOAL__OSS__REPORT__INIT;
	struct store_row row = { .key = error->session };
	const Shoal__Store__Session *session = NULL;
	struct path_peer peer = error->peer;

	arena_reset(&desk->arena);
	if (!desk->store->engine->get(desk->store->self, STORE_SESSIONS, &row))
		session = record_session(&row, &desk->arena);
	if (!session)
		return;
	report.session = error->session;
	report.kind = SHOAL__OSS__REPORT_KIND__REPORT_ERROR;
	report.at_ms = desk_ms(desk);
	report.owner = session->session->owner;
	report.peer_teid = error->teid;
	if (peer.family == 4)
		report.peer_ipv4 = be32_get(peer.address);
	else
		report.peer_ipv6 = (ProtobufCBinaryData){ sizeof(peer.address), peer.address };
	stored.report = &report;
	if (outbox_add(desk->load->outbox, &stored, &desk->ledger->batch))
		desk->paths->dropped++;
}

void desk_errors(struct desk *desk)
{
	struct path_error error;

	for (unsigned i = 0; desk->paths && i < GROUP_ERRORS && paths_error(desk->paths, &error); i++) {
		const struct session *session = session_by_id(desk->ledger->sessions, error.session);

		if (session && session->owner)
			error_report(desk, &error);
	}
}
