// feed.h - the courier's socket to ctrl: NNG PAIR, dialled, never blocking.
//
// One message may wait in the outbox when ctrl is slow; who has another waits. NNG's threads only count connections and ring
// the bell; everything else is for the courier's one thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "proto/feed_codec.h"

struct feed;

// Dials <run_dir>/feed-<nest>.ipc now and whenever it is lost. bell: rung when a connection comes or goes. 0 or -errno, logged.
int feed_open(struct feed **feed, const char *run_dir, unsigned nest, int bell);
void feed_close(struct feed *feed);

// A few times a second: dials anew where there has been no connection for a while (porter.h).
void feed_tick(struct feed *feed, uint64_t now_ns);

// Number of the present connection; 0 = none. A new number: everything begins with Hello.
uint32_t feed_connection(const struct feed *feed);

// Takes a message. 0; -EAGAIN nothing there; -EBADMSG it was no sound word (logged, dropped).
int feed_receive(struct feed *feed, struct feed_word *word);

// Sends past the outbox: for Hello, which comes first. 0 or -EAGAIN.
int feed_send_now(struct feed *feed, const struct feed_word *word);

// Puts the word into the outbox and tries to send it. 0 = taken; -EAGAIN: the last one is still there.
int feed_send(struct feed *feed, const struct feed_word *word);

void feed_drop(struct feed *feed); // what the outbox holds: the last connection's

// Tries to send what the outbox holds.
void feed_flush(struct feed *feed);
bool feed_empty(const struct feed *feed); // the outbox

// Descriptors to poll for POLLIN: something to receive; something can be sent.
int feed_receive_fd(const struct feed *feed);
int feed_send_fd(const struct feed *feed);
