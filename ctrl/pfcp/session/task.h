// task.h - one request of a peer while it is served: the steps it takes, each a request to ctrl; for session*.c alone.
//
//   ask ──> ctrl ──> hear ──> next step's ask ... ──> answered, and the next request about the same session
//    ^        │BUSY, no room, not yet: sleeps a little, asks again
//    └────────┘
//
// `ask` makes everything anew from the request's bytes, so a step may be asked any number of times: ctrl knows it by its key.
#pragma once
#include "ctrl/pfcp/peer/deal.h"
#include "ctrl/pfcp/report/report.h"
#include "ctrl/pfcp/rules/front.h"
#include "ctrl/pfcp/session/answer.h"
#include "ctrl/pfcp/session/session.h"
#include "ctrl/pfcp/session/session_follow.h"
#include "ctrl/pfcp/session/session_sweep.h"

#define TASK_DEADLINE_MS 8000u // for ctrl and workers to have done it; then it is undone and refused
#define TASK_BUCKETS 1024u

enum step {
	STEP_CREATE,
	STEP_WATCH,    // created or modified by an earlier process of ours: until it is applied
	STEP_UNCREATE, // not applied in time
	STEP_GET,      // before a modification
	STEP_MODIFY,
	STEP_UNMODIFY,
	STEP_LOOK, // before a deletion by steps (session_end.c), or of what can't be read
	STEP_DELETE,
	STEP_SETTLE,     // until the deleted session's account is closed
	STEP_LOOK_AGAIN, // of a sweep, before it is noted who else hears of the session (session_sweep.h)
	STEP_SHIFT,
	STEP_FOLLOW, // of our own (session_follow.h)
	STEP_FOLLOWED,
	STEP_SAID, // what an answer to a report says of it (session_own.h)
	STEP_SAY,
	STEPS
};

TAILQ_HEAD(task_list, task);

struct task {
	TAILQ_ENTRY(task) sleep; // while it sleeps
	TAILQ_ENTRY(task) busy;  // in its bucket, or behind another
	struct task_list behind; // requests about the same session that wait for this one
	struct sessions *sessions;
	struct deal *deal;   // null: it is our own,
	struct sweep *sweep; // a part of this; null: of what follows its applications, or `said`
	const uint8_t *body; // the request's IEs, in the deal
	size_t bytes;
	enum step step;
	bool unsure, first_version; // whether ctrl has made or deleted it: it gave no answer; of its words (front.h)
	bool taken_over, referred, removes; // another hears of the session; `reference` is said; URRs are taken away
	bool looked, looks;                 // deleted by steps; it asks of usage alone, so no worker is waited for
	uint64_t id, place;                 // of the session, 0 = none yet; its SEID, by which others find it
	uint64_t arrived_ns, wake_ns, arrived_ms; // arrived_ms: a modification, by the wall clock
	uint64_t cp_seid, after;                  // SETTLE: the last account looked at
	uint32_t teid, reference;                 // by which the usage it asks for is told
	uint8_t *front;                           // what ctrl keeps, as it was before; null = not got
	uint8_t *answer;                          // body of the answer to give once it is done
	size_t front_bytes, answer_bytes;
	struct answer_names names;    // of what was asked of ctrl
	struct report_said said;      // what its CP function has said of it
	struct pfcp_fault why;        // it can't be read: refused once its session is known; cause 0: it can
	struct report_to to;          // who hears of the session once it is done
	struct translate_given given; // of a modification's session
};

struct sessions {
	struct sessions_world world;
	uint64_t now_ns;
	struct task_list busy[TASK_BUCKETS], asleep;
	struct spares spare;         // tasks
	struct translate_given none; // of a session that is still to be made
	struct sweep_list sweeps;
	struct follow follow;
	const struct pfcp_tree *read; // the body of the request that has just come; null = none
	// Of the step at work:
	struct pfcp_tree tree;
	struct rules rules;
	struct translation translation;
	uint8_t words[ANSWER_MAX], front[FRONT_MAX], datagram[ANSWER_MAX + PFCP_HEADER_SESSION];
};

// What each step asks and does with the answer.
typedef void task_ask(struct task *task);
typedef void task_hear(struct task *task, const Shoal__Oss__Response *response);
task_ask create_ask, watch_ask, uncreate_ask, get_ask, unmodify_ask, look_ask, delete_ask, settle_ask, shift_ask,
    follow_ask, said_ask;
task_hear create_hear, watch_hear, uncreate_hear, get_hear, modify_hear, unmodify_hear, look_hear, delete_hear,
    settle_hear, look_again_hear, shift_hear, follow_hear, followed_hear, said_hear, say_hear;
void watch_late(struct task *task);                // no worker has it in time: it is undone
void task_step(struct task *task, enum step step); // asks the first question of it
void task_again(struct task *task, unsigned ms);   // the present step's again, a little later
bool task_late(const struct task *task);           // its deadline is over
void task_call(struct task *task, Shoal__Oss__Request *request, bool changes); // changes: with a key

// The end: the task is gone, and the next about its session begins.
void task_end(struct task *task);
void task_accept(struct task *task, const uint8_t *body, size_t bytes);
void task_refuse(struct task *task, const struct rules_fault *fault);
void task_refuse_as(struct task *task, uint8_t cause);                     // nothing more to say
void task_refuse_why(struct task *task, const Shoal__Oss__Status *status); // by ctrl

// Without a task: not served, and the session not looked up.
void task_refuse_unread(struct sessions *sessions, const struct pfcp_request *request, const struct pfcp_fault *fault);
// Keeps a copy; false: no memory, and the task is refused and gone.
bool task_keep(struct task *task, uint8_t **to, size_t *length, const uint8_t *bytes, size_t from);
bool task_faulty(struct task *task);              // the request can't be read: the task is refused and gone
struct pfcp_writer task_words(struct task *task); // an empty body of an answer
// The request's IEs in sessions->tree. 0, or -EPROTO with *fault.
int task_read(struct task *task, struct rules_fault *fault);
// Whether the request holds what is not served. 0, or -EPROTO with *fault. understood: by type. What belongs in other requests: passed over.
int task_admit(const struct task *task, const bool understood[PFCP_IE_TYPES], struct rules_fault *fault);
// The answer's session if it is this peer's and its *front can be read. Null: the task is refused and gone.
const Shoal__Oss__Session *task_session(struct task *task, const Shoal__Oss__Response *response, struct front *front);
// What a session has been given. front: of it.
void task_given(struct task *task, const Shoal__Oss__Session *session, const struct front *front);
// Usage reports behind an answer. rules: of whom the reports are, in sessions->tree.
void task_reports(struct task *task, uint16_t type, Shoal__Oss__UsageReport *const *reports, size_t count,
		  struct pfcp_writer *words);
