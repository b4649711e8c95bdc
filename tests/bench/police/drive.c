// drive.c - the policer where it works, in the packet path, on a clock of our own: the rate it keeps, who gets what beside greedy
// users, and what it costs on top.
//
// usage: bench-police rate SECONDS           one line a rate: cir_bps,offered_bits,admitted_bits,burst_bits
//        bench-police fair SESSIONS ROUNDS   one line: jain,others_share,greedy_share     (1: unfair)
//        bench-police extra SESSIONS ROUNDS CIR_BPS   slices: round,variant,sessions,cir_bps,value   (ns a packet)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cost/world.h"
#include "shared/base/clock.h"
#include "workers/lines/lines.h"

#define HZ 2000000000ull // of our own clock
#define NS_PER_S 1e9

static struct world world;

static uint64_t random_word(void)
{
	static uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void world_make(unsigned sessions, uint64_t hz)
{
	if (world_open(&world, sessions, hz)) {
		fprintf(stderr, "bench-police: no memory\n");
		exit(1);
	}
}

static struct lines_count count_of(unsigned n)
{
	struct lines_count count = { 0 };

	lines_count(&world.view.shards[world_shard(n)], world_slot(n), &count);
	return count;
}

// ---- The rate over a long time

// One user, packets in clumps, twice the rate; so small that one of them is little of what a minute brings. The burst is what the bucket held at first.
static void rate_line(uint64_t cir_bps, unsigned seconds)
{
	const struct bearer_rate rate = { cir_bps, 15000, 0 };
	const unsigned bytes = cir_bps > 10000000 ? 1400 : 100;
	uint64_t end = seconds * HZ, now = 1, offered = 0;
	double mean = bytes * 8.0 * (double)HZ / (double)cir_bps / 2;

	world_packet_size(&world, bytes);
	world_rate_set(&world, 1, &rate);
	world_session_set(&world, 0, 1);
	while (now < end) {
		struct lane_handle handle = world_lend(&world, 0, 0, LINE_DOWNLINK);

		pipe_burst(&world.pipe, &handle, 1, now);
		offered += bytes * 8;
		now += (uint64_t)((double)(random_word() >> 40) * 0x1p-24 * 2 * mean + 0.5);
	}
	printf("%llu,%llu,%llu,%llu\n", (unsigned long long)cir_bps, (unsigned long long)offered,
	       (unsigned long long)count_of(0).bytes[LINE_DOWNLINK] * 8, 15000ull * 8);
}

static int rate(unsigned seconds)
{
	static const uint64_t rates[] = { 64000, 1000000, 12345678, 100000000, 1000000000, 10000000000 };

	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		world_make(256, HZ);
		rate_line(rates[i], seconds);
		world_close(&world);
	}
	return 0;
}

// ---- Greedy users beside others

#define GREED 100u      // packets of a greedy user for one of another's
#define GREEDY_OF 10u   // every tenth user is greedy
#define CLOCK_STEP 200u // of our clock a packet

static unsigned greedy_count(unsigned sessions)
{
	return (sessions + GREEDY_OF - 1) / GREEDY_OF;
}

// In one round each of the others sends one packet, each greedy user GREED of them, all mixed. Number `event` of them is whose?
static unsigned sender(uint64_t event, unsigned sessions)
{
	uint64_t others = sessions - greedy_count(sessions);

	if (event < others)
		return (unsigned)(event / (GREEDY_OF - 1) * GREEDY_OF + event % (GREEDY_OF - 1) + 1);
	return (unsigned)((event - others) / GREED * GREEDY_OF);
}

// All events of a round once, in an order that another start and step make another one.
static void fair_round(unsigned sessions, uint64_t events, uint64_t *now)
{
	struct lane_handle burst[LANE_BURST];
	uint64_t size = 1, at, step;
	unsigned filled = 0;

	while (size < events)
		size *= 2;
	at = random_word();
	step = random_word() | 1;
	for (uint64_t i = 0; i < size; i++) {
		uint64_t event = (at += step) & (size - 1);

		event = (event ^ event >> 7) & (size - 1); // one to one, and not a straight line
		if (event < events) {
			burst[filled] = world_lend(&world, filled, sender(event, sessions), LINE_DOWNLINK);
			filled++;
		}
		if (filled == LANE_BURST || (i == size - 1 && filled)) {
			*now += filled * CLOCK_STEP;
			pipe_burst(&world.pipe, burst, filled, *now);
			filled = 0;
		}
	}
}

// Whether the others are alike, and no greedy user got more than its contract.
static bool fair_print(unsigned sessions, unsigned rounds)
{
	double jain, sum = 0, squares = 0, greedy = 0, contract = (double)rounds + 4; // the bucket's four packets
	unsigned others = sessions - greedy_count(sessions);

	for (unsigned n = 0; n < sessions; n++) {
		double got = (double)count_of(n).packets[LINE_DOWNLINK];

		if (n % GREEDY_OF == 0)
			greedy += got / contract / greedy_count(sessions);
		else
			sum += got, squares += got * got;
	}
	jain = squares > 0 ? sum * sum / squares / others : 0;
	printf("jain,others_share,greedy_share\n%.6f,%.6f,%.6f\n", jain, sum / others / rounds, greedy);
	return jain >= 0.95 && greedy <= 1;
}

// The others send what they have a right to; each packet comes at any moment of its round.
static int fair(unsigned sessions, unsigned rounds)
{
	uint64_t greedy = greedy_count(sessions), events = sessions - greedy + greedy * GREED, now = 1;
	uint64_t cir_bps = WORLD_USER_BYTES * 8 * HZ / (events * CLOCK_STEP) + 1;
	const struct bearer_rate rate = { cir_bps, 4 * WORLD_USER_BYTES, 0 };
	bool kept;

	world_make(sessions, HZ);
	world_rate_set(&world, 1, &rate);
	for (unsigned n = 0; n < sessions; n++)
		world_session_set(&world, n, 1);
	for (unsigned i = 0; i < rounds; i++)
		fair_round(sessions, events, &now);
	kept = fair_print(sessions, rounds);
	world_close(&world);
	return !kept;
}

// ---- What it costs on top

#define SLICE_BURSTS 1000u

enum { PLAIN, POLICED, PLAIN_AGAIN, VARIANTS };
static const char *const variants[VARIANTS] = { "plain", "policed", "plain again" };

// Odd sessions are policed, even ones are not; all lie in the same lines, shards and pages.
static double slice(unsigned sessions, unsigned variant)
{
	uint64_t ticks = 0;

	for (unsigned b = 0; b < SLICE_BURSTS; b++) {
		struct lane_handle burst[LANE_BURST];
		uint64_t from;

		for (unsigned i = 0; i < LANE_BURST; i++) {
			unsigned n = (unsigned)(random_word() >> 32) & (sessions - 1);

			burst[i] = world_lend(&world, i, (n & ~1u) | (variant == POLICED), LINE_DOWNLINK);
		}
		from = clock_ticks();
		pipe_burst(&world.pipe, burst, LANE_BURST, from);
		ticks += clock_ticks() - from;
	}
	return (double)ticks * NS_PER_S / (double)world.view.plane->net.clock_hz / SLICE_BURSTS / LANE_BURST;
}

// The rate says how often a bucket is full when a packet comes; the burst lasts longer than we do.
static int extra(unsigned sessions, unsigned rounds, uint64_t cir_bps)
{
	const struct bearer_rate rate = { cir_bps, 200u << 20, 0 };

	world_make(sessions, clock_hz());
	world_rate_set(&world, 1, &rate);
	for (unsigned n = 0; n < sessions; n++)
		world_session_set(&world, n, n & 1);
	world_visit(&world, clock_ticks());
	slice(sessions, PLAIN);
	slice(sessions, POLICED);
	printf("round,variant,sessions,cir_bps,value\n");
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < VARIANTS; i++) {
			unsigned variant = (round / 2 + (round & 1 ? VARIANTS - 1 - i : i)) % VARIANTS;

			printf("%u,%s,%u,%llu,%.4f\n", round, variants[variant], sessions, (unsigned long long)cir_bps,
			       slice(sessions, variant));
		}
	world_close(&world);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 0, second = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	bool sessions = first >= 256 && !(first & (first - 1)) && second;

	if (argc > 2 && !strcmp(argv[1], "rate") && first)
		return rate(first);
	if (argc > 2 && !strcmp(argv[1], "fair") && sessions)
		return fair(first, second);
	if (argc > 4 && !strcmp(argv[1], "extra") && sessions)
		return extra(first, second, strtoull(argv[4], NULL, 10));
	fprintf(stderr, "usage: bench-police rate SECONDS | fair SESSIONS ROUNDS | extra SESSIONS ROUNDS CIR_BPS\n");
	return 2;
}
