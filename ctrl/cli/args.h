// args.h - reads a command line by its tables of options: the same tables write the help and the shell completion.
//
// Options are written --name VALUE or --name=VALUE (-n VALUE where the name is one letter), before and after other words;
// "--" ends them. One thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGS_OPTIONS 48u
#define ARGS_WORDS 1024u

// A table ends with a row whose name is null.
struct args_option {
	const char *name;  // without the dashes
	const char *value; // what the help calls it: "ADDR"; "[ADDR]" if it may be left out; null for a switch
	const char *help;
};

struct args_given {
	const struct args_option *option;
	const char *value; // "" where none was given
};

struct args {
	const char *command; // full name, for error messages
	unsigned given_count, word_count;
	struct args_given given[ARGS_OPTIONS];
	const char *words[ARGS_WORDS];
};

// Takes argv apart up to its end, or up to the first plain word if `stop_at_word`. own and common may be null. Returns the
// number of arguments taken, or -EINVAL with the reason already said on stderr.
int args_read(struct args *args, const struct args_option *own, const struct args_option *common, char **argv,
	      bool stop_at_word);

// Value of an option, or null if it was not given. A switch that was given has the value "".
const char *args_value(const struct args *args, const char *name);

// Number of an option within min..max, or its default; false: refused, and said so on stderr.
bool args_number(const struct args *args, const char *name, const uint64_t range[2], uint64_t *number);

// "shoal session add: --peer: ..." and where help is, on stderr. Returns -EINVAL for the caller to pass on.
int args_refuse(const struct args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));
