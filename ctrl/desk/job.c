// job.c - opens a request, hands it to its handler, packs what that has left. The main thread's.
#include "ctrl/desk/job.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/door/role.h"
#include "ctrl/kit/packed.h"
#include "proto/pack.h"
#include "proto/unpack.h"

#define VERSION 1u
#define KEY_BYTES_MAX 64u
#define DEADLINE_MAX_MS 60000u

static const struct body {
	enum job_kind kind;
	job_handler *handler;
} bodies[] = {
	[SHOAL__OSS__REQUEST__BODY_SESSION_CREATE] = { JOB_CHANGE, desk_session_create },
	[SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY] = { JOB_CHANGE, desk_session_modify },
	[SHOAL__OSS__REQUEST__BODY_SESSION_DELETE] = { JOB_CHANGE, desk_session_delete },
	[SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT] = { JOB_CHANGE, desk_session_import },
	[SHOAL__OSS__REQUEST__BODY_SESSION_FRONT] = { JOB_CHANGE, desk_session_front },
	[SHOAL__OSS__REQUEST__BODY_SESSION_GET] = { JOB_READ, desk_session_get },
	[SHOAL__OSS__REQUEST__BODY_SESSION_LIST] = { JOB_READ, desk_session_list },
	[SHOAL__OSS__REQUEST__BODY_CLOSED_LIST] = { JOB_READ, desk_closed_list },
	[SHOAL__OSS__REQUEST__BODY_WORKER_LIST] = { JOB_READ, desk_worker_list },
	[SHOAL__OSS__REQUEST__BODY_WORKER_ORDER] = { JOB_ORDER, desk_worker_order },
	[SHOAL__OSS__REQUEST__BODY_SHARD_LIST] = { JOB_READ, desk_shard_list },
	[SHOAL__OSS__REQUEST__BODY_SHARD_MOVE] = { JOB_ORDER, desk_shard_move },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_START] = { JOB_ORDER, desk_upgrade_start },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_GET] = { JOB_READ, desk_upgrade_get },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT] = { JOB_ORDER, desk_upgrade_abort },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST] = { JOB_READ, desk_quarantine_list },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE] = { JOB_ORDER, desk_quarantine_release },
	[SHOAL__OSS__REQUEST__BODY_NOTE_PUT] = { JOB_CHANGE, desk_note_put },
	[SHOAL__OSS__REQUEST__BODY_NOTE_GET] = { JOB_READ, desk_note_get },
	[SHOAL__OSS__REQUEST__BODY_NOTE_LIST] = { JOB_READ, desk_note_list },
	[SHOAL__OSS__REQUEST__BODY_NOTE_DELETE] = { JOB_CHANGE, desk_note_delete },
	[SHOAL__OSS__REQUEST__BODY_REPORT_LIST] = { JOB_READ, desk_report_list },
	[SHOAL__OSS__REQUEST__BODY_REPORT_DONE] = { JOB_CHANGE, desk_report_done },
	[SHOAL__OSS__REQUEST__BODY_TRACE_START] = { JOB_ORDER, desk_trace_start },
	[SHOAL__OSS__REQUEST__BODY_TRACE_READ] = { JOB_READ, desk_trace_read },
	[SHOAL__OSS__REQUEST__BODY_TRACE_STOP] = { JOB_ORDER, desk_trace_stop },
	[SHOAL__OSS__REQUEST__BODY_PATH_LIST] = { JOB_READ, desk_path_list },
	[SHOAL__OSS__REQUEST__BODY_STATUS_GET] = { JOB_READ, desk_status_get },
	[SHOAL__OSS__REQUEST__BODY_COUNTERS_GET] = { JOB_READ, desk_counters_get },
};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))

void *job_take(struct job *job, size_t bytes)
{
	void *memory = arena_take(&job->desk->arena, bytes);

	if (!memory)
		job_full(job);
	return memory;
}

void job_full(struct job *job)
{
	fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "", "The request is too large when unpacked.");
}

uint8_t *desk_pack(const Shoal__Oss__Response *response, size_t *length)
{
	struct pack_draft draft;
	uint8_t *bytes;

	pack_draft(&draft, &response->base);
	bytes = malloc(draft.length + PACKED_ROOM);
	if (bytes)
		pack_copy(&draft, bytes);
	*length = draft.length;
	return bytes;
}

uint8_t *job_answer(struct job *job, size_t *bytes)
{
	job->response.version = VERSION;
	job->response.status = &job->status;
	if (job->fault.code) {
		job->status.code = job->fault.code;
		job->status.field = job->fault.field;
		job->status.message = job->fault.message;
		job->desk->refused++;
		wait_free(job->wait);
		job->wait = NULL;
	}
	return desk_pack(&job->response, bytes);
}

static int fields_check(struct job *job)
{
	const Shoal__Oss__Request *message = job->message;

	if (message->version != VERSION)
		return fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "version", "This build speaks version 1.");
	if (message->body_case && role_check(job->pass, message->body_case, &job->fault)) {
		job->desk->refusals.count[REFUSAL_FORBIDDEN]++;
		return -EACCES;
	}
	if (message->deadline_ms > DEADLINE_MAX_MS)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "deadline_ms", "At most 60,000 ms.");
	if (message->body_case >= BODIES || bodies[message->body_case].kind == JOB_UNKNOWN)
		return fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "", "No body that this build knows.");
	if (message->key.len > KEY_BYTES_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "key", "A key has 1 to 64 bytes.");
	if (message->key_before.len > KEY_BYTES_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "key_before",
				 "A key has 1 to 64 bytes.");
	if (bodies[message->body_case].kind == JOB_CHANGE && !message->key.len)
		return fault_say(&job->fault, SHOAL__OSS__CODE__MISSING_FIELD, "key",
				 "A changing request carries a key.");
	return 0;
}

void job_open(struct job *job, struct desk *desk, struct request *request)
{
	*job = (struct job){ .desk = desk, .request = request };
	job->pass = request->pass ? request->pass : &role_pass_all;
	shoal__oss__response__init(&job->response);
	shoal__oss__status__init(&job->status);
	arena_reset(&desk->arena);
	job->message =
	    unpack(&shoal__oss__request__descriptor, &desk->arena.allocator, request->bytes, request->length);
	if (!job->message)
		fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "",
			  "Not a request of oss.proto, or too large when unpacked.");
	else
		fields_check(job);
}

enum job_kind job_kind(const struct job *job)
{
	return job->fault.code ? JOB_UNKNOWN : bodies[job->message->body_case].kind;
}

bool job_writes(const struct job *job)
{
	return !job->fault.code && job->message->body_case == SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE;
}

void job_run(struct job *job)
{
	if (!job->fault.code)
		bodies[job->message->body_case].handler(job);
}
