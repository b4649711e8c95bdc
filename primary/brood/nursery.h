// nursery.h - one nest: a place for a nursery and the workers and the courier it forks; and the conversation with that nursery.
//
//   vacant --admitted: WELCOME--> BANK asked and given --> READY --> ... --hung up--> gone; its workers live on
//                                                                  --told to LEAVE--> gone
//
// Who may have which nest is decided in nests.h. Owned by the fleet thread; never blocks.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/nest.h"

struct brood_parts;

#define NURSERY_TEXT 200u

struct nursery {
	const struct brood_parts *part;
	unsigned number;
	int socket;                    // -1 = nobody is there
	int32_t pid;                   // of who is, or was
	char build[64];                // "" = vacant
	char lines[PLANE_LINES_BYTES]; // how that build lays out its lines
	int bank;                      // where it finds them; -1 = not asked for yet
	bool ready;                    // it can fork
	bool follows;                  // no service keeps it: it leaves when we do
	bool leaving;                  // it shall leave,
	bool told;                     // and knows
	uint64_t now_ns;               // when the brood began to work
	uint64_t since_ns;             // when it came, was spawned, or was to leave: what it does next has a time limit
	uint64_t gone_ns;              // when it hung up
	int process;                   // pidfd of who we spawned ourselves; -1 = nobody
	int32_t spawned;               // and its pid
	char error[NURSERY_TEXT];      // what went wrong last
};

void nursery_init(struct nursery *nursery, const struct brood_parts *parts, unsigned number);
void nursery_close(struct nursery *nursery);

// Takes in a caller: socket and HELLO are the nest's from here on.
void nursery_welcome(struct nursery *nursery, int socket, const struct nest_word *hello);

// The next word about a seat (FORKED with a pidfd or DIED, else *pidfd is -1); false: there is none. Answers the others itself.
bool nursery_hear(struct nursery *nursery, struct nest_word *word, int *pidfd);

void nursery_start(struct nursery *nursery, unsigned seat); // asks for a worker
void nursery_leave(struct nursery *nursery);                // tells it to leave
void nursery_hang_up(struct nursery *nursery, const char *why);

// Notes what went wrong, for whoever asks, and logs it.
void nursery_fault(struct nursery *nursery, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool nursery_there(const struct nursery *nursery)
{
	return nursery->socket >= 0;
}

static inline bool nursery_vacant(const struct nursery *nursery)
{
	return !nursery->build[0] && nursery->socket < 0 && nursery->process < 0;
}
