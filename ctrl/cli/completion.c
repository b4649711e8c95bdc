// completion.c - `shoal completion bash`, and the words it asks for: they come from the tables of commands, so that a
// completion never knows less than the program. One thread.
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/command.h"

// "complete" gets the words before the one under the cursor; what follows "shoal complete --" is never read as options.
static const char script[] = "# bash completion for shoal: asks the program for the words that may come next.\n"
			     "_shoal() {\n"
			     "\tlocal word=${COMP_WORDS[COMP_CWORD]} words\n"
			     "\twords=$(shoal complete -- \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" 2>/dev/null)\n"
			     "\tif [ \"$words\" = FILE ]; then\n"
			     "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
			     "\telse\n"
			     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
			     "\tfi\n"
			     "}\n"
			     "complete -o filenames -F _shoal shoal\n";

static int run_bash(struct cli *cli, const struct args *args)
{
	fputs(script, stdout);
	return CLI_OK;
}

static void list_options(const struct args_option *option)
{
	for (; option && option->name; option++)
		printf("%s%s\n", option->name[1] ? "--" : "-", option->name);
}

// First words of all commands, or second words of one family.
static void list_words(const char *family)
{
	const char *last = "";

	for (const struct command *const *table = command_tables; *table; table++) {
		for (const struct command *command = *table; command->name; command++) {
			size_t first = strcspn(command->name, " ");

			if (command->hidden)
				continue;
			if (family && strlen(family) == first && !strncmp(command->name, family, first))
				puts(command->name + first + (command->name[first] == ' '));
			if (!family && (strlen(last) < first || strncmp(last, command->name, first)))
				printf("%.*s\n", (int)first, command->name);
			last = command->name;
		}
	}
}

static const struct args_option *find_option(const struct args_option *option, const char *word)
{
	for (; option && option->name; option++)
		if (!strcmp(option->name, word + strspn(word, "-")))
			return option;
	return NULL;
}

// After an option that takes a value, what it takes: a file, or something we cannot guess.
static bool list_value(const struct command *command, const char *word)
{
	const struct args_option *option = word[0] == '-' ? find_option(command->options, word) : NULL;

	if (!option && word[0] == '-')
		option = find_option(command_options, word);
	if (!option || !option->value)
		return false;
	if (!strcmp(option->value, "FILE"))
		puts("FILE");
	return option->value[0] != '[';
}

static int run_complete(struct cli *cli, const struct args *args)
{
	char *words[3] = { NULL };
	const struct command *command;
	int used;

	for (unsigned i = 0; i < 2 && i < args->word_count; i++)
		words[i] = (char *)(uintptr_t)args->words[i]; // command_find takes main's argv, and writes nothing
	if (!words[0]) {
		list_words(NULL);
		list_options(command_options);
		return CLI_OK;
	}
	command = command_find(words, &used);
	if (!command) {
		list_words(words[0]);
		return CLI_OK;
	}
	if (list_value(command, args->words[args->word_count - 1]))
		return CLI_OK;
	if (command->words && strstr(command->words, "FILE") && args->word_count == (unsigned)used) {
		puts("FILE");
		return CLI_OK;
	}
	list_options(command->options);
	list_options(command_options);
	return CLI_OK;
}

const struct command completion_commands[] = {
	{
	    .name = "completion bash",
	    .summary = "Prints the completion for bash",
	    .examples = "  source <(shoal completion bash)\n"
			"  shoal completion bash > /usr/share/bash-completion/completions/shoal\n",
	    .run = run_bash,
	},
	{
	    .name = "complete",
	    .words = "-- WORD...",
	    .max = ARGS_WORDS,
	    .summary = "Lists the words that may follow",
	    .run = run_complete,
	    .hidden = true,
	},
	{ 0 },
};
