// telling.h - what a node has been told of what we can (node_update.c), of our load (load.h), and of GTP-U paths, and what of them it is being told: by the paths'
// places in the node (path_places.h).
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define TELLING_PATHS 16384u // as many as ctrl supervises (PATHS_MAX)
#define TELLING_REPORT 48u   // in one report

struct assoc;

enum load_trial {
	LOAD_UNTRIED,
	LOAD_TRIED,   // one answer that tells of it is out
	LOAD_HEARD,   // and was not asked for again
	LOAD_UNHEARD, // and was
};

struct load_told {
	uint32_t load, overload; // sequences
	uint64_t load_ns, overload_ns;
	enum load_trial trial;
	unsigned trials;
	uint32_t answer; // the sequence number of the one on trial
	uint64_t tried_ns;
};

struct updating { // an Association Update of ours
	struct assoc *assoc;
	bool under_way;
	uint64_t says;   // our features
	uint64_t due_ns; // not before then
};

struct telling {
	struct assoc *assoc;
	struct load_told load;
	uint64_t knows;  // our features, as it was told; 0: by a build that did not note it
	bool leave_owed; // that we want the association to be released
	struct updating updating;
	uint64_t told[TELLING_PATHS / 64]; // as failed: bits
	uint16_t report[TELLING_REPORT];   // under way: places; first `failed` that have, then `back`
	uint16_t turn;                     // the place that is told first next time
	uint8_t failed, back;
	bool under_way;
	uint64_t due_ns;   // not before then
	uint64_t pause_ns; // since nobody answers; 0: they do
};
