// session_shift.c - another SMF of the set is to hear of a session (Session Set Modification, TS 29.244 6.2.10, 5.22): noted with it, in
// its turn among the requests about it. Its rules stay, and no worker hears of it.
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/session/session_own.h"

void shift_ask(struct task *task)
{
	task->step = STEP_LOOK_AGAIN;
	watch_ask(task);
}

static void over(struct task *task, bool done)
{
	struct sweep *sweep = task->sweep;

	task_end(task);
	sweep_did(sweep, done);
}

void shift_failed(struct task *task)
{
	over(task, false);
}

void task_keeps(struct task *task, const char *owner, size_t bytes)
{
	struct sessions *sessions = task->sessions;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionFront body = SHOAL__OSS__SESSION_FRONT__INIT;

	body.id = task->id;
	body.owner = (char *)owner;
	body.front = (ProtobufCBinaryData){ bytes, sessions->front };
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_FRONT;
	request.session_front = &body;
	task_call(task, &request, true);
}

// Whether there is something to note: whom it is of already hears of it anyway.
static bool changes(struct front *front, const struct pfcp_tree *request, const struct pfcp_ie *change)
{
	const struct pfcp_ie *ie = pfcp_first(request, change, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS);
	struct pfcp_address before = front->elsewhere, to;

	if (pfcp_get_address(ie, &to))
		return false;
	front->elsewhere = choice_same(&to, &front->cp.address) ? (struct pfcp_address){ 0 } : to;
	return memcmp(&before, &front->elsewhere, sizeof(before)) != 0;
}

static const Shoal__Oss__Session *session_of(const struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__Session *session =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session->session : NULL;

	return session && !strcmp(session->owner, task->sweep->owner) ? session : NULL;
}

void look_again_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct sessions *sessions = task->sessions;
	const Shoal__Oss__Session *session = session_of(task, response);
	const struct pfcp_ie *change;
	struct front front;
	int length;

	if (response->status->code && response->status->code != SHOAL__OSS__CODE__NOT_FOUND) {
		over(task, false);
		return;
	}
	if (!session || front_read(&front, session->front.data, session->front.len, &sessions->tree)) {
		over(task, true);
		return;
	}
	change = choice_change(task->sweep->request, &front, &sessions->tree);
	if (!change || !changes(&front, task->sweep->request, change)) {
		over(task, true);
		return;
	}
	length = front_move(&front, session->front.data, &sessions->tree, sessions->front);
	task->to = (struct report_to){ front.cp, front.elsewhere };
	if (length > 0) {
		task->step = STEP_SHIFT;
		task_keeps(task, task->sweep->owner, (size_t)length);
		return;
	}
	task->sweep->cause = PFCP_CAUSE_NO_RESOURCES;
	over(task, true);
}

void shift_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const struct sessions_world *world = &task->sessions->world;
	unsigned code = response->status->code;

	if (!code)
		world->moved(world->arg, task->id, &task->to);
	else if (code != SHOAL__OSS__CODE__NOT_FOUND && code != SHOAL__OSS__CODE__STORE_FAILED)
		task->sweep->cause = PFCP_CAUSE_SYSTEM_FAILURE; // a controller of an earlier build
	over(task, code != SHOAL__OSS__CODE__STORE_FAILED);
}
