// session_change.c - modification: the rules as they are, what the request makes of them, and both ctrl and the worker follow, or none.
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/ids.h"
#include "ctrl/pfcp/session/session_own.h"
#include "shared/wire/cursor.h"

#define REPEAT_MS 60000u // a request that comes again within this time is a repeat
#define WATCH_MS 20u
#define USAGES (2 * TRANSLATE_URRS) // in an answer: of URRs that were, and that are

static const bool understood[PFCP_IE_TYPES] = { [PFCP_IE_F_SEID] = true,
						[PFCP_IE_REMOVE_PDR] = true,
						[PFCP_IE_REMOVE_FAR] = true,
						[PFCP_IE_REMOVE_URR] = true,
						[PFCP_IE_REMOVE_QER] = true,
						[PFCP_IE_REMOVE_BAR] = true,
						[PFCP_IE_REMOVE_TRAFFIC_ENDPOINT] = true,
						[PFCP_IE_CREATE_PDR] = true,
						[PFCP_IE_CREATE_FAR] = true,
						[PFCP_IE_CREATE_URR] = true,
						[PFCP_IE_CREATE_QER] = true,
						[PFCP_IE_CREATE_BAR] = true,
						[PFCP_IE_CREATE_TRAFFIC_ENDPOINT] = true,
						[PFCP_IE_UPDATE_PDR] = true,
						[PFCP_IE_UPDATE_FAR] = true,
						[PFCP_IE_UPDATE_URR] = true,
						[PFCP_IE_UPDATE_QER] = true,
						[PFCP_IE_UPDATE_BAR] = true,
						[PFCP_IE_UPDATE_TRAFFIC_ENDPOINT] = true,
						[PFCP_IE_QUERY_URR] = true,
						[PFCP_IE_QUERY_URR_REFERENCE] = true,
						[PFCP_IE_PFCPSMREQ_FLAGS] = true,
						[PFCP_IE_FQ_CSID] = true,
						[PFCP_IE_NODE_ID] = true,
						[PFCP_IE_S_NSSAI] = true,
						[PFCP_IE_RAT_TYPE] = true,
						[PFCP_IE_GROUP_ID] = true,
						[PFCP_IE_USER_PLANE_INACTIVITY_TIMER] = true };

void get_ask(struct task *task)
{
	task->step = STEP_GET;
	watch_ask(task);
}

// Which of the PDRs that have a tunnel have it from a traffic endpoint.
static int endpoints_given(struct rules *rules, struct translate_given *given, struct rules_fault *fault)
{
	for (unsigned i = 0; i < given->rules; i++) {
		const struct rule *pdr = rules_find(rules, RULE_PDR, pfcp_id(given->rule[i].pdr));
		const struct pfcp_ie *pdi, *named = NULL;

		if (pdr && rules_open(rules, pdr, fault))
			return -EPROTO;
		pdi = pdr ? pfcp_first(&rules->tree, NULL, PFCP_IE_PDI) : NULL;
		if (pdi)
			named = pfcp_first(&rules->tree, pdi, PFCP_IE_TRAFFIC_ENDPOINT_ID);
		given->rule[i].endpoint = named ? (uint32_t)pfcp_number(named) + 1 : 0;
	}
	return 0;
}

int task_rules(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	bool endpoints = false;

	rules_clear(&sessions->rules);
	if (rules_create(&sessions->rules, &sessions->tree, fault))
		return -EPROTO;
	rules_keep(&sessions->rules);
	for (unsigned i = 0; i < sessions->rules.count; i++)
		endpoints |= sessions->rules.rule[i].kind == RULE_ENDPOINT;
	return endpoints ? endpoints_given(&sessions->rules, &task->given, fault) : 0;
}

static bool flagged(const struct pfcp_tree *tree, uint64_t flag)
{
	return pfcp_flags(pfcp_first(tree, NULL, PFCP_IE_PFCPSMREQ_FLAGS)) & flag;
}

static int flags_check(const struct pfcp_tree *tree, struct rules_fault *fault)
{
	if (!flagged(tree, ~(PFCP_PFCPSMREQ_FLAGS_DROBU | PFCP_PFCPSMREQ_FLAGS_QAURR)))
		return 0;
	return rules_fault(fault, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, PFCP_IE_PFCPSMREQ_FLAGS, "Not served.");
}

// Whether the request removes this URR: then its last report is the answer to who asks for it, too.
static bool leaves(const struct pfcp_tree *tree, uint32_t urr)
{
	const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_REMOVE_URR);

	while (ie && (uint32_t)pfcp_number(pfcp_first(tree, ie, PFCP_IE_URR_ID)) != urr)
		ie = pfcp_again(tree, ie);
	return ie;
}

static int queries_check(struct sessions *sessions, struct rules_fault *fault)
{
	const struct pfcp_tree *tree = &sessions->tree;

	for (const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_QUERY_URR); ie; ie = pfcp_again(tree, ie)) {
		const struct rule urr = { .kind = RULE_URR,
					  .id = (uint32_t)pfcp_number(pfcp_first(tree, ie, PFCP_IE_URR_ID)) };

		if (rules_find(&sessions->rules, RULE_URR, urr.id) || leaves(tree, urr.id))
			continue;
		rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_URR_ID, "There is no URR with this id.");
		return rules_fault_of(fault, &urr);
	}
	return 0;
}

// The rules after the request, and what they come to. 0, or -EPROTO with *fault.
static int change(struct task *task, struct front *front, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;

	if (task_rules(task, fault) || task_read(task, fault) || task_admit(task, understood, fault) ||
	    flags_check(&sessions->tree, fault))
		return -EPROTO;
	if (front_learn(front, &sessions->tree, fault) || rules_modify(&sessions->rules, &sessions->tree, fault) ||
	    queries_check(sessions, fault))
		return -EPROTO;
	return translate(&sessions->rules, &task->given, &sessions->translation, fault);
}

int task_front(struct task *task, const struct front *front, const uint8_t *was, size_t bytes)
{
	struct sessions *sessions = task->sessions;

	if (front->first_version)
		return front_write(front, &sessions->rules, sessions->front, sizeof(sessions->front));
	memcpy(sessions->front, was, bytes);
	return (int)bytes;
}

void task_modify(struct task *task, const char *owner, struct task_query query, size_t front)
{
	struct sessions *sessions = task->sessions;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionModify modify = SHOAL__OSS__SESSION_MODIFY__INIT;
	Shoal__Oss__Session as_is = query.as_is ? *query.as_is : (Shoal__Oss__Session)SHOAL__OSS__SESSION__INIT;
	Shoal__Oss__Session *to = query.as_is ? &as_is : &sessions->translation.session;

	if (query.as_is)
		to->ue = NULL; // it stays,
	to->identity = NULL;   // and so does who it is
	to->id = task->id;
	to->owner = (char *)owner;
	to->front = (ProtobufCBinaryData){ front, sessions->front };
	modify.session = to;
	modify.wait_applied = task->deal && !task->looks; // nobody waits for what we do ourselves
	modify.brief = true;
	modify.query = query.measures;
	modify.n_query = query.count;
	modify.query_all = task->step == STEP_MODIFY && flagged(&sessions->tree, PFCP_PFCPSMREQ_FLAGS_QAURR);
	modify.drop_buffered = (task->step == STEP_SAY && task->said.drops) ||
			       (task->step == STEP_MODIFY && flagged(&sessions->tree, PFCP_PFCPSMREQ_FLAGS_DROBU));
	modify.undrop = task->step == STEP_UNMODIFY;
	modify.no_prefix = task->step == STEP_UNMODIFY && !task->given.ue_ipv6;
	modify.buffer_s = query.keep ? query.keep->seconds : 0;
	modify.has_buffer_packets = query.keep && query.keep->has_packets_now;
	modify.buffer_packets = query.keep ? query.keep->packets_now : 0;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_MODIFY;
	request.session_modify = &modify;
	if (!query.as_is)
		answer_remember(&sessions->translation, &task->names);
	task_call(task, &request, true);
}

// Those that are asked for and stay, each once.
static size_t queries_read(const struct pfcp_tree *tree, uint32_t query[TRANSLATE_URRS])
{
	size_t count = 0;

	for (const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_QUERY_URR); ie && count < TRANSLATE_URRS;
	     ie = pfcp_again(tree, ie)) {
		uint32_t urr = (uint32_t)pfcp_number(pfcp_first(tree, ie, PFCP_IE_URR_ID)), id = oss_id(urr);
		size_t i = 0;

		if (leaves(tree, urr))
			continue;
		while (i < count && query[i] != id)
			i++;
		query[i] = id;
		count += i == count;
	}
	return count;
}

// Whether it asks of usage alone: nothing of that is a worker's to do, so one that stands still delays no answer.
static bool looks_alone(const struct pfcp_tree *tree)
{
	const struct pfcp_ie *ie = pfcp_child(tree, NULL);

	while (ie && !ie->vendor &&
	       (ie->type == PFCP_IE_QUERY_URR || ie->type == PFCP_IE_QUERY_URR_REFERENCE ||
		ie->type == PFCP_IE_F_SEID ||
		(ie->type == PFCP_IE_PFCPSMREQ_FLAGS && !flagged(tree, PFCP_PFCPSMREQ_FLAGS_DROBU))))
		ie = pfcp_next(tree, ie);
	return !ie;
}

// With what the request asks of usage; it is in the tree.
static void modify_ask(struct task *task, size_t front)
{
	const struct pfcp_ie *reference = pfcp_first(&task->sessions->tree, NULL, PFCP_IE_QUERY_URR_REFERENCE);
	uint32_t query[TRANSLATE_URRS];
	size_t queries = queries_read(&task->sessions->tree, query);

	task->looks = looks_alone(&task->sessions->tree);
	task->removes = pfcp_first(&task->sessions->tree, NULL, PFCP_IE_REMOVE_URR);
	task->referred = reference;
	task->reference = (uint32_t)pfcp_number(reference);
	task->step = STEP_MODIFY;
	task_modify(task, deal_owner(task->deal), (struct task_query){ .measures = query, .count = queries }, front);
}

static void modify(struct task *task, struct front *front)
{
	struct sessions *sessions = task->sessions;
	int length;

	task->taken_over = pfcp_first(&sessions->tree, NULL, PFCP_IE_F_SEID);
	task->to = (struct report_to){ front->cp, front->elsewhere };
	front->served = task->deal->content;
	front->served_ms = task->arrived_ms;
	length = front_write(front, &sessions->rules, sessions->front, sizeof(sessions->front));
	if (length < 0)
		task_refuse_as(task, PFCP_CAUSE_NO_RESOURCES);
	else
		modify_ask(task, (size_t)length);
}

// Served already, and the answer was lost with the process that asked: the same is asked again to the bit, so that ctrl knows it by its
// key and says what it said then.
static void repeat(struct task *task, const struct front *front)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };
	int length;

	if (task_rules(task, &fault) || task_read(task, &fault)) {
		task_refuse(task, &fault);
		return;
	}
	length = task_front(task, front, task->front, task->front_bytes);
	rules_mark(&sessions->rules, &sessions->tree);
	if (translate(&sessions->rules, &task->given, &sessions->translation, &fault))
		task_refuse(task, &fault);
	else if (length < 0)
		task_refuse_as(task, PFCP_CAUSE_NO_RESOURCES);
	else
		modify_ask(task, (size_t)length);
}

void get_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct rules_fault fault = { 0 };
	struct front front;
	const Shoal__Oss__Session *session = task_session(task, response, &front);

	if (!session || task_faulty(task) ||
	    !task_keep(task, &task->front, &task->front_bytes, session->front.data, session->front.len))
		return;
	task_given(task, session, &front);
	if (front.served == task->deal->content && task->arrived_ms - front.served_ms < REPEAT_MS)
		repeat(task, &front);
	else if (change(task, &front, &fault))
		task_refuse(task, &fault);
	else
		modify(task, &front);
}

// What is told of usage. Of URRs that had to go for others (rules_spare.h) nothing if they counted nothing: OAI's SMF, which lets it come to
// that, understands no answer to a modification that has a usage report.
static size_t usage_told(const struct task *task, const Shoal__Oss__SessionAnswer *said, Shoal__Oss__UsageReport **told)
{
	size_t count = 0;

	for (size_t i = 0; i < said->n_usage && count < USAGES; i++) {
		Shoal__Oss__UsageReport *usage = said->usage[i];
		bool spare = !task->removes && usage->triggers & PFCP_USAGE_REPORT_TRIGGER_TERMR;

		if (!spare || usage->uplink_packets || usage->downlink_packets || usage->events)
			told[count++] = usage;
	}
	return count;
}

// The answer, when ctrl has it: what was chosen, and usage, told here alone, by the rules that were.
static bool modified_keep(struct task *task, const Shoal__Oss__SessionAnswer *said)
{
	struct sessions *sessions = task->sessions;
	struct pfcp_writer words = task_words(task);
	Shoal__Oss__UsageReport *usage[USAGES];
	struct front before;

	if (said->n_usage && front_read(&before, task->front, task->front_bytes, &sessions->tree)) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return false;
	}
	if (task->taken_over)
		sessions->world.moved(sessions->world.arg, task->id, &task->to);
	answer_cause(&words, task->deal->type, &sessions->world.node_id, PFCP_CAUSE_ACCEPTED);
	answer_created(&words, &task->names, said->session);
	task_reports(task, PFCP_IE_MODIFICATION_USAGE_REPORT, usage, usage_told(task, said, usage), &words);
	return task_keep(task, &task->answer, &task->answer_bytes, words.start, (size_t)(words.at - words.start));
}

void modify_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__SessionAnswer *said =
	    response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session : NULL;

	if (response->status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET) {
		task->taken_over = false;
		if (!said || !said->session || modified_keep(task, said))
			task_step(task, STEP_UNMODIFY);
	} else if (response->status->code == SHOAL__OSS__CODE__KEY_REUSED && !task_late(task)) {
		task_again(task, WATCH_MS); // an earlier process of ours was quicker: what it did will be seen
	} else if (response->status->code || !said || !said->session) {
		task_refuse_why(task, response->status);
	} else if (modified_keep(task, said)) {
		if (said->session->applied || task->looks)
			task_accept(task, task->answer, task->answer_bytes);
		else
			task_step(task, STEP_WATCH);
	}
}

// ---- Not in time: as it was before.

void unmodify_ask(struct task *task)
{
	struct sessions *sessions = task->sessions;
	struct rules_fault fault = { 0 };
	struct front front;
	int length = -EMSGSIZE;

	if (!front_read(&front, task->front, task->front_bytes, &sessions->tree) && !task_rules(task, &fault) &&
	    !translate(&sessions->rules, &task->given, &sessions->translation, &fault))
		length = task_front(task, &front, task->front, task->front_bytes);
	if (length < 0)
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
	else
		task_modify(task, deal_owner(task->deal), (struct task_query){ 0 }, (size_t)length);
}

// What was told of usage in an answer that is not given: it is told but once, so this one has it.
static void usage_put(const struct task *task, struct pfcp_writer *words)
{
	struct cursor in = cursor_over(task->answer, (uint32_t)task->answer_bytes);

	while (in.left >= 4) {
		uint32_t bytes = 4u + be16_get(in.at + 2);

		if (be16_get(in.at) == PFCP_IE_MODIFICATION_USAGE_REPORT && (size_t)(words->end - words->at) >= bytes) {
			memcpy(words->at, in.at, bytes);
			words->at += bytes;
		}
		cursor_skip(&in, bytes);
	}
}

void unmodify_hear(struct task *task, const Shoal__Oss__Response *response)
{
	struct pfcp_writer words = task_words(task);

	(void)response;
	if (!task->deal || !task->answer) {
		task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
		return;
	}
	answer_cause(&words, task->deal->type, &task->sessions->world.node_id, PFCP_CAUSE_SYSTEM_FAILURE);
	usage_put(task, &words);
	task_accept(task, words.start, (size_t)(words.at - words.start));
}
