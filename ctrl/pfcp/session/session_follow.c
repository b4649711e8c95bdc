// session_follow.c - sessions whose rules name an application, when its PFDs have changed (TS 29.244 6.2.5): page by page they are listed, and each
// that names one has a task of ours, in turn with its CP function's requests. A round in which one could not be done now is followed
// by another; one that can't be at all keeps what it has.
#include "ctrl/pfcp/session/session_follow.h"
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/session/session_own.h"
#include "shared/base/log.h"

#define PAGE 64u
#define AGAIN_NS 1000000000ull
#define MAKING_NS 20000000ull
#define OWNERS "pfcp:"

void sessions_follow(struct sessions *sessions)
{
	sessions->follow = (struct follow){ .under_way = true, .since_ns = sessions->now_ns, .wake_ns = 1 };
}

uint64_t follow_due(const struct sessions *sessions)
{
	const struct follow *follow = &sessions->follow;

	return follow->under_way && follow->wake_ns ? follow->wake_ns : UINT64_MAX;
}

static void later(struct sessions *sessions, uint64_t pause_ns)
{
	sessions->follow.wake_ns = sessions->now_ns + pause_ns;
}

static bool names_one(const struct pfcp_tree *tree)
{
	for (const struct pfcp_ie *pdr = pfcp_first(tree, NULL, PFCP_IE_CREATE_PDR); pdr; pdr = pfcp_again(tree, pdr))
		if (pfcp_first(tree, pfcp_first(tree, pdr, PFCP_IE_PDI), PFCP_IE_APPLICATION_ID))
			return true;
	return false;
}

static bool is_meant(struct sessions *sessions, const Shoal__Oss__Session *session)
{
	struct front front;

	return !strncmp(session->owner, OWNERS, sizeof(OWNERS) - 1) &&
	       !front_read(&front, session->front.data, session->front.len, &sessions->tree) &&
	       names_one(&sessions->tree);
}

static void begin(struct sessions *sessions, uint64_t id)
{
	sessions->follow.tasks++;
	if (task_own(sessions, id, NULL, NULL))
		return;
	sessions->follow.tasks--;
	sessions->follow.again = true;
}

static void listed(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct sessions *sessions = arg;
	struct follow *follow = &sessions->follow;
	const Shoal__Oss__SessionListAnswer *list;

	if (error == -ECANCELED)
		return;
	if (!response || !response->status || response->status->code ||
	    response->body_case != SHOAL__OSS__RESPONSE__BODY_SESSION_LIST) {
		later(sessions, AGAIN_NS);
		return;
	}
	list = response->session_list;
	follow->after = list->next;
	follow->round_over = !list->next;
	follow->tasks++; // so that it does not end before all have begun
	for (size_t i = 0; i < list->n_sessions; i++)
		if (is_meant(sessions, list->sessions[i]))
			begin(sessions, list->sessions[i]->id);
	if (!--follow->tasks)
		later(sessions, 1);
}

static void list(struct sessions *sessions)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;

	list.after = sessions->follow.after;
	list.limit = PAGE;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
	request.session_list = &list;
	sessions->follow.wake_ns = 0;
	if (rpc_call(sessions->world.rpc, &request, listed, sessions))
		later(sessions, AGAIN_NS);
}

void follow_tick(struct sessions *sessions)
{
	struct follow *follow = &sessions->follow;

	if (follow_due(sessions) > sessions->now_ns)
		return;
	if (follow->round_over && follow->again) {
		follow->round_over = follow->again = false;
		follow->after = 0;
		later(sessions, AGAIN_NS);
	} else if (follow->round_over) {
		follow->under_way = false;
		sessions->world.followed(sessions->world.arg, follow->changed, follow->left);
	} else if (task_making(sessions, follow->since_ns)) {
		later(sessions, MAKING_NS);
	} else {
		list(sessions);
	}
}

static void over(struct task *task)
{
	struct sessions *sessions = task->sessions;

	task_end(task);
	if (!--sessions->follow.tasks)
		later(sessions, 1);
}

void follow_done(struct task *task, bool changed)
{
	task->sessions->follow.changed += changed;
	over(task);
}

void follow_refused(struct task *task, const struct rules_fault *fault)
{
	struct follow *follow = &task->sessions->follow;

	switch (fault->why.cause) {
	case PFCP_CAUSE_SESSION_NOT_FOUND:
		break;
	case PFCP_CAUSE_CONGESTION:
	case PFCP_CAUSE_SYSTEM_FAILURE:
		follow->again = true;
		break;
	default:
		follow->left++;
		log_warning("pfcp.unfollowed", "session %llu does not follow its application: cause %u, %s",
			    (unsigned long long)task->id, fault->why.cause, fault->why.text);
	}
	over(task);
}
