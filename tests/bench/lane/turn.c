// turn.c - what a packet costs the primary: its whole turn, on ports that are played, with the worker in the same thread.
//
//   bench-turn up|down|both BURST TURNS
//   valgrind --tool=callgrind --toggle-collect=measured bench-turn up 32 1000
//
// Everything from the driver's interface to the lane and back is the primary's own code: pool, steering, leases, next hops. Between two
// turns the worker does its own. Prints how many packets the measured turns saw.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/lane/played.h"
#include "tests/bench/lane/worker.h"

#define WARM 200u // turns before the measured ones

__attribute__((noinline)) static void measured(void)
{
	loop_turn(played.loop, played.now_ns);
}

static void warm(unsigned up, unsigned down)
{
	for (unsigned i = 0; i < WARM; i++) {
		played.now_ns += 10000;
		played_offer(up, down);
		played_turn();
	}
}

int main(int argc, char **argv)
{
	unsigned burst = argc == 4 ? (unsigned)atoi(argv[2]) : 0, turns = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	unsigned up, down;
	uint64_t before;

	if (!burst || burst > NIC_BURST || !turns ||
	    (strcmp(argv[1], "up") && strcmp(argv[1], "down") && strcmp(argv[1], "both"))) {
		fprintf(stderr, "usage: bench-turn up|down|both BURST TURNS\n");
		return 2;
	}
	up = *argv[1] == 'd' ? 0 : burst;
	down = *argv[1] == 'u' ? 0 : burst;
	played_open();
	warm(up, down);
	before = played_forwarded();
	for (unsigned i = 0; i < turns; i++) {
		played.now_ns += 10000;
		played_offer(up, down);
		measured();
		worker_turn();
	}
	printf("%lu packets\n", (unsigned long)(played_forwarded() - before));
	return !played_close();
}
