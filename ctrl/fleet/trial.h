// trial.h - the workers of a new build against those of the old one, in the same time and under the same traffic.
//
// What each worker said to packets and how long it took is in every word of the primary (fleet.proto). The trial adds up the
// differences from word to word, on one side all seats of the old build, on the other those of the new one, and condemns it if
//
//   refusals  it gives some verdict other than FORWARD to more than twice the share of its packets that the old build gives it to,
//             and 2 % more; counted over the whole trial, from TRIAL_PACKETS packets of the new and TRIAL_REFUSALS of the verdict on
//   cost      a packet takes more than twice the clock ticks of the old build, and 2 us more, each side by its cheapest of at least
//             TRIAL_WINDOWS windows (time between two words with TRIAL_WINDOW_PACKETS on both sides): a host that puts workers off
//             their processors makes windows dear, never cheap. The 2 us are for packets that come alone: they pay for what a
//             burst shares
//
// A build that gets too few packets is not condemned for them. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "proto/fleet.pb-c.h"
#include "shared/plane/limits.h"
#include "shared/plane/verdict.h"

#define TRIAL_PACKETS 100u
#define TRIAL_REFUSALS 10u
#define TRIAL_MARGIN_PERMILLE 20u
#define TRIAL_WINDOW_PACKETS 20u
#define TRIAL_WINDOWS 20u
#define TRIAL_MARGIN_NS 2000u

struct trial_side {
	uint64_t packets;
	uint64_t verdict[VERDICT_COUNT];
	double ns; // of a packet, in the cheapest window
};

struct trial {
	struct trial_side old, new;
	unsigned windows;
	struct trial_seat { // when last seen
		bool seen;
		uint32_t generation;
		uint64_t busy_ticks;
		uint64_t verdict[VERDICT_COUNT];
	} seat[PLANE_SEATS];
};

// Takes a word of the primary; old, new: sets of seats. A worker counts from the second word on in which it is seen.
void trial_take(struct trial *trial, const Shoal__Fleet__State *state, uint32_t old, uint32_t new);

// Whether the new build does worse; then why, in words for people.
bool trial_condemns(const struct trial *trial, char *why, size_t max);
