// top.c - `shoal top`: what each worker does per second, from the difference of two answers of shoal-ctrl. One thread.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/sheet.h"
#include "ctrl/cli/worker_print.h"
#include "shared/base/clock.h"

#define INTERVAL_MS 1000u

struct sample {
	Shoal__Oss__Response *response;
	const Shoal__Oss__StatusAnswer *status;
	uint64_t at_ns;
};

// What a packet may leave a worker by without being dropped.
static const char *const kept[] = {
	"forward", "answered", "to_slow_ttl", "to_slow_big", "steer_again", "cut", "owned"
};

static bool is_drop(const char *name)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!strcmp(kept[i], name))
			return false;
	return true;
}

static int take_sample(struct cli *cli, struct sample *sample)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__StatusGet get = SHOAL__OSS__STATUS_GET__INIT;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	request.status_get = &get;
	code = client_call(cli, &request, false, &sample->response);
	if (code)
		return code;
	sample->at_ns = clock_ns();
	if (sample->response->body_case == SHOAL__OSS__RESPONSE__BODY_STATUS_ANSWER) {
		sample->status = sample->response->status_answer;
		return CLI_OK;
	}
	fputs("shoal: the answer has no status in it\n", stderr);
	client_free(sample->response);
	return CLI_UNREACHABLE;
}

// A counter that went back began anew.
static double per_second(uint64_t before, uint64_t after, double seconds)
{
	return (double)(after >= before ? after - before : after) / seconds;
}

static const Shoal__Oss__Worker *worker_in(const Shoal__Oss__StatusAnswer *status, uint32_t seat)
{
	static const Shoal__Oss__Worker nobody = SHOAL__OSS__WORKER__INIT;

	for (size_t i = 0; i < status->n_workers; i++)
		if (status->workers[i]->seat == seat)
			return status->workers[i];
	return &nobody;
}

static uint64_t verdict_of(const Shoal__Oss__Worker *worker, const char *name)
{
	for (size_t i = 0; i < worker->n_verdicts; i++)
		if (!strcmp(worker->verdicts[i]->name, name))
			return worker->verdicts[i]->value;
	return 0;
}

// "no_session 12, red 3": reasons and how many a second.
static void drops_text(const Shoal__Oss__Worker *before, const Shoal__Oss__Worker *after, double seconds, char *text,
		       size_t room)
{
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; i < after->n_verdicts && used < room; i++) {
		const Shoal__Oss__Counter *verdict = after->verdicts[i];
		double rate = per_second(verdict_of(before, verdict->name), verdict->value, seconds);

		if (rate > 0 && is_drop(verdict->name))
			used += (size_t)snprintf(text + used, room - used, "%s%s %.0f", used ? ", " : "", verdict->name,
						 rate);
	}
}

static void print_worker(struct sheet *sheet, const Shoal__Oss__Worker *before, const Shoal__Oss__Worker *after,
			 double seconds)
{
	char drops[256];

	drops_text(before, after, seconds, drops, sizeof(drops));
	sheet_cell(sheet, "%u%s", after->seat, after->slow ? " slow" : "");
	sheet_cell(sheet, "%s", worker_state(after->state));
	sheet_cell(sheet, "%s", units_count((uint64_t)per_second(before->in_packets, after->in_packets, seconds)).text);
	sheet_cell(sheet, "%.1f", per_second(before->in_bytes, after->in_bytes, seconds) * 8 / 1e6);
	sheet_cell(sheet, "%s", units_count(after->sessions).text);
	sheet_cell(sheet, "%u", after->shards);
	sheet_cell(sheet, "%s", units_count(after->held).text);
	sheet_cell(sheet, "%.1f %%", (double)after->busy_permille / 10);
	sheet_cell(sheet, "%s", drops[0] ? drops : "-");
}

static void print_workers(const struct sample *before, const struct sample *after, double seconds)
{
	static const char *const titles[] = { "SEAT",    "STATE", ">PACKETS/S", ">Mb/s",   ">SESSIONS",
					      ">SHARDS", ">HELD", ">BUSY",      "DROPS/S", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < after->status->n_workers; i++) {
		const Shoal__Oss__Worker *worker = after->status->workers[i];

		if (worker->state != SHOAL__OSS__WORKER_STATE__WORKER_FREE)
			print_worker(&sheet, worker_in(before->status, worker->seat), worker, seconds);
	}
	sheet_close(&sheet, stdout);
}

static const Shoal__Oss__Port *port_named(const Shoal__Oss__StatusAnswer *status, const char *name)
{
	static const Shoal__Oss__Port nothing = SHOAL__OSS__PORT__INIT;

	for (size_t i = 0; i < status->n_ports; i++)
		if (!strcmp(status->ports[i]->name, name))
			return status->ports[i];
	return &nothing;
}

static void print_ports(const struct sample *before, const struct sample *after, double seconds)
{
	static const char *const titles[] = { "PORT",   "LINK",      ">IN/S",     ">IN Mb/s",
					      ">OUT/S", ">OUT Mb/s", ">MISSED/S", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < after->status->n_ports; i++) {
		const Shoal__Oss__Port *now = after->status->ports[i];
		const Shoal__Oss__Port *then = port_named(before->status, now->name);

		sheet_cell(&sheet, "%s", now->name);
		sheet_cell(&sheet, "%s", now->up ? "up" : "down");
		sheet_cell(&sheet, "%s",
			   units_count((uint64_t)per_second(then->rx_packets, now->rx_packets, seconds)).text);
		sheet_cell(&sheet, "%.1f", per_second(then->rx_bytes, now->rx_bytes, seconds) * 8 / 1e6);
		sheet_cell(&sheet, "%s",
			   units_count((uint64_t)per_second(then->tx_packets, now->tx_packets, seconds)).text);
		sheet_cell(&sheet, "%.1f", per_second(then->tx_bytes, now->tx_bytes, seconds) * 8 / 1e6);
		sheet_cell(&sheet, "%.0f", per_second(then->rx_missed, now->rx_missed, seconds));
	}
	sheet_close(&sheet, stdout);
}

static void print_screen(const struct sample *before, const struct sample *after, double seconds)
{
	static const Shoal__Oss__Account none = SHOAL__OSS__ACCOUNT__INIT;
	const Shoal__Oss__StatusAnswer *status = after->status;
	const Shoal__Oss__Account *now = status->account ? status->account : &none;
	const Shoal__Oss__Account *then = before->status->account ? before->status->account : &none;

	printf("shoal %s, primary %s", units_when((uint64_t)time(NULL) * 1000).text,
	       status->primary_up ? units_span(status->primary_uptime_ms).text : "not there");
	printf(", sessions %s, applied %s, changes waiting %s\n", units_count(status->sessions).text,
	       units_count(status->applied).text, units_count(status->changes_waiting).text);
	printf("received %s/s, forwarded %s/s, refused or answered %s/s, held %s%s\n\n",
	       units_count((uint64_t)per_second(then->rx, now->rx, seconds)).text,
	       units_count((uint64_t)per_second(then->forwarded, now->forwarded, seconds)).text,
	       units_count((uint64_t)per_second(then->refused, now->refused, seconds)).text,
	       units_count(now->held).text, now->closes ? "" : ", THE ACCOUNT DOES NOT CLOSE");
	print_workers(before, after, seconds);
	putchar('\n');
	print_ports(before, after, seconds);
}

static json_t *worker_rates_json(const Shoal__Oss__Worker *before, const Shoal__Oss__Worker *after, double seconds)
{
	json_t *drops = json_object();

	for (size_t i = 0; i < after->n_verdicts; i++) {
		const Shoal__Oss__Counter *verdict = after->verdicts[i];
		double rate = per_second(verdict_of(before, verdict->name), verdict->value, seconds);

		if (rate > 0 && is_drop(verdict->name))
			json_object_set_new(drops, verdict->name, json_real(rate));
	}
	return json_pack("{s:i, s:s, s:f, s:f, s:I, s:i, s:I, s:I, s:o}", "seat", (int)after->seat, "state",
			 worker_state(after->state), "packets_per_s",
			 per_second(before->in_packets, after->in_packets, seconds), "mbit_per_s",
			 per_second(before->in_bytes, after->in_bytes, seconds) * 8 / 1e6, "sessions",
			 (json_int_t)after->sessions, "shards", (int)after->shards, "held", (json_int_t)after->held,
			 "busy_permille", (json_int_t)after->busy_permille, "drops_per_s", drops);
}

// One object a line.
static void print_json(const struct sample *before, const struct sample *after, double seconds)
{
	json_t *workers = json_array();
	json_t *object;

	for (size_t i = 0; i < after->status->n_workers; i++) {
		const Shoal__Oss__Worker *worker = after->status->workers[i];

		json_array_append_new(workers,
				      worker_rates_json(worker_in(before->status, worker->seat), worker, seconds));
	}
	object = json_pack("{s:I, s:I, s:I, s:o}", "at_ms", (json_int_t)time(NULL) * 1000, "sessions",
			   (json_int_t)after->status->sessions, "applied", (json_int_t)after->status->applied,
			   "workers", workers);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_sample(const struct cli *cli, const struct sample *before, const struct sample *after)
{
	double seconds = (double)(after->at_ns - before->at_ns) / 1e9;

	if (cli->json) {
		print_json(before, after, seconds);
	} else {
		if (isatty(STDOUT_FILENO))
			fputs("\x1b[H\x1b[J", stdout);
		print_screen(before, after, seconds);
		if (!isatty(STDOUT_FILENO))
			putchar('\n');
	}
	fflush(stdout);
}

static int read_options(const struct args *args, uint32_t *interval_ms, uint64_t *count)
{
	const char *interval = args_value(args, "interval");
	const char *why = interval ? units_parse_seconds(interval, 3600000, interval_ms) : NULL;

	if (why)
		return args_refuse(args, "interval: '%s' %s", units_quote(interval).text, why);
	if (!args_number(args, "n", (const uint64_t[]){ 1, UINT32_MAX }, count))
		return -EINVAL;
	if (args_value(args, "once"))
		*count = 1;
	return 0;
}

static int run_top(struct cli *cli, const struct args *args)
{
	uint32_t interval_ms = INTERVAL_MS;
	uint64_t count = UINT64_MAX;
	struct sample before, after;
	int code = read_options(args, &interval_ms, &count);

	code = code ? code : take_sample(cli, &before);
	if (code)
		return code;
	while (count--) {
		struct timespec pause = { .tv_sec = interval_ms / 1000,
					  .tv_nsec = (long)(interval_ms % 1000) * 1000000 };

		nanosleep(&pause, NULL);
		code = take_sample(cli, &after);
		if (code)
			break;
		print_sample(cli, &before, &after);
		client_free(before.response);
		before = after;
	}
	client_free(before.response);
	return code;
}

static const struct args_option top_options[] = {
	{ "n", "N", "stop after N tables" },
	{ "once", NULL, "the same as -n 1" },
	{ "interval", "SECONDS", "time between two tables; default 1" },
	{ 0 },
};

const struct command top_commands[] = {
	{
	    .name = "top",
	    .summary = "Shows, second by second, what each worker does and what it drops",
	    .text =
		"On a terminal the table stays in place; elsewhere tables follow one another. DROPS/S names reasons:\n"
		"`shoal counters --all` says what each means.\n",
	    .examples = "  shoal top\n"
			"  shoal top --once\n"
			"  shoal top -n 60 --json > minute.jsonl\n",
	    .options = top_options,
	    .run = run_top,
	},
	{ 0 },
};
