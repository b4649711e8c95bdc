// sim.c - sim [SEEDS [FIRST [STEPS]]]: runs seeds, each in a process of its own, and ends with 1 at the first that breaks a promise.
//
// A failing seed is run again exactly by its number. One step is one thing that one process does, or that happens to it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "tests/sim/sim.h"
#include "workers/loop/wild.h"

#define PARALLEL 4u
#define PATIENCE_S 300u
#define SETTLE_ROUNDS 3000u
#define SETTLE_NS 20000000u

struct life {
	pid_t pid; // 0 = none
	uint64_t seed;
};

static struct sim sim;
static bool verbose; // one seed: tells what happened

// ---- The world's clock, chance and named points

int clock_gettime(clockid_t clock, struct timespec *now)
{
	now->tv_sec = (time_t)(sim.now_ns / 1000000000u);
	now->tv_nsec = (long)(sim.now_ns % 1000000000u);
	return 0;
}

uint64_t clock_ticks(void)
{
	return sim.now_ns * 2; // the plane's clock: 2 GHz
}

ssize_t getrandom(void *bytes, size_t length, unsigned flags)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)sim_draw(&sim, 256);
	return (ssize_t)length;
}

void faults_sit(unsigned seat)
{
}

void faults_packet(const void *bytes, size_t length)
{
}

void wild_turn(struct loop *loop)
{
}

void faults_point(const char *name)
{
	if (sim.fuse && !--sim.fuse)
		longjmp(*sim.exit, 1);
}

uint64_t sim_draw(struct sim *s, uint64_t below)
{
	uint64_t z = (s->random += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

bool sim_chance(struct sim *s, unsigned percent)
{
	return sim_draw(s, 100) < percent;
}

bool sim_do(struct sim *s, sim_deed *deed, unsigned which)
{
	static jmp_buf out;

	s->fuse = s->badness && sim_draw(s, 1000) < s->badness ? 1 + (unsigned)sim_draw(s, 40) : 0;
	s->exit = &out;
	if (setjmp(out))
		return false;
	deed(s, which);
	s->fuse = 0;
	return true;
}

// ---- What may happen

static enum net_harm harm(void)
{
	return sim_chance(&sim, sim.badness) ? NET_LOSE + (enum net_harm)sim_draw(&sim, 3) : NET_NONE;
}

static void message_moves(void)
{
	net_move((unsigned)sim_draw(&sim, PLANE_NESTS), (enum net_side)sim_draw(&sim, NET_SIDES), harm());
}

static void somebody_works(void)
{
	unsigned who = (unsigned)sim_draw(&sim, 3), nest = (unsigned)sim_draw(&sim, PLANE_NESTS);

	if (who == 0 && sim.ctrl_up)
		ctrl_work(&sim);
	else if (who == 1 && sim.courier_up[nest])
		courier_work(&sim, nest);
	else
		plane_work(&sim, (unsigned)sim_draw(&sim, SIM_SEATS));
}

static void somebody_comes(void)
{
	unsigned nest = (unsigned)sim_draw(&sim, PLANE_NESTS);

	if (!sim.ctrl_up)
		ctrl_begin(&sim);
	else if (!sim.courier_up[nest])
		courier_begin(&sim, nest);
	else
		net_connect(nest);
}

static void packets_come(void)
{
	struct client *client = &sim.client[sim_draw(&sim, SIM_CLIENTS)];

	for (uint64_t n = sim_draw(&sim, 8); client->id && n > 0; n--)
		plane_packet(&sim, client);
}

static void disk_fails(void)
{
	static const int errors[] = { -ENOSPC, -EIO, -EROFS, -EUCLEAN };
	int error = errors[sim_draw(&sim, 4)];

	if (sim_chance(&sim, 50))
		sim.stand.fail_commit = error;
	else if (error != -EUCLEAN)
		*(sim_chance(&sim, 50) ? &sim.stand.fail_begin : &sim.stand.fail_put) = error;
}

static void harm_comes(void)
{
	switch (sim_draw(&sim, 8)) {
	case 0:
		if (sim.ctrl_up)
			ctrl_kill(&sim);
		break;
	case 1:
		courier_kill(&sim, (unsigned)sim_draw(&sim, PLANE_NESTS));
		break;
	case 2:
		plane_kill(&sim, (unsigned)sim_draw(&sim, SIM_SEATS));
		break;
	case 3:
		net_cut((unsigned)sim_draw(&sim, PLANE_NESTS));
		break;
	default:
		disk_fails();
	}
}

static void step(void)
{
	unsigned what = (unsigned)sim_draw(&sim, 100);

	if (what < 12 && sim.ctrl_up)
		clients_work(&sim);
	else if (what < 50)
		somebody_works();
	else if (what < 75)
		message_moves();
	else if (what < 85)
		packets_come();
	else if (what < 88)
		plane_move(&sim, (unsigned)sim_draw(&sim, SHARDS), (unsigned)sim_draw(&sim, SIM_SEATS));
	else if (what < 94)
		sim.now_ns += 1 + sim_draw(&sim, 100000000);
	else if (what < 99 || !sim.badness)
		somebody_comes();
	else
		harm_comes();
}

// ---- A life

static void settle_round(void)
{
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++) {
		if (!sim.courier_up[nest])
			courier_begin(&sim, nest);
		net_connect(nest);
		courier_work(&sim, nest);
		while (net_move(nest, NET_COURIER, NET_NONE) || net_move(nest, NET_CTRL, NET_NONE))
			;
	}
	if (!sim.ctrl_up)
		ctrl_begin(&sim);
	if (!clients_done(&sim))
		clients_work(&sim);
	ctrl_work(&sim);
	for (unsigned seat = 0; seat < SIM_SEATS; seat++)
		plane_work(&sim, seat);
	sim.now_ns += SETTLE_NS;
}

// Harm ends: within a minute of theirs all must be as the clients were told.
static void settle(void)
{
	unsigned quiet = 0;

	sim.badness = 0;
	sim.stand.fail_begin = sim.stand.fail_put = sim.stand.fail_commit = 0;
	for (unsigned round = 0; round < SETTLE_ROUNDS && quiet < 300; round++) {
		settle_round();
		quiet = clients_done(&sim) && plane_agrees(&sim) && !push_waiting(&sim.stand.push) ? quiet + 1 : 0;
	}
	if (quiet < 300) {
		fprintf(stderr, "does not come to rest: %llu changes wait, shards %s\n",
			(unsigned long long)push_waiting(&sim.stand.push), plane_agrees(&sim) ? "agree" : "differ");
		exit(1);
	}
	clients_check(&sim, true);
	if (sim.stand.alarms) {
		fprintf(stderr,
			"%u shards had to be sent again as a whole: a change was applied where it does not belong\n",
			sim.stand.alarms);
		exit(1);
	}
}

static void live(uint64_t seed, unsigned steps)
{
	memset(&sim, 0, sizeof(sim));
	sim.random = seed;
	sim.now_ns = 1000000000000;
	sim.badness = (unsigned)(seed % 4) * 5;
	net_reset();
	ctrl_stand_open(&sim.stand);
	store_close(&sim.stand.lmdb); // opened again by ctrl_begin
	ctrl_begin(&sim);
	plane_open(&sim);
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		courier_begin(&sim, nest);
	for (unsigned i = 0; i < steps; i++)
		step();
	settle();
	ctrl_kill(&sim);
	ctrl_begin(&sim);
	clients_check(&sim, false);
	if (verbose)
		printf("seed %llu: %u answers, %u sessions, %u packets, deaths: ctrl %u, couriers %u, workers %u\n",
		       (unsigned long long)seed, sim.answers, sim.stand.truth.sessions.by_id.count, sim.next_room,
		       sim.kills[0], sim.kills[1], sim.kills[2]);
	ctrl_stand_close(&sim.stand);
}

static void child(uint64_t seed, unsigned steps)
{
	log_open("sim", verbose ? "info" : "error");
	alarm(PATIENCE_S);
	live(seed, steps);
	exit(0);
}

// Waits for one of those under way; its seed is told if it failed.
static bool child_end(struct life *lives, unsigned count)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; i < count; i++) {
		if (lives[i].pid != pid)
			continue;
		lives[i].pid = 0;
		if (status)
			printf("seed %llu: status 0x%x\n", (unsigned long long)lives[i].seed, status);
	}
	return status == 0;
}

static struct life *life_free(struct life *lives, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!lives[i].pid)
			return &lives[i];
	return NULL;
}

static bool run(uint64_t seeds, uint64_t first, unsigned steps)
{
	static struct life lives[PARALLEL];
	uint64_t seed = first;
	unsigned running = 0;
	bool good = true;

	while ((good && seed < first + seeds) || running) {
		struct life *life = good && seed < first + seeds ? life_free(lives, PARALLEL) : NULL;

		if (!life) {
			good &= child_end(lives, PARALLEL);
			running--;
			continue;
		}
		life->seed = seed++;
		life->pid = fork();
		if (!life->pid)
			child(life->seed, steps);
		running++;
	}
	return good;
}

static uint64_t number(char **argv, int argc, int at, uint64_t otherwise)
{
	return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	uint64_t seeds = number(argv, argc, 1, 500), first = number(argv, argc, 2, 1);
	unsigned steps = (unsigned)number(argv, argc, 3, 2000);
	bool good;

	verbose = seeds == 1;
	good = run(seeds, first, steps);
	printf("%llu seeds from %llu, %u steps each: %s\n", (unsigned long long)seeds, (unsigned long long)first, steps,
	       good ? "all promises kept" : "a promise is broken");
	return !good;
}
