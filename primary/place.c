// place.c - decides where loops run, with what topo knows. State: one description of the machine, while place_find looks.
#include "primary/place.h"
#include <errno.h>
#include <string.h>
#include "shared/base/log.h"
#include "topo/rule.h"

static void say_broken(void *level, const struct rule_break *broken)
{
	log_write(*(const enum log_level *)level, "placement", "%s and %s %s (rule %s; 'shoal topo' shows the machine)",
		  broken->first, broken->second, broken->why, rule_name(broken->rule));
}

static int check(const struct conf *conf, const struct placement *placement, const struct topo *topo)
{
	enum log_level level = conf->placement == CONF_FORCE ? LOG_WARNING : LOG_ERROR;
	unsigned broken = rule_check(placement, topo, say_broken, &level);

	return broken && conf->placement != CONF_FORCE ? -EINVAL : 0;
}

// Workers whose cores nobody named: all have a good place, or all float. So does a primary or a slow lane that was left to float.
static void workers_place(const struct conf *conf, const struct topo *topo, struct placement *placement)
{
	struct placement plan = *placement;

	if (conf->worker_cpus)
		return;
	placement_plan(&plan, topo, conf->workers);
	if (plan.workers < conf->workers)
		return;
	placement->workers = plan.workers;
	memcpy(placement->worker, plan.worker, sizeof(placement->worker));
}

// Loops that never sleep take turns of the scheduler's, milliseconds long, where they share a processor: packets are late then, and lost.
static void spin_check(const struct conf *conf, const cpu_set_t *allowed)
{
	unsigned loops = conf->workers + 1, cpus = (unsigned)CPU_COUNT(allowed);

	if (conf->idle == CONF_SPIN && loops > cpus)
		log_warning("idle.spin",
			    "%u loops never sleep, and there are %u processors for them: idle: adaptive shares one",
			    loops, cpus);
}

int place_find(const struct conf *conf, const cpu_set_t *allowed, struct placement *placement)
{
	static struct topo topo;
	int error = topo_read(&topo, NULL);

	spin_check(conf, allowed);
	if (error)
		log_warning("placement", "can't read the machine's caches: %s", strerror(-error));
	placement_of(placement, conf, &topo);
	if (error)
		return 0;
	error = check(conf, placement, &topo);
	if (error)
		return error;
	topo_keep(&topo, allowed);
	workers_place(conf, &topo, placement);
	return 0;
}

void place_lay(const struct placement *placement, struct plane *plane)
{
	for (unsigned i = 0; i < placement->workers; i++)
		plane->cpu[i] = (uint16_t)(placement->worker[i] + 1);
	plane->cpu[PLANE_SEAT_SLOW] = (uint16_t)(placement->slow + 1);
}
