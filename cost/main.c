// main.c - `shoal cost`: what this host's memory, caches, rings and calls cost, what a packet may cost, what it should cost, and
// what it does cost. Needs neither root nor hugepages nor a gateway.
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cost/budget.h"
#include "cost/calibrate.h"
#include "cost/cost_kernel.h"
#include "cost/cost_load.h"
#include "cost/cost_lock.h"
#include "cost/cost_ring.h"
#include "cost/cost_row.h"
#include "cost/memory.h"
#include "cost/pair.h"
#include "cost/findings.h"
#include "shared/base/clock.h"

#define REPEATS 21u
#define PATH_REPEATS 31u
#define SESSIONS_DEFAULT (1u << 20)
#define SESSIONS_MAX (1u << 24)

enum { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_PARTLY = 4 }; // as of every command of `shoal`

static struct findings findings; // large

static struct {
	bool json, force;
	unsigned sessions;
} option = { .sessions = SESSIONS_DEFAULT };

static const char usage[] =
    "usage: shoal cost [--json] [--sessions N] [--predict LIST] [--gbps N] [--size BYTES] [--cores N] [--force]\n"
    "\n"
    "Measures what loads, lines between CPUs, locks, rings, clocks and calls cost on this host (up to 30 seconds), "
    "predicts from\n"
    "that what a packet costs in each pipeline, and compares it with the shipped code. Best on an idle host.\n"
    "\n"
    "  --json          print JSON\n"
    "  --sessions N    random sessions the packets are of: a power of two, 256 to 16777216; default 1048576\n"
    "  --predict LIST  only ask whether these fit the budget together: up,down,lane,primary\n"
    "  --gbps N        rate of the wire; default 10\n"
    "  --size BYTES    of the frames, FCS included; default 64\n"
    "  --cores N       that share the work; default 1\n"
    "  --force         exit with 0 even if it does not fit\n"
    "  --help          print this help\n"
    "\n"
    "Exit codes: 0 done, 1 does not fit, 2 command line not understood, 4 could not be measured.\n";

static int refuse(const char *what)
{
	fprintf(stderr, "shoal cost: %s; see shoal cost --help\n", what);
	return -EINVAL;
}

static bool number(const char *text, double low, double high, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= low && *value <= high; // false for NaN too
}

static int take_list(char *list)
{
	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		enum path_name name = 0;

		while (name < PATHS && strcmp(word, path_names[name]))
			name++;
		if (name == PATHS)
			return refuse("--predict: up, down, lane and primary, with commas between");
		findings.asked.path[name] = findings.planned = true;
	}
	return findings.planned ? 0 : refuse("--predict: what?");
}

static int take_sessions(const char *text)
{
	double value;

	if (!number(text, 256, SESSIONS_MAX, &value) || (unsigned)value != value ||
	    (unsigned)value & ((unsigned)value - 1))
		return refuse("--sessions: a power of two, 256 to 16777216");
	option.sessions = (unsigned)value;
	return 0;
}

static int take(int letter, char *text)
{
	double value = 0;

	switch (letter) {
	case 'j':
		option.json = true;
		return 0;
	case 'f':
		option.force = true;
		return 0;
	case 's':
		return take_sessions(text);
	case 'p':
		return take_list(text);
	case 'g':
		if (!number(text, 1e-6, 1e6, &findings.asked.gbps))
			return refuse("--gbps: a rate, 0.000001 to 1000000");
		return 0;
	case 'b':
		if (!number(text, 64, 16384, &value) || value != (unsigned)value)
			return refuse("--size: 64 to 16384 bytes");
		findings.asked.size = (unsigned)value;
		return 0;
	case 'c':
		if (!number(text, 1, 4096, &value) || value != (unsigned)value)
			return refuse("--cores: 1 to 4096");
		findings.asked.cores = (unsigned)value;
		return 0;
	default:
		return refuse("an option is unknown or lacks its value");
	}
}

static int options_read(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "force", no_argument, NULL, 'f' },
		{ "sessions", required_argument, NULL, 's' },
		{ "predict", required_argument, NULL, 'p' },
		{ "gbps", required_argument, NULL, 'g' },
		{ "size", required_argument, NULL, 'b' },
		{ "cores", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int letter;

	opterr = 0;
	findings.asked = (struct plan_asked){ .size = 64, .cores = 1, .gbps = 10 };
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'h') {
			fputs(usage, stdout);
			exit(EXIT_OK);
		}
		if (take(letter, optarg))
			return -EINVAL;
	}
	return optind < argc ? refuse("there is a word too much") : 0;
}

// Half as many, as often as it takes to fit into what the host can spare.
static void sessions_fit(void)
{
	size_t spare = memory_spare();

	findings.sessions = option.sessions;
	while (findings.sessions > 256 && world_bytes(findings.sessions) > spare)
		findings.sessions /= 2;
	if (findings.sessions < option.sessions)
		table_note(&findings.table, "little memory to spare: %u sessions instead of %u", findings.sessions,
			   option.sessions);
}

static const struct line_pair *nearest(void)
{
	const struct line_pair *pair = NULL;

	for (enum reach reach = 0; reach < REACHES && !pair; reach++)
		pair = line_place(&findings.pairs, reach, 0);
	return pair;
}

static int paths_measure(const struct line_pair *pair)
{
	static struct world world;
	const struct bearer_rate rate = { 100000000, 1u << 20, 1u << 20 };
	unsigned repeats = findings.planned ? 1 : PATH_REPEATS;

	if (world_open(&world, findings.sessions, clock_hz()))
		return -ENOMEM;
	world_rate_set(&world, 1, &rate);
	for (unsigned n = 0; n < findings.sessions; n++)
		world_session_set(&world, n, 1);
	world_visit(&world, clock_ticks());
	path_pipe(&findings.path[PATH_UP], &world, PATH_UP, repeats);
	path_pipe(&findings.path[PATH_DOWN], &world, PATH_DOWN, repeats);
	path_lane(&findings.path[PATH_LANE], &world, PATH_LANE, pair);
	path_lane(&findings.path[PATH_PRIMARY], &world, PATH_PRIMARY, pair);
	findings.large_pages = memory_large_share();
	world_close(&world);
	return 0;
}

static struct predict_machine machine_of(double instruction_ns, const struct line_pair *pair)
{
	const struct table *table = &findings.table;
	struct table_row handle = { "handle", "instruction of a lane's code, on one CPU",
				    findings.path[PATH_LANE].handle_ns };

	if (handle.ns.count)
		table_add(&findings.table, &handle);
	return (struct predict_machine){ .instruction_ns = instruction_ns,
					 .handle_ns = handle.ns.median,
					 .line_ns = table_ns(table, "line_cold"),
					 .first_ns = table_ns(table, "line_flight_1"),
					 .taken_ns = row_taken_ns(table),
					 .given_ns = row_given_ns(table),
					 .awaited_ns = pair ? pair->ns : 0 };
}

static int measure(void)
{
	double instruction_ns = calibrate(&findings.table, REPEATS);
	struct predict_machine machine;
	const struct line_pair *pair;

	if (cost_load(&findings.table, &findings.topo, (size_t)findings.sessions * sizeof(struct line), REPEATS))
		return -ENOMEM;
	cost_line(&findings.table, &findings.topo, &findings.pairs);
	cost_ring(&findings.table, &findings.pairs, REPEATS);
	cost_row(&findings.table, &findings.pairs, REPEATS);
	if (!findings.planned) {
		cost_lock(&findings.table, &findings.pairs, REPEATS);
		cost_kernel(&findings.table, &findings.pairs, REPEATS);
	}
	pair = nearest();
	pair_pin(findings.topo.cpu[0].cpu);
	if (paths_measure(pair))
		return -ENOMEM;
	machine = machine_of(instruction_ns, pair);
	for (enum path_name name = 0; name < PATHS; name++)
		if (instruction_ns > 0 && (pair || predict_moved(&findings.path[name].recipe) <= 0))
			findings.path[name].predicted_ns = predict_ns(&machine, &findings.path[name].recipe);
	return 0;
}

// False: one of the pipelines asked about can't be predicted here.
static bool plan_make(void)
{
	findings.plan.budget_ns = budget_cores_ns(findings.asked.size, findings.asked.gbps, findings.asked.cores);
	for (enum path_name name = 0; name < PATHS; name++) {
		if (findings.asked.path[name] && findings.path[name].predicted_ns <= 0)
			return false;
		findings.plan.cost_ns += findings.asked.path[name] ? findings.path[name].predicted_ns : 0;
	}
	return true;
}

// A machine that can't be read still has processors.
static void machine_read(const cpu_set_t *allowed)
{
	struct topo *topo = &findings.topo;

	if (!topo_read(topo, NULL))
		topo_keep(topo, allowed);
	if (topo->cpus)
		return;
	*topo = (struct topo){ .hidden = true };
	for (int cpu = 0; cpu < CPU_SETSIZE && topo->cpus < TOPO_CPUS; cpu++)
		if (CPU_ISSET(cpu, allowed))
			topo->cpu[topo->cpus++] = (struct topo_cpu){ cpu, cpu, cpu, TOPO_NONE, TOPO_NONE, 0, 0 };
}

int main(int argc, char **argv)
{
	cpu_set_t allowed;

	if (options_read(argc, argv))
		return EXIT_USAGE;
	if (sched_getaffinity(0, sizeof(allowed), &allowed)) {
		perror("shoal cost: which CPUs we may use");
		return EXIT_PARTLY;
	}
	machine_read(&allowed);
	pair_pin(findings.topo.cpu[0].cpu);
	sessions_fit();
	if (measure()) {
		fprintf(stderr, "shoal cost: not enough memory\n");
		return EXIT_PARTLY;
	}
	if (!plan_make()) {
		fprintf(stderr, "shoal cost: what is asked about can't be predicted on this host\n");
		return EXIT_PARTLY;
	}
	(option.json ? findings_json : findings_print)(&findings, stdout);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_PARTLY;
	return findings.planned && !option.force && !predict_fits(&findings.plan) ? EXIT_REFUSED : EXIT_OK;
}
