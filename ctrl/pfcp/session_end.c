// session_end.c - deletion: the session goes, and its last counters are in the answer.
#include <string.h>
#include "ctrl/pfcp/task.h"

#define SETTLE_MS 20u

static Shoal__Oss__Request request_of(Shoal__Oss__Request__BodyCase body)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	request.body_case = body;
	return request;
}

void look_ask(struct task *task)
{
	watch_ask(task);
}

// Gone already: if it was this very request that an earlier process of ours sent, ctrl knows its key, and answers as it did then.
void look_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__Session *session;
	struct front front;

	if (response->status->code == SHOAL__OSS__CODE__NOT_FOUND) {
		task_step(task, STEP_DELETE);
		return;
	}
	session = task_session(task, response, &front);
	if (!session || !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	task->usage = usage_of(session);
	task_step(task, STEP_DELETE);
}

// What the account has to keep for us, should we die before we have answered: whose it is, and what its URRs have reported.
static ProtobufCBinaryData left_behind(struct task *task)
{
	struct sessions *sessions = task->sessions;
	struct front front;
	int length = 0;

	sessions->rules.count = 0;
	if (task->front && !front_read(&front, task->front, task->front_bytes, &sessions->tree)) {
		front.answer_bytes = 0;
		length = front_write(&front, &sessions->rules, sessions->front, sizeof(sessions->front));
	}
	return (ProtobufCBinaryData){ length > 0 ? (size_t)length : 0, sessions->front };
}

void delete_ask(struct task *task)
{
	Shoal__Oss__Request request = request_of(SHOAL__OSS__REQUEST__BODY_SESSION_DELETE);
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;

	delete.id = task->id;
	delete.wait_applied = true;
	delete.front = left_behind(task);
	request.session_delete = &delete;
	task_call(task, &request, true);
}

// The answer, with a report of every URR.
static void deleted_accept(struct task *task)
{
	struct sessions *sessions = task->sessions;
	struct pfcp_writer words = task_words(task);
	const struct occasion occasion = { .type = PFCP_IE_DELETION_USAGE_REPORT,
					   .trigger = PFCP_USAGE_REPORT_TRIGGER_TERMR,
					   .now = &task->usage,
					   .now_ms = sessions->world.wall_ms(sessions->world.arg) };
	struct front front = { 0 };

	if (task->front && front_read(&front, task->front, task->front_bytes, &sessions->tree)) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return;
	}
	task->cp_seid = front.cp.seid;
	answer_cause(&words, task->deal->type, &sessions->world.node_id, PFCP_CAUSE_ACCEPTED);
	for (unsigned i = 0; i < front.accounts.count; i++)
		account_report(&front.accounts.account[i], &occasion, &words);
	task_accept(task, words.start, (size_t)(words.at - words.start));
}

// A session without URRs has nothing to report, so nothing to wait for.
static bool reports_nothing(struct task *task)
{
	struct front front;

	return task->front && !front_read(&front, task->front, task->front_bytes, &task->sessions->tree) &&
	       !front.accounts.count;
}

void delete_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct rules_fault fault;

	// Not applied yet is deleted all the same: nothing brings it back.
	if (response->status->code && response->status->code != SHOAL__OSS__CODE__NOT_APPLIED_YET) {
		answer_why(response->status, &fault);
		task_refuse(task, &fault);
		return;
	}
	if (!task->teid && response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION && response->session->session)
		task->teid = response->session->session->teid;
	if (reports_nothing(task))
		deleted_accept(task);
	else
		task_step(task, STEP_SETTLE);
}

void settle_ask(struct task *task)
{
	Shoal__Oss__Request request = request_of(SHOAL__OSS__REQUEST__BODY_CLOSED_LIST);
	Shoal__Oss__ClosedList list = SHOAL__OSS__CLOSED_LIST__INIT;

	list.session = task->id;
	list.teid = task->teid;
	list.limit = 1;
	request.closed_list = &list;
	task_call(task, &request, false);
}

void settle_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__ClosedListAnswer *list =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_CLOSED_LIST ? response->closed_list : NULL;
	const Shoal__Oss__Session *session = list && list->n_closed ? list->closed[0]->session : NULL;

	if (!session && !task_late(task)) {
		task_again(task, SETTLE_MS);
		return;
	}
	if (session)
		task->usage = usage_of(session);
	if (session && !task->front && !strcmp(session->owner, deal_owner(task->deal)) &&
	    !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	deleted_accept(task);
}
