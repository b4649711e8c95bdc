// load.h - how loaded we are, as CP functions are told it in answers and reports: Load Control Information (TS 29.244 6.2.3) by those who
// choose among gateways, Overload Control Information (6.2.4) by those who ask too much.
//
// Load is how busy workers are, or how full the store is, whichever is more; overload how many requests wait. Each is told to who
// announces LOAD or OVRL when it changes, and again once a minute, for an answer may be lost; overload with every answer while it lasts.
//
// OAI's SMF announces both, reads neither, and throws a message away that has an IE it does not know. So one answer is tried first: the
// peer that does not ask again has heard of it, and goes on hearing. To who asks again the answer goes without (deal.h); he is tried
// once more a minute later, and then left alone until he associates anew.
//
//   untried ── load_tried ──> tried ── ten seconds ──> heard
//      ^                        └── load_unheard ──> unheard
//      └──────────── a minute, once ────────────────────┘
//
// Pure: time and state are told. One thread.
#pragma once
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/peer/telling.h"

#define LOAD_BYTES 64u // of what is put into a message, at most

struct load_metric {
	uint8_t metric;    // percent
	uint32_t sequence; // grows with each change, beyond our death: seconds of the wall clock
};

struct load {
	struct load_metric load, overload;
};

void load_is(struct load *load, unsigned percent, uint64_t wall_ms);
// waiting: of so many that may. From a quarter on the metric says how much less is wanted.
void load_waits(struct load *load, unsigned waiting, unsigned most, uint64_t wall_ms);

// What is due, if any. features: of the CP function.
void load_put(const struct load *load, uint64_t features, struct load_told *told, uint64_t now_ns,
	      struct pfcp_writer *writer);

// Whether it may be told of anything now: in an answer, or in a message that has no other answer to fall back on.
bool load_may(struct load_told *told, bool answer, uint64_t now_ns);
void load_tried(struct load_told *told, uint32_t sequence, uint64_t now_ns); // that answer tells of it
void load_unheard(struct load_told *told, uint32_t sequence);                // and was asked for again
