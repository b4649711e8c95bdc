// event.h - the event stream: numbered Events of oss.proto to whoever subscribes (NNG PUB).
//
// Numbers are dense, so a subscriber sees what it missed; they start again with ctrl. Never blocks. The main thread owns it.
#pragma once
#include <stdint.h>
#include "proto/oss.pb-c.h"

#define EVENT_TOPIC "shoal."

struct oss;

struct event {
	struct oss *oss; // through whose doors it goes; null until they are open
	uint64_t number; // of the last one
};

// Gives the message its number and time, and sends it.
void event_tell(struct event *event, Shoal__Oss__Event *message);
