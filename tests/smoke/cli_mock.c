// cli_mock.c - stands where shoal-ctrl would be, for the tests of the command line: remembers sessions and request keys, has
// three workers that count, publishes events, and misbehaves when a session's DNN asks for it.
//
//   usage: cli_mock RPC-URL EVENT-URL      prints "ready" when it listens; ends with SIGTERM
//
//   DNN "taken"    refused: ADDRESS_TAKEN        "busy"     BUSY twice, then done
//   DNN "late"     NOT_APPLIED_YET               "silent"   never answered       "garbage"  answered with noise
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/oss.pb-c.h"

#define SESSIONS_MAX 100000u
#define KEYS_MAX 4096u
#define PAGE_MS 20

struct blob {
	size_t length;
	uint8_t *bytes;
};

static struct blob sessions[SESSIONS_MAX]; // packed; id = index + 1; no bytes: deleted
static unsigned session_count;
static struct blob keys[KEYS_MAX], answers[KEYS_MAX];
static unsigned key_count, busy_count, replay_count;
static uint64_t polls;

static struct blob blob_of(const void *bytes, size_t length)
{
	struct blob blob = { length, malloc(length ? length : 1) };

	if (!blob.bytes)
		exit(1);
	memcpy(blob.bytes, bytes, length);
	return blob;
}

static bool has_dnn(const Shoal__Oss__Session *session, const char *dnn)
{
	return session && session->identity && !strcmp(session->identity->dnn, dnn);
}

// Of a create, or of the first session of an import.
static const Shoal__Oss__Session *first_session(const Shoal__Oss__Request *request)
{
	if (request->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_CREATE)
		return request->session_create->session;
	if (request->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT && request->session_import->n_sessions)
		return request->session_import->sessions[0];
	return NULL;
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

static void refuse(Shoal__Oss__Status *status, Shoal__Oss__Code code, const char *field, const char *message)
{
	status->code = code;
	status->field = (char *)(uintptr_t)field;
	status->message = (char *)(uintptr_t)message;
}

static void create(Shoal__Oss__Session *session, Shoal__Oss__Response *response)
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

static void import(Shoal__Oss__SessionImport *body, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionImportAnswer answer;
	static Shoal__Oss__ImportFault faults[1000], *list[1000];
	static Shoal__Oss__Status taken;

	shoal__oss__session_import_answer__init(&answer);
	shoal__oss__status__init(&taken);
	refuse(&taken, SHOAL__OSS__CODE__ADDRESS_TAKEN, "ue.ipv4", "session 7 has it");
	answer.faults = list;
	for (size_t i = 0; i < body->n_sessions; i++) {
		if (!has_dnn(body->sessions[i], "taken"))
			continue;
		list[answer.n_faults] = &faults[answer.n_faults];
		shoal__oss__import_fault__init(&faults[answer.n_faults]);
		faults[answer.n_faults].index = (uint32_t)i;
		faults[answer.n_faults++].status = &taken;
	}
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_IMPORT;
	response->session_import = &answer;
	if (answer.n_faults && !body->go_on) {
		refuse(response->status, SHOAL__OSS__CODE__ADDRESS_TAKEN, "sessions[0].ue.ipv4",
		       "a session is refused");
		return;
	}
	for (size_t i = 0; i < body->n_sessions; i++)
		if (!has_dnn(body->sessions[i], "taken"))
			keep(body->sessions[i]), answer.created++;
}

// Deletes where `erase`.
static void get(uint64_t id, const Shoal__Oss__Identity *identity, bool erase, Shoal__Oss__Response *response)
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

static void list_sessions(const Shoal__Oss__SessionList *body, Shoal__Oss__Response *response)
{
	static Shoal__Oss__SessionListAnswer answer;
	static Shoal__Oss__Session *list[1000];
	uint64_t id = body->after + 1;

	shoal__oss__session_list_answer__init(&answer);
	answer.sessions = list;
	for (; id <= session_count && answer.n_sessions < body->limit; id++) {
		Shoal__Oss__Session *session = recall(id);

		if (session)
			list[answer.n_sessions++] = session;
	}
	answer.next = id <= session_count ? id - 1 : 0;
	answer.total = session_count;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SESSION_LIST;
	response->session_list = &answer;
}

// Two workers and the slow lane; every look finds them 1000 packets on.
static Shoal__Oss__Worker **workers(size_t *count)
{
	static Shoal__Oss__Worker worker[3], *list[3];
	static Shoal__Oss__Counter verdict[2], *verdicts[2] = { &verdict[0], &verdict[1] };

	polls++;
	for (unsigned i = 0; i < 2; i++) {
		shoal__oss__counter__init(&verdict[i]);
		verdict[i].name = i ? "no_session" : "forward";
		verdict[i].value = (i ? 10 : 990) * polls;
	}
	for (unsigned i = 0; i < 3; i++) {
		shoal__oss__worker__init(&worker[i]);
		worker[i].seat = i < 2 ? i : 15;
		worker[i].slow = i == 2;
		worker[i].state = SHOAL__OSS__WORKER_STATE__WORKER_READY;
		worker[i].cpu = -1;
		worker[i].shards = i < 2 ? 128 : 0;
		worker[i].in_packets = worker[i].out_packets = 1000 * polls;
		worker[i].in_bytes = 1000000 * polls;
		worker[i].verdicts = verdicts;
		worker[i].n_verdicts = i < 2 ? 2 : 0;
		list[i] = &worker[i];
	}
	*count = 3;
	return list;
}

static void list_workers(Shoal__Oss__Response *response)
{
	static Shoal__Oss__WorkerListAnswer answer;

	shoal__oss__worker_list_answer__init(&answer);
	answer.workers = workers(&answer.n_workers);
	response->body_case = SHOAL__OSS__RESPONSE__BODY_WORKER_LIST;
	response->worker_list = &answer;
}

static void list_shards(Shoal__Oss__Response *response)
{
	static Shoal__Oss__ShardListAnswer answer;
	static Shoal__Oss__Shard shard[256], *list[256];

	shoal__oss__shard_list_answer__init(&answer);
	for (unsigned i = 0; i < 256; i++) {
		shoal__oss__shard__init(&shard[i]);
		shard[i].shard = i;
		shard[i].seat = i == 255 ? 255 : i % 2;
		shard[i].in_step = true;
		list[i] = &shard[i];
	}
	answer.shards = list;
	answer.n_shards = 256;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_SHARD_LIST;
	response->shard_list = &answer;
}

static void status(Shoal__Oss__Response *response)
{
	static Shoal__Oss__StatusAnswer answer;
	static Shoal__Oss__Account account;
	static Shoal__Oss__Port port, *ports[1] = { &port };

	shoal__oss__status_answer__init(&answer);
	shoal__oss__account__init(&account);
	shoal__oss__port__init(&port);
	answer.version = "mock";
	answer.sessions = answer.applied = session_count;
	answer.primary_up = answer.courier_up = true;
	answer.workers = workers(&answer.n_workers);
	account.rx = account.forwarded = 2000 * polls;
	account.closes = true;
	port.name = "n3";
	port.rx_packets = 2000 * polls;
	answer.account = &account;
	answer.ports = ports;
	answer.n_ports = 1;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_STATUS_ANSWER;
	response->status_answer = &answer;
}

static void counters(Shoal__Oss__Response *response)
{
	static Shoal__Oss__CountersAnswer answer;
	static Shoal__Oss__Counter counter[2], *list[2] = { &counter[0], &counter[1] };

	shoal__oss__counters_answer__init(&answer);
	shoal__oss__counter__init(&counter[0]);
	shoal__oss__counter__init(&counter[1]);
	counter[0].name = "replayed";
	counter[0].help = "requests whose key was known";
	counter[0].value = replay_count;
	counter[1].name = "nothing";
	counter[1].help = "never counts";
	answer.counters = list;
	answer.n_counters = 2;
	response->body_case = SHOAL__OSS__RESPONSE__BODY_COUNTERS;
	response->counters = &answer;
}

static void order(uint32_t seat, Shoal__Oss__Response *response)
{
	if (seat == 9)
		refuse(response->status, SHOAL__OSS__CODE__NOT_FOUND, "seat", "nobody sits there");
	else
		list_workers(response);
}

static void serve(Shoal__Oss__Request *request, Shoal__Oss__Response *response)
{
	switch (request->body_case) {
	case SHOAL__OSS__REQUEST__BODY_SESSION_CREATE:
		create(request->session_create->session, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT:
		import(request->session_import, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_GET:
		get(request->session_get->id, request->session_get->identity, false, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_DELETE:
		get(request->session_delete->id, request->session_delete->identity, true, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_LIST:
		list_sessions(request->session_list, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_WORKER_LIST:
		list_workers(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_WORKER_ORDER:
		order(request->worker_order->seat, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SHARD_LIST:
	case SHOAL__OSS__REQUEST__BODY_SHARD_MOVE:
		list_shards(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_STATUS_GET:
		status(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_COUNTERS_GET:
		counters(response);
		break;
	default:
		refuse(response->status, SHOAL__OSS__CODE__BAD_REQUEST, "", "no body");
	}
}

static struct blob answer_to(Shoal__Oss__Request *request)
{
	Shoal__Oss__Response response = SHOAL__OSS__RESPONSE__INIT;
	Shoal__Oss__Status verdict = SHOAL__OSS__STATUS__INIT;
	static uint8_t packed[1 << 20];

	response.version = 1;
	response.status = &verdict;
	if (has_dnn(first_session(request), "busy") && busy_count++ < 2)
		refuse(&verdict, SHOAL__OSS__CODE__BUSY, "", "later");
	else
		serve(request, &response);
	return blob_of(packed, shoal__oss__response__pack(&response, packed));
}

static unsigned find_key(const ProtobufCBinaryData *key)
{
	unsigned i = 0;

	while (i < key_count && (keys[i].length != key->len || memcmp(keys[i].bytes, key->data, key->len)))
		i++;
	return i;
}

static struct blob answer_once(Shoal__Oss__Request *request)
{
	unsigned i = request->key.len ? find_key(&request->key) : KEYS_MAX;
	struct blob answer;

	if (i < key_count) {
		replay_count++;
		return answers[i];
	}
	answer = answer_to(request);
	if (i < KEYS_MAX && !(busy_count == 1 || busy_count == 2)) {
		keys[key_count] = blob_of(request->key.data, request->key.len);
		answers[key_count++] = answer;
	}
	return answer;
}

static void take(nng_socket rpc, nng_msg *message)
{
	Shoal__Oss__Request *request = shoal__oss__request__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
	struct blob answer = { 5, (uint8_t *)"noise" };

	if (request && has_dnn(first_session(request), "silent"))
		return;
	if (request && !has_dnn(first_session(request), "garbage"))
		answer = answer_once(request);
	if (nng_send(rpc, answer.bytes, answer.length, 0))
		exit(1);
}

// Every third number is left out, so that listeners have a loss to notice.
static void publish(nng_socket pub)
{
	static uint64_t number;
	Shoal__Oss__Event event = SHOAL__OSS__EVENT__INIT;
	uint8_t packed[256] = "shoal.";

	number += number % 3 == 1 ? 2 : 1;
	event.number = number;
	event.at_ms = 1000;
	event.kind = SHOAL__OSS__EVENT_KIND__WORKER_DOWN;
	event.seat = 1;
	event.text = "SIGKILL";
	nng_send(pub, packed, 6 + shoal__oss__event__pack(&event, packed + 6), 0);
}

int main(int argc, char **argv)
{
	nng_socket rpc, pub;

	if (argc != 3 || nng_rep0_open(&rpc) || nng_pub0_open(&pub) || nng_listen(rpc, argv[1], NULL, 0) ||
	    nng_listen(pub, argv[2], NULL, 0))
		return 1;
	nng_socket_set_ms(rpc, NNG_OPT_RECVTIMEO, PAGE_MS);
	puts("ready");
	fflush(stdout);
	for (;;) {
		nng_msg *message;
		int error = nng_recvmsg(rpc, &message, 0);

		if (!error)
			take(rpc, message);
		else if (error == NNG_ETIMEDOUT)
			publish(pub);
		else
			return 1;
	}
}
