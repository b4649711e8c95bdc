// main.c - shoal-primary: reads the configuration, lays the plane, opens the ports, and lets two threads run.
//
// Everything is made here, in order, and unmade in the opposite order; nothing here runs while packets do. Main thread, which
// becomes the loop's.
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "primary/brood/banks.h"
#include "primary/eal.h"
#include "primary/fleet/fleet.h"
#include "primary/ground.h"
#include "primary/loop/loop.h"
#include "primary/place.h"
#include "shared/base/bell.h"
#include "shared/base/log.h"
#include "shared/base/notify.h"
#include "shared/base/modes.h"
#include "shared/base/once.h"
#include "shared/base/rank.h"
#include "shared/plane/zone.h"

#define DEFAULT_CONFIG "/etc/shoal/shoal.yaml"
#define EAL_OWN_BYTES (32u << 20) // what the EAL and its drivers take beside our zones and pools

static const char usage[] = "usage: shoal-primary [--config FILE] [--check | --print]\n"
			    "\n"
			    "Owns the ports, the packet rooms and the lanes of a Shoal gateway.\n"
			    "\n"
			    "  --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
			    "  --check        check the configuration, alone and against this machine, then exit\n"
			    "  --print        print the effective configuration, then exit\n"
			    "  --version      print the build, then exit\n"
			    "  --help         print this, then exit\n";

struct primary {
	struct conf *conf;
	struct plane_view view;
	struct banks banks;
	char prefix[EAL_PREFIX_BYTES];
	struct nic *nic;
	int bell[NEST_BELLS], fleet_bell;
	cpu_set_t cpus; // where we might run before the EAL pinned us
	struct placement placement;
	struct post orders, facts;
	_Atomic uint32_t fleet_sleeping;
	struct tally_board board;
	struct fleet *fleet;
	struct watch watch;
	struct record records[RECORDS];
	struct loop *loop;
};

static struct primary primary;

struct options {
	const char *config;
	bool check, print;
};

// 0: go on; otherwise exit with code - 1.
static int options_read(int argc, char **argv, struct options *options)
{
	static const struct option list[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "print", no_argument, NULL, 'p' },        { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },         { 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", list, NULL)) >= 0) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 'p':
			options->print = true;
			break;
		case 'v':
			printf("shoal-primary %s\n", plane_build);
			return 1;
		case 'h':
			fputs(usage, stdout);
			return 1;
		default:
			fputs(usage, stderr);
			return 3;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "shoal-primary: unexpected argument: %s\n", argv[optind]);
	return 3;
}

static void limits_log(const struct conf *conf, size_t bytes)
{
	log_info("limits", "seats %u, lane %u, rooms %u of %u B, hold %u, pages %zu of 2 MB", PLANE_SEATS, LANE_SLOTS,
		 conf->rooms, ROOM_STRIDE, conf->hold, (bytes + PLANE_PAGE - 1) / PLANE_PAGE);
}

// Hugepages, EAL, zones, ports.
static int plane_open(struct primary *p)
{
	uint32_t rooms[ROOM_ZONES] = { 0 };
	struct region_shape shape;
	size_t bytes;
	int error = ground_shape(p->conf, &shape);

	if (error)
		return error;
	nic_rooms(p->conf, p->placement.node, rooms);
	bytes = zone_bytes(rooms) + nic_bytes(p->conf) + EAL_OWN_BYTES;
	eal_sweep(p->conf);
	error = eal_room(p->conf, bytes + banks_bytes(&shape));
	if (!error)
		error = eal_open(p->conf, bytes, p->prefix);
	if (!error)
		error = zone_make(&p->view, &shape, rooms);
	if (!error)
		error = ground_lay(p->conf, p->view.plane);
	if (!error)
		place_lay(&p->placement, p->view.plane);
	if (!error)
		error = banks_open(&p->banks, &shape);
	if (!error)
		error = nic_open(p->conf, &p->view, &p->nic);
	if (!error)
		limits_log(p->conf, bytes + banks_bytes(&shape));
	return error;
}

static int bells_make(struct primary *p)
{
	for (unsigned i = 0; i < NEST_BELLS; i++) {
		p->bell[i] = bell_make();
		if (p->bell[i] < 0)
			return p->bell[i];
	}
	p->fleet_bell = bell_make();
	return p->fleet_bell < 0 ? p->fleet_bell : 0;
}

static int loop_open_all(struct primary *p)
{
	struct loop_parts parts = {
		.conf = p->conf,
		.view = &p->view,
		.nic = p->nic,
		.orders = &p->orders,
		.facts = &p->facts,
		.watch = &p->watch,
		.records = p->records,
		.board = &p->board,
	};

	memcpy(parts.bell, p->bell, sizeof(parts.bell));
	post_init(&p->orders, &p->view.plane->sleeping, p->bell[NEST_BELL_PRIMARY]);
	post_init(&p->facts, &p->fleet_sleeping, p->fleet_bell);
	return loop_make(&parts, &p->loop);
}

static int fleet_open_all(struct primary *p)
{
	struct fleet_parts parts = {
		.conf = p->conf,
		.quarantine = &p->loop->quarantine,
		.park = &p->loop->park,
		.traces = &p->loop->traces,
		.view = &p->view,
		.nic = p->nic,
		.banks = &p->banks,
		.prefix = p->prefix,
		.orders = &p->orders,
		.facts = &p->facts,
		.board = &p->board,
		.sleeping = &p->fleet_sleeping,
		.bell = p->fleet_bell,
	};

	memcpy(parts.nest_bell, p->bell, sizeof(parts.nest_bell));
	return fleet_start(&parts, &p->fleet);
}

// The EAL pins the thread that starts it; threads made from here on float, and only the loop goes where it is told.
static void unpin(const struct primary *p)
{
	sched_setaffinity(0, sizeof(p->cpus), &p->cpus);
}

static void pin(const struct primary *p)
{
	cpu_set_t one;

	if (p->conf->primary_cpu < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET(p->conf->primary_cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		log_warning("primary.cpu", "cpu %d: %s; floating", p->conf->primary_cpu, strerror(errno));
}

static int serve(struct primary *p)
{
	int error = bells_make(p);

	if (!error)
		error = loop_open_all(p);
	if (!error)
		error = fleet_open_all(p);
	if (!error)
		error = watch_start(&p->watch, &p->view.plane->sleeping, p->bell[NEST_BELL_PRIMARY]);
	if (error)
		return error;
	pin(p);
	notify_ready("ports open, waiting for workers");
	loop_run(p->loop);
	unpin(p);
	watch_stop(&p->watch);
	fleet_stop(p->fleet);
	return 0;
}

static int run(struct primary *p)
{
	int error = plane_open(p);

	unpin(p);
	if (!error)
		error = serve(p);
	loop_free(p->loop);
	if (p->nic)
		nic_close(p->nic);
	if (p->prefix[0])
		eal_close(p->conf);
	return error;
}

static void signals_block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int alone(const struct conf *conf)
{
	int pid = 0, lock = modes_begin(conf);

	if (!lock)
		lock = modes_unwritable(conf->hugepage_dir);
	if (lock < 0)
		return lock;
	lock = once_take(conf->run_dir, "primary", &pid);
	if (lock == -EEXIST)
		log_error("primary.twice", "%s: a primary runs here already, pid %d", conf->run_dir, pid);
	else if (lock < 0)
		log_error("primary.lock", "%s: %s", conf->run_dir, strerror(-lock));
	return lock;
}

// The configuration alone is checked already; here it meets the machine.
static int place(struct primary *p)
{
	sched_getaffinity(0, sizeof(p->cpus), &p->cpus);
	return place_find(p->conf, &p->cpus, &p->placement);
}

int main(int argc, char **argv)
{
	struct options options = { .config = DEFAULT_CONFIG };
	char message[512];
	int done = options_read(argc, argv, &options);

	if (done)
		return done - 1;
	if (conf_load(options.config, &primary.conf, message, sizeof(message))) {
		fprintf(stderr, "shoal-primary: %s\n", message);
		return 2;
	}
	log_open("shoal-primary", primary.conf->log_level);
	if (options.print)
		conf_print(primary.conf, stdout);
	else
		done = place(&primary);
	if (options.print || options.check || done) {
		conf_free(primary.conf);
		return done ? 2 : 0;
	}
	rank_house();
	signals_block();
	done = alone(primary.conf);
	if (done >= 0)
		done = run(&primary);
	conf_free(primary.conf);
	return done < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
