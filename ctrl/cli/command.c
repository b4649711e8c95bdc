// command.c - finds commands in their tables and writes their help. Pure but for printing.
#include "ctrl/cli/command.h"

#include <string.h>

#include "ctrl/cli/sheet.h"

const struct command *const command_tables[] = {
	status_commands, top_commands,   session_commands,    session_list_commands, closed_commands, import_commands,
	worker_commands, shard_commands, quarantine_commands, report_commands,       path_commands,   upgrade_commands,
	topo_commands,   cost_commands,  event_commands,      completion_commands,   trace_commands,  NULL,
};

const struct args_option command_options[] = {
	{ "connect", "URL", "where shoal-ctrl listens; default $SHOAL_CONNECT, then ipc:///run/shoal/oss.ipc" },
	{ "config", "FILE", "take the URLs from this configuration" },
	{ "ca", "FILE", "tls+tcp: the CA that vouches for the gateway; default $SHOAL_CA" },
	{ "cert", "FILE", "tls+tcp: our certificate; default $SHOAL_CERT" },
	{ "cert-key", "FILE", "tls+tcp: its private key; default $SHOAL_CERT_KEY" },
	{ "server-name", "NAME", "tls+tcp: the gateway's name; default $SHOAL_SERVER_NAME, then the URL's host" },
	{ "timeout", "SECONDS", "how long to wait for the connection and for each answer; default 10" },
	{ "key", "TEXT", "request key: the same change with the same key is done once" },
	{ "json", NULL, "print JSON" },
	{ "help", NULL, "print this help" },
	{ "version", NULL, "print the version (before any command)" },
	{ 0 },
};

// Is this the command's whole name, or its first word and then its second?
static int match(const char *name, char *const words[])
{
	size_t first = strcspn(name, " ");

	if (strlen(words[0]) != first || memcmp(words[0], name, first))
		return 0;
	if (!name[first])
		return 1;
	return words[1] && !strcmp(words[1], name + first + 1) ? 2 : 0;
}

const struct command *command_find(char *const words[], int *used)
{
	for (const struct command *const *table = command_tables; *table; table++) {
		for (const struct command *command = *table; command->name; command++) {
			*used = match(command->name, words);
			if (*used)
				return command;
		}
	}
	return NULL;
}

static bool in_family(const struct command *command, const char *family)
{
	size_t length = strlen(family);

	return !strncmp(command->name, family, length) && (!command->name[length] || command->name[length] == ' ');
}

bool command_family(const char *word)
{
	for (const struct command *const *table = command_tables; *table; table++)
		for (const struct command *command = *table; command->name; command++)
			if (in_family(command, word))
				return true;
	return false;
}

static void list_options(const struct args_option *option, FILE *file)
{
	static const char *const titles[] = { "", "", "", NULL };
	struct sheet sheet;

	sheet_open(&sheet, titles);
	for (; option->name; option++) {
		sheet_cell(&sheet, " ");
		sheet_cell(&sheet, "%s%s%s%s", option->name[1] ? "--" : "-", option->name, option->value ? " " : "",
			   option->value ? option->value : "");
		sheet_cell(&sheet, "%s", option->help);
	}
	sheet_close(&sheet, file);
}

void command_help(const struct command *command, FILE *file)
{
	fprintf(file, "usage: shoal %s%s%s%s\n\n%s.\n", command->name, command->options ? " [options]" : "",
		command->words ? " " : "", command->words ? command->words : "", command->summary);
	if (command->text)
		fprintf(file, "\n%s", command->text);
	if (command->options) {
		fputs("\nOptions:\n", file);
		list_options(command->options, file);
	}
	fputs("\nCommon options:\n", file);
	list_options(command_options, file);
	if (command->examples)
		fprintf(file, "\nExamples:\n%s", command->examples);
}

static void list_command(struct sheet *sheet, const struct command *command)
{
	sheet_cell(sheet, " ");
	sheet_cell(sheet, "%s%s%s", command->name, command->words ? " " : "", command->words ? command->words : "");
	sheet_cell(sheet, "%s", command->summary);
}

void command_list(const char *family, FILE *file)
{
	static const char *const titles[] = { "", "", "", NULL };
	struct sheet sheet;

	fprintf(file, "usage: shoal %s%sCOMMAND [options]\n\nCommands:\n", family ? family : "", family ? " " : "");
	sheet_open(&sheet, titles);
	for (const struct command *const *all = command_tables; *all; all++)
		for (const struct command *command = *all; command->name; command++)
			if (!command->hidden && (!family || in_family(command, family)))
				list_command(&sheet, command);
	sheet_close(&sheet, file);
	if (!family) {
		fputs("\nCommon options:\n", file);
		list_options(command_options, file);
	}
	fputs("\nEvery command explains itself: shoal COMMAND --help. Exit codes: 0 done, 1 refused by shoal-ctrl,\n"
	      "2 command line not understood, 3 no connection or no answer in time, 4 partly done.\n",
	      file);
}
