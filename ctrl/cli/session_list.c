// session_list.c - `shoal session ls` and `shoal session export`: sessions page by page. One thread.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctrl/cli/command.h"
#include "ctrl/cli/csv.h"
#include "ctrl/cli/progress.h"
#include "ctrl/cli/session_json.h"
#include "ctrl/cli/session_pages.h"
#include "ctrl/cli/session_print.h"

static int read_filters(const struct args *args, Shoal__Oss__SessionList *list)
{
	const char *imsi = args_value(args, "imsi"), *dnn = args_value(args, "dnn"), *owner = args_value(args, "owner");
	uint64_t shard = 0;

	if (!args_number(args, "shard", (const uint64_t[]){ 0, 255 }, &shard))
		return -EINVAL;
	// protobuf-c's strings are not const; nothing writes to them.
	list->imsi_prefix = imsi ? (char *)(uintptr_t)imsi : list->imsi_prefix;
	list->dnn = dnn ? (char *)(uintptr_t)dnn : list->dnn;
	list->owner = owner ? (char *)(uintptr_t)owner : list->owner;
	list->by_shard = args_value(args, "shard") != NULL;
	list->shard = (uint32_t)shard;
	return 0;
}

// The same object in a list and in an export: one a line, and import reads it back.
static void print_json(const Shoal__Oss__Session *session, FILE *file)
{
	json_t *object = session_json(session);

	json_dumpf(object, file, JSON_COMPACT);
	fputc('\n', file);
	json_decref(object);
}

struct listing {
	struct cli *cli;
	struct sheet sheet;
	bool more;
};

static bool list_page(void *arg, const Shoal__Oss__SessionListAnswer *page)
{
	struct listing *listing = arg;

	for (size_t i = 0; i < page->n_sessions; i++) {
		if (listing->cli->json)
			print_json(page->sessions[i], stdout);
		else
			session_sheet_row(&listing->sheet, page->sessions[i]);
	}
	listing->more = page->next != 0;
	return true;
}

static int run_ls(struct cli *cli, const struct args *args)
{
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;
	struct listing listing = { .cli = cli };
	uint64_t limit = cli->json ? UINT64_MAX : 100; // people stop reading; programs must not miss any
	int code;

	if (!args_number(args, "limit", (const uint64_t[]){ 1, UINT32_MAX }, &limit) || read_filters(args, &list))
		return -EINVAL;
	session_sheet_open(&listing.sheet);
	code = session_pages(cli, &list, limit, list_page, &listing);
	sheet_close(&listing.sheet, !cli->json && !code ? stdout : NULL);
	if (!code && !cli->json && listing.more)
		fputs("more follow; --limit shows them\n", stderr);
	return code;
}

struct export
{
	FILE *file;
	bool json;
	uint64_t written;
	uint64_t unsaid; // sessions with rules, which a CSV cannot say
	uint64_t owned;  // sessions of front ends, which alone can make them anew
	struct progress progress;
};

static void export_csv_header(FILE *file)
{
	for (const struct row_field *field = row_fields; field->name; field++)
		if (field->side != ROW_BOTH)
			fprintf(file, "%s,", field->name);
	fputs("id,teid,gtpu_ipv4,shard\n", file);
}

static void export_csv(FILE *file, const Shoal__Oss__Session *session)
{
	char text[NETWORKS_TEXT];

	for (const struct row_field *field = row_fields; field->name; field++) {
		if (field->side == ROW_BOTH)
			continue;
		if (row_get(session, field, text, sizeof(text)))
			csv_write(file, text);
		fputc(',', file);
	}
	fprintf(file, "%" PRIu64 ",%" PRIu32 ",%s,%" PRIu32 "\n", session->id, session->teid,
		units_ipv4(session->gtpu_ipv4).text, session->shard);
}

static void export_session(struct export *export, const Shoal__Oss__Session *session)
{
	bool owned = session->owner[0], sayable = export->json || !session->n_rules;

	if (!owned && export->json)
		print_json(session, export->file);
	else if (!owned && sayable)
		export_csv(export->file, session);
	export->written += !owned && sayable;
	export->unsaid += !owned && !sayable;
	export->owned += owned;
}

static bool export_page(void *arg, const Shoal__Oss__SessionListAnswer *page)
{
	struct export *export = arg;

	for (size_t i = 0; i < page->n_sessions; i++)
		export_session(export, page->sessions[i]);
	export->progress.total = page->total;
	progress_step(&export->progress, export->written + export->unsaid + export->owned, export->written);
	return !ferror(export->file);
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name);

	return length >= strlen(end) && !strcmp(name + length - strlen(end), end);
}

// By --format, else by the file's name, else CSV.
static int read_export_format(const struct args *args, bool *json)
{
	const char *word = args_value(args, "format");

	*json = args->word_count && ends_with(args->words[0], ".jsonl");
	if (word && strcmp(word, "csv") && strcmp(word, "jsonl"))
		return args_refuse(args, "format: '%s' is neither csv nor jsonl", units_quote(word).text);
	if (word)
		*json = !strcmp(word, "jsonl");
	return 0;
}

static FILE *open_output(const struct args *args)
{
	const char *name = args->word_count ? args->words[0] : "-";
	FILE *file;
	int fd;

	if (!strcmp(name, "-"))
		return stdout;
	// Subscribers' identities are nobody else's business.
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!file)
		fprintf(stderr, "shoal: %s: %s\n", name, strerror(errno));
	return file;
}

static int close_output(struct export *export)
{
	bool lost = ferror(export->file) | (export->file == stdout ? fflush(stdout) : fclose(export->file));

	progress_clear(&export->progress);
	if (lost)
		fputs("shoal: the file could not be written to its end\n", stderr);
	if (export->owned)
		fprintf(stderr, "shoal: left out: %s sessions of front ends, which make them anew themselves\n",
			units_count(export->owned).text);
	if (export->unsaid)
		fprintf(stderr, "shoal: left out: %s sessions with rules, which CSV cannot say; use --format jsonl\n",
			units_count(export->unsaid).text);
	return lost || export->unsaid ? CLI_PARTLY : CLI_OK;
}

static int run_export(struct cli *cli, const struct args *args)
{
	Shoal__Oss__SessionList list = SHOAL__OSS__SESSION_LIST__INIT;
	struct export export = { 0 };
	int code, closed;

	if (read_filters(args, &list) || read_export_format(args, &export.json))
		return -EINVAL;
	export.file = open_output(args);
	if (!export.file)
		return CLI_USAGE;
	progress_open(&export.progress, 0);
	if (!export.json)
		export_csv_header(export.file);
	code = session_pages(cli, &list, UINT64_MAX, export_page, &export);
	closed = close_output(&export);
	return code ? code : closed;
}

#define FILTER_OPTIONS \
	{ "imsi", "PREFIX", "only those whose IMSI begins so" }, { "dnn", "NAME", "only those of this network" }, \
	{ \
		"shard", "N", "only those of this shard" \
	}

static const struct args_option ls_options[] = {
	FILTER_OPTIONS,
	{ "owner", "NAME", "only those of this front end's peer" },
	{ "limit", "N", "at most so many; default 100, with --json all" },
	{ 0 },
};

static const struct args_option export_options[] = {
	FILTER_OPTIONS,
	{ "format", "FORMAT", "csv or jsonl; default: jsonl if the file's name ends so, else csv" },
	{ 0 },
};

const struct command session_list_commands[] = {
	{
	    .name = "session ls",
	    .summary = "Lists sessions, a line each, by their IDs",
	    .text = "With --json, a JSON object a line.\n",
	    .examples = "  shoal session ls --imsi 00101 --limit 1000\n"
			"  shoal session ls --shard 7 --json | jq -r .ipv4\n",
	    .options = ls_options,
	    .run = run_ls,
	},
	{
	    .name = "session export",
	    .words = "[FILE]",
	    .max = 1,
	    .summary = "Writes sessions to a file that import reads back",
	    .text =
		"Without FILE, to standard output. What shoal-ctrl gave (id, teid, gtpu_ipv4 ...) is written too; "
		"an import\n"
		"passes over it. JSON lines say everything; CSV leaves sessions with rules beyond\n"
		"the short form out, and says so. Sessions that a front end owns are left out: it makes them anew.\n",
	    .examples = "  shoal session export subscribers.jsonl\n"
			"  shoal session export --dnn internet > internet.csv\n",
	    .options = export_options,
	    .run = run_export,
	},
	{ 0 },
};
