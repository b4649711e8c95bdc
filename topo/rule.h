// rule.h - what pinned packet loops must keep for the machine to carry them: each rule names the pair that breaks it.
//
// Pure. Who floats is in no pair, and a machine that hides its caches has no rules.
#pragma once
#include "topo/placement.h"

//        rule      what it says
#define RULES(R) \
	R(CPU, cpu, "every processor that is named is there, and ours") \
	R(CORE, core, "no two loops share a core, be it as its threads") \
	R(BOUNDARY, boundary, "one worker an L2 boundary") \
	R(CHAIN, chain, "the primary and its workers share an L3 cache, or where none is shown a NUMA node") \
	R(NIC, nic, "the primary is on the NUMA node of its ports' NICs")

enum rule {
#define R(NAME, name, says) RULE_##NAME,
	RULES(R)
#undef R
	    RULE_COUNT
};

struct rule_break {
	enum rule rule;
	char first[64], second[64]; // who and where: "worker 0 (CPU 2)", "n3 (0000:3b:00.0)"
	char why[128];              // what joins or parts them
};

typedef void rule_hear(void *arg, const struct rule_break *broken);

const char *rule_name(enum rule rule); // "boundary"
const char *rule_says(enum rule rule);

// Tells each pair once, by the first rule that it breaks. Returns how many there are.
unsigned rule_check(const struct placement *placement, const struct topo *topo, rule_hear *hear, void *arg);
