// args.c - reads a command line by its tables of options. It keeps pointers into argv; one thread.
#include "ctrl/cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/units.h"

int args_refuse(const struct args *args, const char *format, ...)
{
	const char *space = args->command[0] ? " " : "";
	va_list list;

	fprintf(stderr, "shoal%s%s: ", space, args->command);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, "\ntry: shoal%s%s --help\n", space, args->command);
	return -EINVAL;
}

static const struct args_option *find(const struct args_option *table, const char *name, size_t length)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == length && !memcmp(table->name, name, length))
			return table;
	return NULL;
}

static const struct args_given *given(const struct args *args, const char *name)
{
	for (unsigned i = 0; i < args->given_count; i++)
		if (!strcmp(args->given[i].option->name, name))
			return &args->given[i];
	return NULL;
}

// Puts one option down; next is the argument after it. Returns how many arguments it took.
static int take(struct args *args, const struct args_option *option, const char *inlined, const char *next)
{
	bool optional = option->value && option->value[0] == '[';
	bool borrow = option->value && !inlined && next && !(optional && !strncmp(next, "--", 2));

	if (inlined && !option->value)
		return args_refuse(args, "%s takes no value", option->name);
	if (option->value && !optional && !inlined && !borrow)
		return args_refuse(args, "%s needs a value: %s", option->name, option->value);
	if (given(args, option->name))
		return args_refuse(args, "%s is given twice", option->name);
	if (args->given_count == ARGS_OPTIONS)
		return args_refuse(args, "more than %u options", ARGS_OPTIONS);
	args->given[args->given_count++] = (struct args_given){ .option = option,
								.value = inlined  ? inlined
									 : borrow ? next
										  : "" };
	return borrow ? 2 : 1;
}

static int take_word(struct args *args, const char *word)
{
	if (args->word_count == ARGS_WORDS)
		return args_refuse(args, "more than %u arguments", ARGS_WORDS);
	args->words[args->word_count++] = word;
	return 1;
}

// A one-letter name is written with one dash, a longer one with two.
static int take_option(struct args *args, const struct args_option *own, const struct args_option *common, char **argv)
{
	const char *name = argv[0] + strspn(argv[0], "-");
	size_t length = strcspn(name, "=");
	const struct args_option *option = NULL;

	if ((size_t)(name - argv[0]) == (length == 1 ? 1u : 2u)) {
		option = find(own, name, length);
		option = option ? option : find(common, name, length);
	}
	if (!option)
		return args_refuse(args, "there is no option '%s'", units_quote(argv[0]).text);
	return take(args, option, name[length] ? name + length + 1 : NULL, argv[1]);
}

int args_read(struct args *args, const struct args_option *own, const struct args_option *common, char **argv,
	      bool stop_at_word)
{
	bool words_only = false;
	int i = 0;

	while (argv[i]) {
		bool word = words_only || argv[i][0] != '-' || !argv[i][1];
		int taken = 1;

		if (word && stop_at_word)
			return i;
		if (!word && !strcmp(argv[i], "--"))
			words_only = true;
		else
			taken = word ? take_word(args, argv[i]) : take_option(args, own, common, argv + i);
		if (taken < 0)
			return taken;
		i += taken;
	}
	return i;
}

const char *args_value(const struct args *args, const char *name)
{
	const struct args_given *found = given(args, name);

	return found ? found->value : NULL;
}

bool args_number(const struct args *args, const char *name, const uint64_t range[2], uint64_t *number)
{
	const char *word = args_value(args, name);
	const char *why = word ? units_parse_number(word, range[1], number) : NULL;

	if (!why && word && *number < range[0])
		why = "is too small";
	if (why)
		args_refuse(args, "%s: '%s' %s (%" PRIu64 "..%" PRIu64 ")", name, units_quote(word).text, why, range[0],
			    range[1]);
	return !why;
}
