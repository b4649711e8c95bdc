// session_own.c - what we do with a session by ourselves, in its turn among the requests about it: it follows its applications, and what an
// answer to a report said of it is kept.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/session_own.h"
#include "shared/base/log.h"

// ---- Its rules as they are, where the applications they name mean something else by now.

void follow_ask(struct task *task)
{
	task->step = STEP_FOLLOW;
	watch_ask(task);
}

static bool match_same(const Shoal__Oss__Match *a, const Shoal__Oss__Match *b)
{
	if (a->n_filters != b->n_filters)
		return false;
	for (size_t i = 0; i < a->n_filters; i++)
		if (strcmp(a->filters[i]->flow, b->filters[i]->flow) != 0)
			return false;
	return true;
}

// Whether the session's rules tell packets by the same flows as these, in this order.
static bool flows_same(const Shoal__Oss__Session *session, const struct front *front, const Shoal__Oss__Session *to)
{
	if (session->n_rules != to->n_rules)
		return false;
	for (size_t i = 0; i < to->n_rules; i++)
		if (front_id(front, session->rules[i]->id) != to->rules[i]->id ||
		    !match_same(session->rules[i]->match, to->rules[i]->match))
			return false;
	return true;
}

void follow_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };
	struct front front;
	const Shoal__Oss__Session *session = task_session(task, response, &front);
	int length;

	if (!session)
		return;
	task_given(task, session, &front);
	if (task_rules(task, &fault) || translate(&sessions->rules, &task->given, &sessions->translation, &fault)) {
		task_refuse(task, &fault);
	} else if (flows_same(session, &front, &sessions->translation.session)) {
		follow_done(task, false);
	} else {
		length = task_front(task, &front, session->front.data, session->front.len);
		task->step = STEP_FOLLOWED;
		if (length < 0)
			task_refuse_as(task, PFCP_CAUSE_NO_RESOURCES);
		else
			task_modify(task, session->owner, (struct task_query){ 0 }, (size_t)length);
	}
}

void followed_hear(struct task *task, const Shoal__Oss__Response *response)
{
	if (response->status->code)
		task_refuse_why(task, response->status);
	else
		follow_done(task, true);
}

// ---- What its CP function said of it in an answer to a report (7.5.9): where it hears of it, and that what waits is dropped.

int sessions_said(struct sessions *sessions, uint64_t id, const struct report_said *said)
{
	return task_own(sessions, id, NULL, said) ? 0 : -ENOMEM;
}

void said_ask(struct task *task)
{
	task->step = STEP_SAID;
	watch_ask(task);
}

static void said_over(struct task *task, bool done)
{
	const struct sessions_world world = task->sessions->world;
	uint64_t id = task->id;

	task_end(task);
	world.said(world.arg, id, done);
}

// A session that is gone needs nothing; else it is asked for again, by making the report again.
void said_refused(struct task *task, const struct rules_fault *fault)
{
	said_over(task, fault->why.cause == PFCP_CAUSE_SESSION_NOT_FOUND);
}

// What can't be done at all is not asked for again.
static void said_void(const struct task *task, const char *why)
{
	log_warning("pfcp.answer_void", "session %llu: what an answer says of it is not done: %s",
		    (unsigned long long)task->id, why);
}

// Its rules as they are, so that a modification drops what waits. Those of a first version's front would have other ids then.
static bool may_drop(struct task *task, const struct front *front)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };

	if (!front->first_version && !task_rules(task, &fault) &&
	    !translate(&sessions->rules, &task->given, &sessions->translation, &fault))
		return true;
	said_void(task, fault.why.text);
	return false;
}

void said_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct sessions *sessions = task->sessions;
	struct front front;
	const Shoal__Oss__Session *session = task_session(task, response, &front);
	int length;

	if (!session)
		return;
	task_given(task, session, &front);
	if (task->said.moves) {
		front.cp = task->said.cp;
		front.elsewhere = (struct pfcp_address){ 0 };
	}
	task->to = (struct report_to){ front.cp, front.elsewhere };
	length = front_move(&front, session->front.data, &sessions->tree, sessions->front);
	if (length < 0) {
		said_void(task, "there is no room for it");
		said_over(task, true);
		return;
	}
	task->step = STEP_SAY;
	if (task->said.drops && may_drop(task, &front))
		task_modify(task, session->owner, (struct task_query){ 0 }, (size_t)length);
	else
		task_keeps(task, session->owner, (size_t)length);
}

void say_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const struct sessions_world *world = &task->sessions->world;
	unsigned code = response->status->code;
	bool later = code == SHOAL__OSS__CODE__STORE_FAILED;

	if (!code && task->said.moves)
		world->moved(world->arg, task->id, &task->to);
	if (code && !later && code != SHOAL__OSS__CODE__NOT_FOUND)
		said_void(task, response->status->message); // by a controller of an earlier build
	said_over(task, !later);
}
