// door.c - how many requests a second a door answers: so many clients, each with a connection of its own and one request under way.
//
//   usage: bench-door SECONDS CLIENTS URL [CA CERT KEY SERVER-NAME]       prints answers a second, and the median and 99th percentile in us
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"

#define CLIENTS_MAX 256u
#define STEPS 100000u // of a microsecond each

struct client {
	pthread_t thread;
	nng_socket req;
	uint64_t answers;
};

static struct client clients[CLIENTS_MAX];
static _Atomic uint64_t took[STEPS];
static uint64_t end_ns;

static void need(const char *what, int error)
{
	if (!error)
		return;
	fprintf(stderr, "bench-door: %s: %s\n", what, nng_strerror(error));
	exit(1);
}

static char *slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	need(path, file && text ? 0 : NNG_ENOENT);
	need(path, fread(text, 1, (1 << 16) - 1, file) ? 0 : NNG_EINVAL);
	fclose(file);
	return text;
}

static void secure(nng_dialer dialer, char **files)
{
	nng_tls_config *config;

	need("config", nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT));
	need(files[0], nng_tls_config_ca_chain(config, slurp(files[0]), NULL));
	need(files[1], nng_tls_config_own_cert(config, slurp(files[1]), slurp(files[2]), NULL));
	need(files[3], nng_tls_config_server_name(config, files[3]));
	need("dialer", nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config));
}

static void connect_to(struct client *client, const char *url, char **files)
{
	nng_dialer dialer;

	need("open", nng_req0_open(&client->req));
	need("dialer", nng_dialer_create(&dialer, client->req, url));
	if (files)
		secure(dialer, files);
	need(url, nng_dialer_start(dialer, 0));
}

// Asks for a session that does not exist: the least that the desk can be asked.
static void *ask(void *with)
{
	static const uint8_t request[] = { 1 << 3, 1,    13 << 3 | 2, 9,    1 << 3 | 1, 0xff, 0xff,
					   0xff,   0xff, 0xff,        0xff, 0xff,       0x7f };
	struct client *client = with;

	while (clock_ns() < end_ns) {
		uint64_t begin = clock_ns(), us;
		nng_msg *answer;

		need("send", nng_send(client->req, (void *)request, sizeof(request), 0));
		need("receive", nng_recvmsg(client->req, &answer, 0));
		nng_msg_free(answer);
		us = (clock_ns() - begin) / 1000;
		atomic_fetch_add(&took[us < STEPS ? us : STEPS - 1], 1);
		client->answers++;
	}
	return NULL;
}

static unsigned percentile(uint64_t of, double share)
{
	uint64_t sum = 0;
	unsigned us = 0;

	while (us < STEPS - 1 && (double)(sum += took[us]) < share * (double)of)
		us++;
	return us;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	uint64_t answers = 0, begin;

	if ((argc != 4 && argc != 8) || !count || count > CLIENTS_MAX)
		return 2;
	for (unsigned i = 0; i < count; i++)
		connect_to(&clients[i], argv[3], argc == 8 ? argv + 4 : NULL);
	begin = clock_ns();
	end_ns = begin + (uint64_t)atoi(argv[1]) * 1000000000;
	for (unsigned i = 0; i < count; i++)
		need("thread", pthread_create(&clients[i].thread, NULL, ask, &clients[i]) ? NNG_ENOMEM : 0);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(clients[i].thread, NULL);
		answers += clients[i].answers;
	}
	printf("%.0f,%u,%u\n", (double)answers * 1e9 / (double)(clock_ns() - begin), percentile(answers, 0.5),
	       percentile(answers, 0.99));
	return 0;
}
