// quarantine.c - `shoal quarantine ls|release`. One thread.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/sheet.h"

static const char *imsi_of(const Shoal__Oss__Quarantined *one)
{
	return one->identity ? one->identity->imsi : "";
}

static void print_json(const Shoal__Oss__QuarantineListAnswer *answer)
{
	json_t *array = json_array();
	json_t *object;

	for (size_t i = 0; i < answer->n_sessions; i++) {
		const Shoal__Oss__Quarantined *one = answer->sessions[i];

		json_array_append_new(array,
				      json_pack("{s:I, s:s, s:s, s:I, s:I, s:s}", "session", (json_int_t)one->session,
						"imsi", imsi_of(one), "dnn", one->identity ? one->identity->dnn : "",
						"at_ms", (json_int_t)one->at_ms, "refused", (json_int_t)one->refused,
						"record", one->record));
	}
	object = json_pack("{s:o}", "sessions", array);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static void print_table(const Shoal__Oss__QuarantineListAnswer *answer)
{
	static const char *const titles[] = { ">SESSION", "IMSI", "SINCE", ">REFUSED", "PACKET", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < answer->n_sessions; i++) {
		const Shoal__Oss__Quarantined *one = answer->sessions[i];

		sheet_cell(&sheet, "%" PRIu64, one->session);
		sheet_cell(&sheet, "%s", imsi_of(one));
		sheet_cell(&sheet, "%s", units_when(one->at_ms).text);
		sheet_cell(&sheet, "%s", units_count(one->refused).text);
		sheet_cell(&sheet, "%s", *one->record ? one->record : "not kept");
	}
	sheet_close(&sheet, stdout);
}

// Sends the request; the answer to both commands is who is in quarantine now.
static int ask(struct cli *cli, Shoal__Oss__Request *request, bool changes)
{
	Shoal__Oss__Response *response;
	int code = client_call(cli, request, changes, &response);

	if (!code && response->body_case == SHOAL__OSS__RESPONSE__BODY_QUARANTINE_LIST) {
		if (cli->json)
			print_json(response->quarantine_list);
		else if (!changes)
			print_table(response->quarantine_list);
	}
	client_free(response);
	return code;
}

static int run_ls(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__QuarantineList list = SHOAL__OSS__QUARANTINE_LIST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_QUARANTINE_LIST;
	request.quarantine_list = &list;
	return ask(cli, &request, false);
}

static int run_release(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__QuarantineRelease release = SHOAL__OSS__QUARANTINE_RELEASE__INIT;
	const char *why = units_parse_number(args->words[0], UINT64_MAX, &release.session);

	if (why)
		return args_refuse(args, "session '%s' %s", units_quote(args->words[0]).text, why);
	request.body_case = SHOAL__OSS__REQUEST__BODY_QUARANTINE_RELEASE;
	request.quarantine_release = &release;
	return ask(cli, &request, true);
}

const struct command quarantine_commands[] = {
	{
	    .name = "quarantine ls",
	    .summary = "Lists the sessions set apart because a packet of theirs killed two workers",
	    .text = "Their packets are refused, both ways, until they are released. PACKET is a pcap file on the "
		    "gateway's\n"
		    "disk; its name says which signals the workers died of.\n",
	    .examples = "  shoal quarantine ls\n"
			"  shoal quarantine ls --json | jq -r '.sessions[].record'\n",
	    .run = run_ls,
	},
	{
	    .name = "quarantine release",
	    .words = "ID",
	    .min = 1,
	    .max = 1,
	    .summary = "Lets a session's packets through again",
	    .text = "The next packet that kills two workers sets it apart again.\n",
	    .examples = "  shoal quarantine release 4711\n",
	    .run = run_release,
	},
	{ 0 },
};
