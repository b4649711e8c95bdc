// report.c - `shoal report ls`: what front ends have not yet taken of their sessions' reports. One thread.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/sheet.h"

#define PAGE 1000u

static const char *kind_name(Shoal__Oss__ReportKind kind)
{
	static const char *const names[] = { [SHOAL__OSS__REPORT_KIND__REPORT_USAGE] = "usage",
					     [SHOAL__OSS__REPORT_KIND__REPORT_DATA] = "data",
					     [SHOAL__OSS__REPORT_KIND__REPORT_INACTIVE] = "inactive",
					     [SHOAL__OSS__REPORT_KIND__REPORT_ERROR] = "error",
					     [SHOAL__OSS__REPORT_KIND__REPORT_DROPS] = "drops" };

	return (unsigned)kind < sizeof(names) / sizeof(*names) && names[kind] ? names[kind] : "?";
}

// Usage Report Trigger, TS 29.244 8.2.41: bit 1 of octet 5 first.
static void triggers_write(uint32_t triggers, char *text, size_t max)
{
	static const char *const names[] = { "PERIO", "VOLTH", "TIMTH", "QUHTI", "START", "STOPT", "DROTH", "IMMER",
					     "VOLQU", "TIMQU", "LIUSA", "TERMR", "MONIT", "ENVCL", "MACAR", "EVETH",
					     "EVEQU", "TEBUR", "IPMJL", "QUVTI", "EMRRE", "UPINT" };
	size_t at = 0;

	*text = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names) && at < max; i++)
		if (triggers >> i & 1)
			at += (size_t)snprintf(text + at, max - at, "%s%s", at ? "," : "", names[i]);
}

static json_t *usage_json(const Shoal__Oss__UsageReport *usage)
{
	char triggers[160];

	triggers_write(usage->triggers, triggers, sizeof(triggers));
	return json_pack(
	    "{s:i, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "measure", usage->measure, "number",
	    usage->number, "triggers", triggers, "uplink_packets", (json_int_t)usage->uplink_packets, "uplink_bytes",
	    (json_int_t)usage->uplink_bytes, "downlink_packets", (json_int_t)usage->downlink_packets, "downlink_bytes",
	    (json_int_t)usage->downlink_bytes, "duration_s", (json_int_t)usage->duration_s, "start_ms",
	    (json_int_t)usage->start_ms, "end_ms", (json_int_t)usage->end_ms, "first_ms", (json_int_t)usage->first_ms,
	    "last_ms", (json_int_t)usage->last_ms, "events", (json_int_t)usage->events);
}

static void print_json(const Shoal__Oss__Report *report)
{
	json_t *usages = json_array(), *object;

	for (size_t i = 0; i < report->n_usage; i++)
		json_array_append_new(usages, usage_json(report->usage[i]));
	object = json_pack("{s:I, s:I, s:s, s:s, s:I, s:i, s:o}", "number", (json_int_t)report->number, "session",
			   (json_int_t)report->session, "owner", report->owner, "kind", kind_name(report->kind),
			   "at_ms", (json_int_t)report->at_ms, "rule", report->rule, "usage", usages);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_row(struct sheet *sheet, const Shoal__Oss__Report *report, const Shoal__Oss__UsageReport *usage)
{
	char triggers[160] = "-";

	if (usage)
		triggers_write(usage->triggers, triggers, sizeof(triggers));
	sheet_cell(sheet, "%" PRIu64, report->number);
	sheet_cell(sheet, "%" PRIu64, report->session);
	sheet_cell(sheet, "%s", *report->owner ? report->owner : "-");
	sheet_cell(sheet, "%s", units_when(report->at_ms).text);
	sheet_cell(sheet, "%s", kind_name(report->kind));
	sheet_cell(sheet, "%" PRIu32, usage ? usage->measure : report->rule);
	sheet_cell(sheet, "%s", triggers);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->uplink_bytes : 0);
	sheet_cell(sheet, "%" PRIu64, usage ? usage->downlink_bytes : 0);
}

static void page_print(struct cli *cli, struct sheet *sheet, const Shoal__Oss__ReportListAnswer *page)
{
	for (size_t i = 0; i < page->n_reports; i++) {
		const Shoal__Oss__Report *report = page->reports[i];

		if (cli->json)
			print_json(report);
		for (size_t k = 0; !cli->json && k < report->n_usage; k++)
			print_row(sheet, report, report->usage[k]);
		if (!cli->json && !report->n_usage)
			print_row(sheet, report, NULL);
	}
}

// *more: the list goes on behind what was printed.
static int pages(struct cli *cli, struct sheet *sheet, Shoal__Oss__ReportList *list, uint64_t most, bool *more)
{
	int code = CLI_OK;

	for (*more = true; !code && *more && most;) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		const Shoal__Oss__ReportListAnswer *page;
		Shoal__Oss__Response *response;

		list->limit = most < PAGE ? (uint32_t)most : PAGE;
		request.body_case = SHOAL__OSS__REQUEST__BODY_REPORT_LIST;
		request.report_list = list;
		code = client_call(cli, &request, false, &response);
		if (code)
			break;
		page = response->body_case == SHOAL__OSS__RESPONSE__BODY_REPORT_LIST ? response->report_list : NULL;
		*more = page && page->next > list->after;
		if (page) {
			page_print(cli, sheet, page);
			most -= page->n_reports < most ? page->n_reports : most;
			list->after = page->next;
		}
		client_free(response);
	}
	return code;
}

static int run_ls(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = { ">NUMBER", ">SESSION", "OWNER",     "AT",          "KIND",
					      ">RULE",   "TRIGGERS", ">UP BYTES", ">DOWN BYTES", NULL };
	Shoal__Oss__ReportList list = SHOAL__OSS__REPORT_LIST__INIT;
	const char *owner = args_value(args, "owner");
	const uint64_t any[] = { 1, INT64_MAX };
	uint64_t most = cli->json ? UINT64_MAX : 100;
	struct sheet sheet;
	bool more;
	int code;

	if (!args_number(args, "limit", any, &most) || !args_number(args, "after", any, &list.after))
		return -EINVAL;
	// protobuf-c's strings are not const; nothing writes to them.
	list.owner_prefix = owner ? (char *)(uintptr_t)owner : list.owner_prefix;
	sheet_open(&sheet, titles);
	code = pages(cli, &sheet, &list, most, &more);
	sheet_close(&sheet, !cli->json && !code ? stdout : NULL);
	if (!code && !cli->json && more)
		fputs("more follow; --limit shows them\n", stderr);
	return code;
}

static const struct args_option report_options[] = {
	{ "after", "NUMBER", "only reports after this one" },
	{ "owner", "PREFIX", "only those of sessions whose owner begins so" },
	{ "limit", "N", "at most so many; default 100, with --json all" },
	{ 0 },
};

const struct command report_commands[] = {
	{
	    .name = "report ls",
	    .summary = "Lists the reports that front ends have not yet taken",
	    .text =
		"A report waits here until the front end that owns its session says it is done. RULE is the measure\n"
		"of a usage report (URR), or the rule whose downlink data waits. With --json, a JSON object a line.\n",
	    .examples = "  shoal report ls\n"
			"  shoal report ls --owner pfcp/192.0.2.9 --json\n",
	    .options = report_options,
	    .run = run_ls,
	},
	{ 0 },
};
