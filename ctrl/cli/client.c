// client.c - one connection to shoal-ctrl and calls over it. The connection belongs to struct cli; one thread calls, and
// a second one dials, because a dial cannot be given a time limit.
#include "ctrl/cli/client.h"
#include "ctrl/cli/secure.h"

#include <errno.h>
#include <jansson.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define ANSWER_SLACK_MS 1000u // beyond the deadline that ctrl itself keeps
#define DEADLINE_MAX_MS 60000u

struct client {
	nng_socket socket;
	uint8_t key[16];
};

struct dial {
	nng_dialer dialer;
	int error;
};

static void *dial_run(void *arg)
{
	struct dial *dial = arg;

	dial->error = nng_dialer_start(dial->dialer, 0);
	return NULL;
}

// nng_dialer_start, at most timeout_ms. If it takes longer the thread is left behind with *dial: the process is about to end.
static int dial_within(struct dial *dial, unsigned timeout_ms)
{
	pthread_t thread;
	struct timespec until;
	int error;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	error = pthread_create(&thread, NULL, dial_run, dial);
	if (error)
		return NNG_ENOMEM;
	error = pthread_timedjoin_np(thread, NULL, &until);
	return error ? NNG_ETIMEDOUT : dial->error;
}

static int open_socket(struct client *client, const struct cli *cli)
{
	struct dial *dial;
	int error = nng_req0_open(&client->socket);

	if (error)
		return error;
	nng_socket_set_size(client->socket, NNG_OPT_RECVMAXSZ, CLIENT_MESSAGE_MAX);
	nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, 50);
	nng_socket_set_ms(client->socket, NNG_OPT_RECONNMAXT, 500);
	dial = calloc(1, sizeof(*dial));
	if (!dial)
		return NNG_ENOMEM;
	error = secure_dialer(&cli->tls, client->socket, cli->url, &dial->dialer);
	if (!error)
		error = dial_within(dial, cli->timeout_ms);
	if (error != NNG_ETIMEDOUT)
		free(dial);
	return error;
}

int client_connect(struct cli *cli, nng_socket *socket)
{
	int error = 0;

	if (!cli->client) {
		struct client *client = calloc(1, sizeof(*client));

		error = client ? open_socket(client, cli) : NNG_ENOMEM;
		if (error) {
			secure_say(&cli->tls, cli->url, error);
			free(client);
			return CLI_UNREACHABLE;
		}
		cli->client = client;
	}
	*socket = cli->client->socket;
	return CLI_OK;
}

void client_close(struct cli *cli)
{
	if (cli->client)
		nng_close(cli->client->socket);
	free(cli->client);
	cli->client = NULL;
}

nng_msg *client_pack(const Shoal__Oss__Request *request)
{
	nng_msg *message;

	if (nng_msg_alloc(&message, shoal__oss__request__get_packed_size(request)))
		return NULL;
	shoal__oss__request__pack(request, nng_msg_body(message));
	return message;
}

Shoal__Oss__Response *client_unpack(nng_msg *message)
{
	Shoal__Oss__Response *response =
	    shoal__oss__response__unpack(NULL, nng_msg_len(message), nng_msg_body(message));

	if (response && !response->status) {
		client_free(response);
		return NULL;
	}
	return response;
}

void client_free(Shoal__Oss__Response *response)
{
	shoal__oss__response__free_unpacked(response, NULL);
}

struct units_text client_code(int code)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&shoal__oss__code__descriptor, code);
	struct units_text out;

	if (value)
		snprintf(out.text, sizeof(out.text), "%s", value->name);
	else
		snprintf(out.text, sizeof(out.text), "CODE_%d", code);
	return out;
}

void client_say_refused(const struct cli *cli, const Shoal__Oss__Status *status)
{
	struct units_text code = client_code((int)status->code);

	if (cli->json) {
		json_t *error = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", code.text, "field", status->field,
					  "message", status->message);

		json_dumpf(error, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(error);
		return;
	}
	fprintf(stderr, "shoal: refused: %s%s%s: %s\n", code.text, status->field[0] ? ": " : "", status->field,
		status->message[0] ? status->message : "no reason given");
}

void client_say_lost(const struct cli *cli, int error)
{
	if (error == NNG_ETIMEDOUT)
		fprintf(stderr, "shoal: no answer from %s in %g s\n", cli->url, cli->timeout_ms / 1000.0);
	else
		fprintf(stderr, "shoal: %s: %s\n", cli->url, nng_strerror(error));
}

static int set_key(struct cli *cli, Shoal__Oss__Request *request)
{
	struct client *client = cli->client;

	if (cli->key) {
		request->key = (ProtobufCBinaryData){ .len = strlen(cli->key), .data = (uint8_t *)(uintptr_t)cli->key };
		return 0;
	}
	if (getrandom(client->key, sizeof(client->key), 0) != sizeof(client->key))
		return -EIO;
	request->key = (ProtobufCBinaryData){ .len = sizeof(client->key), .data = client->key };
	return 0;
}

// Sends the message, which is gone afterwards, and waits for the answer. An NNG error.
static int exchange(nng_socket socket, nng_msg *message, unsigned timeout_ms, nng_msg **answer)
{
	int error;

	nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, (nng_duration)timeout_ms);
	nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, (nng_duration)(timeout_ms + ANSWER_SLACK_MS));
	error = nng_sendmsg(socket, message, 0);
	if (error) {
		nng_msg_free(message);
		return error;
	}
	return nng_recvmsg(socket, answer, 0);
}

int client_call(struct cli *cli, Shoal__Oss__Request *request, bool changes, Shoal__Oss__Response **response)
{
	nng_socket socket;
	nng_msg *message, *answer;
	int error = client_connect(cli, &socket);

	*response = NULL;
	if (error)
		return error;
	request->version = 1;
	request->deadline_ms = cli->timeout_ms < DEADLINE_MAX_MS ? cli->timeout_ms : DEADLINE_MAX_MS;
	message = changes && set_key(cli, request) ? NULL : client_pack(request);
	error = message ? exchange(socket, message, cli->timeout_ms, &answer) : NNG_ENOMEM;
	if (error) {
		client_say_lost(cli, error);
		return CLI_UNREACHABLE;
	}
	*response = client_unpack(answer);
	nng_msg_free(answer);
	if (!*response) {
		fprintf(stderr, "shoal: %s: the answer is not of this protocol\n", cli->url);
		return CLI_UNREACHABLE;
	}
	if ((*response)->status->code == SHOAL__OSS__CODE__OK)
		return CLI_OK;
	client_say_refused(cli, (*response)->status);
	error = (*response)->status->code == SHOAL__OSS__CODE__NOT_APPLIED_YET ? CLI_PARTLY : CLI_REFUSED;
	client_free(*response);
	*response = NULL;
	return error;
}
