// desk_session.c - requests about sessions: create, modify, get.
#include <errno.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/door/role.h"
#include "ctrl/fleet/release.h"
#include "ctrl/kit/wall.h"
#include "ctrl/rules/sheet_make.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"
#include "shared/wire/sheet_skill.h"

static void missing_session(struct job *job)
{
	fault_say(&job->fault, SHOAL__OSS__CODE__MISSING_FIELD, "session", "The request needs a session.");
}

// Answers to changes are stored with their keys: what the owner said of the session is not in them.
static void front_hide(Shoal__Oss__Session *session)
{
	session->front = (ProtobufCBinaryData){ 0 };
}

struct wait *job_wait_cell(struct job *job, uint32_t cell)
{
	struct desk *desk = job->desk;
	uint8_t shard = cell_shard(desk->push->chains->grid, cell);
	struct wait *wait = job_wait(job, WAIT_CELL);
	const struct session *session;

	if (!wait)
		return NULL;
	session = desk->push->chains->grid->cells[cell].session;
	wait->framed = session && session->framed;
	wait->exceptions = session && session->told;
	wait->shard = shard;
	wait->cell = cell;
	wait->until = desk->ledger->number[shard];
	return wait;
}

// Undoes what was decided if the job has failed since.
static void undo_if_failed(struct job *job, struct ledger_mark mark)
{
	if (job->fault.code)
		ledger_undo(job->desk->ledger, mark);
}

// Null if it does not exist for this door.
static struct session *session_seen(const struct job *job, struct session *session)
{
	return session && role_sees(job->pass, session_dnn(session)) ? session : NULL;
}

// Whether there are workers that know of no addresses but their cells' own.
static bool lives_at_home(const struct job *job)
{
	return job->desk->ledger->place->shared && !(push_skills(job->desk->push) & SHEET_SKILL_APART);
}

int job_plan_check(struct job *job, struct plan *plan, const Shoal__Oss__Session *wanted)
{
	struct place_wish *wish = &plan->wish;

	wish->at_home = (wish->ipv4 || wish->ipv6) && lives_at_home(job);
	if (role_sees(job->pass, plan->wish.dnn))
		return desk_skill_check(job, plan, wanted, NULL);
	return fault_say(&job->fault, SHOAL__OSS__CODE__FORBIDDEN, "identity.dnn",
			 "This door is for the sessions of another data network.");
}

void desk_session_create(struct job *job)
{
	const Shoal__Oss__SessionCreate *create = job->message->session_create;
	struct ledger *ledger = job->desk->ledger;
	struct ledger_mark mark = ledger_mark(ledger);
	struct compile_needs needs = ledger_needs(ledger);
	struct plan plan;
	bool refused;

	if (!create->session) {
		missing_session(job);
		return;
	}
	refused =
	    compile_create(create->session, &needs, &plan, &job->fault) || job_plan_check(job, &plan, create->session);
	plan.said = record_said(job->request->bytes, job->request->length, create->session, &job->desk->arena);
	if (refused || ledger_create(ledger, &plan, create->session, wall_ms(), &job->fault)) {
		fault_under(&job->fault, "session", -1);
		return;
	}
	if (create->wait_applied)
		job->wait = job_wait_cell(job, session_by_id(ledger->sessions, create->session->id)->cell);
	front_hide(create->session);
	job_respond(job, create->session, create->brief);
	undo_if_failed(job, mark);
}

// Who reads sees what is durable still; what is to be changed is asked for again when it is known whether it goes.
static struct session *leaving(struct job *job, uint64_t id, uint64_t identity)
{
	struct session *session = id || identity ? ledger_leaving(job->desk->ledger, id, identity) : NULL;
	bool reads = job_kind(job) == JOB_READ;

	job->later |= session && !reads;
	return reads ? session : NULL;
}

struct session *job_named(struct job *job, uint64_t id, const Shoal__Oss__Identity *identity)
{
	const struct ledger *ledger = job->desk->ledger;
	struct session *session = NULL;
	uint64_t name;
	int dnn = identity ? place_dnn(ledger->place, identity->dnn) : -1;

	if (!id && !(identity && *identity->imsi)) {
		fault_say(&job->fault, SHOAL__OSS__CODE__MISSING_FIELD, "id",
			  "Name the session by id or by IMSI and DNN.");
		return NULL;
	}
	name = !id && dnn >= 0 ? session_identity(identity->imsi, (unsigned)dnn) : 0;
	if (id)
		session = session_by_id(ledger->sessions, id);
	else if (dnn >= 0)
		session = session_by_identity(ledger->sessions, name);
	session = session_seen(job, session ? session : leaving(job, id, name));
	if (!session && !job->later)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, id ? "id" : "identity", "No such session.");
	return session;
}

// What is stored of it, until the next is got; false with job->later (its creation, or what a change is to build upon, is not durable yet)
// or job->fault.
static bool row_of(struct job *job, const struct session *session, struct store_row *row)
{
	const struct store *store = job->desk->store;
	const struct cell_was *was = job->desk->ledger->place->grid->cells[session->cell].was;
	int error;

	if (was && was->session == session && job_kind(job) == JOB_CHANGE) {
		job->later = true;
		return false;
	}
	*row = (struct store_row){ .key = session->id };
	error = store->engine->get(store->self, STORE_SESSIONS, row);
	if (error == -ENOENT)
		job->later = true;
	else if (error)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The stored session cannot be read.");
	return !error;
}

static Shoal__Oss__Session *readable(struct job *job, Shoal__Oss__Session *message)
{
	if (!message)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The stored session cannot be read.");
	return message;
}

// As it is stored; null with job->later or job->fault.
static Shoal__Oss__Session *session_stored(struct job *job, const struct session *session)
{
	Shoal__Store__Session *stored;
	struct store_row row;

	if (!row_of(job, session, &row))
		return NULL;
	stored = record_session(&row, &job->desk->arena);
	return readable(job, stored ? stored->session : NULL);
}

static Shoal__Oss__Usage *usage_of(struct job *job, const struct session *session)
{
	Shoal__Oss__Usage *usage = job_take(job, sizeof(*usage));

	if (!usage)
		return NULL;
	count_pack(&session->usage, usage);
	return usage;
}

bool job_applied(const struct desk *desk, const struct session *session)
{
	return desk->push->chains->grid->cells[session->cell].digest && push_confirmed(desk->push, session->cell) &&
	       !(desk->release && release_dropping(desk->release, session->cell));
}

Shoal__Oss__Session *job_dress(struct job *job, const struct session *session, Shoal__Oss__Session *message)
{
	message->applied = job_applied(job->desk, session);
	message->gtpu_ipv4 = job->desk->conf->gtpu_address;
	message->quarantined = quarantine_find(job->desk->quarantine, session->id) != NULL;
	message->usage = usage_of(job, session);
	if (job->pass->duty < CONF_PROVISION)
		front_hide(message);
	return job->fault.code ? NULL : message;
}

Shoal__Oss__Session *job_session(struct job *job, const struct session *session)
{
	Shoal__Oss__Session *message = session_stored(job, session);

	return message ? job_dress(job, session, message) : NULL;
}

Shoal__Oss__Session *job_session_brief(struct job *job, const struct session *session)
{
	Shoal__Oss__Session *message;
	struct store_row row;

	if (!row_of(job, session, &row))
		return NULL;
	message = readable(job, record_session_brief(&row, &job->desk->arena));
	return message ? job_dress(job, session, message) : NULL;
}

// What a modification may not touch has to be absent, or as it is.
static int fixed_check(struct job *job, const Shoal__Oss__Session *wanted, const Shoal__Oss__Session *stored)
{
	const Shoal__Oss__UeAddress *ue = wanted->ue;
	const Shoal__Oss__Identity *identity = wanted->identity;
	bool comes = stored->ue->ipv4 && !stored->ue->ipv6_prefix;

	if (ue && ((ue->ipv4 && ue->ipv4 != stored->ue->ipv4) ||
		   (ue->ipv6_prefix && ue->ipv6_prefix != stored->ue->ipv6_prefix && !comes)))
		return fault_say(&job->fault, SHOAL__OSS__CODE__UNSUPPORTED, "session.ue",
				 "Addresses stay; delete the session and create it anew.");
	if (identity && ((*identity->imsi && strcmp(identity->imsi, stored->identity->imsi)) ||
			 (*identity->dnn && strcmp(identity->dnn, stored->identity->dnn)) ||
			 (*identity->msisdn && strcmp(identity->msisdn, stored->identity->msisdn))))
		return fault_say(&job->fault, SHOAL__OSS__CODE__UNSUPPORTED, "session.identity",
				 "The identity stays; delete the session and create it anew.");
	if (strcmp(wanted->owner, stored->owner))
		return fault_say(&job->fault, SHOAL__OSS__CODE__UNSUPPORTED, "session.owner",
				 "A session is changed by its owner alone, who names itself.");
	return 0;
}

// The tunnels that it leaves, to be ended with End Markers once it is in force. That wish is not kept.
static unsigned tunnels_left(struct job *job, Shoal__Oss__Session *wanted, Shoal__Oss__Session *stored,
			     struct release_peer peer[RELEASE_PEERS])
{
	unsigned n;

	if (compile_expand(stored, &job->desk->arena))
		job_full(job);
	n = release_left(stored, wanted, peer);
	for (size_t i = 0; i < wanted->n_rules; i++)
		if (wanted->rules[i]->forward)
			wanted->rules[i]->forward->end_marker = false;
	return n;
}

static void tunnels_leave(struct job *job, uint32_t cell, const struct release_peer *peer, unsigned peers)
{
	struct desk *desk = job->desk;
	uint8_t shard = cell_shard(desk->push->chains->grid, cell);

	if (!job->fault.code && desk->release)
		release_leave(desk->release, cell, desk->ledger->number[shard], peer, peers);
}

// Everything that a modification replaces.
static void wanted_take(const Shoal__Oss__Session *wanted, Shoal__Oss__Session *stored)
{
	stored->bearer = wanted->bearer;
	stored->rules = wanted->rules;
	stored->n_rules = wanted->n_rules;
	stored->rates = wanted->rates;
	stored->n_rates = wanted->n_rates;
	stored->measures = wanted->measures;
	stored->n_measures = wanted->n_measures;
	stored->framed_ipv4 = wanted->framed_ipv4;
	stored->n_framed_ipv4 = wanted->n_framed_ipv4;
	stored->framed_ipv6 = wanted->framed_ipv6;
	stored->n_framed_ipv6 = wanted->n_framed_ipv6;
	stored->front = wanted->front;
	stored->inactivity_s = wanted->inactivity_s;
}

// A prefix comes to the session that has none, or goes.
static int prefix_compile(struct job *job, const struct session *session, struct plan *plan)
{
	const Shoal__Oss__SessionModify *modify = job->message->session_modify;
	const Shoal__Oss__UeAddress *ue = modify->session->ue;
	uint64_t has = session->bearer.ue_ipv6, comes = ue && !has ? ue->ipv6_prefix : 0;

	if (!session->bearer.ue_ipv4)
		return 0;
	plan->wish.moves = comes || (modify->no_prefix && has);
	plan->wish.ipv6 = comes;
	plan->wish.at_home = comes && lives_at_home(job);
	return comes ? compile_prefix(comes, &job->fault) : 0;
}

// What it becomes, with what it was given already.
static int modify_compile(struct job *job, const struct session *session, struct plan *plan)
{
	const Shoal__Oss__Session *wanted = job->message->session_modify->session;
	struct compile_needs needs = ledger_needs(job->desk->ledger);
	struct compile_past past;
	struct compile_about about = { session->id, session->bearer.teid, session->bearer.ue_ipv4,
				       session->bearer.ue_ipv6, &past };

	if (prefix_compile(job, session, plan))
		return -EINVAL;
	if (plan->wish.moves)
		about.ue_ipv6 = plan->wish.ipv6;
	sheet_past(session->sheet, session->made, &past);
	past.parked = release_parked(session);
	if (job->message->session_modify->drop_buffered)
		past.waiting = 0; // the next packet that waits is a first one, and told of
	past.kept = sheet_keeping(job->message->session_modify);
	if (compile_bearer(wanted, &needs, &about, plan, &job->fault))
		return -EINVAL;
	return desk_skill_check(job, plan, wanted, session->sheet);
}

void desk_session_modify(struct job *job)
{
	const Shoal__Oss__SessionModify *modify = job->message->session_modify;
	struct ledger_mark mark = ledger_mark(job->desk->ledger);
	Shoal__Oss__Session *wanted = modify->session, *stored;
	struct session *session;
	struct plan plan = { 0 };
	struct release_peer peer[RELEASE_PEERS];
	unsigned peers;

	if (!wanted) {
		missing_session(job);
		return;
	}
	job->desk->ledger->measures->now_ms = desk_ms(job->desk);
	session = job_named(job, wanted->id, wanted->identity);
	if (!session || modify_compile(job, session, &plan) || compile_owner(wanted, &job->fault)) {
		fault_under(&job->fault, "session", -1);
		return;
	}
	stored = session_stored(job, session);
	if (!stored || fixed_check(job, wanted, stored) || desk_query_check(job, modify) ||
	    desk_counts_come(job, session))
		return;
	peers = tunnels_left(job, wanted, stored, peer);
	wanted_take(wanted, stored);
	if (plan.wish.moves)
		stored->ue->ipv6_prefix = plan.wish.ipv6;
	if (ledger_modify(job->desk->ledger, session, &plan, stored, &job->fault)) {
		fault_under(&job->fault, "session", -1);
		return;
	}
	if (modify->wait_applied)
		job->wait = job_wait_cell(job, session->cell);
	front_hide(stored);
	job_respond(job, job_dress(job, session, stored), modify->brief);
	stored->applied = false;
	if (job->response.session)
		desk_modify_measures(job, session, stored, job->response.session);
	tunnels_leave(job, session->cell, peer, peers);
	desk_drop_parked(job, session);
	undo_if_failed(job, mark);
}

void desk_session_get(struct job *job)
{
	const Shoal__Oss__SessionGet *get = job->message->session_get;
	const struct sessions *sessions = job->desk->ledger->sessions;
	struct session *session = NULL;
	bool by_name = get->id || (get->identity && *get->identity->imsi) || !(get->ue_ipv4 || get->teid);

	if (by_name)
		session = job_named(job, get->id, get->identity);
	else
		session = session_seen(job, get->ue_ipv4 ? job_session_of_ipv4(job, get)
							 : session_by_tunnel(sessions, get->teid));
	if (session)
		job_respond(job, job_session(job, session), false);
	else if (!job->fault.code)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, get->ue_ipv4 ? "ue_ipv4" : "teid",
			  "No such session.");
}
