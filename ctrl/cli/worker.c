// worker.c - `shoal worker ls|start|stop|restart|drain|join`. One thread.
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/worker_print.h"

#define SEAT_MAX 15u

static void print_answer(const struct cli *cli, const Shoal__Oss__Response *response)
{
	const Shoal__Oss__WorkerListAnswer *answer;

	if (response->body_case != SHOAL__OSS__RESPONSE__BODY_WORKER_LIST)
		return;
	answer = response->worker_list;
	if (cli->json) {
		json_t *object = json_pack("{s:o}", "workers", worker_json(answer->workers, answer->n_workers));

		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
		return;
	}
	worker_print(answer->workers, answer->n_workers);
}

static int run_ls(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__WorkerList list = SHOAL__OSS__WORKER_LIST__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_WORKER_LIST;
	request.worker_list = &list;
	code = client_call(cli, &request, false, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int order(struct cli *cli, const struct args *args, Shoal__Oss__WorkerVerb verb)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__WorkerOrder body = SHOAL__OSS__WORKER_ORDER__INIT;
	Shoal__Oss__Response *response;
	uint64_t seat;
	const char *why = units_parse_number(args->words[0], SEAT_MAX, &seat);
	int code;

	if (why)
		return args_refuse(args, "seat '%s' %s (0..%u)", units_quote(args->words[0]).text, why, SEAT_MAX);
	body.seat = (uint32_t)seat;
	body.verb = verb;
	request.body_case = SHOAL__OSS__REQUEST__BODY_WORKER_ORDER;
	request.worker_order = &body;
	code = client_call(cli, &request, true, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int run_start(struct cli *cli, const struct args *args)
{
	return order(cli, args, SHOAL__OSS__WORKER_VERB__WORKER_START);
}

static int run_stop(struct cli *cli, const struct args *args)
{
	return order(cli, args, SHOAL__OSS__WORKER_VERB__WORKER_STOP);
}

static int run_restart(struct cli *cli, const struct args *args)
{
	return order(cli, args, SHOAL__OSS__WORKER_VERB__WORKER_RESTART);
}

static int run_drain(struct cli *cli, const struct args *args)
{
	return order(cli, args, SHOAL__OSS__WORKER_VERB__WORKER_DRAIN);
}

static int run_join(struct cli *cli, const struct args *args)
{
	return order(cli, args, SHOAL__OSS__WORKER_VERB__WORKER_JOIN);
}

const struct command worker_commands[] = {
	{
	    .name = "worker ls",
	    .summary = "Lists the workers and the slow lane",
	    .text = "IN and OUT count packets lent to a worker and come back; HELD wait for it in the primary; BUSY is "
		    "its\n"
		    "share of time with work to do.\n",
	    .examples = "  shoal worker ls\n"
			"  shoal worker ls --json | jq '.workers[] | select(.deaths > 0)'\n",
	    .run = run_ls,
	},
	{
	    .name = "worker start",
	    .words = "SEAT",
	    .min = 1,
	    .max = 1,
	    .summary = "Starts a worker in a seat; done when it is ready",
	    .examples = "  shoal worker start 2\n",
	    .run = run_start,
	},
	{
	    .name = "worker stop",
	    .words = "SEAT",
	    .min = 1,
	    .max = 1,
	    .summary = "Stops a worker; done when others have its shards",
	    .text = "No packet is lost: its shards are handed over first. It stays stopped until it is started.\n",
	    .examples = "  shoal worker stop 1 --timeout 30\n",
	    .run = run_stop,
	},
	{
	    .name = "worker restart",
	    .words = "SEAT",
	    .min = 1,
	    .max = 1,
	    .summary = "Hands a worker's shards over, and puts a new worker in its seat",
	    .examples = "  shoal worker restart 0\n",
	    .run = run_restart,
	},
	{
	    .name = "worker drain",
	    .words = "SEAT",
	    .min = 1,
	    .max = 1,
	    .summary = "Hands a worker's shards to others and keeps it as a guest; done when it has none",
	    .text =
		"No packet is lost. A guest serves only what `shoal shard move` gives it, until it is to join again.\n",
	    .examples = "  shoal worker drain 1\n",
	    .run = run_drain,
	},
	{
	    .name = "worker join",
	    .words = "SEAT",
	    .min = 1,
	    .max = 1,
	    .summary = "Makes a guest one of those among whom shards are shared",
	    .examples = "  shoal worker join 1\n",
	    .run = run_join,
	},
	{ 0 },
};
