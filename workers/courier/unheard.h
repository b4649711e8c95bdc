// unheard.h - what ctrl was told in this connection and has not confirmed: how far the report rings may be given back.
//
// A report with last counters is the only copy of them, so it stays in its ring until ctrl says that they are durable; whoever of
// courier and ctrl dies before, it is told again. Messages without any hold up nothing. Pure; the courier's thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/limits.h"

#define UNHEARD_MAX 64u // messages with last counters on their way at once

struct unheard {
	uint64_t said, heard;        // number of the last message; of the last one ctrl has confirmed
	uint32_t given[PLANE_SEATS]; // up to here nobody needs the rings' reports any more
	uint32_t first, count;       // of kept[]
	struct {
		uint64_t number;
		uint32_t tail[PLANE_SEATS];
	} kept[UNHEARD_MAX];
};

// A connection begins; the rings' reports are needed from `tail` on.
void unheard_begin(struct unheard *unheard, const uint32_t *tail);

// A ring of a seat that comes to us, or comes back: needed from `tail` on, whatever was on its way before.
void unheard_resume(struct unheard *unheard, unsigned seat, uint32_t tail);

bool unheard_has_room(const struct unheard *unheard);

// The next message was handed over; with it everything up to `tail` is told. keep: it has last counters (unheard_has_room).
void unheard_say(struct unheard *unheard, const uint32_t *tail, bool keep);

// The next message was handed over, and has nothing of the rings.
void unheard_count(struct unheard *unheard);

// ctrl has everything up to this number. A number that was never said is ignored.
void unheard_hear(struct unheard *unheard, uint64_t number);
