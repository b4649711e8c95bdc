// desk.c - the group: decode, check keys, hand to handlers, commit, answer.
#include "ctrl/desk/desk.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/door/role.h"
#include "ctrl/fleet/release.h"
#include "ctrl/kit/packed.h"
#include "ctrl/kit/wall.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define GROUP_REQUESTS 512u
#define GROUP_BYTES (4u << 20)
#define ARENA_BYTES (16u << 20) // a full import of 1 MiB unpacks into about half of it

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
	bool open;                          // decided, not yet answered
};

void desk_open(struct desk *desk)
{
	desk->group = calloc(1, sizeof(*desk->group));
	arena_open(&desk->arena, ARENA_BYTES);
	desk->opened_ns = clock_ns();
}

void desk_close(struct desk *desk)
{
	arena_close(&desk->arena);
	free(desk->group);
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
	bool waits = desk->first || measures_is_due(desk->load->measures, desk_ms(desk)) || desk_errors_wait(desk);

	return waits && !desk->group->open && !scribe_busy(desk->scribe);
}

void desk_answer(struct request *request, uint8_t *bytes, size_t length)
{
	request->answer = bytes;
	request->answer_bytes = bytes ? length : 0;
	request->answered(request);
}

static void job_finish(struct job *job, struct decided *decided)
{
	decided->answer = job_answer(job, &decided->answer_bytes);
	decided->wait = job->wait;
}

// Repeated with `wait_applied`: waits for everything that is durable now, which the first one's work is part of. said: what was answered.
static void repeated_wait(struct job *job, const ProtobufCBinaryData *said)
{
	const Shoal__Oss__Request *message = job->message;
	const struct push *push = job->desk->push;
	bool wants =
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_CREATE && message->session_create->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY && message->session_modify->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_DELETE && message->session_delete->wait_applied) ||
	    (message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT && message->session_import->wait_applied);

	if (wants && message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_DELETE && message->session_delete->owned) {
		account_wait_again(job, said);
		return;
	}
	job->wait = wants ? job_wait(job, WAIT_APPLIED) : NULL;
	for (unsigned shard = 0; job->wait && shard < SHARDS; shard++)
		wait_for_number(job->wait, push, (uint8_t)shard, push->chains->chain[shard].number);
	if (job->wait && job->desk->release)
		job->wait->drop = job->desk->release->turns;
}

// True if the request has been answered before: *decided is filled, or job->later set.
static bool repeated(struct job *job, struct keys_request *key, struct decided *decided)
{
	struct keys_request before;
	ProtobufCBinaryData answer;
	enum keys_found found;

	*key = (struct keys_request){ .key = job->message->key.data, .key_bytes = job->message->key.len };
	keys_content(job->request->bytes, job->request->length, key->content);
	key->content[0] += (uint64_t)(job->pass->dnn + 1); // what one door was answered is no other's to hear
	found = keys_look(job->desk->keys, key, &job->desk->arena, &answer);
	before = *key;
	before.key = job->message->key_before.data;
	before.key_bytes = job->message->key_before.len;
	if (found == KEYS_NEW && before.key_bytes)
		found = keys_look(job->desk->keys, &before, &job->desk->arena, &answer);
	switch (found) {
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
		repeated_wait(job, &answer);
		decided->answer = malloc(answer.len + PACKED_ROOM);
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
	bool noted = notes_busy(desk->load->notes);
	struct outbox_mark reported = outbox_mark(desk->load->outbox);
	struct keys_request key;
	ProtobufCBinaryData answer;

	if (repeated(job, &key, decided))
		return;
	job_run(job);
	if (job->later || job->parked)
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
	if (!noted)
		notes_settle(desk->load->notes, false);
	outbox_undo(desk->load->outbox, reported);
	free(decided->answer);
	shoal__oss__response__init(&job->response);
	fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
	job_finish(job, decided);
}

static void request_decide(struct desk *desk, struct request *request, struct group *group)
{
	struct decided *decided = &group->decided[group->count];
	enum job_kind kind;
	struct job job;

	FAULT_POINT("desk.deciding");
	*decided = (struct decided){ .request = request };
	job_open(&job, desk, request);
	kind = job_kind(&job);
	decided->read = kind == JOB_READ || kind == JOB_ORDER;
	if (kind == JOB_CHANGE)
		change_decide(&job, decided);
	else if (kind == JOB_UNKNOWN)
		job_finish(&job, decided);
	if (job.parked) {
		desk_park(desk, request);
		return;
	}
	if (job.later) {
		free(job.wait);
		request->next = NULL;
		*group->later_end = request;
		group->later_end = &request->next;
		return;
	}
	group->count++;
}

// A request that could not be opened has its fault for an answer. False: it asks for what is with the disk.
static bool request_read(struct desk *desk, struct decided *decided)
{
	struct job job;

	job_open(&job, desk, decided->request);
	job_run(&job);
	if (!job.later)
		job_finish(&job, decided);
	return !job.later;
}

static void store_failed(struct desk *desk, struct decided *decided, int error)
{
	struct job job = { .desk = desk, .request = decided->request };
	char words[sizeof(job.fault.message)];

	free(decided->answer);
	free(decided->wait);
	shoal__oss__response__init(&job.response);
	shoal__oss__status__init(&job.status);
	snprintf(words, sizeof(words), "The store cannot be written, so nothing was done: %s.", strerror(-error));
	fault_say(&job.fault, SHOAL__OSS__CODE__STORE_FAILED, "", words);
	job_finish(&job, decided);
}

static void decided_answer(struct desk *desk, struct decided *decided)
{
	if (!decided->wait) {
		desk_answer(decided->request, decided->answer, decided->answer_bytes);
		return;
	}
	decided->request->answer = decided->answer;
	decided->request->answer_bytes = decided->answer_bytes;
	desk_wait(desk, decided->wait);
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
		decided_answer(desk, decided);
	}
}

// What has to be decided together with a change of this group goes first next time.
static void group_close(struct desk *desk, int error)
{
	struct group *group = desk->group;

	group_answer(desk, group, error);
	FAULT_POINT("desk.answered");
	group->open = false;
	if (!group->later)
		return;
	if (!desk->first)
		desk->last = (struct request *)((char *)group->later_end - offsetof(struct request, next));
	*group->later_end = desk->first;
	desk->first = group->later;
}

static void group_settle(void *with, int error)
{
	struct desk *desk = with;

	ledger_settle(desk->ledger, error);
	keys_settle(desk->keys, !error);
	notes_settle(desk->load->notes, !error);
	if (desk->release)
		release_settle(desk->release, !error);
	outbox_settle(desk->load->outbox, !error);
	if (error) {
		desk->failures++;
		log_error("store.failed", "changes refused, nothing done: %s", strerror(-error));
	} else {
		desk->load->commits++;
		desk->commits++;
	}
	group_close(desk, error);
}

static void group_commit(struct desk *desk)
{
	int error;

	if (!desk->ledger->batch.count) {
		group_close(desk, 0);
		return;
	}
	keys_prune(desk->keys, wall_ms(), &desk->ledger->batch);
	error = load_meta(desk->load, &desk->ledger->batch);
	if (error)
		group_settle(desk, error);
	else
		scribe_write(desk->scribe, &desk->ledger->batch, group_settle, desk);
}

static void group_run(struct desk *desk)
{
	struct group *group = desk->group;
	size_t bytes = 0;

	*group = (struct group){ .later_end = &group->later, .open = true };
	desk_measures(desk);
	desk_errors(desk);
	while (desk->first && group->count < GROUP_REQUESTS && bytes < GROUP_BYTES) {
		struct request *request = desk->first;

		desk->first = request->next;
		bytes += request->length;
		request_decide(desk, request, group);
	}
	FAULT_POINT("desk.decided");
	group_commit(desk);
}

// ---- While the disk has a batch

// A change that may not wait any longer. False: it has come before and is with the disk, so nobody can say that nothing was done.
static bool change_refuse(struct desk *desk, struct decided *decided)
{
	struct keys_request key;
	struct job job;

	job_open(&job, desk, decided->request);
	if (job_kind(&job) == JOB_CHANGE && repeated(&job, &key, decided))
		return !job.later;
	fault_say(&job.fault, SHOAL__OSS__CODE__STORE_FAILED, "",
		  "The disk has been busy for too long; nothing was done, try again later.");
	job_finish(&job, decided);
	return true;
}

// What kind it is is found out once: it may be large, and be looked at often.
static bool is_read(struct desk *desk, struct request *request)
{
	struct job job;

	if (request->looked == REQUEST_UNKNOWN) {
		job_open(&job, desk, request);
		request->looked = job_kind(&job) == JOB_CHANGE || job_writes(&job) ? REQUEST_CHANGES : REQUEST_READS;
	}
	return request->looked == REQUEST_READS;
}

// An answer makes room for its caller's next request, which comes to the end of the queue in the midst of this.
static void meanwhile(struct desk *desk)
{
	uint64_t age_ns = scribe_age_ns(desk->scribe);
	bool reads = !desk->group->open || age_ns >= DESK_SLOW_NS, slow = age_ns >= DESK_PATIENCE_NS;
	struct request *left = NULL, *left_last = NULL;

	while (desk->first) {
		struct decided decided = { .request = desk->first };

		desk->first = desk->first->next;
		if (reads && is_read(desk, decided.request) && request_read(desk, &decided)) {
			decided_answer(desk, &decided);
		} else if (slow && !is_read(desk, decided.request) && change_refuse(desk, &decided)) {
			decided_answer(desk, &decided);
		} else {
			decided.request->next = NULL;
			if (left)
				left_last->next = decided.request;
			else
				left = decided.request;
			left_last = decided.request;
		}
	}
	desk->first = left;
	desk->last = left_last;
}

void desk_run(struct desk *desk)
{
	desk_unpark(desk, clock_ns());
	if (desk_busy(desk))
		group_run(desk);
	else if (desk->first)
		meanwhile(desk);
	desk_reports(desk);
}
