// trace.c - `shoal session trace`: one session's packets as they flow, until somebody has seen enough. One thread.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/trace_file.h"

#define WAIT_MS 500u // for packets, in one request
#define SNAP_MAX 2048u
#define RATE_MAX 20000u

struct tracing {
	struct trace_file file;
	uint64_t trace, after; // its id; the last packet that was written
	uint64_t packets, most;
	uint64_t seen, lost;
	time_t until; // 0: for ever
	bool json, stopped, ended;
	char why[96];
};

static volatile sig_atomic_t enough;

static void on_signal(int number)
{
	enough = number;
}

static void signals_take(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN); // writing fails then, and that ends it
}

static json_t *sight_json(const Shoal__Oss__TraceSight *sight)
{
	if (!sight)
		return json_null();
	return json_pack("{s:I, s:s, s:i}", "at_ns", (json_int_t)sight->at_ns, "side", sight->core ? "core" : "access",
			 "length", (int)sight->length);
}

static json_t *through_json(const Shoal__Oss__TracePacket *packet)
{
	json_t *list = json_array();

	for (size_t i = 0; i < packet->n_through; i++)
		json_array_append_new(list, json_string(packet->through[i]));
	return list;
}

static void packets_json(const struct tracing *tracing, const Shoal__Oss__TraceAnswer *answer)
{
	for (size_t i = 0; i < answer->n_packets; i++) {
		const Shoal__Oss__TracePacket *packet = answer->packets[i];
		json_t *object = json_pack("{s:I, s:s, s:o, s:i, s:o, s:o}", "packet", (json_int_t)packet->number,
					   "verdict", packet->verdict, "through", through_json(packet), "worker",
					   packet->worker < UINT8_MAX ? (int)packet->worker : -1, "came",
					   sight_json(packet->came), "left", sight_json(packet->left));
		char *text = json_dumps(object, JSON_COMPACT);

		fprintf(tracing->file.out, "%s\n", text ? text : "");
		json_decref(object);
		free(text);
	}
}

static void answer_take(struct tracing *tracing, const Shoal__Oss__TraceAnswer *answer)
{
	tracing->trace = answer->trace;
	tracing->seen = answer->seen;
	tracing->lost = answer->lost;
	if (tracing->json)
		packets_json(tracing, answer);
	else
		trace_file_packets(&tracing->file, answer);
	fflush(tracing->file.out);
	tracing->packets += answer->n_packets;
	if (answer->n_packets)
		tracing->after = answer->packets[answer->n_packets - 1]->number;
	tracing->ended = *answer->ended && !answer->n_packets;
	snprintf(tracing->why, sizeof(tracing->why), "%s", answer->ended);
}

// take: what is answered is written. Of a stop it comes again with the next read.
static int ask(struct cli *cli, struct tracing *tracing, Shoal__Oss__Request *request, bool take)
{
	Shoal__Oss__Response *response;
	int code = client_call(cli, request, true, &response);

	if (code)
		return code;
	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_TRACE && take)
		answer_take(tracing, response->trace);
	client_free(response);
	return CLI_OK;
}

static int start(struct cli *cli, struct tracing *tracing, Shoal__Oss__TraceStart *body)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_TRACE_START;
	request.trace_start = body;
	return ask(cli, tracing, &request, true);
}

static int read_on(struct cli *cli, struct tracing *tracing)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__TraceRead body = SHOAL__OSS__TRACE_READ__INIT;

	body.trace = tracing->trace;
	body.after = tracing->after;
	body.wait_ms = WAIT_MS;
	request.body_case = SHOAL__OSS__REQUEST__BODY_TRACE_READ;
	request.trace_read = &body;
	return ask(cli, tracing, &request, true);
}

static int stop(struct cli *cli, struct tracing *tracing)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__TraceStop body = SHOAL__OSS__TRACE_STOP__INIT;

	body.trace = tracing->trace;
	request.body_case = SHOAL__OSS__REQUEST__BODY_TRACE_STOP;
	request.trace_stop = &body;
	tracing->stopped = true;
	return ask(cli, tracing, &request, false);
}

static bool is_enough(const struct tracing *tracing)
{
	return enough || tracing->packets >= tracing->most || (tracing->until && time(NULL) >= tracing->until) ||
	       ferror(tracing->file.out);
}

static int flow(struct cli *cli, struct tracing *tracing)
{
	int code = CLI_OK;

	while (!code && !tracing->ended) {
		if (!tracing->stopped && is_enough(tracing))
			code = stop(cli, tracing);
		if (!code)
			code = read_on(cli, tracing);
	}
	return code;
}

static int summary(const struct tracing *tracing, int code)
{
	fprintf(stderr, "%" PRIu64 " packets, %" PRIu64 " more were not copied%s%s\n", tracing->packets, tracing->lost,
		tracing->stopped ? "" : "; ended: ", tracing->stopped ? "" : tracing->why);
	if (ferror(tracing->file.out)) {
		fprintf(stderr, "shoal: writing: %s\n", strerror(errno));
		return CLI_PARTLY;
	}
	return code ? code : tracing->lost ? CLI_PARTLY : CLI_OK;
}

static int run(struct cli *cli, struct tracing *tracing, Shoal__Oss__TraceStart *body)
{
	int code;

	signals_take();
	code = start(cli, tracing, body);
	if (code)
		return code;
	fprintf(stderr, "tracing session %" PRIu64 "; Ctrl-C ends it\n", (uint64_t)body->session);
	if (!tracing->json)
		trace_file_begin(&tracing->file, body->session, body->snap ? body->snap : SNAP_MAX);
	fflush(tracing->file.out);
	code = flow(cli, tracing);
	if (!tracing->json)
		trace_file_end(&tracing->file, tracing->seen, tracing->lost);
	fflush(tracing->file.out);
	return summary(tracing, code);
}

static int read_options(const struct args *args, struct tracing *tracing, Shoal__Oss__TraceStart *body)
{
	const char *seconds = args_value(args, "seconds");
	const char *why = units_parse_number(args->words[0], UINT64_MAX, &body->session);
	uint64_t snap = 0, rate = 0;
	uint32_t ms = 0;

	if (why)
		return args_refuse(args, "session '%s' %s", units_quote(args->words[0]).text, why);
	if (!args_number(args, "snap", (const uint64_t[]){ 1, SNAP_MAX }, &snap) ||
	    !args_number(args, "rate", (const uint64_t[]){ 1, RATE_MAX }, &rate) ||
	    !args_number(args, "n", (const uint64_t[]){ 1, INT64_MAX }, &tracing->most))
		return -EINVAL;
	why = seconds ? units_parse_seconds(seconds, 86400000, &ms) : NULL;
	if (why)
		return args_refuse(args, "seconds: '%s' %s", units_quote(seconds).text, why);
	body->snap = (uint32_t)snap;
	body->rate = (uint32_t)rate;
	if (ms)
		tracing->until = time(NULL) + (ms + 999) / 1000;
	return 0;
}

// It is a subscriber's traffic: nobody else's to read.
static FILE *open_private(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static int run_trace(struct cli *cli, const struct args *args)
{
	Shoal__Oss__TraceStart body = SHOAL__OSS__TRACE_START__INIT;
	struct tracing tracing = { .file.out = stdout, .most = UINT64_MAX, .json = cli->json };
	const char *path = args_value(args, "write");
	int code = read_options(args, &tracing, &body);

	if (code)
		return code;
	if (!path && !cli->json && isatty(STDOUT_FILENO))
		return args_refuse(args, "packets are not for a terminal: --write FILE, or pipe them to tshark -r -");
	if (path)
		tracing.file.out = open_private(path);
	if (!tracing.file.out)
		return args_refuse(args, "write: '%s': %s", units_quote(path).text, strerror(errno));
	code = run(cli, &tracing, &body);
	if (path && fclose(tracing.file.out) && !code)
		code = CLI_PARTLY;
	return code;
}

static const struct args_option trace_options[] = {
	{ "write", "FILE", "into this file; default: standard output" },
	{ "snap", "BYTES", "so many of each packet; default all" },
	{ "rate", "N", "so many packets a second at most; default 2000, at most 20000" },
	{ "n", "N", "stop after N packets" },
	{ "seconds", "S", "stop after this time" },
	{ 0 },
};

const struct command trace_commands[] = {
	{
	    .name = "session trace",
	    .words = "ID",
	    .min = 1,
	    .max = 1,
	    .summary = "Writes one session's packets as pcapng while they flow, and what becomes of each",
	    .text =
		"Each packet as it came and as it left: radio side and data network are two interfaces, a comment\n"
		"says the verdict. What there was no time or room to copy is counted, in the file and at the end.\n"
		"What is refused before it is known whose it is, is not in it. With --json, a line a packet, without\n"
		"its bytes. Exit code 4: some are missing.\n",
	    .examples = "  shoal session trace 17 --write /tmp/17.pcapng\n"
			"  shoal session trace 17 | tshark -r - -o gtp.dissect_tpdu_as:ip\n"
			"  shoal session trace 17 --n 1000 --snap 128 --json | jq .verdict\n",
	    .options = trace_options,
	    .run = run_trace,
	},
	{ 0 },
};
