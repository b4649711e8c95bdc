// path.c - `shoal path ls`: GTP-U peers, and whether they answer. One thread.
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/sheet.h"

#define PAGE 1000u
#define NEXT_MAX 64u // bytes of where a page ends

static const char *state_name(Shoal__Oss__PathState state)
{
	static const char *const names[] = { [SHOAL__OSS__PATH_STATE__PATH_UNKNOWN] = "unknown",
					     [SHOAL__OSS__PATH_STATE__PATH_UP] = "up",
					     [SHOAL__OSS__PATH_STATE__PATH_DOWN] = "down" };

	return (unsigned)state < sizeof(names) / sizeof(*names) ? names[state] : "?";
}

static void peer_write(const Shoal__Oss__Path *path, char text[INET6_ADDRSTRLEN])
{
	uint32_t ipv4 = htonl(path->peer_ipv4);

	if (path->peer_ipv6.len == 16)
		inet_ntop(AF_INET6, path->peer_ipv6.data, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET, &ipv4, text, INET6_ADDRSTRLEN);
}

static void print_json(const Shoal__Oss__Path *path)
{
	char peer[INET6_ADDRSTRLEN];
	json_t *object;

	peer_write(path, peer);
	object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:I}", "peer", peer, "state", state_name(path->state),
			   "since_ms", (json_int_t)path->since_ms, "tunnels", (json_int_t)path->tunnels, "asked",
			   (json_int_t)path->asked, "answered", (json_int_t)path->answered, "rtt_us", (int)path->rtt_us,
			   "errors", (json_int_t)path->errors);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_row(struct sheet *sheet, const Shoal__Oss__Path *path)
{
	char peer[INET6_ADDRSTRLEN];

	peer_write(path, peer);
	sheet_cell(sheet, "%s", peer);
	sheet_cell(sheet, "%s", state_name(path->state));
	sheet_cell(sheet, "%s", path->since_ms ? units_when(path->since_ms).text : "-");
	sheet_cell(sheet, "%" PRIu64, path->tunnels);
	sheet_cell(sheet, "%" PRIu64, path->asked);
	sheet_cell(sheet, "%" PRIu64, path->answered);
	if (path->rtt_us)
		sheet_cell(sheet, "%.1f ms", path->rtt_us / 1000.0);
	else
		sheet_cell(sheet, "-");
	sheet_cell(sheet, "%" PRIu64, path->errors);
}

// Prints a page; false: it was the last.
static bool page_print(const struct cli *cli, struct sheet *sheet, const Shoal__Oss__PathListAnswer *page,
		       Shoal__Oss__PathList *list)
{
	for (size_t i = 0; i < page->n_paths; i++) {
		if (cli->json)
			print_json(page->paths[i]);
		else
			print_row(sheet, page->paths[i]);
	}
	if (!page->next.len || page->next.len > NEXT_MAX)
		return false;
	memcpy(list->after.data, page->next.data, page->next.len);
	list->after.len = page->next.len;
	return true;
}

static int run_ls(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = { "PEER",      "STATE", "SINCE",   ">TUNNELS", ">ASKED",
					      ">ANSWERED", ">RTT",  ">ERRORS", NULL };
	Shoal__Oss__PathList list = SHOAL__OSS__PATH_LIST__INIT;
	uint8_t after[NEXT_MAX];
	struct sheet sheet;
	bool more = true;
	int code = CLI_OK;

	list.after.data = after;
	list.limit = PAGE;
	list.down = args_value(args, "down") != NULL;
	sheet_open(&sheet, titles);
	while (!code && more) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		Shoal__Oss__Response *response;

		request.body_case = SHOAL__OSS__REQUEST__BODY_PATH_LIST;
		request.path_list = &list;
		code = client_call(cli, &request, false, &response);
		if (code)
			break;
		more = response->body_case == SHOAL__OSS__RESPONSE__BODY_PATH_LIST &&
		       page_print(cli, &sheet, response->path_list, &list);
		client_free(response);
	}
	sheet_close(&sheet, !cli->json && !code ? stdout : NULL);
	return code;
}

static const struct args_option path_options[] = {
	{ "down", NULL, "only those that do not answer" },
	{ 0 },
};

const struct command path_commands[] = {
	{
	    .name = "path ls",
	    .summary = "Lists the GTP-U peers that tunnels lead to, and whether they answer",
	    .text = "Each is sent an Echo Request every gtpu.echo_seconds, and is down when it leaves gtpu.echo_n3 of "
		    "them,\n"
		    "gtpu.echo_t3_ms apart, without an answer. ERRORS: Error Indications, for tunnels that it does not "
		    "know.\n"
		    "With --json, a JSON object a line.\n",
	    .examples = "  shoal path ls\n"
			"  shoal path ls --down --json\n",
	    .options = path_options,
	    .run = run_ls,
	},
	{ 0 },
};
