// command.h - the commands of `shoal` as tables: name, options, help and function. Help text, completion and dispatch all
// come from here, so a command is known everywhere or nowhere.
#pragma once
#include <stdio.h>

#include "ctrl/cli/args.h"
#include "ctrl/cli/cli.h"

struct command {
	const char *name;    // "session add"
	const char *words;   // what it takes besides options, for the help: "ID..."; null = nothing
	unsigned min, max;   // how many of them
	const char *summary; // half a sentence
	const char *text;    // more help, or null
	const char *examples;
	const struct args_option *options; // null = only the common ones
	// Returns an enum cli_exit, or a negative errno where args_refuse has said why.
	int (*run)(struct cli *cli, const struct args *args);
	bool hidden; // not in the help
};

// One table per file of commands, each ended by a null name.
extern const struct command status_commands[], session_commands[], session_list_commands[], import_commands[];
extern const struct command worker_commands[], shard_commands[], upgrade_commands[], top_commands[], event_commands[];
extern const struct command quarantine_commands[], report_commands[], path_commands[], topo_commands[], cost_commands[];
extern const struct command closed_commands[], completion_commands[], trace_commands[];

// All tables, ended by null; and the options that every command takes.
extern const struct command *const command_tables[];
extern const struct args_option command_options[];

// The command that one or two words name, or null. *used: how many words it took.
const struct command *command_find(char *const words[], int *used);

// Is there a command that begins with this word?
bool command_family(const char *word);

void command_help(const struct command *command, FILE *file);
void command_list(const char *family, FILE *file); // null: every command
