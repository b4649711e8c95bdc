// scribe.h - writes batches into the store in a thread of its own, so that a slow disk holds up those who change things and nobody else.
//
//   main thread: fill a batch -> scribe_write          (goes on: reads, feeds, events)
//   scribe:                      begin, put, commit    (fsync takes what it takes)
//   main thread:                                       -> settle(error), out of its inbox
//
// One batch at a time; its owner leaves it alone until it is settled. Until scribe_start, and after scribe_stop, there is no thread:
// scribe_write writes at once and settles before it returns, as tests and the simulation want it.
#pragma once
#include <pthread.h>
#include "ctrl/kit/inbox.h"
#include "ctrl/store/batch.h"

struct scribe {
	const struct store *store;
	struct inbox_item written; // the thread's word to the main thread
	struct inbox *inbox;       // null = no thread
	const struct batch *batch; // under way; null = none
	void (*settle)(void *with, int error);
	void *with;
	uint64_t since_ns; // when it was handed over
	bool wanted;       // by another than who writes one batch after the other
	int error;
	// The store begins to refuse, with this error, or takes again (0). Null: nobody asks.
	void (*turned)(void *turned_with, int error);
	void *turned_with;
	int refusing; // the last batch's error
	// The store may hold what failed: end the process, the next start reads the truth. Until then the batch is under way.
	bool lost;
	pthread_t thread;
	pthread_mutex_t lock; // of ready and ending
	pthread_cond_t wake;
	bool ready, ending;
};

void scribe_open(struct scribe *scribe, const struct store *store);
int scribe_start(struct scribe *scribe, struct inbox *inbox); // 0 or -errno
void scribe_stop(struct scribe *scribe);                      // after what is under way

static inline bool scribe_busy(const struct scribe *scribe)
{
	return scribe->batch != NULL;
}

// Who finds it busy and writes now and then says so; who always has another batch gives way: once, and not before it is free.
static inline void scribe_want(struct scribe *scribe)
{
	scribe->wanted = true;
}

static inline bool scribe_wanted(const struct scribe *scribe)
{
	return scribe->wanted;
}

static inline bool scribe_gives_way(struct scribe *scribe)
{
	bool wanted = scribe->wanted;

	scribe->wanted = false;
	return wanted;
}

// How long the batch under way has been with the disk, nanoseconds; 0: none is.
uint64_t scribe_age_ns(const struct scribe *scribe);

// Not while it is busy. settle: 0, or the store's error and nothing is written (store.h); not called if nobody can say (lost).
void scribe_write(struct scribe *scribe, const struct batch *batch, void (*settle)(void *with, int error), void *with);
