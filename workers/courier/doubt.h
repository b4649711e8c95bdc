// doubt.h - which shards ctrl must hear about again: changes went astray, or the owner has changed.
//
// A gap is told to ctrl once; told again only if the shard still stands where it stood a while later, so that one lost change does
// not bring the same replay for each change behind it. Pure but for its own state; the courier's thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/shard.h"

#define DOUBT_AGAIN_NS 50000000u

struct doubt {
	uint64_t due_ns;  // when to tell; 0 = no doubt
	uint64_t gap_seq; // where the shard stood when the worker saw the gap
	uint64_t told_ns, told_seq;
	bool moved; // owner changed or was the wrong one: tell as soon as the owner holds it
};

// The worker saw a change that does not follow `seq`.
void doubt_gap(struct doubt *doubt, uint64_t seq, uint64_t now_ns);

// The shard's owner changed, or changes reached a seat that does not hold it.
void doubt_moved(struct doubt *doubt, uint64_t now_ns);

// Whether ctrl is to be told now that the shard stands at `seq`; the doubt then ends. held: its owner has taken it.
bool doubt_settle(struct doubt *doubt, uint64_t seq, bool held, uint64_t now_ns);
