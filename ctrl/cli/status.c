// status.c - `shoal status` and `shoal counters`. One thread.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/status_json.h"
#include "ctrl/cli/sheet.h"
#include "ctrl/cli/upgrade.h"
#include "ctrl/cli/worker_print.h"

static void print_ports(const Shoal__Oss__StatusAnswer *status)
{
	static const char *const titles[] = {
		"PORT", "LINK", "DRIVER", ">RECEIVED", ">SENT", ">MISSED", ">UNSENT", NULL
	};
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < status->n_ports; i++) {
		const Shoal__Oss__Port *port = status->ports[i];

		sheet_cell(&sheet, "%s", port->name);
		sheet_cell(&sheet, "%s", port->up ? "up" : "down");
		sheet_cell(&sheet, "%s", port->driver);
		sheet_cell(&sheet, "%s", units_count(port->rx_packets).text);
		sheet_cell(&sheet, "%s", units_count(port->tx_packets).text);
		sheet_cell(&sheet, "%s", units_count(port->rx_missed).text);
		sheet_cell(&sheet, "%s", units_count(port->tx_failed).text);
	}
	sheet_close(&sheet, stdout);
}

static void print_account(const Shoal__Oss__Account *account)
{
	printf("packets   %s received = %s forwarded + %s refused or answered + %s with workers + %s held%s\n",
	       units_count(account->rx).text, units_count(account->forwarded).text, units_count(account->refused).text,
	       units_count(account->lent).text, units_count(account->held).text,
	       account->closes ? "" : "  THE ACCOUNT DOES NOT CLOSE");
	printf("rooms     %s: %s free, %s in receive queues\n", units_count(account->rooms).text,
	       units_count(account->rooms_free).text, units_count(account->rooms_port).text);
}

static void print_nests(const Shoal__Oss__StatusAnswer *status)
{
	for (size_t i = 0; i < status->n_nests; i++) {
		const Shoal__Oss__Nest *nest = status->nests[i];

		printf("nest %u    %s, %s%s", nest->nest, nest->build, nest->ready ? "ready" : "not ready",
		       nest->home ? ", home" : "");
		if (nest->pid)
			printf(", nursery %d\n", nest->pid);
		else
			puts(", its nursery is gone");
	}
	if (status->upgrade != SHOAL__OSS__UPGRADE_PHASE__UPGRADE_NONE)
		printf("upgrade   %s\n", upgrade_phase(status->upgrade));
}

static void print_status(const Shoal__Oss__StatusAnswer *status)
{
	printf("ctrl      %s (%s), up %s\n", status->version, status->build, units_span(status->uptime_ms).text);
	if (status->primary_up)
		printf("primary   up %s\n", units_span(status->primary_uptime_ms).text);
	else
		puts("primary   not there");
	print_nests(status);
	printf("courier   %s\n", status->courier_up ? "up" : "not there");
	printf("sessions  %s, applied %s; changes waiting: %s\n", units_count(status->sessions).text,
	       units_count(status->applied).text, units_count(status->changes_waiting).text);
	printf("store     %s of %s\n", units_bytes(status->store_used_bytes).text,
	       units_bytes(status->store_limit_bytes).text);
	if (status->account)
		print_account(status->account);
	if (status->n_ports) {
		putchar('\n');
		print_ports(status);
	}
	if (status->n_workers) {
		putchar('\n');
		worker_print(status->workers, status->n_workers);
	}
}

static int run_status(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__StatusGet get = SHOAL__OSS__STATUS_GET__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	request.status_get = &get;
	code = client_call(cli, &request, false, &response);
	if (code)
		return code;
	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_STATUS_ANSWER) {
		json_t *object = cli->json ? status_json(response->status_answer) : NULL;

		if (object)
			json_dumpf(object, stdout, JSON_INDENT(2)), putchar('\n');
		else
			print_status(response->status_answer);
		json_decref(object);
	}
	client_free(response);
	return CLI_OK;
}

static void print_counters(const Shoal__Oss__CountersAnswer *answer, bool all)
{
	static const char *const titles[] = { "COUNTER", ">VALUE", "MEANING", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (size_t i = 0; i < answer->n_counters; i++) {
		const Shoal__Oss__Counter *counter = answer->counters[i];

		if (!counter->value && !all)
			continue;
		sheet_cell(&sheet, "%s", counter->name);
		sheet_cell(&sheet, "%s", units_count(counter->value).text);
		sheet_cell(&sheet, "%s", counter->help);
	}
	sheet_close(&sheet, stdout);
}

static int run_counters(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__CountersGet get = SHOAL__OSS__COUNTERS_GET__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_COUNTERS_GET;
	request.counters_get = &get;
	code = client_call(cli, &request, false, &response);
	if (code)
		return code;
	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_COUNTERS && cli->json) {
		const Shoal__Oss__CountersAnswer *answer = response->counters;
		json_t *object =
		    json_pack("{s:o}", "counters", worker_counters_json(answer->counters, answer->n_counters));

		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
	} else if (response->body_case == SHOAL__OSS__RESPONSE__BODY_COUNTERS) {
		print_counters(response->counters, args_value(args, "all") != NULL);
	}
	client_free(response);
	return CLI_OK;
}

static const struct args_option counters_options[] = {
	{ "all", NULL, "also those that are 0 (JSON always has all)" },
	{ 0 },
};

const struct command status_commands[] = {
	{
	    .name = "status",
	    .summary = "Shows processes, sessions, ports, workers, and whether the packet account closes",
	    .text =
		"Every packet received is forwarded, refused for a counted reason, or still under way. If the account\n"
		"does not close, packets are lost unseen: that is a fault of Shoal.\n",
	    .examples = "  shoal status\n"
			"  shoal status --json | jq .account.closes\n"
			"  shoal status --connect tls+tcp://gateway:7000 --ca ca.crt --cert me.crt --cert-key me.key\n",
	    .run = run_status,
	},
	{
	    .name = "counters",
	    .summary = "Shows every counter that has counted, with its meaning",
	    .examples = "  shoal counters --all\n"
			"  shoal counters --json | jq '.counters[] | select(.value > 0)'\n",
	    .options = counters_options,
	    .run = run_counters,
	},
	{ 0 },
};
