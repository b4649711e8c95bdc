// brood.h - the worker processes of this primary: asked from the nurseries, watched by pidfd, killed when condemned.
//
// Listens at <run_dir>/nest.sock for nurseries (nests.h). If one hangs up, its workers live on. A seat's next worker comes from
// the nest of the one before; a seat whose workers keep dying gets it later and later. Owned by the fleet thread; never blocks.
//
//   REST --brood_want--> DUE --its time has come, nursery ready: START--> ASKED --FORKED--> SITS --pidfd--> REST
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "primary/brood/banks.h"
#include "primary/brood/journal.h"
#include "primary/brood/nests.h"
#include "primary/loop/post.h"
#include "shared/plane/nest.h"

struct brood_parts {
	const char *run_dir, *prefix, *hugepage_dir;
	const char *config; // file, for nurseries that we run
	const struct plane_view *view;
	struct banks *banks;
	struct post *orders;
	struct journal *journal;
	int bell[NEST_BELLS];
};

struct brood;

int brood_open(const struct brood_parts *parts, struct brood **brood); // 0 or -errno with a log line
void brood_close(struct brood *brood);                                 // kills who is still there, hangs up

// An epoll descriptor: readable = call brood_work. Call it also at brood_due.
int brood_fd(const struct brood *brood);
void brood_work(struct brood *brood, uint64_t now_ns);
uint64_t brood_due(const struct brood *brood); // UINT64_MAX: never

void brood_want(struct brood *brood, unsigned seat, bool wanted, uint64_t now_ns);
void brood_kill(struct brood *brood, unsigned seat, int32_t pid);
void brood_death(struct brood *brood, unsigned seat, bool own_doing,
		 uint64_t now_ns); // not one that was ordered: backoff.h

// An operator wants it tried again, now, however often it died.
void brood_pardon(struct brood *brood, unsigned seat, uint64_t now_ns);

// The nest where the seat's next worker comes from. 0; -EBUSY: somebody of another nest sits there.
int brood_place(struct brood *brood, unsigned seat, unsigned nest);

// The seat's next worker comes from home, whoever sits there now.
void brood_call_home(struct brood *brood, unsigned seat);

int32_t brood_pid(const struct brood *brood, unsigned seat);   // 0 = nobody
unsigned brood_nest(const struct brood *brood, unsigned seat); // PLANE_NEST_NONE: whichever is home then
struct nests *brood_nests(struct brood *brood);

// What the seats have to do with the nests. wanted: set of seats that somebody wants filled.
struct nests_use brood_use(const struct brood *brood, uint32_t wanted);
