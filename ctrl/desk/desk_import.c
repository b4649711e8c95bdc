// desk_import.c - many sessions created by one request, and what became of them, where it is waited for.
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/desk/wait.h"
#include "ctrl/kit/wall.h"
#include "ctrl/session/session.h"

#define IMPORT_MAX 4096u

static void fault_list(struct job *job, Shoal__Oss__SessionImportAnswer *answer, uint32_t index)
{
	Shoal__Oss__ImportFault *fault = job_take(job, sizeof(*fault));
	Shoal__Oss__Status *status = job_take(job, sizeof(*status));
	struct fault *words = job_take(job, sizeof(*words));

	if (!fault || !status || !words)
		return;
	*words = job->fault;
	shoal__oss__import_fault__init(fault);
	shoal__oss__status__init(status);
	status->code = words->code;
	status->field = words->field;
	status->message = words->message;
	fault->index = index;
	fault->status = status;
	answer->faults[answer->n_faults++] = fault;
}

// Creates them one after the other. With go_on a bad one is listed and left out; else it ends the import.
static void import_run(struct job *job, const Shoal__Oss__SessionImport *import,
		       Shoal__Oss__SessionImportAnswer *answer)
{
	struct ledger *ledger = job->desk->ledger;
	struct compile_needs needs = ledger_needs(ledger);
	uint64_t at_ms = wall_ms();
	struct plan plan;

	for (size_t i = 0; i < import->n_sessions; i++) {
		if (!compile_create(import->sessions[i], &needs, &plan, &job->fault) &&
		    !job_plan_check(job, &plan, import->sessions[i]) &&
		    !ledger_create(ledger, &plan, import->sessions[i], at_ms, &job->fault)) {
			answer->first = answer->created++ ? answer->first : import->sessions[i]->id;
			continue;
		}
		fault_under(&job->fault, "sessions", (int)i);
		fault_list(job, answer, (uint32_t)i);
		if (!import->go_on)
			return;
		job->fault = (struct fault){ 0 };
	}
}

void desk_session_import(struct job *job)
{
	const Shoal__Oss__SessionImport *import = job->message->session_import;
	struct ledger *ledger = job->desk->ledger;
	struct ledger_mark mark = ledger_mark(ledger);
	Shoal__Oss__SessionImportAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return;
	shoal__oss__session_import_answer__init(answer);
	if (!import->n_sessions || import->n_sessions > IMPORT_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "sessions", "1 to 4,096 sessions a message.");
		return;
	}
	answer->faults = job_take(job, import->n_sessions * sizeof(*answer->faults));
	if (!answer->faults)
		return;
	import_run(job, import, answer);
	if (import->wait_applied && !job->fault.code)
		job->wait = job_wait(job, WAIT_APPLIED);
	for (unsigned shard = 0; job->wait && shard < SHARDS; shard++)
		if (ledger->number[shard] > job->desk->push->chains->chain[shard].number)
			wait_for_number(job->wait, job->desk->push, (uint8_t)shard, ledger->number[shard]);
	if (job->fault.code) {
		answer->created = 0;
		answer->first = 0;
		ledger_undo(ledger, mark);
	}
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT;
	job->response.session_import = answer;
}

// One that was created, as it is now.
static void created_look(struct job *job, const struct session *session, Shoal__Oss__SessionImportAnswer *answer,
			 uint32_t index)
{
	answer->applied += job_applied(job->desk, session);
	if (!job->desk->push->chains->grid->cells[session->cell].refused)
		return;
	fault_say(&job->fault, SHOAL__OSS__CODE__NOT_APPLIED_YET, "", WAIT_REFUSED);
	fault_under(&job->fault, "sessions", (int)index);
	fault_list(job, answer, index);
}

static void import_look(struct job *job, Shoal__Oss__SessionImportAnswer *answer)
{
	Shoal__Oss__ImportFault **bad = answer->faults, **bad_end = bad + answer->n_faults;
	uint32_t all = answer->created + (uint32_t)answer->n_faults;
	uint64_t id = answer->first;
	const struct session *session;

	answer->faults = job_take(job, (all + 1) * sizeof(*answer->faults));
	if (!answer->faults) {
		answer->faults = bad;
		return;
	}
	answer->n_faults = 0;
	for (uint32_t i = 0; i < all; i++) {
		if (bad < bad_end && (*bad)->index == i) {
			answer->faults[answer->n_faults++] = *bad++;
			continue;
		}
		session = session_by_id(job->desk->ledger->sessions, id++);
		if (session) // nobody has deleted it since
			created_look(job, session, answer, i);
	}
}

void desk_import_look(struct desk *desk, Shoal__Oss__Response *response)
{
	struct job job = { .desk = desk };

	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT)
		import_look(&job, response->session_import);
	if (job.fault.code && !response->status->code) {
		response->status->code = SHOAL__OSS__CODE__NOT_APPLIED_YET;
		response->status->message = "Durable, but workers refuse some of them.";
	}
}
