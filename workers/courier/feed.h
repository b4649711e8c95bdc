// feed.h - the courier's connection to ctrl: dialled, never blocking, one thread.
//
// One message may be on its way when ctrl is slow; who has another waits.
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include "proto/feed_codec.h"

#define FEED_REDIAL_MS 20 // between two attempts to connect

struct feed;

// feed_tick will dial <run_dir>/feed-<nest>.ipc. 0 or -ENOMEM.
int feed_open(struct feed **feed, const char *run_dir, unsigned nest);
void feed_close(struct feed *feed);

// At every turn: dials where there is no connection.
void feed_tick(struct feed *feed, uint64_t now_ns);

// Number of the present connection; 0 = none. A new number: everything begins with Hello.
uint32_t feed_connection(const struct feed *feed);

// Takes a message. 0; -EAGAIN nothing there; -EBADMSG it was no sound word (logged, dropped).
int feed_receive(struct feed *feed, struct feed_word *word);

// 0 = taken; -EAGAIN: the last one is still on its way, or there is no connection.
int feed_send(struct feed *feed, const struct feed_word *word);

void feed_flush(struct feed *feed);       // goes on with what is on its way
bool feed_empty(const struct feed *feed); // nothing is

// What to poll for; hearing: whether words of ctrl are wanted now.
struct pollfd feed_poll(const struct feed *feed, bool hearing);
