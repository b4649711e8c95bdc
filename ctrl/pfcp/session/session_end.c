// session_end.c - deletion: the session goes, and its last counters are in the answer. One request to ctrl does all of it: it knows whose the
// session is, keeps our words of it with its account, and answers when that is settled. A ctrl of an earlier build, and one that has no room
// for all of our words, is asked step by step: looked up, deleted with what of our words the account needs, its account asked for.
#include <string.h>
#include "ctrl/pfcp/session/task.h"
#include "shared/base/log.h"

#define SETTLE_MS 20u
#define SETTLE_PART 32u // asked again after this part of the time that has passed: a disk may stand still
#define ACCOUNT_MS \
	3000u    // so long anybody waits for the last counters: OAI asks four times, a second apart. Most wait longer:
#define ASKED 3u // times a peer asks at least, as often as its first repeat shows
#define LEFT_MAX 8192u // oss.proto: SessionDelete.front

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

	if (response->status->code == SHOAL__OSS__CODE__NOT_FOUND && !task->why.cause) {
		task_step(task, STEP_DELETE);
		return;
	}
	session = task_session(task, response, &front);
	if (!session || task_faulty(task) ||
	    !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	task_step(task, STEP_DELETE);
}

static bool front_of(struct task *task, struct front *front)
{
	return task->front && !front_read(front, task->front, task->front_bytes, &task->sessions->tree);
}

// What the account has to keep for us, should we die before we have answered: whose it is, and its URRs.
static ProtobufCBinaryData left_behind(struct task *task)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault;
	struct front front;
	int length = 0;

	rules_clear(&sessions->rules);
	if (front_of(task, &front) && !rules_create(&sessions->rules, &sessions->tree, &fault)) {
		rules_only(&sessions->rules, RULE_URR);
		length = front_write(&front, &sessions->rules, sessions->front, LEFT_MAX);
	}
	return (ProtobufCBinaryData){ length > 0 ? (size_t)length : 0, sessions->front };
}

void delete_ask(struct task *task)
{
	Shoal__Oss__Request request = request_of(SHOAL__OSS__REQUEST__BODY_SESSION_DELETE);
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;
	Shoal__Oss__Owned owned = SHOAL__OSS__OWNED__INIT;

	owned.id = task->id;
	owned.owner = (char *)deal_owner(task->deal);
	delete.wait_applied = delete.brief = true;
	if (task->looked) {
		delete.id = task->id;
		delete.front = left_behind(task);
	} else {
		delete.owned = &owned;
	}
	request.session_delete = &delete;
	request.deadline_ms = ACCOUNT_MS;
	task_call(task, &request, true);
}

static uint64_t waited_ms(const struct task *task)
{
	return (task->sessions->now_ns - task->arrived_ns) / 1000000;
}

// Whether the account may still be waited for: an answer without it is worth less than a late one, as long as the peer asks again. Who has not
// done so within the time for all does it every 3 s or more.
static bool account_in_time(const struct task *task)
{
	uint64_t again_ms = task->deal->again_ns / 1000000;

	return waited_ms(task) < ACCOUNT_MS || (!task_late(task) && (!again_ms || waited_ms(task) < ASKED * again_ms));
}

// After the answer nothing can be told of the session to who knows it no more (7.5.8): what it has used is in the log of closed accounts alone.
static void untold_log(const struct task *task, const Shoal__Oss__ClosedSession *account)
{
	if (pfcp_first(&task->sessions->tree, NULL, PFCP_IE_CREATE_URR) && (!account || !account->n_reports))
		log_warning("pfcp.usage_untold",
			    "session %llu of %s is deleted and its account not settled: its usage is not told",
			    (unsigned long long)task->id, deal_owner(task->deal));
}

// The answer, with the last reports. words: ours of the session; null: nobody knows them. account: null: there are no reports.
static void deleted_accept(struct task *task, const uint8_t *words, size_t bytes,
			   const Shoal__Oss__ClosedSession *account)
{
	struct sessions *sessions = task->sessions;
	struct pfcp_writer body = task_words(task);
	struct front front;

	front_clear(&front);
	if (words && front_read(&front, words, bytes, &sessions->tree)) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return;
	}
	task->cp_seid = front.cp.seid;
	task->first_version |= front.first_version;
	answer_cause(&body, task->deal->type, &sessions->world.node_id, PFCP_CAUSE_ACCEPTED);
	untold_log(task, account);
	if (account)
		task_reports(task, PFCP_IE_DELETION_USAGE_REPORT, account->reports, account->n_reports, &body);
	task_accept(task, body.start, (size_t)(body.at - body.start));
}

// A session without URRs has nothing to report, so nothing to wait for.
static bool reports_nothing(struct task *task)
{
	struct front front;

	return front_of(task, &front) && !pfcp_first(&task->sessions->tree, NULL, PFCP_IE_CREATE_URR);
}

// Not applied yet is deleted all the same: nothing brings it back. And a key that is known has done it, for an earlier process of ours,
// which had more to leave behind than we know.
static bool deleted(Shoal__Oss__Code code)
{
	return !code || code == SHOAL__OSS__CODE__NOT_APPLIED_YET || code == SHOAL__OSS__CODE__KEY_REUSED;
}

// It is not to be had in one request: of an earlier build ctrl misses the session's id; else our words are too long for it.
static bool by_steps(const struct task *task, Shoal__Oss__Code code)
{
	return !task->looked && (code == SHOAL__OSS__CODE__MISSING_FIELD || code == SHOAL__OSS__CODE__INVALID_FIELD);
}

// Our words of a session whose account is not settled yet, which finds it. False: no memory, and the task is refused and gone.
static bool left_keep(struct task *task, const Shoal__Oss__ClosedSession *account)
{
	const Shoal__Oss__Session *left = account ? account->session : NULL;

	if (!left)
		return true;
	task->teid = left->teid;
	return task_keep(task, &task->front, &task->front_bytes, left->front.data, left->front.len);
}

void delete_hear(struct task *task, const Shoal__Oss__Response *response)
{
	Shoal__Oss__Code code = response->status->code;
	const Shoal__Oss__ClosedSession *account =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session->closed : NULL;

	if (by_steps(task, code)) {
		task->looked = true;
		task_step(task, STEP_LOOK);
	} else if (!deleted(code)) {
		task_refuse_why(task, response->status);
	} else if (account && account->session && account->number) {
		deleted_accept(task, account->session->front.data, account->session->front.len, account);
	} else if (left_keep(task, account)) {
		if (reports_nothing(task))
			deleted_accept(task, task->front, task->front_bytes, NULL);
		else
			task_step(task, STEP_SETTLE);
	}
}

void settle_ask(struct task *task)
{
	Shoal__Oss__Request request = request_of(SHOAL__OSS__REQUEST__BODY_CLOSED_LIST);
	Shoal__Oss__ClosedList list = SHOAL__OSS__CLOSED_LIST__INIT;

	list.session = task->id;
	list.teid = task->teid;
	list.after = task->after;
	list.limit = 1;
	request.closed_list = &list;
	task_call(task, &request, false);
}

void settle_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__ClosedListAnswer *list =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_CLOSED_LIST ? response->closed_list : NULL;
	const Shoal__Oss__Session *session = list && list->n_closed ? list->closed[0]->session : NULL;

	if (!session && list && list->next) { // without its TEID it takes a walk through all accounts
		task->after = list->next;
		task_step(task, STEP_SETTLE);
		return;
	}
	if (!session && account_in_time(task)) {
		task_again(task, SETTLE_MS + (unsigned)(waited_ms(task) / SETTLE_PART));
		return;
	}
	if (session && !task->front && !strcmp(session->owner, deal_owner(task->deal)) &&
	    !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	deleted_accept(task, task->front, task->front_bytes, session ? list->closed[0] : NULL);
}
