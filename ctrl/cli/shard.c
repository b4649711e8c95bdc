// shard.c - `shoal shard ls|move|free`. One thread.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/sheet.h"

#define SHARD_MAX 255u
#define SEAT_MAX 14u   // the slow lane owns no shard
#define SEAT_NONE 255u // oss.proto: no owner

static void print_json(const Shoal__Oss__ShardListAnswer *answer)
{
	json_t *array = json_array();
	json_t *answer_json;

	for (size_t i = 0; i < answer->n_shards; i++) {
		const Shoal__Oss__Shard *shard = answer->shards[i];
		json_t *object = json_pack("{s:i, s:i, s:i, s:I, s:b, s:b}", "shard", (int)shard->shard, "seat",
					   (int)shard->seat, "sessions", (int)shard->sessions, "seq",
					   (json_int_t)shard->seq, "in_step", shard->in_step, "pinned", shard->pinned);

		if (shard->seat == SEAT_NONE)
			json_object_set_new(object, "seat", json_null());
		json_array_append_new(array, object);
	}
	answer_json = json_pack("{s:o}", "shards", array);
	json_dumpf(answer_json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(answer_json);
}

static void print_table(const Shoal__Oss__ShardListAnswer *answer)
{
	static const char *const titles[] = { ">SHARD", ">SEAT", ">SESSIONS", ">CHANGES", "IN STEP", "PINNED", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < answer->n_shards; i++) {
		const Shoal__Oss__Shard *shard = answer->shards[i];

		sheet_cell(&sheet, "%u", shard->shard);
		if (shard->seat == SEAT_NONE)
			sheet_cell(&sheet, "none");
		else
			sheet_cell(&sheet, "%u", shard->seat);
		sheet_cell(&sheet, "%s", units_count(shard->sessions).text);
		sheet_cell(&sheet, "%" PRIu64, shard->seq);
		sheet_cell(&sheet, "%s", shard->in_step ? "yes" : "no");
		sheet_cell(&sheet, "%s", shard->pinned ? "yes" : "");
	}
	sheet_close(&sheet, stdout);
}

static void print_answer(const struct cli *cli, const Shoal__Oss__Response *response)
{
	if (response->body_case != SHOAL__OSS__RESPONSE__BODY_SHARD_LIST)
		return;
	if (cli->json)
		print_json(response->shard_list);
	else
		print_table(response->shard_list);
}

static int run_ls(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ShardList list = SHOAL__OSS__SHARD_LIST__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SHARD_LIST;
	request.shard_list = &list;
	code = client_call(cli, &request, false, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

// One word of the command line; 0 or -EINVAL, and the reason is said.
static int read_word(const struct args *args, unsigned word, const char *name, uint64_t max, uint32_t *number)
{
	uint64_t value;
	const char *why = units_parse_number(args->words[word], max, &value);

	*number = (uint32_t)value;
	return why ? args_refuse(args, "%s '%s' %s (0..%" PRIu64 ")", name, units_quote(args->words[word]).text, why,
				 max)
		   : 0;
}

static int send_move(struct cli *cli, Shoal__Oss__ShardMove *move)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SHARD_MOVE;
	request.shard_move = move;
	code = client_call(cli, &request, true, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int run_move(struct cli *cli, const struct args *args)
{
	Shoal__Oss__ShardMove move = SHOAL__OSS__SHARD_MOVE__INIT;
	int code = read_word(args, 0, "shard", SHARD_MAX, &move.shard);

	code = code ? code : read_word(args, 1, "seat", SEAT_MAX, &move.seat);
	return code ? code : send_move(cli, &move);
}

static int run_free(struct cli *cli, const struct args *args)
{
	Shoal__Oss__ShardMove move = SHOAL__OSS__SHARD_MOVE__INIT;
	int code = read_word(args, 0, "shard", SHARD_MAX, &move.shard);

	move.seat = SEAT_NONE;
	return code ? code : send_move(cli, &move);
}

const struct command shard_commands[] = {
	{
	    .name = "shard ls",
	    .summary = "Lists the 256 shards: who owns each, and is it in step with shoal-ctrl",
	    .examples =
		"  shoal shard ls\n"
		"  shoal shard ls --json | jq '.shards | group_by(.seat)[] | {seat: .[0].seat, shards: length}'\n",
	    .run = run_ls,
	},
	{
	    .name = "shard move",
	    .words = "SHARD SEAT",
	    .min = 2,
	    .max = 2,
	    .summary = "Hands one shard to the worker in another seat, while its packets flow",
	    .text = "It stays there, pinned, as long as that worker lives or until it is freed.\n",
	    .examples = "  shoal shard move 17 2\n",
	    .run = run_move,
	},
	{
	    .name = "shard free",
	    .words = "SHARD",
	    .min = 1,
	    .max = 1,
	    .summary = "Lets a shard that was moved by order go where it fits again",
	    .examples = "  shoal shard free 17\n",
	    .run = run_free,
	},
	{ 0 },
};
