// closed.c - `shoal session closed`: the settled accounts of deleted sessions. One thread.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/session_json.h"
#include "ctrl/cli/sheet.h"

#define PAGE 1000u

static void print_json(const Shoal__Oss__ClosedSession *closed)
{
	json_t *object = json_pack("{s:I, s:I, s:b, s:b, s:o}", "number", (json_int_t)closed->number, "deleted_ms",
				   (json_int_t)closed->deleted_ms, "final", closed->final, "correction",
				   closed->correction, "session", session_json(closed->session));

	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_row(struct sheet *sheet, const Shoal__Oss__ClosedSession *closed)
{
	const Shoal__Oss__Session *session = closed->session;
	const Shoal__Oss__Usage *usage = session->usage;

	sheet_cell(sheet, "%" PRIu64, closed->number);
	sheet_cell(sheet, "%" PRIu64, session->id);
	sheet_cell(sheet, "%s", session->identity && *session->identity->imsi ? session->identity->imsi : "-");
	sheet_cell(sheet, "%s", units_when(closed->deleted_ms).text);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->uplink_packets : 0);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->uplink_bytes : 0);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->downlink_packets : 0);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->downlink_bytes : 0);
	sheet_cell(sheet, "%s", closed->correction ? "correction" : closed->final ? "final" : "as last heard");
}

struct listing {
	struct cli *cli;
	struct sheet sheet;
	uint64_t most;
	bool more;
};

static void page_print(struct listing *listing, const Shoal__Oss__ClosedListAnswer *page)
{
	for (size_t i = 0; i < page->n_closed; i++) {
		if (!page->closed[i]->session)
			continue;
		if (listing->cli->json)
			print_json(page->closed[i]);
		else
			print_row(&listing->sheet, page->closed[i]);
	}
	listing->most -= page->n_closed < listing->most ? page->n_closed : listing->most;
}

static int pages(struct listing *listing, Shoal__Oss__ClosedList *list)
{
	int code = CLI_OK;

	for (listing->more = true; !code && listing->more && listing->most;) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		Shoal__Oss__Response *response;
		const Shoal__Oss__ClosedListAnswer *page;

		list->limit = listing->most < PAGE ? (uint32_t)listing->most : PAGE;
		request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
		request.closed_list = list;
		code = client_call(listing->cli, &request, false, &response);
		if (code)
			break;
		page = response->body_case == SHOAL__OSS__RESPONSE__BODY_CLOSED_LIST ? response->closed_list : NULL;
		listing->more = page && page->next > list->after;
		if (page) {
			page_print(listing, page);
			list->after = page->next;
		}
		client_free(response);
	}
	return code;
}

static int run_closed(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = { ">NUMBER",   ">ID",           "IMSI",        "DELETED", ">UP PACKETS",
					      ">UP BYTES", ">DOWN PACKETS", ">DOWN BYTES", "ACCOUNT", NULL };
	Shoal__Oss__ClosedList list = SHOAL__OSS__CLOSED_LIST__INIT;
	struct listing listing = { .cli = cli, .most = cli->json ? UINT64_MAX : 100 };
	const char *imsi = args_value(args, "imsi");
	const uint64_t any[] = { 1, INT64_MAX };
	int code;

	if (!args_number(args, "limit", any, &listing.most) || !args_number(args, "after", any, &list.after) ||
	    !args_number(args, "id", any, &list.session))
		return -EINVAL;
	// protobuf-c's strings are not const; nothing writes to them.
	list.imsi_prefix = imsi ? (char *)(uintptr_t)imsi : list.imsi_prefix;
	sheet_open(&listing.sheet, titles);
	code = pages(&listing, &list);
	sheet_close(&listing.sheet, !cli->json && !code ? stdout : NULL);
	if (!code && !cli->json && listing.more)
		fputs("more follow; --limit shows them\n", stderr);
	return code;
}

static const struct args_option closed_options[] = {
	{ "after", "NUMBER", "only records after this one: the last that was read" },
	{ "imsi", "PREFIX", "only those whose IMSI begins so" },
	{ "id", "ID", "only those of this session" },
	{ "limit", "N", "at most so many; default 100, with --json all" },
	{ 0 },
};

const struct command closed_commands[] = {
	{
	    .name = "session closed",
	    .summary = "Lists what deleted sessions have used, in the order they were settled",
	    .text =
		"A record is written when a session's last counters are in, and never changes. Whoever bills reads on\n"
		"from the last number it has seen. A correction is another record of the same session, with the\n"
		"new total. With --json, a JSON object a line.\n",
	    .examples = "  shoal session closed --after 4711 --json\n"
			"  shoal session closed --imsi 001010000000001\n",
	    .options = closed_options,
	    .run = run_closed,
	},
	{ 0 },
};
