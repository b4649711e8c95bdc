// group.c - requests decided together: their keys, the transaction, the answers; and those that are decided while it is written.
#include "ctrl/desk/group.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/door/role.h"
#include "ctrl/fleet/release.h"
#include "ctrl/kit/packed.h"
#include "ctrl/kit/wall.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define GROUP_BYTES (4u << 20)
#define CACHE_LINE 64u
#define CALLED_BYTES 512u // of a request; a processor calls the rest itself, as it reads on

void group_look(struct job *job)
{
	job->request->looked = job_kind(job) == JOB_CHANGE || job_writes(job) ? REQUEST_CHANGES : REQUEST_READS;
}

// To the front of the queue.
static void requests_first(struct desk *desk, struct request *first, struct request *last)
{
	if (!desk->first)
		desk->last = last;
	last->next = desk->first;
	desk->first = first;
}

void group_finish(struct job *job, struct decided *decided)
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

bool group_repeated(struct job *job, struct keys_request *key, struct decided *decided)
{
	const ProtobufCBinaryData *now = &job->message->key, *earlier = &job->message->key_before;
	const struct keys *keys = job->desk->keys;
	struct keys_request before;
	ProtobufCBinaryData answer;
	enum keys_found found;

	keys_ask(keys, key, now->data, now->len);
	keys_content(job->request->bytes, job->request->length, key->content);
	key->content[0] += (uint64_t)(job->pass->dnn + 1); // what one door was answered is no other's to hear
	found = keys_look(keys, key, &job->desk->arena, &answer);
	if (found == KEYS_NEW && earlier->len) {
		before = *key;
		keys_ask(keys, &before, earlier->data, earlier->len);
		found = keys_look(keys, &before, &job->desk->arena, &answer);
	}
	switch (found) {
	case KEYS_NEW:
		return false;
	case KEYS_UNDER_WAY:
		job->later = true;
		return true;
	case KEYS_REUSED:
		fault_say(&job->fault, SHOAL__OSS__CODE__KEY_REUSED, "key",
			  "This key came with another request in the last 24 hours.");
		group_finish(job, decided);
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

	if (group_repeated(job, &key, decided))
		return;
	job_run(job);
	if (job->later || job->parked)
		return;
	group_finish(job, decided);
	decided->change = desk->ledger->batch.count; // what is refused may be so for a change that is undone
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
	group_finish(job, decided);
}

static bool is_creation(const struct job *job)
{
	return job_kind(job) == JOB_CHANGE && job->message->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
}

static void later(struct group *group, struct request *request)
{
	request->next = NULL;
	*group->later_end = request;
	group->later_end = &request->next;
}

// The next one's first bytes come from memory while this one is decided: a thousand of them are more than a core's own cache holds.
static void next_call(const struct request *next)
{
	for (size_t at = 0; next && at < next->length && at < CALLED_BYTES; at += CACHE_LINE)
		__builtin_prefetch(next->bytes + at);
}

// False: it is none that may be decided ahead, and nothing was done.
static bool request_decide(struct desk *desk, struct request *request, struct group *group)
{
	struct decided *decided = &group->decided[group->count];
	bool ahead = group == desk->groups->ahead;
	enum job_kind kind;
	struct job job;

	FAULT_POINT("desk.deciding");
	next_call(desk->first);
	*decided = (struct decided){ .request = request };
	job_open(&job, desk, request);
	kind = job_kind(&job);
	if (!is_creation(&job)) {
		group_look(&job);
		if (ahead)
			return false;
		group->creates = false;
	}
	decided->read = kind == JOB_READ || kind == JOB_ORDER;
	if (kind == JOB_CHANGE)
		change_decide(&job, decided);
	else if (kind == JOB_UNKNOWN)
		group_finish(&job, decided);
	group->bytes += request->length;
	if (job.parked) {
		desk_park(desk, request);
	} else if (job.later) {
		wait_free(job.wait);
		later(group, request);
	} else {
		group->count++;
	}
	return true;
}

bool group_read(struct desk *desk, struct decided *decided)
{
	struct job job;

	job_open(&job, desk, decided->request);
	job_run(&job);
	if (!job.later)
		group_finish(&job, decided);
	return !job.later;
}

static void store_failed(struct desk *desk, struct decided *decided, int error)
{
	struct job job = { .desk = desk, .request = decided->request };
	char words[sizeof(job.fault.message)];

	free(decided->answer);
	wait_free(decided->wait);
	shoal__oss__response__init(&job.response);
	shoal__oss__status__init(&job.status);
	snprintf(words, sizeof(words), "The store cannot be written, so nothing was done: %s.", strerror(-error));
	fault_say(&job.fault, SHOAL__OSS__CODE__STORE_FAILED, "", words);
	group_finish(&job, decided);
}

void group_answer(struct desk *desk, struct decided *decided)
{
	if (!decided->wait) {
		desk_answer(decided->request, decided->answer, decided->answer_bytes);
		return;
	}
	decided->request->answer = decided->answer;
	decided->request->answer_bytes = decided->answer_bytes;
	desk_wait(desk, decided->wait);
}

// What has to be decided together with a change of this group goes first next time.
static void group_close(struct desk *desk, struct group *group, int error)
{
	for (unsigned i = 0; i < group->count; i++) {
		struct decided *decided = &group->decided[i];

		if (decided->change && error)
			store_failed(desk, decided, error);
		if (decided->read)
			group_read(desk, decided);
		FAULT_POINT("desk.answering");
		group_answer(desk, decided);
	}
	FAULT_POINT("desk.answered");
	if (group->later)
		requests_first(desk, group->later,
			       (struct request *)((char *)group->later_end - offsetof(struct request, next)));
}

static void group_open(struct group *group)
{
	group->count = 0;
	group->bytes = 0;
	group->later = NULL;
	group->later_end = &group->later;
	group->open = group->creates = true;
}

static void group_commit(struct desk *desk);

// What was decided ahead goes to the disk before this one's answers are given: that takes its time, too.
static void group_settle(void *with, int error)
{
	struct desk *desk = with;
	struct groups *groups = desk->groups;
	struct group *group = groups->disk;

	if (error)
		group_take_back(desk);
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
	group->open = false;
	groups->disk = groups->ahead;
	groups->ahead = group;
	if (groups->disk->open)
		group_commit(desk);
	group_close(desk, group, error);
}

static void group_commit(struct desk *desk)
{
	struct group *group = desk->groups->disk;
	const struct batch *batch;
	int error;

	FAULT_POINT("desk.decided");
	if (!desk->ledger->batch.count) {
		group->open = false;
		group_close(desk, group, 0);
		return;
	}
	keys_prune(desk->keys, wall_ms(), &desk->ledger->batch);
	error = load_meta(desk->load, &desk->ledger->batch);
	batch = ledger_hand(desk->ledger);
	keys_hand(desk->keys);
	if (error)
		group_settle(desk, error);
	else
		scribe_write(desk->scribe, batch, group_settle, desk);
}

static bool has_room(const struct group *group)
{
	return group->count < GROUP_REQUESTS && group->bytes < GROUP_BYTES;
}

void group_begin(struct desk *desk)
{
	struct group *group = desk->groups->disk;

	group_open(group);
	desk_measures(desk);
	desk_errors(desk);
	group->creates = !desk->ledger->batch.count;
	while (desk->first && has_room(group)) {
		struct request *request = desk->first;

		desk->first = request->next;
		request_decide(desk, request, group);
	}
	group_commit(desk);
}

// Who else wants the scribe has him when the disk's group is durable.
static bool goes_ahead(const struct desk *desk)
{
	const struct group *disk = desk->groups->disk;

	return disk->open && disk->creates && !disk->later && !scribe_wanted(desk->scribe) &&
	       scribe_age_ns(desk->scribe) < DESK_SLOW_NS;
}

void group_go_ahead(struct desk *desk)
{
	struct group *group = desk->groups->ahead;

	if (!goes_ahead(desk))
		return;
	while (desk->first && desk->first->looked == REQUEST_UNKNOWN && (!group->open || has_room(group))) {
		struct request *request = desk->first;

		if (!group->open)
			group_open(group);
		desk->first = request->next;
		if (request_decide(desk, request, group))
			continue;
		desk->first = request;
		return;
	}
}

void group_take_back(struct desk *desk)
{
	struct group *group = desk->groups->ahead;
	struct request *first = group->later;

	if (!group->open)
		return;
	group->open = false;
	ledger_take_back(desk->ledger);
	keys_take_back(desk->keys);
	if (first)
		requests_first(desk, first,
			       (struct request *)((char *)group->later_end - offsetof(struct request, next)));
	while (group->count) {
		struct decided *decided = &group->decided[--group->count];

		free(decided->answer);
		wait_free(decided->wait);
		requests_first(desk, decided->request, decided->request);
	}
}
