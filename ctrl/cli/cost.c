// cost.c - `shoal cost`: hands over to shoal-cost, which runs the packet path and is therefore no part of this program. One thread.
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctrl/cli/command.h"

static const struct args_option options[] = {
	{ "sessions", "N", "random sessions the packets are of: a power of two, 256 to 16777216; default 1048576" },
	{ "predict", "LIST", "only ask whether these fit the budget together: up,down,lane,primary" },
	{ "gbps", "N", "rate of the wire in billion bits per second; default 10" },
	{ "size", "BYTES", "of the frames, FCS included; default 64" },
	{ "cores", "N", "that share the work; default 1" },
	{ "force", NULL, "exit with 0 even if it does not fit" },
	{ 0 },
};

// Beside this program where both are installed; in its own folder where both have just been built.
static const char *const places[] = { "shoal-cost", "../../cost/shoal-cost" };

static void hand_over(char *const words[])
{
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *folder;

	if (length < 0)
		return;
	self[length] = 0;
	folder = dirname(self);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, places[i]);
		execv(path, words);
	}
}

static int run_cost(struct cli *cli, const struct args *args)
{
	static char text[ARGS_OPTIONS][300];
	char *words[ARGS_OPTIONS + 2] = { "shoal-cost" };
	unsigned count = 1;

	for (const struct args_option *option = options; option->name; option++) {
		const char *value = args_value(args, option->name);

		if (!value)
			continue;
		snprintf(text[count], sizeof(text[count]), "--%s%s%s", option->name, option->value ? "=" : "", value);
		words[count] = text[count];
		count++;
	}
	if (cli->json)
		words[count] = "--json";
	hand_over(words);
	fprintf(stderr, "shoal cost: shoal-cost: %s\n", strerror(errno));
	return CLI_UNREACHABLE;
}

const struct command cost_commands[] = {
	{
	    .name = "cost",
	    .summary = "Measures what this host's memory, caches and rings cost, and predicts what a packet costs",
	    .text = "Loads from each cache and memory, lines between every two CPUs, locks, rings, clocks and calls; "
		    "then what a packet\n"
		    "should cost in each pipeline, and what it does cost. Takes up to 30 seconds, and wants an idle "
		    "host; neither root\n"
		    "nor hugepages nor a gateway. With --predict it asks only whether pipelines that share some cores "
		    "fit the time\n"
		    "that frames leave them, and exits with 1 if they do not.\n",
	    .examples = "  shoal cost\n"
			"  shoal cost --json > host.json\n"
			"  shoal cost --predict up,down --gbps 10 --size 128 --cores 2\n",
	    .options = options,
	    .run = run_cost,
	},
	{ 0 },
};
