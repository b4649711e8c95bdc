// desk_delete.c - deletion of a session; and by its owner, whose answer tells of the account: settled, where there is something to report.
//
//   decided -> durable -> confirmed by the worker, last counters heard -> account settled (closing.h) -> answered from the store
//
// The account stands in the store from the transaction that deletes the session until the log of closed accounts forgets it, so whoever
// dies between, the same request again (by its key) has the same answer.
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/kit/wall.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"

#define FRONT_LEFT_MAX 8192u

static const struct closing *closing_of(const struct desk *desk)
{
	return &desk->load->books->closing;
}

// What is another's is not there.
static struct session *session_owned(struct job *job, const Shoal__Oss__Owned *owned)
{
	struct session *session = job_named(job, owned->id, NULL);

	if (!session || session->owner == session_owner(owned->owner))
		return session;
	fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "owned", "No such session of this owner.");
	return NULL;
}

// What the front end leaves behind with the account.
static int front_leave(struct job *job, const Shoal__Oss__SessionDelete *delete, Shoal__Oss__Session *message)
{
	if (delete->owned && strcmp(delete->owned->owner, message->owner) != 0)
		return fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "owned", "No such session of this owner.");
	if (!delete->owned || delete->front.len)
		message->front = delete->front;
	if (message->front.len <= FRONT_LEFT_MAX && (!message->front.len || *message->owner))
		return 0;
	return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "front",
			 "At most 8,192 bytes, of a session with an owner.");
}

static void delete_wait(struct job *job, const struct session *session, bool account)
{
	job->wait = job_wait_cell(job, session->cell);
	if (!job->wait || !account)
		return;
	job->wait->account = session->id;
	job->wait->teid = session->bearer.teid;
}

void desk_session_delete(struct job *job)
{
	const Shoal__Oss__SessionDelete *delete = job->message->session_delete;
	struct session *session =
	    delete->owned ? session_owned(job, delete->owned) : job_named(job, delete->id, delete->identity);
	struct ledger_mark mark = ledger_mark(job->desk->ledger);
	Shoal__Oss__Session *message = NULL;

	if (session)
		message = delete->owned ? job_session_brief(job, session) : job_session(job, session);
	if (!message || front_leave(job, delete, message) ||
	    ledger_delete(job->desk->ledger, session, message, wall_ms(), &job->fault))
		return;
	message->front = (ProtobufCBinaryData){ 0 }; // answers to changes are stored with their keys: it is not in them
	message->applied = false;
	if (delete->wait_applied)
		delete_wait(job, session, delete->owned);
	job_respond(job, message, delete->brief || delete->owned);
	if (job->fault.code)
		ledger_undo(job->desk->ledger, mark);
}

// ---- The answer to its owner

void account_wait_again(struct job *job, const ProtobufCBinaryData *said)
{
	const struct desk *desk = job->desk;
	Shoal__Oss__Response *response =
	    shoal__oss__response__unpack(&job->desk->arena.allocator, said->len, said->data);
	bool whole =
	    response && response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION && response->session->session;

	job->wait = whole ? job_wait(job, WAIT_CELL) : NULL;
	if (!job->wait)
		return;
	job->wait->account = response->session->session->id;
	job->wait->teid = response->session->session->teid;
	job->wait->shard = shard_of_teid(job->wait->teid);
	job->wait->cell = CELL_NONE;
	job->wait->framed = true;
	job->wait->until = desk->push->chains->chain[job->wait->shard].number;
}

bool account_awaited(const struct wait *wait)
{
	return wait->account && closing_awaits(closing_of(wait->desk), wait->account, wait->teid);
}

static Shoal__Store__Closed *account_read(struct desk *desk, enum store_table table, struct store_row *row)
{
	const struct store *store = desk->store;

	return row->key && !store->engine->get(store->self, table, row) ? record_closed_brief(row, &desk->arena) : NULL;
}

// As it was settled; else as the session left it, and *number is 0. Null: there is none.
static Shoal__Store__Closed *account_find(const struct wait *wait, uint64_t *number)
{
	struct store_row settled = { .key = closing_number(closing_of(wait->desk), wait->teid) };
	struct store_row left = { .key = wait->account };
	Shoal__Store__Closed *stored = account_read(wait->desk, STORE_CLOSED, &settled);

	*number = settled.key;
	if (stored && stored->session->id == wait->account) // its TEID may have been another's before
		return stored;
	*number = 0;
	return account_read(wait->desk, STORE_LEAVING, &left);
}

static void account_tell(const Shoal__Store__Closed *stored, uint64_t number, Shoal__Oss__ClosedSession *closed)
{
	Shoal__Oss__Session *session = closed->session;

	session->id = stored->session->id;
	session->teid = stored->session->teid;
	session->owner = stored->session->owner;
	session->front = stored->session->front;
	closed->number = number;
	closed->deleted_ms = stored->at_ms;
	closed->final = stored->final;
	closed->correction = stored->correction;
	closed->reports = stored->reports;
	closed->n_reports = stored->n_reports;
}

// Without an account, because it cannot be read or is kept no more, the answer says what it said before.
void account_answer(const struct wait *wait, Shoal__Oss__Code code, const char *message)
{
	Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT, kept = SHOAL__OSS__SESSION__INIT;
	Shoal__Oss__SessionAnswer answer = SHOAL__OSS__SESSION_ANSWER__INIT;
	Shoal__Oss__ClosedSession closed = SHOAL__OSS__CLOSED_SESSION__INIT;
	Shoal__Oss__Response response = SHOAL__OSS__RESPONSE__INIT;
	Shoal__Oss__Status status = SHOAL__OSS__STATUS__INIT;
	struct desk *desk = wait->desk;
	const Shoal__Store__Closed *stored;
	uint8_t *bytes;
	uint64_t number;
	size_t length;

	arena_reset(&desk->arena);
	stored = account_find(wait, &number);
	closed.session = &kept;
	if (stored)
		account_tell(stored, number, &closed);
	session.id = wait->account;
	session.teid = wait->teid;
	session.applied = !code;
	answer.session = &session;
	answer.closed = stored ? &closed : NULL;
	status.code = code;
	status.message = (char *)message;
	response.version = 1;
	response.status = &status;
	response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	response.session = &answer;
	free(wait->request->answer);
	bytes = desk_pack(&response, &length);
	desk_answer(wait->request, bytes, length);
}

void account_answer_late(const struct wait *wait)
{
	wait->desk->unsettled += account_awaited(wait);
	account_answer(wait, SHOAL__OSS__CODE__NOT_APPLIED_YET, "Durable, but its account is not settled yet.");
}
