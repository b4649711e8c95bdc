// desk_status.c - requests about the whole: status and counters.
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/tell/path.h"
#include "ctrl/session/session.h"
#include "ctrl/tell/traces.h"
#include "ctrl/fleet/upgrade.h"
#include "shared/base/clock.h"
#include "shared/wire/sheet_skill.h"
#include "shared/plane/build.h"
#include "shared/plane/verdict.h"

// Every packet that came in is sent, refused for a reason, lent or held; nothing else.
static Shoal__Oss__Account *account_of(struct job *job, const Shoal__Fleet__State *state)
{
	Shoal__Oss__Account *account = job_take(job, sizeof(*account));

	if (!account || !state->account)
		return NULL;
	shoal__oss__account__init(account);
	account->rx = state->account->rx;
	account->lent = state->account->lent;
	account->held = state->account->held;
	account->rooms = state->account->rooms;
	account->rooms_free = state->account->rooms_free;
	account->rooms_port = state->account->rooms_port;
	for (size_t i = 0; i < state->n_verdicts; i++)
		*(i == VERDICT_FORWARD ? &account->forwarded : &account->refused) += state->verdicts[i];
	account->closes = account->rx == account->forwarded + account->refused + account->lent + account->held;
	return account;
}

static Shoal__Oss__Port **ports_list(struct job *job, const Shoal__Fleet__State *state)
{
	Shoal__Oss__Port **list = job_take(job, (state->n_ports + 1) * sizeof(*list));
	Shoal__Oss__Port *ports = job_take(job, (state->n_ports + 1) * sizeof(*ports));

	for (size_t i = 0; list && ports && i < state->n_ports; i++) {
		const Shoal__Fleet__Port *from = state->ports[i];

		shoal__oss__port__init(&ports[i]);
		ports[i].name = from->name;
		ports[i].up = from->up;
		ports[i].driver = from->driver;
		ports[i].rx_packets = from->rx_packets;
		ports[i].rx_bytes = from->rx_bytes;
		ports[i].tx_packets = from->tx_packets;
		ports[i].tx_bytes = from->tx_bytes;
		ports[i].rx_missed = from->rx_missed;
		ports[i].tx_failed = from->tx_failed;
		list[i] = &ports[i];
	}
	return job->fault.code ? NULL : list;
}

static void primary_fill(struct job *job, const Shoal__Fleet__State *state, Shoal__Oss__StatusAnswer *answer)
{
	answer->primary_up = true;
	answer->primary_uptime_ms = state->uptime_ms;
	answer->account = account_of(job, state);
	answer->ports = ports_list(job, state);
	answer->n_ports = answer->ports ? state->n_ports : 0;
	answer->nests = job_nests(job, state);
	answer->n_nests = answer->nests ? state->n_nests : 0;
	job_workers(job);
	if (job->response.body_case != SHOAL__OSS__RESPONSE__BODY_WORKER_LIST)
		return;
	answer->workers = job->response.worker_list->workers;
	answer->n_workers = job->response.worker_list->n_workers;
}

void desk_status_get(struct job *job)
{
	const struct desk *desk = job->desk;
	const Shoal__Fleet__State *state = desk->fleet ? fleet_state(desk->fleet) : NULL;
	Shoal__Oss__StatusAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return;
	shoal__oss__status_answer__init(answer);
	answer->version = (char *)SHOAL_VERSION;
	answer->build = (char *)plane_build;
	answer->uptime_ms = (clock_ns() - desk->opened_ns) / 1000000;
	answer->sessions = desk->ledger->sessions->by_id.count;
	answer->applied = push_applied(desk->push);
	answer->changes_waiting = push_waiting(desk->push);
	answer->upgrade = desk->upgrade->phase;
	answer->epoch = desk->load->starts;
	answer->store_made_ms = desk->load->made_ms;
	answer->skills_missing = SHEET_SKILLS & ~push_skills(desk->push);
	for (unsigned i = 0; i < PLANE_NESTS; i++)
		answer->courier_up |= desk->push->connected[i];
	desk->store->engine->size(desk->store->self, &answer->store_used_bytes, &answer->store_limit_bytes);
	if (state)
		primary_fill(job, state, answer);
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_STATUS_ANSWER;
	job->response.status_answer = answer;
}

struct counted {
	const char *name, *help;
	uint64_t value;
};

static void counter_add(struct job *job, Shoal__Oss__CountersAnswer *answer, const struct counted *counted)
{
	Shoal__Oss__Counter *counter = job_take(job, sizeof(*counter));

	if (!counter)
		return;
	shoal__oss__counter__init(counter);
	counter->name = (char *)counted->name;
	counter->help = (char *)counted->help;
	counter->value = counted->value;
	answer->counters[answer->n_counters++] = counter;
}

#define PATH_COUNTERS 10u
static void path_counters(struct job *job, Shoal__Oss__CountersAnswer *answer, const struct paths *paths)
{
	const struct counted of_paths[PATH_COUNTERS] = {
		{ "paths", "GTP-U peers that tunnels lead to, or that do not answer", paths_shown(paths) },
		{ "path_answers", "Echo Responses heard from GTP-U peers", paths->answers },
		{ "path_strays", "Echo Responses to no request of ours, or from nobody's peer", paths->strays },
		{ "path_unsupervised", "tunnels whose peer found no place among the paths", paths->unsupervised },
		{ "tunnel_errors", "Error Indications heard from GTP-U peers", paths->heard },
		{ "tunnel_errors_unknown", "Error Indications about no tunnel of a session", paths->unknown },
		{ "tunnel_errors_repeated", "Error Indications reported less than a minute before", paths->repeated },
		{ "tunnel_errors_dropped", "Error Indications that could not be reported: too many", paths->dropped },
		{ "tunnel_errors_elsewhere", "Error Indications that came from another address than the tunnel's end",
		  paths->elsewhere },
		{ "tunnel_errors_doubted", "of these, not looked into: too many had been about no tunnel",
		  paths->doubted },
	};

	for (unsigned i = 0; i < PATH_COUNTERS; i++)
		counter_add(job, answer, &of_paths[i]);
}

void desk_counters_get(struct job *job)
{
	const struct desk *desk = job->desk;
	const Shoal__Fleet__State *state = desk->fleet ? fleet_state(desk->fleet) : NULL;
	const struct counted own[] = {
		{ "ctrl_requests", "requests that reached the controller", desk->requests },
		{ "ctrl_refused", "requests refused, whatever the reason", desk->refused },
		{ "ctrl_commits", "transactions made durable since the controller started", desk->commits },
		{ "ctrl_store_failures", "transactions the store refused; nothing of them was done", desk->failures },
		{ "ctrl_accounts_late",
		  "deletions answered before the account of their session was settled: it is in the log, for who asks",
		  desk->unsettled },
		{ "ctrl_accounts_corrected",
		  "accounts that were settled, and corrected by what was heard later: their owner is not told",
		  desk->load->books->closing.corrected },
		{ "ctrl_sweeps", "shards sent anew because they differed from the store", (uint32_t)desk->push->epoch },
		{ "ctrl_traces", "sessions that are traced now", traces_count(desk->traces) },
		{ "ctrl_trace_packets", "packets of traces that the primary has told", desk->traces->packets },
		{ "ctrl_trace_lost", "packets that traces which are over lacked", desk->traces->lost },
		{ "ctrl_salvaged", "damaged rows left out at start", desk->load->salvaged },
	};
	const size_t owns = sizeof(own) / sizeof(*own);
	size_t all = owns + PATH_COUNTERS + REFUSAL_COUNT + (state ? state->n_verdicts + state->n_extras : 0);
	Shoal__Oss__CountersAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return;
	shoal__oss__counters_answer__init(answer);
	answer->counters = job_take(job, all * sizeof(*answer->counters));
	if (!answer->counters)
		return;
	for (unsigned i = 0; state && i < state->n_verdicts; i++)
		if (verdict_final(i))
			counter_add(job, answer,
				    &(struct counted){ verdict_name(i), verdict_help(i), state->verdicts[i] });
	for (size_t i = 0; state && i < state->n_extras; i++)
		counter_add(
		    job, answer,
		    &(struct counted){ state->extras[i]->name, state->extras[i]->help, state->extras[i]->value });
	for (size_t i = 0; i < owns; i++)
		counter_add(job, answer, &own[i]);
	if (desk->paths)
		path_counters(job, answer, desk->paths);
	for (enum refusal i = 0; i < REFUSAL_COUNT; i++)
		counter_add(job, answer,
			    &(struct counted){ refusal_name(i), refusal_help(i), desk->refusals.count[i] });
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_COUNTERS;
	job->response.counters = answer;
}
