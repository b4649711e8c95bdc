// topo.c - `shoal topo`: shows the machine, proposes who runs where, or holds a configuration against it. Asks no gateway: any
// machine will do, and a recorded one too. One thread.
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ctrl/cli/command.h"
#include "ctrl/cli/topo_draw.h"
#include "ctrl/cli/units.h"
#include "shared/base/conf.h"
#include "topo/rule.h"

// What one run of the command looks at.
struct look {
	const char *from, *check; // files; null: this machine; propose
	bool json, force;
	struct topo topo;
	struct conf *conf; // null: none was given
	unsigned wanted;   // workers
	struct placement placement;
	json_t *broken;
};

static int read_machine(struct look *look)
{
	int error = topo_read(&look->topo, look->from);

	if (error)
		fprintf(stderr, "shoal topo: %s: %s\n", look->from ? look->from : "this machine",
			error == -EINVAL ? "not a machine that hwloc can read" : strerror(-error));
	return error ? CLI_USAGE : CLI_OK;
}

static int read_conf(struct look *look, const char *path)
{
	char error[512];

	if (!path || !conf_load(path, &look->conf, error, sizeof(error)))
		return CLI_OK;
	fprintf(stderr, "shoal topo: %s\n", error);
	return CLI_USAGE;
}

static void hear_broken(void *arg, const struct rule_break *broken)
{
	struct look *look = arg;

	json_array_append_new(look->broken, json_pack("{s:s, s:s, s:s, s:s}", "rule", rule_name(broken->rule), "first",
						      broken->first, "second", broken->second, "why", broken->why));
	if (!look->json)
		fprintf(look->check ? stderr : stdout, "%s%s and %s %s (%s)\n", look->check ? "shoal topo: " : "# but ",
			broken->first, broken->second, broken->why, rule_says(broken->rule));
}

// ---- A proposal

// The ports count, and nobody has a place yet.
static void propose(struct look *look)
{
	struct placement *placement = &look->placement;

	if (look->conf)
		placement_of(placement, look->conf, &look->topo);
	placement->primary = placement->slow = placement->house = TOPO_NONE;
	placement->workers = 0;
	placement_plan(placement, &look->topo, look->wanted);
}

// The other threads of the loops' cores: a core is a loop's own when they are left empty.
static json_t *empty_json(const struct look *look)
{
	struct placement_stage stage[PLACEMENT_STAGES];
	unsigned stages = placement_stages(&look->placement, stage);
	json_t *cpus = json_array();

	for (unsigned i = 0; i < stages; i++) {
		const struct topo_cpu *own = topo_find(&look->topo, stage[i].cpu);

		for (unsigned k = 0; k < look->topo.cpus; k++)
			if (look->topo.cpu[k].core == own->core && look->topo.cpu[k].cpu != own->cpu)
				json_array_append_new(cpus, json_integer(look->topo.cpu[k].cpu));
	}
	return cpus;
}

static void say_empty(const struct look *look)
{
	json_t *cpus = empty_json(look), *cpu;
	size_t i;

	json_array_foreach(cpus, i, cpu) printf(
	    "%s%d", i ? ", " : "# leave empty, the other threads of these cores: ", (int)json_integer_value(cpu));
	if (json_array_size(cpus))
		putchar('\n');
	json_decref(cpus);
}

static void say_house(const struct look *look)
{
	const struct topo_list house = topo_list(&look->topo, TOPO_UNIT(core), look->placement.house);

	printf("# one receive queue a port, polled by CPU %d\n", look->placement.primary);
	if (look->placement.house >= 0)
		printf("# all but the loops, and the rest of the system: CPUAffinity=%s in shoal-primary.service,\n"
		       "# shoal-nursery.service and shoal-ctrl.service; a loop leaves it for its own core\n",
		       house.text);
	say_empty(look);
}

static void say_lines(const struct look *look)
{
	const struct placement *placement = &look->placement;

	printf("primary:\n  cpu: %d\nworkers:\n  count: %u\n  cpus: [", placement->primary, placement->workers);
	for (unsigned i = 0; i < placement->workers; i++)
		printf("%s%d", i ? ", " : "", placement->worker[i]);
	puts("]");
	if (placement->slow >= 0)
		printf("  slow_cpu: %d\n", placement->slow);
}

static json_t *lines_json(const struct placement *placement)
{
	json_t *cpus = json_array();

	for (unsigned i = 0; i < placement->workers; i++)
		json_array_append_new(cpus, json_integer(placement->worker[i]));
	return json_pack("{s:{s:i}, s:{s:i, s:o, s:o}}", "primary", "cpu", placement->primary, "workers", "count",
			 (int)placement->workers, "cpus", cpus, "slow_cpu",
			 placement->slow < 0 ? json_string("any") : json_integer(placement->slow));
}

static void say_too_few(const struct look *look)
{
	fprintf(stderr,
		"shoal topo: %u workers want an L2 boundary each, in one group with the primary, and the rest of the "
		"system a\n"
		"core: %u would find one. Let them float (primary.cpu: any, workers.cpus: []), or run fewer.\n",
		look->wanted, look->placement.workers);
}

static void show_proposal(struct look *look)
{
	bool whole = look->placement.workers == look->wanted;

	if (!whole)
		look->placement = (struct placement){ TOPO_NONE, .slow = TOPO_NONE, .house = TOPO_NONE };
	topo_draw(&look->topo, &look->placement);
	if (!whole)
		return;
	putchar('\n');
	topo_draw_stages(&look->topo, &look->placement);
	puts("\n# For the configuration:");
	say_lines(look);
	say_house(look);
}

static int run_proposal(struct look *look)
{
	bool whole;

	propose(look);
	whole = look->placement.workers == look->wanted;
	if (!whole)
		say_too_few(look);
	if (!look->json)
		show_proposal(look);
	if (whole)
		rule_check(&look->placement, &look->topo, hear_broken, look);
	return whole ? CLI_OK : CLI_REFUSED;
}

// ---- A configuration

static int run_check(struct look *look)
{
	unsigned broken;

	placement_of(&look->placement, look->conf, &look->topo);
	if (!look->json)
		topo_draw_stages(&look->topo, &look->placement);
	broken = rule_check(&look->placement, &look->topo, hear_broken, look);
	if (!broken && !look->json)
		printf("%s: %s\n", look->check,
		       look->topo.hidden ? "this machine hides its caches: nothing to break" : "keeps the rules");
	return broken && !look->force ? CLI_REFUSED : CLI_OK;
}

static void show_json(const struct look *look, bool whole)
{
	json_t *answer = json_pack("{s:o, s:O}", "machine", topo_json(&look->topo), "broken", look->broken);

	if (whole)
		json_object_set_new(answer, "loops", topo_json_stages(&look->topo, &look->placement));
	if (whole && !look->check) {
		json_object_set_new(answer, "configuration", lines_json(&look->placement));
		json_object_set_new(answer, "housekeeping",
				    topo_json_cpus(&look->topo, TOPO_UNIT(core), look->placement.house));
		json_object_set_new(answer, "empty", empty_json(look));
		json_object_set_new(answer, "queues", json_integer(1)); // of a port; the primary is one loop
	}
	json_dumpf(answer, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(answer);
}

static int run_look(struct look *look)
{
	int code;

	look->broken = json_array();
	code = look->check ? run_check(look) : run_proposal(look);
	if (look->json)
		show_json(look, look->check || code == CLI_OK);
	json_decref(look->broken);
	return code;
}

static int run_topo(struct cli *cli, const struct args *args)
{
	static struct look look; // as big as a big machine
	const uint64_t range[2] = { 1, PLACEMENT_WORKERS };
	uint64_t workers = 2;
	int code;

	look.from = args_value(args, "from");
	look.check = args_value(args, "check");
	look.force = args_value(args, "force") != NULL;
	look.json = cli->json;
	code = read_conf(&look, look.check ? look.check : args_value(args, "config"));
	if (!code && look.conf)
		workers = look.conf->workers;
	if (!code && !args_number(args, "workers", range, &workers))
		code = CLI_USAGE;
	look.wanted = (unsigned)workers;
	if (!code)
		code = read_machine(&look);
	if (!code)
		code = run_look(&look);
	conf_free(look.conf);
	return code;
}

static const struct args_option topo_options[] = {
	{ "check", "FILE", "hold this configuration against the machine instead; exit code 1 if it breaks a rule" },
	{ "force", NULL, "with --check: say what is broken, and exit with 0" },
	{ "from", "FILE", "look at a recorded machine (`lstopo FILE.xml` there), not at this one" },
	{ "workers", "N", "propose places for so many, 1 to 15; default: the configuration's count, or 2" },
	{ 0 },
};

const struct command topo_commands[] = {
	{
	    .name = "topo",
	    .summary = "Shows which processors share caches, and proposes where the packet loops run",
	    .text =
		"Needs no gateway. With --config the proposal is for the ports and workers of that configuration.\n"
		"Rules: the primary on the NUMA node of its ports' NICs; primary and workers in one L3 cache; one\n"
		"worker an L2 boundary; no two loops on one core. The primary refuses at start what breaks one, "
		"unless\n"
		"the configuration says `placement: force`. Loops that float break none, and a virtual machine that\n"
		"hides its caches has none.\n",
	    .examples = "  shoal topo --config /etc/shoal/shoal.yaml\n"
			"  shoal topo --check /etc/shoal/shoal.yaml\n"
			"  shoal topo --from other.xml --workers 4 --json | jq .configuration\n",
	    .options = topo_options,
	    .run = run_topo,
	},
	{ 0 },
};
