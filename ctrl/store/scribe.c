// scribe.c - the writing thread, and how the main thread hears of it.
#include "ctrl/store/scribe.h"
#include <errno.h>
#include <stddef.h>
#include "shared/base/clock.h"

// What nobody can say of the batch, nobody is told: it stays under way, so nothing is written upon it, either.
static void settle(struct scribe *scribe)
{
	bool turned = scribe->refusing != scribe->error;

	scribe->refusing = scribe->error;
	scribe->lost |= scribe->error == -EUCLEAN;
	if (!scribe->lost)
		scribe->batch = NULL; // who hears of it may write the next one
	if (turned && scribe->turned)
		scribe->turned(scribe->turned_with, scribe->error);
	if (!scribe->lost)
		scribe->settle(scribe->with, scribe->error);
}

static void on_written(struct inbox_item *item)
{
	struct scribe *scribe = (struct scribe *)((char *)item - offsetof(struct scribe, written));

	if (scribe_busy(scribe)) // scribe_stop may have seen to it
		settle(scribe);
}

void scribe_open(struct scribe *scribe, const struct store *store)
{
	*scribe = (struct scribe){ .store = store, .written.run = on_written };
}

static bool work_wait(struct scribe *scribe)
{
	bool ready;

	pthread_mutex_lock(&scribe->lock);
	while (!scribe->ready && !scribe->ending)
		pthread_cond_wait(&scribe->wake, &scribe->lock);
	ready = scribe->ready;
	scribe->ready = false;
	pthread_mutex_unlock(&scribe->lock);
	return ready;
}

static void *scribe_run(void *with)
{
	struct scribe *scribe = with;

	pthread_setname_np(pthread_self(), "shoal-scribe");
	while (work_wait(scribe)) {
		scribe->error = batch_write(scribe->batch, scribe->store);
		inbox_post(scribe->inbox, &scribe->written);
	}
	return NULL;
}

int scribe_start(struct scribe *scribe, struct inbox *inbox)
{
	int error;

	pthread_mutex_init(&scribe->lock, NULL);
	pthread_cond_init(&scribe->wake, NULL);
	scribe->inbox = inbox;
	error = pthread_create(&scribe->thread, NULL, scribe_run, scribe);
	if (error)
		scribe->inbox = NULL;
	return -error;
}

void scribe_stop(struct scribe *scribe)
{
	if (!scribe->inbox)
		return;
	pthread_mutex_lock(&scribe->lock);
	scribe->ending = true;
	pthread_cond_signal(&scribe->wake);
	pthread_mutex_unlock(&scribe->lock);
	pthread_join(scribe->thread, NULL);
	scribe->inbox = NULL;
	if (scribe_busy(scribe))
		settle(scribe);
}

uint64_t scribe_age_ns(const struct scribe *scribe)
{
	return scribe_busy(scribe) ? clock_ns() - scribe->since_ns : 0;
}

void scribe_write(struct scribe *scribe, const struct batch *batch, void (*done)(void *with, int error), void *with)
{
	scribe->batch = batch;
	scribe->settle = done;
	scribe->with = with;
	scribe->since_ns = clock_ns();
	if (!scribe->inbox) {
		scribe->error = batch_write(batch, scribe->store);
		settle(scribe);
		return;
	}
	pthread_mutex_lock(&scribe->lock);
	scribe->ready = true;
	pthread_cond_signal(&scribe->wake);
	pthread_mutex_unlock(&scribe->lock);
}
