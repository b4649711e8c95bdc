// main.c - shoal-nursery: arguments, configuration, one of a kind; then nursery.c.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/conf.h"
#include "shared/base/log.h"
#include "shared/base/modes.h"
#include "shared/base/once.h"
#include "shared/base/rank.h"
#include "shared/plane/plane.h"
#include "workers/nursery/nursery.h"

#define NAME "shoal-nursery"

static const char help[] = "Usage: " NAME " --config FILE [--check | --upgrade]\n"
			   "Forks Shoal's workers and their courier, as the primary asks for them.\n\n"
			   "  --config FILE  the configuration all of Shoal's processes share\n"
			   "  --check        only check the configuration\n"
			   "  --upgrade      serve beside the nursery that is there; the primary says so, nobody else\n"
			   "  --version      print which build this is\n"
			   "  --help         print this\n\n"
			   "SIGTERM ends the nursery and the courier; workers go on until their primary ends.\n";

struct options {
	const char *config;
	int check, upgrade;
};

// 0 = go on; 1 = done, exit status 0; -1 = wrong usage.
static int options_read(struct options *options, int argc, char **argv)
{
	static const struct option list[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "upgrade", no_argument, NULL, 'u' },      { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },         { 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", list, NULL)) != -1) {
		if (option == 'c')
			options->config = optarg;
		else if (option == 'k')
			options->check = 1;
		else if (option == 'u')
			options->upgrade = 1;
		else if (option == 'v')
			return printf(NAME " %s\n", plane_build), 1;
		else if (option == 'h')
			return fputs(help, stdout), 1;
		else
			return -1;
	}
	return options->config && optind == argc ? 0 : -1;
}

// Two nurseries under one configuration are a mistake, but for an upgrade.
static int lock_take(const struct conf *conf)
{
	int pid, lock = once_take(conf->run_dir, "nursery", &pid);

	if (lock == -EEXIST)
		log_error("process.twice", "a nursery runs already in %s, pid %d", conf->run_dir, pid);
	else if (lock < 0)
		log_error("process.lock", "%s/nursery.lock: %s", conf->run_dir, strerror(-lock));
	return lock;
}

static int serve(const struct conf *conf, char **argv, bool upgrade)
{
	rank_house();
	log_open(NAME, conf->log_level);
	setenv("RUNTIME_DIRECTORY", conf->run_dir, 1); // where the EAL looks for its primary's files
	if (modes_begin(conf) || modes_unwritable(conf->hugepage_dir) || (!upgrade && lock_take(conf) < 0))
		return 1;
	return nursery_run(conf, argv, upgrade);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct conf *conf;
	char error[512];
	int done = options_read(&options, argc, argv);

	if (done > 0)
		return 0;
	if (done < 0) {
		fputs(help, stderr);
		return 2;
	}
	if (conf_load(options.config, &conf, error, sizeof(error))) {
		fprintf(stderr, NAME ": %s\n", error);
		return 1;
	}
	done = options.check ? 0 : serve(conf, argv, options.upgrade);
	conf_free(conf);
	return done;
}
