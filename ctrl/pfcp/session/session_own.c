// session_own.c - what we do with a session by ourselves, in its turn among the requests about it: it follows its applications, and what an
// answer to a report said of it is kept.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/session/session_own.h"
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

// ---- What its CP function said of it in an answer to a report (7.5.9): where it hears of it, that what waits is dropped, how long and
// how much may wait.

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

// Update BAR of an answer (7.5.9.2), as a modification would say it of the BAR. What it says of the moment is none of the rules'.
static int bar_update(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	const struct report_bar *bar = &task->said.bar;
	uint8_t body[32], *mark;
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));

	pfcp_begin(&writer, PFCP_IE_UPDATE_BAR, &mark);
	pfcp_put_u8(&writer, PFCP_IE_BAR_ID, bar->id);
	if (bar->has_packets)
		pfcp_put_u8(&writer, PFCP_IE_SUGGESTED_BUFFERING_PACKETS_COUNT, bar->packets);
	if (bar->has_delay)
		pfcp_put_u8(&writer, PFCP_IE_DOWNLINK_DATA_NOTIFICATION_DELAY, bar->delay);
	pfcp_end(&writer, mark);
	if (pfcp_read(PFCP_MESSAGE(PFCP_SESSION_MODIFICATION_REQUEST), body, (size_t)(writer.at - body),
		      &sessions->tree, &fault->why))
		return -EPROTO;
	return rules_modify(&sessions->rules, &sessions->tree, fault);
}

// Its rules, and what its BAR says by now, if there is such a one.
static int rules_said(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;

	if (task_rules(task, fault))
		return -EPROTO;
	if (task->said.bar.said && !rules_find(&sessions->rules, RULE_BAR, task->said.bar.id)) {
		said_void(task, "there is no BAR with this id");
		task->said.bar = (struct report_bar){ 0 };
	}
	if (task->said.bar.said && bar_update(task, fault))
		return -EPROTO;
	return translate(&sessions->rules, &task->given, &sessions->translation, fault);
}

// What is to be kept, in sessions->front; its length, or -EMSGSIZE. *rules: and its rules are to be told to ctrl, so that what waits is dropped, or
// waits as they say now. Those of a first version's front would have other ids if they were made anew: they are told as they are.
static int front_said(struct task *task, const struct front *front, const ProtobufCBinaryData *was, bool *rules)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };
	int length = front_move(front, was->data, &sessions->tree, sessions->front);

	*rules = task->said.drops || task->said.bar.said;
	if (length < 0 || !*rules)
		return length;
	if (front->first_version) {
		if (task->said.bar.said)
			said_void(task, "its BAR is of an earlier build");
		task->said.bar = (struct report_bar){ 0 };
		*rules = task->said.drops;
		return length;
	}
	if (rules_said(task, &fault)) {
		said_void(task, fault.why.text);
		*rules = false;
		return length;
	}
	*rules = task->said.drops || task->said.bar.said;
	return task->said.bar.said ? front_write(front, &sessions->rules, sessions->front, sizeof(sessions->front))
				   : length;
}

void said_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct front front;
	const Shoal__Oss__Session *session = task_session(task, response, &front);
	bool rules;
	int length;

	if (!session)
		return;
	task_given(task, session, &front);
	if (task->said.moves) {
		front.cp = task->said.cp;
		front.elsewhere = (struct pfcp_address){ 0 };
	}
	task->to = (struct report_to){ front.cp, front.elsewhere };
	length = front_said(task, &front, &session->front, &rules);
	if (length < 0) {
		said_void(task, "there is no room for it");
		said_over(task, true);
		return;
	}
	task->step = STEP_SAY;
	if (rules)
		task_modify(
		    task, session->owner,
		    (struct task_query){ .keep = &task->said.bar, .as_is = front.first_version ? session : NULL },
		    (size_t)length);
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
