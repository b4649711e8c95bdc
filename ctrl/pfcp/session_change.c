// session_change.c - modification: the rules as they are, what the request makes of them, and both ctrl and the worker follow, or none.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/task.h"

#define REPEAT_MS 60000u // a request that comes again within this time is a repeat
#define WATCH_MS 20u
#define COUNT_MS 50u
#define COUNT_SLACK_MS 300u // beyond the interval in which workers tell their counters

static const uint16_t understood[] = { PFCP_IE_F_SEID,     PFCP_IE_REMOVE_PDR, PFCP_IE_REMOVE_FAR,
				       PFCP_IE_REMOVE_URR, PFCP_IE_REMOVE_QER, PFCP_IE_REMOVE_BAR,
				       PFCP_IE_CREATE_PDR, PFCP_IE_CREATE_FAR, PFCP_IE_CREATE_URR,
				       PFCP_IE_CREATE_QER, PFCP_IE_CREATE_BAR, PFCP_IE_UPDATE_PDR,
				       PFCP_IE_UPDATE_FAR, PFCP_IE_UPDATE_URR, PFCP_IE_UPDATE_QER,
				       PFCP_IE_UPDATE_BAR, PFCP_IE_QUERY_URR,  PFCP_IE_PFCPSMREQ_FLAGS,
				       PFCP_IE_FQ_CSID,    PFCP_IE_NODE_ID,    PFCP_IE_S_NSSAI,
				       PFCP_IE_RAT_TYPE,   PFCP_IE_GROUP_ID,   0 };

void get_ask(struct task *task)
{
	task->step = STEP_GET;
	watch_ask(task);
}

// The rules after the request, and what they come to. 0, or -EPROTO with *fault. The request is in the tree afterwards.
static int change(struct task *task, const Shoal__Oss__Session *session, struct front *front, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	const struct pfcp_ie *cp;
	uint64_t flags;

	*fault = (struct rules_fault){ 0 };
	task->given = task_given(session);
	sessions->rules.count = 0;
	sessions->rules.used = 0;
	if (rules_create(&sessions->rules, &sessions->tree, fault) || task_read(task, fault) ||
	    task_admit(&sessions->tree, understood, fault))
		return -EPROTO;
	flags = pfcp_flags(pfcp_first(&sessions->tree, NULL, PFCP_IE_PFCPSMREQ_FLAGS));
	if (flags & ~(PFCP_PFCPSMREQ_FLAGS_DROBU | PFCP_PFCPSMREQ_FLAGS_QAURR))
		return rules_fault(fault, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, PFCP_IE_PFCPSMREQ_FLAGS, "Not served.");
	cp = pfcp_first(&sessions->tree, NULL, PFCP_IE_F_SEID);
	if (cp && pfcp_get_fseid(cp, &front->cp))
		return rules_fault(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_F_SEID, "Not an F-SEID.");
	if (rules_modify(&sessions->rules, &sessions->tree, fault))
		return -EPROTO;
	return translate(&sessions->rules, &task->given, &sessions->translation, fault);
}

static bool queries_all(const struct pfcp_tree *tree)
{
	return pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_PFCPSMREQ_FLAGS)) & PFCP_PFCPSMREQ_FLAGS_QAURR;
}

// Counters that a worker told after the request came, or as fresh as they get: one that does not move is not told.
static bool counters_come(const struct task *task, const Shoal__Oss__Session *session)
{
	const struct sessions_world *world = &task->sessions->world;
	uint64_t now_ms = world->wall_ms(world->arg);

	return !(session->usage && session->usage->at_ms > task->arrived_ms) &&
	       now_ms - task->arrived_ms < world->usage_interval_ms + COUNT_SLACK_MS && !task_late(task);
}

static int query(struct tabs *tabs, const struct pfcp_ie *id, const struct occasion *occasion,
		 struct pfcp_writer *words, struct rules_fault *fault)
{
	const struct rule urr = { .kind = RULE_URR, .id = (uint32_t)pfcp_number(id) };
	struct tab *tab = tabs_find(tabs, urr.id);

	if (tab) {
		tab_report(tab, occasion, words);
		return 0;
	}
	rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_URR_ID, "There is no URR with this id.");
	return rules_fault_of(fault, &urr);
}

// The usage reports of those that end and those that are asked for, into the answer.
static int reports(struct task *task, struct tabs *tabs, const struct usage *now, struct pfcp_writer *words,
		   struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	const struct pfcp_tree *tree = &sessions->tree;
	struct occasion occasion = { .type = PFCP_IE_MODIFICATION_USAGE_REPORT,
				     .trigger = PFCP_USAGE_REPORT_TRIGGER_TERMR,
				     .now = now,
				     .now_ms = sessions->world.wall_ms(sessions->world.arg) };

	tabs_follow(tabs, &sessions->translation, now, occasion.now_ms, &sessions->ended);
	for (unsigned i = 0; i < sessions->ended.count; i++)
		tab_report(&sessions->ended.tab[i], &occasion, words);
	occasion.trigger = PFCP_USAGE_REPORT_TRIGGER_IMMER;
	for (unsigned i = 0; i < tabs->count && queries_all(tree); i++)
		tab_report(&tabs->tab[i], &occasion, words);
	for (const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_QUERY_URR); ie && !queries_all(tree);
	     ie = pfcp_again(tree, ie))
		if (query(tabs, pfcp_first(tree, ie, PFCP_IE_URR_ID), &occasion, words, fault))
			return -EPROTO;
	return 0;
}

static void modify_send(struct task *task, const Shoal__Oss__Session *session, size_t front)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__Session *to = &task->sessions->translation.session;

	to->id = session->id;
	to->owner = (char *)deal_owner(task->deal);
	to->front = (ProtobufCBinaryData){ front, task->sessions->front };
	modify.session = to;
	modify.wait_applied = task->step == STEP_MODIFY;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	task_call(task, &request, true);
}

// The answer is made before it is true: it is kept with the session, and sent when it is.
static void modify(struct task *task, const Shoal__Oss__Session *session, struct front *front)
{
	struct sessions *sessions = task->sessions;
	const struct usage now = usage_of(session);
	struct pfcp_writer words = task_words(task);
	struct rules_fault fault = { 0 };
	int length = -1;

	answer_cause(&words, task->deal->type, &sessions->world.node_id, PFCP_CAUSE_ACCEPTED);
	answer_created(&words, &sessions->translation, session);
	if (reports(task, &front->tabs, &now, &words, &fault)) {
		task_refuse(task, &fault);
		return;
	}
	front->served = task->deal->content;
	front->served_ms = task->arrived_ms;
	front->answer = words.start;
	front->answer_bytes = (uint16_t)(words.at - words.start);
	if (!words.full)
		length = front_write(front, &sessions->rules, sessions->front, sizeof(sessions->front));
	if (length < 0) {
		task_refuse_as(task, PFCP_CAUSE_NO_RESOURCES);
		return;
	}
	if (!task_keep(task, &task->answer, &task->answer_bytes, words.start, front->answer_bytes) ||
	    !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	task->step = STEP_MODIFY;
	modify_send(task, session, (size_t)length);
}

// Served already: the answer was lost with the process that asked.
static void repeat(struct task *task, const Shoal__Oss__Session *session, const struct front *front)
{
	if (session->applied)
		task_accept(task, front->answer, front->answer_bytes);
	else if (task_late(task))
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
	else
		task_again(task, WATCH_MS);
}

void get_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };
	struct front front;
	const Shoal__Oss__Session *session = task_session(task, response, &front);
	bool asked;

	if (!session || task_faulty(task))
		return;
	if (front.served == task->deal->content && task->arrived_ms - front.served_ms < REPEAT_MS) {
		repeat(task, session, &front);
		return;
	}
	if (change(task, session, &front, &fault)) {
		task_refuse(task, &fault);
		return;
	}
	asked = queries_all(&sessions->tree) || pfcp_first(&sessions->tree, NULL, PFCP_IE_QUERY_URR) ||
		tabs_differ(&front.tabs, &sessions->translation);
	if (asked && counters_come(task, session))
		task_again(task, COUNT_MS);
	else
		modify(task, session, &front);
}

void modify_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__Session *session =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session->session : NULL;
	struct rules_fault fault;

	if (response->status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET) {
		task_step(task, STEP_UNMODIFY);
	} else if (response->status->code == SHOAL__OSS__CODE__KEY_REUSED && !task_late(task)) {
		task_again(task, WATCH_MS); // an earlier process of ours was quicker: what it did will be seen
	} else if (response->status->code) {
		answer_why(response->status, &fault);
		task_refuse(task, &fault);
	} else if (session && session->applied) {
		task_accept(task, task->answer, task->answer_bytes);
	} else {
		task_step(task, STEP_WATCH);
	}
}

// ---- Not in time: as it was before.

void unmodify_ask(struct task *task)
{
	struct sessions *sessions = task->sessions;
	Shoal__Oss__Session session = SHOAL__OSS__SESSION__INIT;
	struct rules_fault fault = { 0 };
	struct front front;

	session.id = task->id;
	sessions->rules.count = 0;
	sessions->rules.used = 0;
	if (front_read(&front, task->front, task->front_bytes, &sessions->tree) ||
	    rules_create(&sessions->rules, &sessions->tree, &fault) ||
	    translate(&sessions->rules, &task->given, &sessions->translation, &fault)) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return;
	}
	memcpy(sessions->front, task->front, task->front_bytes);
	modify_send(task, &session, task->front_bytes);
}

void unmodify_hear(struct task *task, const Shoal__Oss__Response *response)
{
	(void)response;
	task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
}
