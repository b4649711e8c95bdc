// session_own.h - what we do with a session by ourselves, in its turn among the requests about it, and what it takes for that; for session*.c
// and task.c alone.
#pragma once
#include "ctrl/pfcp/session/task.h"

// One of our own about a session: sweep moves it; said: that is kept; neither: it follows its applications. False: no memory.
bool task_own(struct sessions *sessions, uint64_t id, struct sweep *sweep, const struct report_said *said);
static inline bool task_says(const struct task *task)
{
	return task->said.moves || task->said.drops || task->said.bar.said;
}
void said_refused(struct task *task, const struct rules_fault *fault); // not kept; the task is gone

// The rules as ctrl keeps them; the session's body is in sessions->tree, and what it has been given in the task. 0, or -EPROTO with *fault.
int task_rules(struct task *task, struct rules_fault *fault);

struct task_query { // of which measures usage is to be told; how what waits is kept, null: as it is
	uint32_t *measures;
	size_t count;
	const struct report_bar *keep;
	const Shoal__Oss__Session *as_is; // its rules, as ctrl has them; null: those that were translated
};
// Its front for sessions->rules as they are kept, in sessions->front: to the bit, so that what is asked again is the same. But a first
// version's is written anew, for its session's rules have other ids once they are translated. was: as task_session gave it. Its length, or -EMSGSIZE.
int task_front(struct task *task, const struct front *front, const uint8_t *was, size_t bytes);

// Has ctrl modify it: its rules are translated, and what is to be kept is in sessions->front. Of a request, that is in the tree.
void task_modify(struct task *task, const char *owner, struct task_query query, size_t front);

// Has ctrl keep what is in sessions->front, and change nothing else.
void task_keeps(struct task *task, const char *owner, size_t front);
