// measured.h - what is known of one session by whoever counts: its measures, and what packets have said beside (measures.h).
#pragma once
#include "ctrl/measure/measure.h"
#include "shared/wire/sheet.h"

#define MEASURES_MAX SHEET_URRS // of a session

// Of a session, beside its measures; plain words, stored as they are.
struct measured_state {
	uint64_t last_ms;                // of its packets, as far as is known; its creation at first
	uint64_t silent;                 // that there are none since has been told
	uint64_t episode;                // first packet waiting: the last one that was told of
	uint64_t waiting;                // ... one that has not been told yet; 0 = none
	uint64_t waiting_packet;         // its rule, TOS and QFI
	uint64_t dropped_ns, dropped_by; // release.h: what was parked before then, by that primary, is dropped
	uint64_t kept_ms;                // what waits is kept until then, and dropped then; 0 = it waits as long as any
	uint64_t kept_episode;           // ... in this episode alone,
	uint64_t kept_packets;           // and so many, and 1; 0 = as many as else (compile.h: compile_kept)
	uint64_t waiting_ms;             // `waiting` is told of then, unless it is over before; 0 = at once
};

// How late it is told that packets of this rule wait.
struct measured_delay {
	uint32_t rule, ms;
};

struct measured {
	uint64_t due_ms;       // its entry in the heap; UINT64_MAX = none
	uint32_t inactivity_s; // of the session
	uint32_t delay_ms;     // of what tells of its first packet waiting, whichever rule's it is; unless there are
	uint8_t delays;        // ... some, a struct measured_delay each, behind the measures (measures_delay.c)
	bool marked;           // its row is behind
	uint8_t count;
	struct measured_state state;
	struct measure measure[];
};
