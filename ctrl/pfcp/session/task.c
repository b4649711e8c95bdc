// task.c - what the steps of a task have in common: reading its request and its session, and its end.
#include "ctrl/pfcp/session/session_own.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/report/usage.h"
#include "ctrl/pfcp/rules/ids.h"

struct pfcp_writer task_words(struct task *task)
{
	return pfcp_writer_over(task->sessions->words, sizeof(task->sessions->words));
}

int task_read(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;

	*fault = (struct rules_fault){ 0 };
	if (!sessions->read || sessions->read->ie[0].value != task->body)
		return pfcp_read(PFCP_MESSAGE(task->deal->type), task->body, task->bytes, &sessions->tree, &fault->why);
	memcpy(&sessions->tree, sessions->read, offsetof(struct pfcp_tree, ie[sessions->read->used]));
	return 0;
}

// What does not belong in such a request (a DNN in a modification) asks for nothing, TS 29.244 7.6.
int task_admit(const struct task *task, const bool understood[PFCP_IE_TYPES], struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &task->sessions->tree;

	for (const struct pfcp_ie *ie = pfcp_child(tree, NULL); ie; ie = pfcp_next(tree, ie))
		if (ie->type < PFCP_IE_TYPES && !understood[ie->type] &&
		    pfcp_belongs(PFCP_MESSAGE(task->deal->type), ie->type))
			return rules_fault(fault, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, ie->type, "Not served.");
	return 0;
}

// ---- The end

static void answer(struct sessions *sessions, struct deal *deal, uint64_t cp_seid, const struct pfcp_writer *body)
{
	const struct pfcp_header header = {
		.type = (uint8_t)(deal->type + 1), .has_seid = true, .seid = cp_seid, .sequence = deal->sequence
	};
	size_t bytes = answer_message(&header, body, sessions->datagram, sizeof(sessions->datagram));

	if (bytes && sessions->world.advise)
		bytes = sessions->world.advise(sessions->world.arg, deal, sessions->datagram, bytes,
					       sizeof(sessions->datagram));
	deal_answer(deal, sessions->datagram, bytes);
}

void task_accept(struct task *task, const uint8_t *body, size_t bytes)
{
	const struct pfcp_writer words = { (uint8_t *)body, (uint8_t *)body + bytes, (uint8_t *)body + bytes, false };

	answer(task->sessions, task->deal, task->cp_seid, &words);
	task_end(task);
}

void task_refuse(struct task *task, const struct rules_fault *fault)
{
	struct pfcp_writer words = task_words(task);
	bool unknown = fault->why.cause == PFCP_CAUSE_SESSION_NOT_FOUND;

	if (task_says(task)) {
		said_refused(task, fault);
		return;
	}
	if (!task->deal && task->sweep) {
		shift_failed(task);
		return;
	}
	if (!task->deal) {
		follow_refused(task, fault);
		return;
	}
	answer_fault(&words, task->deal->type, &task->sessions->world.node_id, fault);
	answer(task->sessions, task->deal, unknown ? 0 : task->cp_seid, &words);
	task_end(task);
}

void task_refuse_as(struct task *task, uint8_t cause)
{
	struct rules_fault fault = { .why.cause = cause };

	task_refuse(task, &fault);
}

bool task_faulty(struct task *task)
{
	const struct rules_fault fault = { .why = task->why };

	if (fault.why.cause)
		task_refuse(task, &fault);
	return fault.why.cause;
}

// The CP function's SEID of an establishment that is refused, if it can be read at all: 0 otherwise.
static uint64_t cp_seid_of(const struct pfcp_request *request, const struct pfcp_tree *tree)
{
	const struct pfcp_ie *ie = NULL;
	struct pfcp_fseid cp;

	if (request->deal->type == PFCP_SESSION_ESTABLISHMENT_REQUEST)
		ie = pfcp_first(tree, NULL, PFCP_IE_F_SEID);
	return ie && !pfcp_get_fseid(ie, &cp) ? cp.seid : 0;
}

void task_refuse_unread(struct sessions *sessions, const struct pfcp_request *request, const struct pfcp_fault *fault)
{
	struct pfcp_writer words = pfcp_writer_over(sessions->words, sizeof(sessions->words));
	struct rules_fault why = { .why = *fault };
	struct pfcp_fault again;

	pfcp_read(PFCP_MESSAGE(request->deal->type), request->header->body, request->header->bytes, &sessions->tree,
		  &again);
	answer_fault(&words, request->deal->type, &sessions->world.node_id, &why);
	answer(sessions, request->deal, cp_seid_of(request, &sessions->tree), &words);
}

// ---- Its session

bool task_keep(struct task *task, uint8_t **to, size_t *length, const uint8_t *bytes, size_t from)
{
	free(*to);
	*to = malloc(from ? from : 1);
	if (!*to) {
		task_refuse_as(task, PFCP_CAUSE_NO_RESOURCES);
		return false;
	}
	memcpy(*to, bytes, from);
	*length = from;
	return true;
}

static const Shoal__Oss__Session *session_of(const Shoal__Oss__Response *response)
{
	return response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session->session : NULL;
}

const Shoal__Oss__Session *task_session(struct task *task, const Shoal__Oss__Response *response, struct front *front)
{
	const Shoal__Oss__Session *session = session_of(response);

	if (response->status->code && response->status->code != SHOAL__OSS__CODE__NOT_FOUND) {
		task_refuse_why(task, response->status);
		return NULL;
	}
	// What is another's is not there.
	if (response->status->code || !session || (task->deal && strcmp(session->owner, deal_owner(task->deal)))) {
		task_refuse_as(task, PFCP_CAUSE_SESSION_NOT_FOUND);
		return NULL;
	}
	if (front_read(front, session->front.data, session->front.len, &task->sessions->tree)) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return NULL;
	}
	task->cp_seid = front->cp.seid;
	task->first_version = front->first_version;
	task->teid = session->teid;
	return session;
}

static void rules_given(const Shoal__Oss__Session *session, const struct front *front, struct translate_given *given)
{
	for (size_t i = 0; i < session->n_rules && given->rules < TRANSLATE_PDRS; i++) {
		const Shoal__Oss__Match *match = session->rules[i]->match;
		uint32_t id = session->rules[i]->id;

		if (!match || (match->source == SHOAL__OSS__INTERFACE__CORE && !match->tunnelled) ||
		    match->tunnel >= TRANSLATE_TUNNELS)
			continue;
		given->rule[given->rules].pdr = front_id(front, id);
		given->rule[given->rules].tunnel = (uint8_t)match->tunnel;
		given->rule[given->rules++].teid = match->teid ? match->teid : match->tunnel ? 0 : session->teid;
	}
}

void task_given(struct task *task, const Shoal__Oss__Session *session, const struct front *front)
{
	task->given = task->sessions->none;
	task->given.teid = session->teid;
	task->given.gtpu_ipv4 = session->gtpu_ipv4;
	task->given.ue_ipv4 = session->ue ? session->ue->ipv4 : 0;
	task->given.ue_ipv6 = session->ue && !session->ue->none ? session->ue->ipv6_prefix : 0;
	if (session->identity)
		snprintf(task->given.dnn, sizeof(task->given.dnn), "%s", session->identity->dnn);
	rules_given(session, front, &task->given);
	for (size_t i = 0; i < session->n_measures && i < TRANSLATE_URRS; i++) {
		task->given.measure[i].id = front_id(front, session->measures[i]->id);
		task->given.measure[i].grant = session->measures[i]->grant;
		task->given.measures++;
	}
}

void task_refuse_why(struct task *task, const Shoal__Oss__Status *status)
{
	struct rules_fault fault;

	answer_why(status, &task->names, &fault);
	task_refuse(task, &fault);
}

// Of a session as an earlier build made it the measures are as they were, but for those of a modification that go on (front.h).
static uint32_t urr_of(const struct task *task, uint16_t type, const Shoal__Oss__UsageReport *report)
{
	bool was = type == PFCP_IE_DELETION_USAGE_REPORT || report->triggers & PFCP_USAGE_REPORT_TRIGGER_TERMR;

	return task->first_version && was ? report->measure : pfcp_id(report->measure);
}

void task_reports(struct task *task, uint16_t type, Shoal__Oss__UsageReport *const *reports, size_t count,
		  struct pfcp_writer *words)
{
	for (size_t i = 0; i < count; i++) {
		struct usage_method method = usage_method_of(&task->sessions->tree, urr_of(task, type, reports[i]));

		method.referred = task->referred;
		method.reference = task->reference;
		usage_report_put(words, type, reports[i], method);
	}
}
