// event.h - the event stream: numbered Events of oss.proto to whoever subscribes (NNG PUB).
//
// Numbers are dense, so a subscriber sees what it missed; they start again with ctrl. Never blocks. The main thread owns it.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <nng/nng.h>
#include "proto/porter.h"
#include "proto/oss.pb-c.h"

#define EVENT_TOPIC "shoal."

struct event {
	nng_socket socket;
	struct porter porter;
	_Atomic bool heard; // somebody has ever subscribed
	uint64_t number;    // of the last one
};

int event_open(struct event *event, const char *url);  // 0, or -errno with a log line
void event_tick(struct event *event, uint64_t now_ns); // keeps the door open

// Gives the message its number and time, and sends it.
void event_tell(struct event *event, Shoal__Oss__Event *message);
