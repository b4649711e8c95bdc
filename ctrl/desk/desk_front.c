// desk_front.c - what an owner keeps with its session, replaced alone: the session is as before, and no worker hears of it.
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/door/role.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"

// Something of this group is to be written in its place: it is read when that is on disk.
static bool is_changing(const struct batch *batch, uint64_t id)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->rows[i].table == STORE_SESSIONS && batch->rows[i].row.key == id)
			return true;
	return false;
}

// The row as it is stored; null with job->fault.
static Shoal__Store__Session *row_read(struct job *job, uint64_t id)
{
	const struct store *store = job->desk->store;
	struct store_row row = { .key = id };
	Shoal__Store__Session *stored = NULL;

	if (!store->engine->get(store->self, STORE_SESSIONS, &row))
		stored = record_session(&row, &job->desk->arena);
	if (!stored)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The stored session cannot be read.");
	return stored;
}

static void row_write(struct job *job, const Shoal__Store__Session *stored)
{
	struct batch *batch = &job->desk->ledger->batch;
	struct store_row row = { .key = stored->session->id };

	if (record_pack(&stored->base, &batch->bytes, &row) || batch_put(batch, STORE_SESSIONS, &row))
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
}

static int wanted_check(struct job *job, const Shoal__Oss__SessionFront *wanted, const Shoal__Oss__Session *stored)
{
	Shoal__Oss__Session words = SHOAL__OSS__SESSION__INIT;

	words.owner = wanted->owner;
	words.front = wanted->front;
	if (compile_owner(&words, &job->fault))
		return -1;
	if (!*wanted->owner || strcmp(wanted->owner, stored->owner))
		return fault_say(&job->fault, SHOAL__OSS__CODE__UNSUPPORTED, "owner",
				 "A session is changed by its owner alone, who names itself.");
	return 0;
}

void desk_session_front(struct job *job)
{
	const Shoal__Oss__SessionFront *wanted = job->message->session_front;
	struct ledger *ledger = job->desk->ledger;
	const struct session *session = session_by_id(ledger->sessions, wanted->id);
	Shoal__Store__Session *stored;

	if (!session || !role_sees(job->pass, session_dnn(session))) {
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "id", "No such session.");
		return;
	}
	job->later = is_changing(&ledger->batch, wanted->id);
	stored = job->later ? NULL : row_read(job, wanted->id);
	if (!stored || wanted_check(job, wanted, stored->session))
		return;
	stored->session->front = wanted->front;
	row_write(job, stored);
	stored->session->front = (ProtobufCBinaryData){ 0 };
	job_respond(job, stored->session, true);
}
