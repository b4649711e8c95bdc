// hearing.h - the numbers of one connection's messages: what came, and up to where the courier may forget it.
//
//   taken: a word went into memory that is not yet on disk        durable: everything taken before is
//
// Heard(n) is due when all that messages up to n brought is durable. A number that does not follow means a message was lost: the
// connection has to end, and the courier tells again what it kept. Pure; the main thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define HEARING_REST_NS 2000000u // one Heard for everything that came meanwhile

struct hearing_progress {
	uint64_t taken, durable;
};

struct hearing {
	uint64_t number;       // of the last message
	uint64_t asked, taken; // Heard(asked) is next, when so much is durable; 0 = none is
	uint64_t told, told_ns;
};

static inline bool hearing_take(struct hearing *hearing, uint64_t number)
{
	if (number != hearing->number + 1)
		return false;
	hearing->number = number;
	return true;
}

// The number to tell now, or 0. What came since the last was asked for waits for the next: durability is always some way behind.
static inline uint64_t hearing_due(struct hearing *hearing, const struct hearing_progress *progress, uint64_t now_ns)
{
	if (!hearing->asked && hearing->number > hearing->told) {
		hearing->asked = hearing->number;
		hearing->taken = progress->taken;
	}
	if (!hearing->asked || progress->durable < hearing->taken || now_ns - hearing->told_ns < HEARING_REST_NS)
		return 0;
	return hearing->asked;
}

static inline void hearing_tell(struct hearing *hearing, uint64_t now_ns)
{
	hearing->told = hearing->asked;
	hearing->told_ns = now_ns;
	hearing->asked = 0;
}
