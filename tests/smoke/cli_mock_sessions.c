// cli_mock_sessions.c - what the stand-in for shoal-ctrl remembers of sessions. One thread.
#include "tests/smoke/cli_mock.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 100000u

static struct blob sessions[SESSIONS_MAX]; // packed; id = index + 1; no bytes: deleted
static unsigned session_count;

unsigned sessions_number(void)
{
	return session_count;
}

struct blob blob_of(const void *bytes, size_t length)
{
	struct blob blob = { length, malloc(length ? length : 1) };

	if (!blob.bytes)
		exit(1);
	memcpy(blob.bytes, bytes, length);
	return blob;
}

bool has_dnn(const Shoal__Oss__Session *session, const char *dnn)
{
	return session && session->identity && !strcmp(session->identity->dnn, dnn);
}

static void keep(Shoal__Oss__Session *session)
{
	uint8_t packed[8192];

	if (session_count == SESSIONS_MAX || shoal__oss__session__get_packed_size(session) > sizeof(packed))
		exit(1);
	session->id = session_count + 1;
	session->teid = 0x01000000 + session_count;
	session->gtpu_ipv4 = 0xc0000201;
	session->shard = session_count % 256;
	session->applied = true;
	if (session->ue && session->ue->want_ipv4)
		session->ue->ipv4 = 0x0a2d0001 + session_count;
	if (session->ue && session->ue->want_ipv6)
		session->ue->ipv6_prefix = UINT64_C(0x20010db800000001) + session_count;
	if (has_dnn(session, "owned"))
		session->owner = (char *)(uintptr_t) "pfcp:192.0.2.9";
	sessions[session_count++] = blob_of(packed, shoal__oss__session__pack(session, packed));
}

static Shoal__Oss__Session *recall(uint64_t id)
{
	if (!id || id > session_count || !sessions[id - 1].bytes)
		return NULL;
	return shoal__oss__session__unpack(NULL, sessions[id - 1].length, sessions[id - 1].bytes);
}

static Shoal__Oss__Session *find_imsi(const char *imsi)
{
	for (uint64_t id = 1; id <= session_count; id++) {
		Shoal__Oss__Session *session = recall(id);

		if (session && session->identity && !strcmp(session->identity->imsi, imsi))
			return session;
		shoal__oss__session__free_unpacked(session, NULL);
	}
	return NULL;
}

void refuse(Shoal__Oss__Status *status, Shoal__Oss__Code code, const char *field, const char *message)
{
	status->code = code;
	status->field = (char *)(uintptr_t)field;
	status->message = (char *)(uintptr_t)message;
}

void sessions_create(Shoal__Oss__Session *session, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionAnswer answer;

	shoal__oss__session_answer__init(&answer);
	if (has_dnn(session, "taken")) {
		refuse(response->status, SHOAL__OSS__CODE__ADDRESS_TAKEN, "session.ue.ipv4", "session 7 has it");
		return;
	}
	if (has_dnn(session, "late"))
		refuse(response->status, SHOAL__OSS__CODE__NOT_APPLIED_YET, "", "stored; no worker has it yet");
	keep(session);
	answer.session = session;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	response->session = &answer;
}

void sessions_import(Shoal__Oss__SessionImport *body, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionImportAnswer answer;
	static Shoal__Oss__ImportFault faults[1000], *list[1000];
	static Shoal__Oss__Status taken, late;
	size_t n_taken = 0;

	shoal__oss__session_import_answer__init(&answer);
	shoal__oss__status__init(&taken);
	shoal__oss__status__init(&late);
	refuse(&taken, SHOAL__OSS__CODE__ADDRESS_TAKEN, "ue.ipv4", "session 7 has it");
	refuse(&late, SHOAL__OSS__CODE__NOT_APPLIED_YET, "sessions[0]", "its worker refuses it");
	answer.faults = list;
	for (size_t i = 0; i < body->n_sessions; i++) {
		bool waits = body->wait_applied && has_dnn(body->sessions[i], "late");

		if (!has_dnn(body->sessions[i], "taken") && !waits)
			continue;
		list[answer.n_faults] = &faults[answer.n_faults];
		shoal__oss__import_fault__init(&faults[answer.n_faults]);
		faults[answer.n_faults].index = (uint32_t)i;
		faults[answer.n_faults++].status = waits ? &late : &taken;
		n_taken += !waits;
	}
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT;
	response->session_import = &answer;
	if (n_taken && !body->go_on) {
		refuse(response->status, SHOAL__OSS__CODE__ADDRESS_TAKEN, "sessions[0].ue.ipv4",
		       "a session is refused");
		return;
	}
	for (size_t i = 0; i < body->n_sessions; i++)
		if (!has_dnn(body->sessions[i], "taken"))
			keep(body->sessions[i]), answer.created++;
	answer.applied = answer.created - (uint32_t)(answer.n_faults - n_taken);
	if (answer.applied < answer.created)
		refuse(response->status, SHOAL__OSS__CODE__NOT_APPLIED_YET, "", "workers refuse some");
}

// Deletes where `erase`.
void sessions_get(uint64_t id, const Shoal__Oss__Identity *identity, bool erase, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionAnswer answer;
	Shoal__Oss__Session *session = id ? recall(id) : find_imsi(identity ? identity->imsi : "");

	shoal__oss__session_answer__init(&answer);
	if (!session) {
		refuse(response->status, SHOAL__OSS__CODE__NOT_FOUND, "id", "no such session");
		return;
	}
	if (erase)
		sessions[session->id - 1].bytes = NULL;
	answer.session = session;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION;
	response->session = &answer;
}

void sessions_list(const Shoal__Oss__SessionList *body, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionListAnswer answer;
	static Shoal__Oss__Session *list[1000];
	uint64_t id = body->after + 1;

	shoal__oss__session_list_answer__init(&answer);
	answer.sessions = list;
	for (; id <= session_count && answer.n_sessions < body->limit; id++) {
		Shoal__Oss__Session *session = recall(id);

		if (session && (!*body->owner || !strcmp(body->owner, session->owner)))
			list[answer.n_sessions++] = session;
	}
	answer.next = id <= session_count ? id - 1 : 0;
	answer.total = session_count;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_LIST;
	response->session_list = &answer;
}
