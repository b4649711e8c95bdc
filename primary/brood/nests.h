// nests.h - the places for nurseries: who may have which, which is home, and how another build comes and goes.
//
// One nest is home: seats that are wanted for the first time start there. The other holds a build on its way in, or out. A nursery
// that says HELLO gets the nest where its build's workers live without one; else, if we spawned it, the one we meant it for; else the
// home nest if no nursery is there - or a free one, which becomes home, if workers of another build live on in that. Who gets none
// may come again. Owned by the fleet thread; never blocks.
#pragma once
#include "primary/brood/nursery.h"

#define NESTS_READY_NS 60000000000ull // from being spawned or welcomed to READY
#define NESTS_LEAVE_NS 10000000000ull // from LEAVE to its end
#define NESTS_TELL_NS 1000000000ull   // what couriers leave unread keeps a nest from leaving for so long
#define NESTS_COME_NS 2000000000ull   // for so long a nest waits for the next nursery of its build

struct nests {
	const struct brood_parts *part;
	int epoll; // process descriptors are watched here
	unsigned home;
	struct nursery nest[PLANE_NESTS];
};

// What the seats have to do with the nests; sets of nests.
struct nests_use {
	uint32_t lived; // workers live there
	uint32_t used;  // or are wanted
	uint32_t spoke; // reports lie in rings, for its courier to read
};

void nests_init(struct nests *nests, const struct brood_parts *parts, int epoll);
void nests_close(struct nests *nests); // tells those that we run to leave

void nests_tick(struct nests *nests, uint64_t now_ns); // it is now so late

// A caller's HELLO: gives it a nest and returns its number, or -EAGAIN: there is none for it now.
int nests_admit(struct nests *nests, int socket, const struct nest_word *hello, struct nests_use use);

// The next word of a nest about a seat, as nursery_hear.
bool nests_hear(struct nests *nests, unsigned nest, struct nest_word *word, int *pidfd);

// This process was turned away at the door, unless `why` is null: if we run it, its nest comes to nothing for that.
void nests_refused(struct nests *nests, int32_t pid, const char *why);

// A descriptor of the epoll is readable. True: it was a process of ours.
bool nests_event(struct nests *nests, int fd);

// Time limits, LEAVE, nests that fall vacant: now and then, and when it is due.
void nests_keep(struct nests *nests, struct nests_use use);
uint64_t nests_due(const struct nests *nests);

// The nest for a worker whose seat is of this one: it, or home if its nursery is gone for good. PLANE_NEST_NONE: not now.
unsigned nests_for(const struct nests *nests, unsigned nest);

// Orders. 0, or -errno with the reason in `why` (NURSERY_TEXT bytes).
int nests_load(struct nests *nests, const char *path, char *why);
int nests_retire(struct nests *nests, unsigned nest, struct nests_use use, char *why);
int nests_move_home(struct nests *nests, unsigned nest, char *why);
