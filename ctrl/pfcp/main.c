// main.c - shoal-pfcp: PFCP for SMFs and PGW-Cs, on UDP 8805. One thread; what it knows is ctrl's.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include "ctrl/pfcp/codec/decode.h"
#include "ctrl/pfcp/loop.h"
#include "ctrl/pfcp/rules/predefined.h"
#include "shared/base/log.h"
#include "shared/base/rank.h"

#define NAME "shoal-pfcp"
#define CONFIG "/etc/shoal/shoal.yaml"
#define EXIT_NOTHING_TO_DO 78 // EX_CONFIG: starting it again changes nothing

struct options {
	const char *config;
	bool check, print;
};

static const char help[] =
    "usage: " NAME " [--config FILE] [--check | --print]\n"
    "       " NAME " --decode FILE\n"
    "\n"
    "The PFCP front end of a Shoal gateway: SMFs, PGW-Cs and SGW-Cs make sessions through it (TS 29.244).\n"
    "\n"
    "  --config FILE  the configuration (" CONFIG ")\n"
    "  --check        check the configuration and leave\n"
    "  --print        print the effective configuration and leave\n"
    "  --decode FILE  print the PFCP messages of a datagram, as it came or as hexadecimal digits, and leave; - is "
    "standard input\n"
    "  --version      print the version and leave\n"
    "  --help         print this and leave\n"
    "\n"
    "SIGUSR1 writes counters and associations to the log. SIGUSR2 asks CP functions to release their associations.\n";

// -1: go on; else the exit status.
static int options_read(int argc, char **argv, struct options *options)
{
	static const struct option names[] = { { "config", required_argument, NULL, 'c' },
					       { "check", no_argument, NULL, 'k' },
					       { "print", no_argument, NULL, 'p' },
					       { "version", no_argument, NULL, 'v' },
					       { "help", no_argument, NULL, 'h' },
					       { "decode", required_argument, NULL, 'd' },
					       { NULL, 0, NULL, 0 } };
	int letter;

	*options = (struct options){ .config = CONFIG };
	while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
		options->check |= letter == 'k';
		options->print |= letter == 'p';
		if (letter == 'c')
			options->config = optarg;
		if (letter == 'd')
			return decode_file(optarg, stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
		if (letter == 'v')
			return printf(NAME " " SHOAL_VERSION "\n"), 0;
		if (letter == 'h')
			return fputs(help, stdout), 0;
		if (letter == '?')
			return fputs(help, stderr), 2;
	}
	return optind == argc ? -1 : (fputs(help, stderr), 2);
}

// Signals are read, so that nothing is ever interrupted by one.
static int signals_open(void)
{
	sigset_t wanted;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGUSR1);
	sigaddset(&wanted, SIGUSR2);
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
		return -errno;
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run(const struct conf *conf)
{
	int signals;

	if (!conf->pfcp_listens) {
		log_error("pfcp.off", "pfcp.listen names no address");
		return EXIT_NOTHING_TO_DO;
	}
	signals = signals_open();
	if (signals < 0) {
		log_error("process.signals", "%s", strerror(-signals));
		return EXIT_FAILURE;
	}
	return loop_run(conf, signals) == LOOP_TOLD ? EXIT_SUCCESS : EXIT_FAILURE;
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
	if (conf_load(options.config, &conf, error, sizeof(error)) || predefined_check(conf, error, sizeof(error))) {
		log_error("conf.bad", "%s", error);
		return EXIT_FAILURE;
	}
	rank_house();
	log_open(NAME, conf->log_level);
	status = EXIT_SUCCESS;
	if (options.print)
		conf_print(conf, stdout);
	else if (!options.check)
		status = run(conf);
	conf_free(conf);
	return status;
}
