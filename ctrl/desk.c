// desk.c - the group: decode, check keys, hand to handlers, commit, answer.
#include "ctrl/desk.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/job.h"
#include "ctrl/role.h"
#include "ctrl/wall.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define VERSION 1u
#define GROUP_REQUESTS 64u
#define GROUP_BYTES (4u << 20)
#define ARENA_BYTES (16u << 20) // a full import of 1 MiB unpacks into about half of it
#define KEY_BYTES_MAX 64u
#define DEADLINE_MAX_MS 60000u

enum body_kind { BODY_UNKNOWN, BODY_READ, BODY_CHANGE, BODY_ORDER };

static const struct body {
	enum body_kind kind;
	job_handler *handler;
} bodies[] = {
	[SHOAL__OSS__REQUEST__BODY_SESSION_CREATE] = { BODY_CHANGE, desk_session_create },
	[SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY] = { BODY_CHANGE, desk_session_modify },
	[SHOAL__OSS__REQUEST__BODY_SESSION_DELETE] = { BODY_CHANGE, desk_session_delete },
	[SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT] = { BODY_CHANGE, desk_session_import },
	[SHOAL__OSS__REQUEST__BODY_SESSION_GET] = { BODY_READ, desk_session_get },
	[SHOAL__OSS__REQUEST__BODY_SESSION_LIST] = { BODY_READ, desk_session_list },
	[SHOAL__OSS__REQUEST__BODY_CLOSED_LIST] = { BODY_READ, desk_closed_list },
	[SHOAL__OSS__REQUEST__BODY_WORKER_LIST] = { BODY_READ, desk_worker_list },
	[SHOAL__OSS__REQUEST__BODY_WORKER_ORDER] = { BODY_ORDER, desk_worker_order },
	[SHOAL__OSS__REQUEST__BODY_SHARD_LIST] = { BODY_READ, desk_shard_list },
	[SHOAL__OSS__REQUEST__BODY_SHARD_MOVE] = { BODY_ORDER, desk_shard_move },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_START] = { BODY_ORDER, desk_upgrade_start },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_GET] = { BODY_READ, desk_upgrade_get },
	[SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT] = { BODY_ORDER, desk_upgrade_abort },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST] = { BODY_READ, desk_quarantine_list },
	[SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE] = { BODY_ORDER, desk_quarantine_release },
	[SHOAL__OSS__REQUEST__BODY_STATUS_GET] = { BODY_READ, desk_status_get },
	[SHOAL__OSS__REQUEST__BODY_COUNTERS_GET] = { BODY_READ, desk_counters_get },
};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))

// One request of the group, decided but not yet answered.
struct decided {
	struct request *request;
	uint8_t *answer;
	size_t answer_bytes;
	struct wait *wait;
	bool change; // made by this group: stands only if the commit succeeds
	bool read;   // not decided yet: to be read when the changes are durable
};

struct group {
	struct decided decided[GROUP_REQUESTS];
	unsigned count;
	struct request *later, **later_end; // for the next group
};

void desk_open(struct desk *desk)
{
	arena_open(&desk->arena, ARENA_BYTES);
	desk->opened_ns = clock_ns();
}

void desk_close(struct desk *desk)
{
	arena_close(&desk->arena);
}

void desk_take(struct desk *desk, struct request *request)
{
	request->next = NULL;
	if (desk->first)
		desk->last->next = request;
	else
		desk->first = request;
	desk->last = request;
	desk->requests++;
}

bool desk_busy(const struct desk *desk)
{
	return desk->first != NULL;
}

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
	uint8_t *bytes;

	*length = shoal__oss__response__get_packed_size(response);
	bytes = malloc(*length + 1);
	if (bytes)
		shoal__oss__response__pack(response, bytes);
	return bytes;
}

void desk_answer(struct request *request, uint8_t *bytes, size_t length)
{
	request->answer = bytes;
	request->answer_bytes = bytes ? length : 0;
	request->answered(request);
}

// What the handler has left, as the answer.
static void job_finish(struct job *job, struct decided *decided)
{
	job->response.version = VERSION;
	job->response.status = &job->status;
	if (job->fault.code) {
		job->status.code = job->fault.code;
		job->status.field = job->fault.field;
		job->status.message = job->fault.message;
		job->desk->refused++;
		free(job->wait);
		job->wait = NULL;
	}
	decided->answer = desk_pack(&job->response, &decided->answer_bytes);
	decided->wait = job->wait;
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
	if (message->body_case >= BODIES || bodies[message->body_case].kind == BODY_UNKNOWN)
		return fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "", "No body that this build knows.");
	if (message->key.len > KEY_BYTES_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "key", "A key has 1 to 64 bytes.");
	if (bodies[message->body_case].kind == BODY_CHANGE && !message->key.len)
		return fault_say(&job->fault, SHOAL__OSS__CODE__MISSING_FIELD, "key",
				 "A changing request carries a key.");
	return 0;
}

static void job_open(struct job *job, struct desk *desk, struct request *request)
{
	*job = (struct job){ .desk = desk, .request = request };
	job->pass = request->pass ? request->pass : &role_pass_all;
	shoal__oss__response__init(&job->response);
	shoal__oss__status__init(&job->status);
	arena_reset(&desk->arena);
	job->message = shoal__oss__request__unpack(&desk->arena.allocator, request->length, request->bytes);
	if (!job->message)
		fault_say(&job->fault, SHOAL__OSS__CODE__BAD_REQUEST, "",
			  "Not a request of oss.proto, or too large when unpacked.");
	else
		fields_check(job);
}

// Repeated with `wait_applied`: waits for everything that is durable now, which the first one's work is part of.
static void repeated_wait(struct job *job)
{
	const Shoal__Oss__Request *message = job->message;
	const struct push *push = job->desk->push;
	bool wants =
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_CREATE && message->session_create->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY && message->session_modify->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_DELETE && message->session_delete->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT && message->session_import->wait_applied);

	job->wait = wants ? job_wait(job, WAIT_APPLIED) : NULL;
	for (unsigned shard = 0; job->wait && shard < SHARDS; shard++)
		wait_for_number(job->wait, push, (uint8_t)shard, push->chains->chain[shard].number);
}

// True if the request has been answered before: *decided is filled, or job->later set.
static bool repeated(struct job *job, struct keys_request *key, struct decided *decided)
{
	ProtobufCBinaryData answer;

	*key = (struct keys_request){ .key = job->message->key.data, .key_bytes = job->message->key.len };
	keys_content(job->request->bytes, job->request->length, key->content);
	key->content[0] += (uint64_t)(job->pass->dnn + 1); // what one door was answered is no other's to hear
	switch (keys_look(job->desk->keys, key, &job->desk->arena, &answer)) {
	case KEYS_NEW:
		return false;
	case KEYS_UNDER_WAY:
		job->later = true;
		return true;
	case KEYS_REUSED:
		fault_say(&job->fault, SHOAL__OSS__CODE__KEY_REUSED, "key",
			  "This key came with another request in the last 24 hours.");
		job_finish(job, decided);
		return true;
	default:
		repeated_wait(job);
		decided->answer = malloc(answer.len + 1);
		decided->answer_bytes = answer.len;
		decided->wait = job->wait;
		if (decided->answer)
			memcpy(decided->answer, answer.data, answer.len);
		return true;
	}
}

// Decides a change. What it did is undone if the answer cannot be kept.
static void change_decide(struct job *job, struct decided *decided)
{
	struct desk *desk = job->desk;
	struct ledger_mark mark = ledger_mark(desk->ledger);
	struct keys_request key;
	ProtobufCBinaryData answer;

	if (repeated(job, &key, decided))
		return;
	bodies[job->message->body_case].handler(job);
	if (job->later)
		return;
	job_finish(job, decided);
	if (job->fault.code)
		return;
	answer = (ProtobufCBinaryData){ decided->answer_bytes, decided->answer };
	decided->change = true;
	if (decided->answer && !keys_add(desk->keys, &key, &answer, wall_ms(), &desk->ledger->batch))
		return;
	decided->change = false;
	ledger_undo(desk->ledger, mark);
	free(decided->answer);
	shoal__oss__response__init(&job->response);
	fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
	job_finish(job, decided);
}

static void request_decide(struct desk *desk, struct request *request, struct group *group)
{
	struct decided *decided = &group->decided[group->count];
	enum body_kind kind;
	struct job job;

	FAULT_POINT("desk.deciding");
	*decided = (struct decided){ .request = request };
	job_open(&job, desk, request);
	kind = job.fault.code ? BODY_UNKNOWN : bodies[job.message->body_case].kind;
	decided->read = kind == BODY_READ || kind == BODY_ORDER;
	if (kind == BODY_CHANGE)
		change_decide(&job, decided);
	else if (kind == BODY_UNKNOWN)
		job_finish(&job, decided);
	if (job.later) {
		free(job.wait);
		request->next = NULL;
		*group->later_end = request;
		group->later_end = &request->next;
		return;
	}
	group->count++;
}

static void request_read(struct desk *desk, struct decided *decided)
{
	struct job job;

	job_open(&job, desk, decided->request);
	bodies[job.message->body_case].handler(&job);
	job_finish(&job, decided);
}

static void store_failed(struct desk *desk, struct decided *decided, int error)
{
	struct job job = { .desk = desk, .request = decided->request };

	free(decided->answer);
	free(decided->wait);
	shoal__oss__response__init(&job.response);
	shoal__oss__status__init(&job.status);
	fault_say(&job.fault, SHOAL__OSS__CODE__STORE_FAILED, "", strerror(-error));
	job_finish(&job, decided);
}

static int group_commit(struct desk *desk)
{
	int error;

	if (!desk->ledger->batch.count)
		return 0;
	keys_prune(desk->keys, wall_ms(), &desk->ledger->batch);
	error = load_meta(desk->load, &desk->ledger->batch);
	if (error)
		ledger_undo(desk->ledger, (struct ledger_mark){ 0, 0 });
	else
		error = ledger_commit(desk->ledger, desk->store);
	keys_settle(desk->keys, !error);
	if (!error) {
		desk->load->commits++;
		desk->commits++;
		return 0;
	}
	desk->failures++;
	log_error("store.failed", "changes refused, nothing done: %s", strerror(-error));
	desk->broken |= error == -EUCLEAN;
	return error;
}

static void group_answer(struct desk *desk, struct group *group, int error)
{
	for (unsigned i = 0; i < group->count; i++) {
		struct decided *decided = &group->decided[i];

		if (decided->change && error)
			store_failed(desk, decided, error);
		if (decided->read)
			request_read(desk, decided);
		FAULT_POINT("desk.answering");
		if (!decided->wait) {
			desk_answer(decided->request, decided->answer, decided->answer_bytes);
			continue;
		}
		decided->request->answer = decided->answer;
		decided->request->answer_bytes = decided->answer_bytes;
		desk_wait(desk, decided->wait);
	}
}

void desk_run(struct desk *desk)
{
	struct group group = { .later_end = &group.later };
	size_t bytes = 0;

	while (desk->first && group.count < GROUP_REQUESTS && bytes < GROUP_BYTES) {
		struct request *request = desk->first;

		desk->first = request->next;
		bytes += request->length;
		request_decide(desk, request, &group);
	}
	FAULT_POINT("desk.decided");
	group_answer(desk, &group, group_commit(desk));
	FAULT_POINT("desk.answered");
	if (!group.later)
		return;
	if (!desk->first)
		desk->last = (struct request *)((char *)group.later_end - offsetof(struct request, next));
	*group.later_end = desk->first;
	desk->first = group.later;
}
