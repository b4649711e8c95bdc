// session_make.c - establishment: rules to a session, created when a worker has it.
#include <string.h>
#include <strings.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/session/task.h"

#define PDN_IPV4V6 3u
#define WATCH_MS 20u
#define IMSI_MIN 6u
#define IMSI_MAX 15u

static const bool understood[PFCP_IE_TYPES] = { [PFCP_IE_NODE_ID] = true,
						[PFCP_IE_F_SEID] = true,
						[PFCP_IE_CREATE_PDR] = true,
						[PFCP_IE_CREATE_FAR] = true,
						[PFCP_IE_CREATE_URR] = true,
						[PFCP_IE_CREATE_QER] = true,
						[PFCP_IE_CREATE_BAR] = true,
						[PFCP_IE_CREATE_TRAFFIC_ENDPOINT] = true,
						[PFCP_IE_PDN_TYPE] = true,
						[PFCP_IE_FQ_CSID] = true,
						[PFCP_IE_USER_PLANE_INACTIVITY_TIMER] = true,
						[PFCP_IE_USER_ID] = true,
						[PFCP_IE_APN_DNN] = true,
						[PFCP_IE_PFCPSEREQ_FLAGS] = true,
						[PFCP_IE_RECOVERY_TIME_STAMP] = true,
						[PFCP_IE_S_NSSAI] = true,
						[PFCP_IE_RAT_TYPE] = true,
						[PFCP_IE_GROUP_ID] = true };

// Who it is, for those who look at sessions: nothing depends on it.
struct naming {
	Shoal__Oss__Identity identity;
	char imsi[IMSI_MAX + 1], dnn[TRANSLATE_DNN];
};

// The IMSI of a User ID: a length and digits, the lower half of an octet first (TS 29.244 8.2.101). "" = it has none.
static void imsi_read(const struct pfcp_ie *ie, char *imsi)
{
	unsigned digits = 0, octets = ie && ie->length > 1 && ie->value[0] & 1 ? ie->value[1] : 0;

	for (unsigned i = 0; i < 2 * octets && i / 2 + 2 < ie->length; i++) {
		unsigned digit = ie->value[2 + i / 2] >> 4 * (i % 2) & 0xf;

		if (digit == 0xf && i + 1 == 2 * octets)
			break;
		if (digit > 9 || digits == IMSI_MAX) {
			digits = 0;
			break;
		}
		imsi[digits++] = (char)('0' + digit);
	}
	imsi[digits < IMSI_MIN ? 0 : digits] = 0;
}

// The data network: what the core side's network instance is called; or the APN, which may say which one of that network.
static int dnn_read(struct task *task, const char *instance, const struct pfcp_ie *apn, char *dnn,
		    struct rules_fault *fault)
{
	const struct sessions_world *world = &task->sessions->world;
	char name[PFCP_NAME];
	const char *found = *instance ? world->dnn(world->arg, instance) : NULL;
	const char *named = apn && !pfcp_get_name(apn, name) ? world->dnn(world->arg, name) : NULL;
	size_t length;

	if (named && (!found || strcasecmp(found, instance) != 0))
		found = named;
	if (!found && (*instance || apn) && !task->sessions->translation.ue.none)
		return rules_fault(fault, PFCP_CAUSE_RULE_FAILURE,
				   *instance ? PFCP_IE_NETWORK_INSTANCE : PFCP_IE_APN_DNN, "No such network instance.");
	if (*instance && found && world->apart && world->apart(world->arg, instance, found))
		return rules_fault(fault, PFCP_CAUSE_RULE_FAILURE, PFCP_IE_NETWORK_INSTANCE,
				   "The data network is not of this network.");
	if (!found)
		found = "";
	length = strnlen(found, TRANSLATE_DNN - 1);
	memcpy(dnn, found, length);
	dnn[length] = '\0';
	return 0;
}

static int naming_read(struct task *task, struct naming *naming, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	const struct pfcp_ie *user = pfcp_first(&sessions->tree, NULL, PFCP_IE_USER_ID);
	const struct pfcp_ie *apn = pfcp_first(&sessions->tree, NULL, PFCP_IE_APN_DNN);

	shoal__oss__identity__init(&naming->identity);
	imsi_read(user, naming->imsi);
	naming->identity.imsi = naming->imsi;
	naming->identity.dnn = naming->dnn;
	sessions->translation.session.identity = &naming->identity;
	return dnn_read(task, sessions->translation.instance, apn, naming->dnn, fault);
}

static int rules_of(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	const struct pfcp_ie *pdn;
	struct pfcp_fseid cp;
	int error = task_read(task, fault);
	const struct pfcp_ie *seid = pfcp_first(&sessions->tree, NULL, PFCP_IE_F_SEID);

	if (seid && !pfcp_get_fseid(seid, &cp))
		task->cp_seid = cp.seid;
	if (error || task_admit(task, understood, fault))
		return -1;
	// Restoring a session (RESTI) is making it: whoever had its address and TEIDs is gone, or in the way.
	if (pfcp_flags(pfcp_first(&sessions->tree, NULL, PFCP_IE_PFCPSEREQ_FLAGS)) & ~PFCP_PFCPSEREQ_FLAGS_RESTI)
		return rules_fault(fault, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, PFCP_IE_PFCPSEREQ_FLAGS, "Not served.");
	pdn = pfcp_first(&sessions->tree, NULL, PFCP_IE_PDN_TYPE);
	if (pdn && (!pfcp_number(pdn) || pfcp_number(pdn) > PDN_IPV4V6))
		return rules_fault(fault, PFCP_CAUSE_SERVICE_NOT_SUPPORTED, PFCP_IE_PDN_TYPE, "Sessions carry IP.");
	rules_clear(&sessions->rules);
	if (rules_create(&sessions->rules, &sessions->tree, fault) ||
	    translate(&sessions->rules, &sessions->none, &sessions->translation, fault))
		return -1;
	answer_remember(&sessions->translation, &task->names);
	return 0;
}

// Our words to keep with it: the same in every process of ours, as long as the request is. Its length, or -1 with *fault.
static int front_of(struct task *task, struct rules_fault *fault)
{
	struct sessions *sessions = task->sessions;
	struct front front;
	int length;

	front_clear(&front);
	if (front_learn(&front, &sessions->tree, fault))
		return -1;
	length = front_write(&front, &sessions->rules, sessions->front, sizeof(sessions->front));
	return length < 0 ? rules_fault(fault, PFCP_CAUSE_NO_RESOURCES, 0, "The rules are too long.") : length;
}

void create_ask(struct task *task)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	Shoal__Oss__Session *session = &task->sessions->translation.session;
	struct rules_fault fault = { 0 };
	struct naming naming;
	int front;

	if (rules_of(task, &fault) || naming_read(task, &naming, &fault)) {
		task_refuse(task, &fault);
		return;
	}
	front = front_of(task, &fault);
	if (front < 0) {
		task_refuse(task, &fault);
		return;
	}
	session->owner = (char *)deal_owner(task->deal);
	session->front = (ProtobufCBinaryData){ (size_t)front, task->sessions->front };
	create.session = session;
	create.wait_applied = create.brief = true;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	task_call(task, &request, true);
}

// What is said once it is in force: our SEID, and what we have chosen.
static void created_accept(struct task *task, const Shoal__Oss__Session *session)
{
	struct sessions *sessions = task->sessions;
	struct pfcp_writer words = task_words(task);
	struct pfcp_fseid up = { .seid = session->id };

	sessions->world.address(sessions->world.arg, task->deal, &up.address);
	answer_cause(&words, task->deal->type, &sessions->world.node_id, PFCP_CAUSE_ACCEPTED);
	pfcp_put_fseid(&words, PFCP_IE_F_SEID, &up);
	answer_created(&words, &task->names, session);
	task_accept(task, words.start, (size_t)(words.at - words.start));
}

static const Shoal__Oss__Session *session_in(const Shoal__Oss__Response *response)
{
	return response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION ? response->session->session : NULL;
}

void create_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__Session *session = session_in(response);

	task->id = session ? session->id : 0;
	if (session && (response->status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET || task_late(task))) {
		task_step(task, STEP_UNCREATE);
	} else if (response->status->code) {
		task_refuse_why(task, response->status);
	} else if (session && session->applied) {
		created_accept(task, session);
	} else {
		task_step(task, STEP_WATCH);
	}
}

// ---- Made already, when an earlier process of ours asked for it; perhaps a worker has it only later.

void watch_ask(struct task *task)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet get = SHOAL__OSS__SESSION_GET__INIT;

	get.id = task->id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &get;
	task_call(task, &request, false);
}

void watch_late(struct task *task)
{
	task_step(task, task->deal->type == PFCP_SESSION_MODIFICATION_REQUEST ? STEP_UNMODIFY : STEP_UNCREATE);
}

void watch_hear(struct task *task, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__Session *session = session_in(response);
	bool modified = task->deal->type == PFCP_SESSION_MODIFICATION_REQUEST;

	if (response->status->code || !session)
		task_refuse_as(task, modified ? PFCP_CAUSE_SESSION_NOT_FOUND : PFCP_CAUSE_SYSTEM_FAILURE);
	else if (session->applied && modified)
		task_accept(task, task->answer, task->answer_bytes);
	else if (session->applied)
		created_accept(task, session);
	else if (!task_late(task))
		task_again(task, WATCH_MS);
	else
		watch_late(task);
}

// ---- Not in time: as if it had never been.

void uncreate_ask(struct task *task)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionDelete delete = SHOAL__OSS__SESSION_DELETE__INIT;

	delete.id = task->id;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = &delete;
	task_call(task, &request, true);
}

void uncreate_hear(struct task *task, const Shoal__Oss__Response *response)
{
	(void)response;
	task_refuse_as(task, PFCP_CAUSE_SYSTEM_FAILURE);
}
