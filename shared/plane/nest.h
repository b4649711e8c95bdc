// nest.h - the words between primary and nursery, over one SOCK_SEQPACKET socket at <run_dir>/nest.sock.
//
// The primary listens, the nursery dials. Same build only, checked at hello. Each message is one struct nest_word,
// sent whole; file descriptors travel beside it (SCM_RIGHTS). Neither side blocks on the other: a full socket closes it.
//
//   nursery -> HELLO                             layout, build, pid
//   primary -> WELCOME fds: bells                file prefix, huge dir; or REFUSE with a reason
//   nursery -> READY                             EAL is up, plane found
//   primary -> START seat                        fork a worker for this seat (its page is reset)
//   nursery -> FORKED seat, pid; fd: pidfd
//   nursery -> DIED seat, pid, status            waitpid's status, for the log; the primary learnt it before, by itself
//
// The nursery also forks the courier, whenever there is none. When the socket hangs up because the primary is gone, the
// nursery kills its workers and leaves; nothing of one generation outlives it.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/plane/plane.h"

#define NEST_SOCKET "nest.sock"

enum nest_verb {
	NEST_HELLO = 1,
	NEST_WELCOME,
	NEST_REFUSE,
	NEST_READY,
	NEST_START,
	NEST_FORKED,
	NEST_DIED,
	NEST_VERBS
};

// Doorbells, eventfds made by the primary; index of the fd in WELCOME.
enum nest_bell {
	NEST_BELL_SEAT0,                                   // seat n's: NEST_BELL_SEAT0 + n
	NEST_BELL_PRIMARY = NEST_BELL_SEAT0 + PLANE_SEATS, // rung by workers for the primary's loop
	NEST_BELL_COURIER,                                 // rung by workers for the courier
	NEST_BELLS
};

struct nest_word {
	uint32_t verb; // enum nest_verb
	uint32_t seat;
	int32_t pid;
	int32_t status;
	uint64_t generation;
	char layout[PLANE_LAYOUT_BYTES]; // HELLO
	char build[64];                  // HELLO
	char prefix[64];                 // WELCOME: EAL file prefix
	char dir[256];                   // WELCOME: hugetlbfs mount. REFUSE: the reason
};

// Sends word with nfds descriptors. 0, or -errno (-EAGAIN: the socket is full).
int nest_send(int socket, const struct nest_word *word, const int *fds, unsigned nfds);

// Receives one word. Writes at most *nfds descriptors (close-on-exec) and sets *nfds to how many came. Strings come back
// terminated. 0; -EAGAIN nothing there; -ECONNRESET the other side is gone; -EPROTO malformed (descriptors closed).
int nest_receive(int socket, struct nest_word *word, int *fds, unsigned *nfds);
