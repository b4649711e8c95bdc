// inbox.h - how other threads speak with the main thread: they put an item in and ring; it runs the items in order.
//
// An item belongs to whoever posts it and may be posted again once it has begun to run.
#pragma once
#include <pthread.h>
#include <stdbool.h>

struct inbox_item {
	struct inbox_item *next;
	void (*run)(struct inbox_item *item); // in the main thread
	bool queued;
};

struct inbox {
	pthread_mutex_t lock;
	struct inbox_item *first, *last;
	int bell; // readable while there may be items
};

int inbox_open(struct inbox *inbox); // 0 or -errno
void inbox_close(struct inbox *inbox);

// Any thread. An item that waits already stays where it is.
void inbox_post(struct inbox *inbox, struct inbox_item *item);

// Main thread: runs everything that was there when it began.
void inbox_run(struct inbox *inbox);
