// meet.h - the first words between a nursery and the primary: HELLO, and what is answered. The nursery's thread; no state.
#pragma once
#include <stdbool.h>
#include "shared/plane/nest.h"

enum met {
	MET_WELCOME,
	MET_AGAIN,    // nobody is there, or he left before he answered
	MET_STAND_BY, // another nursery serves; word->dir says so
	MET_REFUSED,  // for good; logged
};

// A socket on which HELLO has been said; or -errno, and it is worth trying again soon.
int meet_dial(const char *run_dir, bool upgrade);

// Takes the answer; bell[NEST_BELLS] is filled by MET_WELCOME alone. The socket stays the caller's.
enum met meet_answer(int socket, struct nest_word *word, int *bell);
