// desk_list.c - the request for a page of sessions, and whose an address is that was asked for.
#include <errno.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/door/role.h"
#include "ctrl/session/record.h"
#include "ctrl/session/session.h"

#define LIST_DEFAULT 100u
#define LIST_MAX 1000u
#define LIST_LOOK_MAX 50000u     // rows looked at for one page; the rest is for the next
#define LIST_BYTES (768u * 1024) // of rows in one answer: with usage still one that the door sends

struct listing {
	struct job *job;
	const Shoal__Oss__SessionList *wanted;
	Shoal__Oss__SessionListAnswer *answer;
	uint32_t limit, looked;
	size_t bytes;
	int dnn;        // -1 = any
	uint64_t owner; // 0 = any
};

// Decided by what is in memory: rows that do not fit are not unpacked.
static bool list_fits(const struct listing *listing, const struct session *session)
{
	const Shoal__Oss__SessionList *wanted = listing->wanted;
	char imsi[SESSION_IMSI_BYTES];

	if (wanted->by_shard && shard_of_teid(session->bearer.teid) != wanted->shard)
		return false;
	if (!role_sees(listing->job->pass, session_dnn(session)))
		return false;
	if (listing->dnn >= 0 && session_dnn(session) != (unsigned)listing->dnn)
		return false;
	if (listing->owner && session->owner != listing->owner)
		return false;
	session_imsi(session, imsi);
	return !strncmp(imsi, wanted->imsi_prefix, strlen(wanted->imsi_prefix));
}

static int list_visit(void *with, const struct store_row *row)
{
	struct listing *listing = with;
	struct job *job = listing->job;
	Shoal__Oss__SessionListAnswer *answer = listing->answer;
	const struct ledger *ledger = job->desk->ledger;
	const struct session *session = session_by_id(ledger->sessions, row->key);
	Shoal__Store__Session *stored;

	if (listing->looked++ == LIST_LOOK_MAX || answer->n_sessions == listing->limit || listing->bytes > LIST_BYTES)
		return 1;
	answer->next = row->key;
	session = session ? session : ledger_leaving(ledger, row->key, 0);
	if (!session || !list_fits(listing, session))
		return 0;
	stored = record_session(row, &job->desk->arena);
	if (!stored || (listing->owner && strcmp(stored->session->owner, listing->wanted->owner)))
		return 0;
	listing->bytes += row->length;
	answer->sessions[answer->n_sessions++] = job_dress(job, session, stored->session);
	return job->fault.code ? -ENOMEM : 0;
}

static int list_check(struct job *job, const Shoal__Oss__SessionList *wanted, int *dnn)
{
	*dnn = *wanted->dnn ? place_dnn(job->desk->ledger->place, wanted->dnn) : -1;
	if (wanted->limit > LIST_MAX)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "limit",
				 "At most 1,000 sessions a page.");
	if (wanted->by_shard && wanted->shard >= SHARDS)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "shard", "Shards are 0 to 255.");
	if (*wanted->dnn && *dnn < 0)
		return fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "dnn",
				 "No pool of the configuration has this data network name.");
	return 0;
}

void desk_session_list(struct job *job)
{
	const Shoal__Oss__SessionList *wanted = job->message->session_list;
	const struct store *store = job->desk->store;
	struct listing listing = { .job = job, .wanted = wanted };
	int ended;

	listing.owner = *wanted->owner ? session_owner(wanted->owner) : 0;
	listing.limit = wanted->limit ? wanted->limit : LIST_DEFAULT;
	listing.answer = job_take(job, sizeof(*listing.answer));
	if (list_check(job, wanted, &listing.dnn) || !listing.answer)
		return;
	job->later = listing.owner && ledger_coming(job->desk->ledger, listing.owner); // who asks would forget it
	if (job->later)
		return;
	shoal__oss__session_list_answer__init(listing.answer);
	listing.answer->sessions = job_take(job, listing.limit * sizeof(*listing.answer->sessions));
	if (!listing.answer->sessions)
		return;
	ended = store->engine->walk(store->self, STORE_SESSIONS, wanted->after + 1, list_visit, &listing);
	if (ended < 0 && !job->fault.code)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The store cannot be read.");
	if (job->fault.code)
		return;
	if (!ended)
		listing.answer->next = 0;
	listing.answer->total = job->pass->dnn < 0 ? job->desk->ledger->sessions->by_id.count : 0;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_LIST;
	job->response.session_list = listing.answer;
}

struct session *job_session_of_ipv4(struct job *job, const Shoal__Oss__SessionGet *get)
{
	const struct sessions *sessions = job->desk->ledger->sessions;
	int dnn = *get->dnn ? place_dnn(sessions->place, get->dnn) : job->pass->dnn;

	if (dnn >= 0 || *get->dnn)
		return dnn < 0 ? NULL : session_by_ipv4(sessions, (unsigned)dnn, get->ue_ipv4);
	if (sessions_with_ipv4(sessions, get->ue_ipv4) > 1)
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "dnn",
			  "Sessions of several networks have this address: one has to be named.");
	return job->fault.code ? NULL : session_by_ipv4(sessions, PLACE_ANY, get->ue_ipv4);
}
