// session.c - `shoal session add|show|ls|rm`. One thread.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/row.h"
#include "ctrl/cli/session_json.h"
#include "ctrl/cli/session_print.h"

static void print_one(const struct cli *cli, const Shoal__Oss__Session *session)
{
	json_t *object;

	if (!cli->json) {
		session_print(session);
		return;
	}
	object = session_json(session);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static void print_answer(const struct cli *cli, const Shoal__Oss__Response *response)
{
	if (response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION && response->session->session)
		print_one(cli, response->session->session);
}

static int read_fields(struct row *row, const struct args *args)
{
	struct row_fault fault;

	for (unsigned i = 0; i < args->given_count; i++) {
		const struct row_field *field = row_find(args->given[i].option->name);
		const char *word = args->given[i].value;
		const char *why = NULL;

		if (!field)
			continue;
		if (!*word && field->value[0] != '[')
			why = "is empty";
		if (!why)
			why = row_set(row, field, *word ? word : "auto");
		if (why)
			return args_refuse(args, "%s: '%s' %s", args->given[i].option->name, units_quote(word).text,
					   why);
	}
	if (!row_check(row, &fault))
		return args_refuse(args, "%s: %s", fault.field, fault.reason);
	return 0;
}

static int run_add(struct cli *cli, const struct args *args)
{
	static struct row row;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionCreate create = SHOAL__OSS__SESSION_CREATE__INIT;
	Shoal__Oss__Response *response;
	int code;

	row_clear(&row);
	code = read_fields(&row, args);
	if (code)
		return code;
	create.session = &row.session;
	create.wait_applied = args_value(args, "wait") != NULL;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_CREATE;
	request.session_create = &create;
	code = client_call(cli, &request, true, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int read_number(const struct args *args, const char *name, uint64_t max, uint64_t *number)
{
	const uint64_t range[2] = { 1, max };

	return args_number(args, name, range, number) ? 0 : -EINVAL;
}

// The one session that an ID, --imsi and --dnn, --ip or --teid name.
static int read_selector(const struct args *args, Shoal__Oss__SessionGet *get, Shoal__Oss__Identity *identity)
{
	const char *ip = args_value(args, "ip"), *imsi = args_value(args, "imsi"), *dnn = args_value(args, "dnn");
	uint64_t teid = 0;
	const char *why = NULL;

	if ((args->word_count != 0) + (imsi != NULL) + (ip != NULL) + (args_value(args, "teid") != NULL) != 1)
		return args_refuse(args, "one of ID, --imsi, --ip and --teid must say which session");
	if (args->word_count)
		why = units_parse_number(args->words[0], UINT64_MAX, &get->id);
	if (!why && args->word_count && !get->id)
		why = "is no session";
	if (why)
		return args_refuse(args, "'%s' %s", units_quote(args->words[0]).text, why);
	why = ip ? units_parse_ipv4(ip, &get->ue_ipv4) : NULL;
	if (why)
		return args_refuse(args, "ip: '%s' %s", units_quote(ip).text, why);
	if (dnn && !imsi && !ip)
		return args_refuse(args, "dnn goes with --imsi or --ip");
	if (dnn && ip)
		get->dnn = (char *)(uintptr_t)dnn;
	if (imsi) {
		identity->imsi = (char *)(uintptr_t)imsi; // protobuf-c's strings are not const; nothing writes to it
		identity->dnn = dnn ? (char *)(uintptr_t)dnn : identity->dnn;
		get->identity = identity;
	}
	if (read_number(args, "teid", UINT32_MAX, &teid))
		return -EINVAL;
	get->teid = (uint32_t)teid;
	return 0;
}

static int run_show(struct cli *cli, const struct args *args)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__SessionGet get = SHOAL__OSS__SESSION_GET__INIT;
	Shoal__Oss__Identity identity = SHOAL__OSS__IDENTITY__INIT;
	Shoal__Oss__Response *response;
	int code = read_selector(args, &get, &identity);

	if (code)
		return code;
	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_GET;
	request.session_get = &get;
	code = client_call(cli, &request, false, &response);
	if (!code)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int delete_one(struct cli *cli, Shoal__Oss__SessionDelete *body)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__Response *response;
	int code;

	request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_DELETE;
	request.session_delete = body;
	code = client_call(cli, &request, true, &response);
	if (!code && cli->json)
		print_answer(cli, response);
	client_free(response);
	return code;
}

static int delete_words(struct cli *cli, const struct args *args, Shoal__Oss__SessionDelete *body)
{
	unsigned done = 0;
	int worst = CLI_OK;

	if (cli->key && args->word_count > 1)
		return args_refuse(args, "a key names one change, so it goes with one ID");
	for (unsigned i = 0; i < args->word_count; i++) {
		if (units_parse_number(args->words[i], UINT64_MAX, &body->id) || !body->id)
			return args_refuse(args, "'%s' is not an ID; nothing is removed",
					   units_quote(args->words[i]).text);
	}
	for (unsigned i = 0; i < args->word_count && worst != CLI_UNREACHABLE; i++) {
		int code;

		units_parse_number(args->words[i], UINT64_MAX, &body->id);
		code = delete_one(cli, body);
		done += code == CLI_OK;
		worst = code ? code : worst;
	}
	return worst == CLI_REFUSED && done ? CLI_PARTLY : worst;
}

static int run_rm(struct cli *cli, const struct args *args)
{
	Shoal__Oss__SessionDelete body = SHOAL__OSS__SESSION_DELETE__INIT;
	Shoal__Oss__Identity identity = SHOAL__OSS__IDENTITY__INIT;
	Shoal__Oss__SessionGet get = SHOAL__OSS__SESSION_GET__INIT;
	int code;

	body.wait_applied = args_value(args, "wait") != NULL;
	if (args->word_count && !args_value(args, "imsi"))
		return delete_words(cli, args, &body);
	code = read_selector(args, &get, &identity);
	if (code)
		return code;
	body.identity = &identity;
	return delete_one(cli, &body);
}

static const struct args_option add_options[] = {
	{ "imsi", "DIGITS", "the subscriber, 6 to 15 digits" },
	{ "msisdn", "DIGITS", "the subscriber's number" },
	{ "dnn", "NAME", "data network name (APN); default: the first pool's" },
	{ "ipv4", "[ADDR]", "UE address; auto, or nothing: one from the pool" },
	{ "ipv6", "[PREFIX]", "UE /64 prefix; auto, or nothing: one from the pool" },
	{ "peer", "ADDR", "GTP-U address of the radio side; default: not yet known" },
	{ "peer-teid", "TEID", "tunnel endpoint there" },
	{ "framed-route", "PREFIX...", "networks behind the UE: 192.0.2.0/28,2001:db8:7::/56" },
	{ "ul-rate", "RATE", "bits per second, uplink: 10M; default: unlimited" },
	{ "dl-rate", "RATE", "bits per second, downlink" },
	{ "rate", "RATE", "both" },
	{ "ul-cbs", "BYTES", "committed burst, uplink: 64k; default: 100 ms of the rate" },
	{ "dl-cbs", "BYTES", "committed burst, downlink" },
	{ "cbs", "BYTES", "both" },
	{ "ul-ebs", "BYTES", "excess burst, uplink; default: none" },
	{ "dl-ebs", "BYTES", "excess burst, downlink" },
	{ "ebs", "BYTES", "both" },
	{ "qfi", "N", "QoS flow identifier, 0..63" },
	{ "mark", "CLASS", "DSCP by class and colour: keep, be, af1..af4, ef" },
	{ "red", "POLICY", "what is over the rate: drop, remark" },
	{ "colour", "MODE", "blind, aware (RFC 2697)" },
	{ "gate", "STATE", "open, closed" },
	{ "wait", NULL, "let it be applied by its worker, not only stored" },
	{ 0 },
};

#define SELECTOR_OPTIONS \
	{ "imsi", "DIGITS", "of this subscriber" }, \
	{ \
		"dnn", "NAME", "in this network; default: the first pool's" \
	}

static const struct args_option show_options[] = {
	SELECTOR_OPTIONS,
	{ "ip", "ADDR", "with this IPv4 address; where networks share it, in that of --dnn" },
	{ "teid", "TEID", "with this tunnel endpoint of ours" },
	{ 0 },
};

static const struct args_option rm_options[] = {
	SELECTOR_OPTIONS,
	{ "wait", NULL, "let its worker have forgotten it" },
	{ 0 },
};

const struct command session_commands[] = {
	{
	    .name = "session add",
	    .summary = "Creates a session and prints it",
	    .text =
		"It is stored before the answer comes; with --wait it is also in its worker's hands, so that packets\n"
		"flow. A TEID of ours is chosen, and an address where one is asked for.\n",
	    .examples = "  shoal session add --imsi 001010000000001 --ipv4 --peer 192.0.2.10 --peer-teid 0x100\n"
			"  shoal session add --imsi 001010000000002 --dnn internet --ipv4 10.45.0.7 --ipv6 auto \\\n"
			"      --ul-rate 10M --dl-rate 50M --mark af1 --red remark --wait\n"
			"  shoal session add --imsi 001010000000003 --ipv4 --framed-route 192.0.2.0/28 --peer "
			"192.0.2.10 --peer-teid 7\n",
	    .options = add_options,
	    .run = run_add,
	},
	{
	    .name = "session show",
	    .words = "[ID]",
	    .max = 1,
	    .summary = "Shows everything about one session, with what it has sent",
	    .examples = "  shoal session show 17\n"
			"  shoal session show --imsi 001010000000001\n"
			"  shoal session show --ip 10.45.0.7\n"
			"  shoal session show --teid 0x01000a2b --json\n",
	    .options = show_options,
	    .run = run_show,
	},
	{
	    .name = "session rm",
	    .words = "[ID...]",
	    .max = ARGS_WORDS,
	    .summary = "Deletes sessions",
	    .examples = "  shoal session rm 17 18 19\n"
			"  shoal session rm --imsi 001010000000001 --wait\n",
	    .options = rm_options,
	    .run = run_rm,
	},
	{ 0 },
};
