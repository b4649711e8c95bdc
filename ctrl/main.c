// main.c - shoal-ctrl: the truth about sessions. One thread decides everything, another one writes.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "ctrl/ctrl.h"
#include "ctrl/rights.h"
#include "shared/base/log.h"
#include "shared/base/rank.h"
#include "shared/base/modes.h"
#include "shared/base/notify.h"
#include "shared/base/once.h"
#include "shared/plane/build.h"

#define NAME "shoal-ctrl"
#define CONFIG "/etc/shoal/shoal.yaml"

struct options {
	const char *config;
	bool check, print, salvage;
};

static const char help[] =
    "usage: " NAME " [--config FILE] [--check | --print] [--salvage]\n"
    "\n"
    "The controller of a Shoal gateway: keeps the sessions, answers the OSS, tells the workers.\n"
    "\n"
    "  --config FILE  the configuration (" CONFIG ")\n"
    "  --check        check the configuration and leave\n"
    "  --print        print the effective configuration and leave\n"
    "  --salvage      start without rows of the store that are damaged, and remove them\n"
    "  --version      print the version and leave\n"
    "  --help         print this and leave\n";

// -1: go on; else the exit status.
static int options_read(int argc, char **argv, struct options *options)
{
	static const struct option names[] = { { "config", required_argument, NULL, 'c' },
					       { "check", no_argument, NULL, 'k' },
					       { "print", no_argument, NULL, 'p' },
					       { "salvage", no_argument, NULL, 's' },
					       { "version", no_argument, NULL, 'v' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	int letter;

	*options = (struct options){ .config = CONFIG };
	while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
		options->check |= letter == 'k';
		options->print |= letter == 'p';
		options->salvage |= letter == 's';
		if (letter == 'c')
			options->config = optarg;
		if (letter == 'v')
			return printf(NAME " " SHOAL_VERSION " (%s)\n", plane_build), 0;
		if (letter == 'h')
			return fputs(help, stdout), 0;
		if (letter == '?')
			return fputs(help, stderr), 2;
	}
	return optind == argc ? -1 : (fputs(help, stderr), 2);
}

// Signals are read, so that no other thread is ever interrupted by one.
static int signals_open(void)
{
	sigset_t wanted;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
		return -errno;
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

// SIGHUP reads the certificates anew; the others are the end.
static bool told_to_end(struct ctrl *ctrl, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
		ctrl_renew(ctrl);
	}
	return false;
}

static int serve(const struct conf *conf, bool salvage, int signals)
{
	static struct ctrl ctrl; // large
	int error;

	ctrl.conf = conf;
	ctrl.salvage = salvage;
	error = ctrl_bind(&ctrl);
	if (!error)
		error = rights_drop(conf);
	if (!error)
		error = ctrl_open(&ctrl);
	if (!error)
		notify_ready("serving");
	while (!error && !told_to_end(&ctrl, signals))
		error = ctrl_turn(&ctrl, signals);
	notify_stopping();
	ctrl_close(&ctrl);
	return error;
}

static int run(const struct conf *conf, bool salvage)
{
	int pid, signals, lock, error = modes_begin(conf);

	if (error)
		return EXIT_FAILURE;
	lock = once_take(conf->run_dir, NAME, &pid);
	if (lock == -EEXIST) {
		log_error("once.taken", NAME " runs here already, as process %d (%s)", pid, conf->run_dir);
		return EXIT_FAILURE;
	}
	if (lock < 0) {
		log_error("once.lock", "%s: %s", conf->run_dir, strerror(-lock));
		return EXIT_FAILURE;
	}
	signals = signals_open();
	error = signals < 0 ? signals : serve(conf, salvage, signals);
	if (error)
		log_error("ctrl.ended", "%s", strerror(-error));
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct conf *conf;
	char error[512];
	int status = options_read(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(NAME, "info");
	if (conf_load(options.config, &conf, error, sizeof(error))) {
		log_error("conf.bad", "%s", error);
		return EXIT_FAILURE;
	}
	rank_house();
	log_open(NAME, conf->log_level);
	if (options.print)
		conf_print(conf, stdout);
	else if (!options.check)
		status = run(conf, options.salvage);
	conf_free(conf);
	return status < 0 ? EXIT_SUCCESS : status;
}
