// session.c - tasks: which runs, which waits behind another, which sleeps; their way to ctrl and back. The steps are in session_*.c.
#include "ctrl/pfcp/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/session/session_own.h"

#define BUSY_MS 20u
#define SPARES_MAX 1024u // as many as are under way at once, so that none is freed to be made again
#define UNDO_MS 60000u   // for what came too late to be undone
#define NS_PER_MS 1000000ull

static const struct {
	task_ask *ask;
	task_hear *hear;
} steps[STEPS] = {
	[STEP_CREATE] = { create_ask, create_hear },
	[STEP_WATCH] = { watch_ask, watch_hear },
	[STEP_UNCREATE] = { uncreate_ask, uncreate_hear },
	[STEP_GET] = { get_ask, get_hear },
	[STEP_MODIFY] = { get_ask, modify_hear }, // asked on the way from get_hear
	[STEP_UNMODIFY] = { unmodify_ask, unmodify_hear },
	[STEP_LOOK] = { look_ask, look_hear },
	[STEP_DELETE] = { delete_ask, delete_hear },
	[STEP_SETTLE] = { settle_ask, settle_hear },
	[STEP_FOLLOW] = { follow_ask, follow_hear },
	[STEP_FOLLOWED] = { follow_ask, followed_hear }, // asked on the way from follow_hear
	[STEP_LOOK_AGAIN] = { shift_ask, look_again_hear },
	[STEP_SHIFT] = { shift_ask, shift_hear }, // asked on the way from look_again_hear
	[STEP_SAID] = { said_ask, said_hear },
	[STEP_SAY] = { said_ask, say_hear }, // asked on the way from said_hear
};

int sessions_open(const struct sessions_world *world, struct sessions **sessions)
{
	struct sessions *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->world = *world;
	new->none = (struct translate_given){ .gtpu_ipv4 = world->gtpu_ipv4,
					      .pfds = world->pfds,
					      .conf = world->conf,
					      .apart = world->apart,
					      .arg = world->arg };
	memcpy(new->none.gtpu_ipv6, world->gtpu_ipv6, sizeof(new->none.gtpu_ipv6));
	TAILQ_INIT(&new->asleep);
	new->spare = (struct spares){ .bytes = sizeof(struct task), .most = SPARES_MAX };
	TAILQ_INIT(&new->sweeps);
	for (unsigned i = 0; i < TASK_BUCKETS; i++)
		TAILQ_INIT(&new->busy[i]);
	*sessions = new;
	return 0;
}

// ---- Which runs

static struct task_list *bucket_of(struct sessions *sessions, uint64_t id)
{
	return &sessions->busy[hash_u64(0, id) % TASK_BUCKETS];
}

static struct task *busy_with(struct sessions *sessions, uint64_t id)
{
	struct task *task;

	TAILQ_FOREACH(task, bucket_of(sessions, id), busy)
	if (task->place == id)
		return task;
	return NULL;
}

bool task_making(const struct sessions *sessions, uint64_t then_ns)
{
	const struct task *task;

	TAILQ_FOREACH(task, bucket_of((struct sessions *)sessions, 0), busy)
	if (!task->place && task->arrived_ns <= then_ns)
		return true;
	return false;
}

static enum step first_of(const struct task *task)
{
	if (!task->deal)
		return task_says(task) ? STEP_SAID : task->sweep ? STEP_LOOK_AGAIN : STEP_FOLLOW;
	if (task->deal->type == PFCP_SESSION_ESTABLISHMENT_REQUEST)
		return STEP_CREATE;
	if (task->deal->type == PFCP_SESSION_MODIFICATION_REQUEST)
		return STEP_GET;
	return task->why.cause ? STEP_LOOK : STEP_DELETE;
}

static void start(struct task *task)
{
	TAILQ_INSERT_TAIL(bucket_of(task->sessions, task->place), task, busy);
	task_step(task, first_of(task));
}

static void forget(struct task *task)
{
	struct sessions *sessions = task->sessions;

	free(task->front);
	free(task->answer);
	spares_give(&sessions->spare, task);
}

void task_end(struct task *task)
{
	struct task *next = TAILQ_FIRST(&task->behind);

	TAILQ_REMOVE(bucket_of(task->sessions, task->place), task, busy);
	if (next) {
		TAILQ_REMOVE(&task->behind, next, busy);
		TAILQ_CONCAT(&next->behind, &task->behind, busy);
	}
	forget(task);
	if (next)
		start(next);
}

static void forget_all(struct task_list *list)
{
	struct task *task;

	while ((task = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, task, busy);
		forget_all(&task->behind);
		forget(task);
	}
}

void sessions_close(struct sessions *sessions)
{
	for (unsigned i = 0; i < TASK_BUCKETS; i++)
		forget_all(&sessions->busy[i]);
	spares_close(&sessions->spare);
	sweeps_close(sessions);
	free(sessions);
}

static struct task *task_new(struct sessions *sessions, struct deal *deal)
{
	struct task *task = spares_take(&sessions->spare);

	if (!task)
		return NULL;
	memset(task, 0, offsetof(struct task, names.pdr)); // what its first lines hold; the rest is unset but for this:
	task->said = (struct report_said){ 0 };
	task->why.cause = 0;
	TAILQ_INIT(&task->behind);
	task->sessions = sessions;
	task->deal = deal;
	task->arrived_ns = sessions->now_ns;
	return task;
}

// In its turn among those about its session.
static void enter(struct task *task)
{
	struct task *before = task->place ? busy_with(task->sessions, task->place) : NULL;

	if (before)
		TAILQ_INSERT_TAIL(&before->behind, task, busy);
	else
		start(task);
}

bool task_own(struct sessions *sessions, uint64_t id, struct sweep *sweep, const struct report_said *said)
{
	struct task *task = task_new(sessions, NULL);

	if (!task)
		return false;
	task->sweep = sweep;
	if (said)
		task->said = *said;
	task->id = task->place = id;
	enter(task);
	return true;
}

// why: it can't be read; null: it can.
static void begin(struct sessions *sessions, const struct pfcp_request *request, const struct pfcp_fault *why)
{
	struct task *task = task_new(sessions, request->deal);

	if (!task) { // forgotten, so that a repeat is served
		deal_answer(request->deal, NULL, 0);
		return;
	}
	task->body = request->header->body;
	task->bytes = request->header->bytes;
	if (request->deal->type != PFCP_SESSION_ESTABLISHMENT_REQUEST)
		task->id = task->place = request->header->seid;
	if (request->deal->type == PFCP_SESSION_MODIFICATION_REQUEST)
		task->arrived_ms = sessions->world.wall_ms(sessions->world.arg);
	if (why)
		task->why = *why;
	enter(task);
}

// By SEID 0 asks about a session who never had ours for it: an answer of ours was lost, or refused it.
static bool of_none(const struct pfcp_request *request)
{
	return request->deal->type != PFCP_SESSION_ESTABLISHMENT_REQUEST && !request->header->seid;
}

void sessions_request(struct sessions *sessions, const struct pfcp_request *request, uint64_t now_ns)
{
	sessions->now_ns = now_ns;
	sessions->read = request->tree;
	if (!*deal_owner(request->deal))
		task_refuse_unread(sessions, request, &(const struct pfcp_fault){ .cause = PFCP_CAUSE_NO_ASSOCIATION });
	else if (of_none(request))
		task_refuse_unread(sessions, request,
				   &(const struct pfcp_fault){ .cause = PFCP_CAUSE_SESSION_NOT_FOUND });
	else
		begin(sessions, request, NULL);
	sessions->read = NULL;
}

// Whose session it is about is looked up first, so that the peer is told which of its own it is.
void sessions_refuse(struct sessions *sessions, const struct pfcp_request *request, const struct pfcp_fault *fault)
{
	if (*deal_owner(request->deal) && request->deal->type != PFCP_SESSION_ESTABLISHMENT_REQUEST &&
	    !of_none(request))
		begin(sessions, request, fault);
	else
		task_refuse_unread(sessions, request, fault);
}

// ---- Asleep

void task_again(struct task *task, unsigned ms)
{
	task->wake_ns = task->sessions->now_ns + ms * NS_PER_MS;
	TAILQ_INSERT_TAIL(&task->sessions->asleep, task, sleep);
}

bool task_late(const struct task *task)
{
	return task->sessions->now_ns >= task->arrived_ns + TASK_DEADLINE_MS * NS_PER_MS;
}

// Something is undone, or has to be once it is known what.
static bool insists(const struct task *task)
{
	return task->unsure || task->step == STEP_UNCREATE || task->step == STEP_UNMODIFY;
}

static bool patience_ends(const struct task *task)
{
	return insists(task) ? task->sessions->now_ns >= task->arrived_ns + UNDO_MS * NS_PER_MS : task_late(task);
}

uint64_t sessions_due(const struct sessions *sessions)
{
	uint64_t due = sweeps_due(sessions);
	const struct task *task;

	TAILQ_FOREACH(task, &sessions->asleep, sleep)
	if (task->wake_ns < due)
		due = task->wake_ns;
	return follow_due(sessions) < due ? follow_due(sessions) : due;
}

void sessions_tick(struct sessions *sessions, uint64_t now_ns)
{
	struct task_list due = TAILQ_HEAD_INITIALIZER(due);
	struct task *task, *next;

	sessions->now_ns = now_ns;
	for (task = TAILQ_FIRST(&sessions->asleep); task; task = next) {
		next = TAILQ_NEXT(task, sleep);
		if (task->wake_ns > now_ns)
			continue;
		TAILQ_REMOVE(&sessions->asleep, task, sleep);
		TAILQ_INSERT_TAIL(&due, task, sleep);
	}
	while ((task = TAILQ_FIRST(&due)) != NULL) {
		TAILQ_REMOVE(&due, task, sleep);
		task_step(task, task->step);
	}
	sweeps_tick(sessions);
	follow_tick(sessions);
}

// ---- To ctrl and back

void task_step(struct task *task, enum step step)
{
	task->step = step;
	steps[step].ask(task);
}

// What came too late must go, or it stands there unknown to whom it was refused: asked for until it is done, or ctrl is gone for long.
static bool undo_failed(const struct task *task, const Shoal__Oss__Response *response)
{
	unsigned code = response && response->status ? response->status->code : SHOAL__OSS__CODE__BUSY;

	return insists(task) && (code == SHOAL__OSS__CODE__BUSY || code == SHOAL__OSS__CODE__STORE_FAILED) &&
	       !patience_ends(task);
}

// No answer: whether it was done nobody knows. A creation is asked for again by its key, to learn what to delete (create_hear), and so is a
// deletion, or its peer would keep a session that is gone; a modification is undone, done or not.
static void silence(struct task *task)
{
	task->unsure = task->step == STEP_CREATE || task->step == STEP_DELETE;
	if (task->unsure && !patience_ends(task))
		task_again(task, BUSY_MS);
	else if (task->step == STEP_MODIFY)
		task_step(task, STEP_UNMODIFY);
	else
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
}

static void heard(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct task *task = arg;

	__builtin_prefetch(task->deal);
	if (error == -ECANCELED) // the process ends: sessions_close takes it
		return;
	if (undo_failed(task, response))
		task_again(task, BUSY_MS);
	else if (!response || !response->status)
		silence(task);
	else if (response->status->code != SHOAL__OSS__CODE__BUSY)
		steps[task->step].hear(task, response);
	else if (task_late(task) && task->step == STEP_WATCH)
		watch_late(task);
	else if (task_late(task))
		task_refuse_as(task, PFCP_CAUSE_CONGESTION);
	else
		task_again(task, BUSY_MS);
}

void task_call(struct task *task, Shoal__Oss__Request *request, bool changes)
{
	uint8_t key[DEAL_KEY_BYTES] = { 0 }, before[DEAL_KEY_BYTES];
	int error;

	if (changes) {
		if (task->deal)
			deal_key(task->deal, (uint8_t)task->step, key);
		if (task->deal && deal_key_before(task->deal, (uint8_t)task->step, before))
			request->key_before = (ProtobufCBinaryData){ sizeof(before), before };
		if (!task->deal && getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
			memset(key, 0, sizeof(key)); // ctrl refuses the second of them
		request->key = (ProtobufCBinaryData){ sizeof(key), key };
	}
	request->deadline_ms = request->deadline_ms ? request->deadline_ms : TASK_DEADLINE_MS;
	error = rpc_call(task->sessions->world.rpc, request, heard, task);
	if (error == -EAGAIN && !patience_ends(task))
		task_again(task, BUSY_MS);
	else if (error)
		task_refuse_as(task, error == -EAGAIN ? PFCP_CAUSE_CONGESTION : PFCP_CAUSE_NO_RESOURCES);
}
