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
#include "tests/smoke/cli_mock.h"

#define KEYS_MAX 4096u
#define PAGE_MS 20

static struct blob keys[KEYS_MAX], answers[KEYS_MAX];
static unsigned key_count, busy_count, replay_count;

// Of a create, or of the first session of an import.
static const Shoal__Oss__Session *first_session(const Shoal__Oss__Request *request)
{
	if (request->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_CREATE)
		return request->session_create->session;
	if (request->body_case == SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT && request->session_import->n_sessions)
		return request->session_import->sessions[0];
	return NULL;
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

static void serve(Shoal__Oss__Request *request, Shoal__Oss__Response *response)
{
	switch (request->body_case) {
	case SHOAL__OSS__REQUEST__BODY_SESSION_CREATE:
		sessions_create(request->session_create->session, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_IMPORT:
		sessions_import(request->session_import, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_GET:
		sessions_get(request->session_get->id, request->session_get->identity, false, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_DELETE:
		sessions_get(request->session_delete->id, request->session_delete->identity, true, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SESSION_LIST:
		sessions_list(request->session_list, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_WORKER_LIST:
		gateway_workers(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_WORKER_ORDER:
		gateway_order(request->worker_order->seat, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_SHARD_LIST:
	case SHOAL__OSS__REQUEST__BODY_SHARD_MOVE:
		gateway_shards(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE:
		if (request->quarantine_release->session != 4711) {
			refuse(response->status, SHOAL__OSS__CODE__NOT_FOUND, "session", "not in quarantine");
			break;
		}
		// fall through
	case SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST:
		gateway_quarantine(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_REPORT_LIST:
		gateway_reports(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_PATH_LIST:
		gateway_paths(response);
		break;
	case SHOAL__OSS__REQUEST__BODY_UPGRADE_START:
	case SHOAL__OSS__REQUEST__BODY_UPGRADE_GET:
	case SHOAL__OSS__REQUEST__BODY_UPGRADE_ABORT:
		gateway_upgrade(request, response);
		break;
	case SHOAL__OSS__REQUEST__BODY_STATUS_GET:
		gateway_status(response);
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
