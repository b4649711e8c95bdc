// job.h - one request while the desk works on it, and the handlers of all bodies. For desk*.c alone.
#pragma once
#include "ctrl/desk/wait.h"

struct job {
	struct desk *desk;
	struct request *request;
	const struct role_pass *pass; // what its door allows
	const Shoal__Oss__Request *message;
	Shoal__Oss__Response response;
	Shoal__Oss__Status status;
	struct fault fault;
	struct wait *wait; // what has to come before the answer; null = nothing
	bool later;        // depends on something this group only does: ask again in the next
	bool parked;       // ask again a while later
};

// Fills job->response, or job->fault, or sets job->later.
typedef void job_handler(struct job *job);

job_handler desk_session_create, desk_session_modify, desk_session_delete, desk_session_import;
job_handler desk_session_get, desk_session_list, desk_session_front, desk_closed_list;
job_handler desk_worker_list, desk_worker_order, desk_shard_list, desk_shard_move;
job_handler desk_upgrade_start, desk_upgrade_get, desk_upgrade_abort;
job_handler desk_note_put, desk_note_get, desk_note_list, desk_note_delete;
job_handler desk_report_list, desk_report_done;
job_handler desk_trace_start, desk_trace_read, desk_trace_stop, desk_path_list;
job_handler desk_status_get, desk_counters_get;
job_handler desk_quarantine_list, desk_quarantine_release;

enum job_kind { JOB_UNKNOWN, JOB_READ, JOB_CHANGE, JOB_ORDER };

// Unpacks and checks the request; what is wrong with it is in job->fault.
void job_open(struct job *job, struct desk *desk, struct request *request);
enum job_kind job_kind(const struct job *job); // JOB_UNKNOWN with job->fault
bool job_writes(const struct job *job);        // into the store, though it is no change of a session
void job_run(struct job *job);                 // its handler, unless there is a fault

// Packs response or fault; a fault has nothing to wait for. Null: no memory.
uint8_t *job_answer(struct job *job, size_t *bytes);

// Memory of the request; null: over its limit, and job->fault says so.
void *job_take(struct job *job, size_t bytes);
void job_full(struct job *job); // says so

// Answers with one session, its short form expanded into rules; brief: with what it was given alone (oss.proto).
void job_respond(struct job *job, Shoal__Oss__Session *session, bool brief);

// The living session an id, or an identity, names, if this door sees it. Null with job->fault or, of a change, job->later: its deletion is
// not durable yet.
struct session *job_named(struct job *job, uint64_t id, const Shoal__Oss__Identity *identity);
// The session as it is answered: what is stored, with `applied` and usage. Null with job->fault or job->later.
Shoal__Oss__Session *job_session(struct job *job, const struct session *session);
Shoal__Oss__Session *job_session_brief(struct job *job,
				       const struct session *session); // likewise, of record.h's brief ones
struct session *job_session_of_ipv4(struct job *job, const Shoal__Oss__SessionGet *get); // null: none, or a fault

// Whether its worker has it in force as it is now.
bool job_applied(const struct desk *desk, const struct session *session);

// Whether its door may create it, and all workers can serve it; those that can't have its addresses apart have them at home. 0, or -EINVAL
// with job->fault.
int job_plan_check(struct job *job, struct plan *plan, const Shoal__Oss__Session *wanted);

// Adds to a stored session what is not stored: usage, whether it is applied. Null with job->fault.
Shoal__Oss__Session *job_dress(struct job *job, const struct session *session, Shoal__Oss__Session *message);

// The builds of workers there are, for an answer. Null with job->fault.
Shoal__Oss__Nest **job_nests(struct job *job, const Shoal__Fleet__State *state);
// The workers as they are now, as the response's body; or job->fault.
void job_workers(struct job *job);

// Whether all workers in service can carry its rules out; what it has already (was; null = nothing) is no question. 0, or -EINVAL with job->fault.
int desk_skill_check(struct job *job, const struct plan *plan, const Shoal__Oss__Session *wanted,
		     const struct sheet *was);

// A modification: what it asks for is there; the measures follow, in its transaction, and speak in its answer; what waits is dropped then.
int desk_query_check(struct job *job, const Shoal__Oss__SessionModify *modify);
void desk_modify_measures(struct job *job, struct session *session, const Shoal__Oss__Session *stored,
			  Shoal__Oss__SessionAnswer *answer);
void desk_drop_parked(struct job *job, const struct session *session);

// A modification that reports usage waits until workers have told what moved since it came, or would have. True: it is parked.
bool desk_counts_come(struct job *job, const struct session *session);
void desk_park(struct desk *desk, struct request *request);
void desk_unpark(struct desk *desk, uint64_t now_ns); // those whose time has come
void desk_measures(struct desk *desk);                // what is due of them, as part of the group's transaction

void desk_answer(struct request *request, uint8_t *bytes, size_t length); // takes the bytes over
uint8_t *desk_pack(const Shoal__Oss__Response *response, size_t *length); // null: no memory
