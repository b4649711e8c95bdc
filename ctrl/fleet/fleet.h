// fleet.h - ctrl's side of fleet.proto: what the primary says about itself, and orders to it.
//
// Polls about five times a second and after every order; never blocks, works without a primary. The main thread owns it.
#pragma once
#include <poll.h>
#include "proto/fleet.pb-c.h"
#include "shared/wire/shard.h"
#include "shared/plane/limits.h"

#define FLEET_SOCKET "fleet.ipc" // in the run directory; the primary listens

struct fleet;

struct fleet_hooks {
	void *with;
	void (*state)(void *with);                                   // fleet_state is new, or null now
	void (*event)(void *with, const Shoal__Fleet__Event *event); // each once
	void (*reborn)(void *with); // another primary than before: it knows no exceptions yet
};

// 0 or -ENOMEM. It lives as long as the process.
int fleet_open(const char *run_dir, const struct fleet_hooks *hooks, struct fleet **fleet);
void fleet_tick(struct fleet *fleet, uint64_t now_ns); // about every 50 ms

// Hears the primary: when fleet_poll has something.
void fleet_serve(struct fleet *fleet);
struct pollfd fleet_poll(const struct fleet *fleet);

// The primary's last word; null = none in the last seconds. Valid until the next fleet_serve or fleet_tick.
const Shoal__Fleet__State *fleet_state(const struct fleet *fleet);

// Share of the time the worker in this seat was busy between the last two polls.
uint32_t fleet_busy_permille(const struct fleet *fleet, uint32_t seat);

// Sends an order (not kept). 0: `done` is called once, later, with the primary's answer, or null: none came. -EBUSY: too many
// orders wait already.
typedef void fleet_done(void *with, const Shoal__Fleet__Answer *answer);
int fleet_order(struct fleet *fleet, const Shoal__Fleet__Order *order, fleet_done *done, void *with);
