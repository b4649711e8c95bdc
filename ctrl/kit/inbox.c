// inbox.c - a locked list and a doorbell.
#include "ctrl/kit/inbox.h"
#include <unistd.h>
#include "shared/base/bell.h"

int inbox_open(struct inbox *inbox)
{
	*inbox = (struct inbox){ .lock = PTHREAD_MUTEX_INITIALIZER };
	inbox->bell = bell_make();
	return inbox->bell < 0 ? inbox->bell : 0;
}

void inbox_close(struct inbox *inbox)
{
	close(inbox->bell);
	pthread_mutex_destroy(&inbox->lock);
}

void inbox_post(struct inbox *inbox, struct inbox_item *item)
{
	bool first;

	pthread_mutex_lock(&inbox->lock);
	first = !inbox->first;
	if (!item->queued) {
		item->queued = true;
		item->next = NULL;
		if (inbox->first)
			inbox->last->next = item;
		else
			inbox->first = item;
		inbox->last = item;
	}
	pthread_mutex_unlock(&inbox->lock);
	if (first)
		bell_ring(inbox->bell);
}

static struct inbox_item *all_take(struct inbox *inbox)
{
	struct inbox_item *first;

	bell_hush(inbox->bell);
	pthread_mutex_lock(&inbox->lock);
	first = inbox->first;
	inbox->first = inbox->last = NULL;
	pthread_mutex_unlock(&inbox->lock);
	return first;
}

void inbox_run(struct inbox *inbox)
{
	struct inbox_item *item = all_take(inbox);

	while (item) {
		struct inbox_item *next = item->next;

		pthread_mutex_lock(&inbox->lock);
		item->queued = false;
		pthread_mutex_unlock(&inbox->lock);
		item->run(item);
		item = next;
	}
}
