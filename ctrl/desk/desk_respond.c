// desk_respond.c - the answer with one session: all of it, or what ctrl has given it alone, for those who know the rest.
#include "ctrl/desk/job.h"

// The rule if its TEID has to be told; null: it has none, or the session's.
static Shoal__Oss__Rule *rule_brief(struct job *job, const Shoal__Oss__Session *session, const Shoal__Oss__Rule *rule)
{
	Shoal__Oss__Match *match;
	Shoal__Oss__Rule *brief;

	if (!rule->match || !rule->match->teid || rule->match->teid == session->teid)
		return NULL;
	match = job_take(job, sizeof(*match));
	brief = job_take(job, sizeof(*brief));
	if (!match || !brief)
		return NULL;
	shoal__oss__match__init(match);
	match->teid = rule->match->teid;
	shoal__oss__rule__init(brief);
	brief->id = rule->id;
	brief->match = match;
	return brief;
}

// Null with job->fault.
static Shoal__Oss__Session *session_brief(struct job *job, const Shoal__Oss__Session *session)
{
	Shoal__Oss__Session *brief = job_take(job, sizeof(*brief));

	if (!brief)
		return NULL;
	shoal__oss__session__init(brief);
	brief->id = session->id;
	brief->ue = session->ue;
	brief->teid = session->teid;
	brief->gtpu_ipv4 = session->gtpu_ipv4;
	brief->created_ms = session->created_ms;
	brief->applied = session->applied;
	brief->rules = job_take(job, (session->n_rules + 1) * sizeof(struct Shoal__Oss__Rule *));
	for (size_t i = 0; brief->rules && i < session->n_rules; i++) {
		Shoal__Oss__Rule *rule = rule_brief(job, session, session->rules[i]);

		if (rule)
			brief->rules[brief->n_rules++] = rule;
	}
	return job->fault.code ? NULL : brief;
}

void job_respond(struct job *job, Shoal__Oss__Session *session, bool brief)
{
	Shoal__Oss__SessionAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer || !session)
		return;
	if (!brief && compile_expand(session, &job->desk->arena))
		job_full(job);
	compile_teids(session, job->desk->ledger->place->grid->slot_bits);
	shoal__oss__session_answer__init(answer);
	answer->session = brief ? session_brief(job, session) : session;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	job->response.session = answer;
}
