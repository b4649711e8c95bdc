// nest.h - the words between primary and nurseries, over SOCK_SEQPACKET sockets at <run_dir>/nest.sock.
//
// The primary listens, nurseries dial. Each message is one struct nest_word, sent whole; file descriptors travel beside it
// (SCM_RIGHTS). Neither side blocks on the other: a full socket closes it. The words keep their shape from build to build.
//
//   nursery -> HELLO                             abi, lines, build, pid; status 1: I was started for an upgrade
//   primary -> WELCOME nest; fds: bells          file prefix, huge dir; or REFUSE with a reason, status 1 = come again
//   nursery -> BANK bytes                        EAL is up, plane found: so large are all shards as I lay them out
//   primary -> BANK bytes; fds: bank, image      the bank of this layout; or REFUSE
//   nursery -> READY
//   primary -> START seat                        fork a worker for this seat (its page is reset)
//   nursery -> FORKED seat, pid; fd: pidfd
//   nursery -> DIED seat, pid, status            waitpid's status, for the log; the primary learnt it before, by itself
//   primary -> LEAVE                             all its seats are empty, or no service keeps it and we stop: exit with 0
//
// There are PLANE_NESTS nests: places for a nursery and the workers and the courier it forks, all of one build. One is home: the
// other holds a build on its way in, or out. A nursery that dies may be followed by another of the same build. When the socket
// hangs up because the primary is gone, the nursery kills its children and leaves; nothing of one generation outlives it.
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
	NEST_BANK,
	NEST_LEAVE,
	NEST_VERBS
};

// Doorbells, eventfds made by the primary; index of the fd in WELCOME.
enum nest_bell {
	NEST_BELL_SEAT0,                                   // seat n's: NEST_BELL_SEAT0 + n
	NEST_BELL_PRIMARY = NEST_BELL_SEAT0 + PLANE_SEATS, // rung by workers for the primary's loop
	NEST_BELL_COURIER0,                                // rung by workers for the courier of nest n: + n
	NEST_BELLS = NEST_BELL_COURIER0 + PLANE_NESTS
};

struct nest_word {
	uint32_t verb; // enum nest_verb
	uint32_t seat;
	int32_t pid;
	int32_t status;
	uint64_t generation;
	uint64_t bytes;                // BANK
	uint32_t abi;                  // HELLO: PLANE_ABI
	uint32_t nest;                 // WELCOME
	char lines[PLANE_LINES_BYTES]; // HELLO: plane_lines
	char build[64];                // HELLO
	char prefix[64];               // WELCOME: EAL file prefix
	char dir[256];                 // WELCOME: hugetlbfs mount. REFUSE: the reason
	uint8_t more[24];
};
_Static_assert(sizeof(struct nest_word) == 512, "the same in every build");

// Sends word with nfds descriptors. 0, or -errno (-EAGAIN: the socket is full).
int nest_send(int socket, const struct nest_word *word, const int *fds, unsigned nfds);

// Receives one word. Writes at most *nfds descriptors (close-on-exec) and sets *nfds to how many came. Strings come back
// terminated. 0; -EAGAIN nothing there; -ECONNRESET the other side is gone; -EPROTO malformed (descriptors closed).
int nest_receive(int socket, struct nest_word *word, int *fds, unsigned *nfds);
