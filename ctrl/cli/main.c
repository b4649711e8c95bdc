// main.c - the command line `shoal`: a client of shoal-ctrl like any OSS. Finds the command, reads its options, runs it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl/cli/client.h"
#include "ctrl/cli/command.h"
#include "ctrl/cli/units.h"
#include "shared/base/conf.h"

#define DEFAULT_URL "ipc:///run/shoal/oss.ipc"
#define TIMEOUT_MS 10000u
#define TIMEOUT_MAX_MS 3600000u

static int take_config(struct cli *cli, const char *path)
{
	struct conf *conf;
	char error[512];

	if (conf_load(path, &conf, error, sizeof(error))) {
		fprintf(stderr, "shoal: %s\n", error);
		return -EINVAL;
	}
	snprintf(cli->url, sizeof(cli->url), "%s", conf->oss_url[0]);
	snprintf(cli->event_url, sizeof(cli->event_url), "%s", conf->event_url);
	conf_free(conf);
	return 0;
}

// Events come from beside the RPC unless something else is said: .../oss.ipc and .../events.ipc. All other doors serve both.
static void guess_event_url(struct cli *cli)
{
	static const char tail[] = "oss.ipc";
	size_t length = strlen(cli->url);

	memcpy(cli->event_url, cli->url, sizeof(cli->url));
	if (length >= sizeof(tail) - 1 && !strcmp(cli->url + length - (sizeof(tail) - 1), tail))
		snprintf(cli->event_url, sizeof(cli->event_url), "%.*sevents.ipc", (int)(length - (sizeof(tail) - 1)),
			 cli->url);
}

static const char *option(const struct args *args, const char *name, const char *environment)
{
	const char *value = args_value(args, name);

	return value ? value : getenv(environment);
}

static void read_tls(struct cli *cli, const struct args *args)
{
	cli->tls = (struct cli_tls){ .ca = option(args, "ca", "SHOAL_CA"),
				     .cert = option(args, "cert", "SHOAL_CERT"),
				     .key = option(args, "cert-key", "SHOAL_CERT_KEY"),
				     .name = option(args, "server-name", "SHOAL_SERVER_NAME") };
}

// What the user says wins over the configuration, and that over the environment.
static int read_common(struct cli *cli, const struct args *args)
{
	const char *url = args_value(args, "connect");
	const char *config = args_value(args, "config");
	const char *timeout = args_value(args, "timeout");
	const char *environment = getenv("SHOAL_CONNECT");
	const char *why = NULL;

	if (config && take_config(cli, config))
		return -EINVAL;
	if (url || !config)
		snprintf(cli->url, sizeof(cli->url), "%s", url ? url : environment ? environment : DEFAULT_URL);
	if (url || !config)
		guess_event_url(cli);
	read_tls(cli, args);
	if (timeout)
		why = units_parse_seconds(timeout, TIMEOUT_MAX_MS, &cli->timeout_ms);
	if (why)
		return args_refuse(args, "timeout: '%s' %s", units_quote(timeout).text, why);
	cli->json = args_value(args, "json") != NULL;
	cli->key = args_value(args, "key");
	if (cli->key && (!cli->key[0] || strlen(cli->key) > 64))
		return args_refuse(args, "key: must have 1 to 64 bytes");
	return 0;
}

static int run_command(struct cli *cli, const struct command *command, struct args *args)
{
	int code;

	if (args->word_count < command->min)
		return args_refuse(args, "%s is missing", command->words);
	if (args->word_count > command->max)
		return args_refuse(args, "'%s' is too much", units_quote(args->words[command->max]).text);
	if (read_common(cli, args))
		return CLI_USAGE;
	code = command->run(cli, args);
	client_close(cli);
	return code;
}

// No command, half of one, or one that does not exist: lists those there are.
static int list_commands(struct args *args, char **argv)
{
	const char *family = argv[0] && command_family(argv[0]) ? argv[0] : NULL;
	bool help;

	if (argv[0] && !family)
		return args_refuse(args, "there is no command '%s'", units_quote(argv[0]).text);
	args->command = family ? family : "";
	if (family && args_read(args, NULL, command_options, argv + 1, false) < 0)
		return CLI_USAGE;
	if (args->word_count)
		return args_refuse(args, "there is no '%s'", units_quote(args->words[0]).text);
	help = args_value(args, "help") != NULL;
	command_list(family, help ? stdout : stderr);
	return help ? CLI_OK : CLI_USAGE;
}

static int run(char **argv)
{
	static struct args args; // as big as a long command line
	struct cli cli = { .timeout_ms = TIMEOUT_MS };
	const struct command *command;
	int used;

	args.command = "";
	used = args_read(&args, NULL, command_options, argv, true);
	if (used < 0)
		return CLI_USAGE;
	argv += used;
	if (args_value(&args, "version"))
		return puts("shoal " SHOAL_VERSION) < 0 ? CLI_PARTLY : CLI_OK;
	command = argv[0] ? command_find(argv, &used) : NULL;
	if (!command)
		return list_commands(&args, argv);
	args.command = command->name;
	if (args_read(&args, command->options, command_options, argv + used, false) < 0)
		return CLI_USAGE;
	if (!args_value(&args, "help"))
		return run_command(&cli, command, &args);
	command_help(command, stdout);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	int code = argc ? run(argv + 1) : CLI_USAGE;

	if (fflush(stdout) || ferror(stdout)) {
		perror("shoal: standard output");
		code = code ? code : CLI_PARTLY;
	}
	return code < 0 ? CLI_USAGE : code;
}
