// gauge.h - what the gauge's loop and its orders share. One thread owns all of it.
#pragma once
#include <stdbool.h>
#include "tests/chaos/account.h"

struct gauge {
	struct gauge_session *session;
	struct gauge_book book;
	struct account account;
	struct gauge_template template[GAUGE_WAYS];
	uint64_t hz, pps;
	uint64_t stall_ticks;      // a turn longer than this stood still
	uint64_t stalled, turn_at; // so far; when this turn began
	uint64_t due[GAUGE_WAYS];  // when the next packet leaves, in 1/256 ticks since base
	uint64_t base;
	uint32_t cursor[GAUGE_WAYS]; // whose turn it is
	bool sending, ready, quit;   // wanted; both sides can be sent to
	struct {
		bool waits;
		uint32_t from, to;
		uint64_t until_ns;
	} settle;
	struct {
		enum { STRIKE_NONE, STRIKE_WAITS, STRIKE_MARKED, STRIKE_STRUCK } stage;
		pid_t pid;
		uint64_t at_ns, ns; // of the next stage; how long the span is
		uint64_t ticks;     // when it struck; 0 = whoever looks away now misses nothing
	} strike;
};

int gauge_load(struct gauge *gauge, const char *path); // another list of sessions, and a new account; 0 or -errno
void gauge_go(struct gauge *gauge);                    // begins to send, at gauge->pps
void orders_work(struct gauge *gauge, uint64_t now_ns);

// A turn that stands still may do so between its sending and its receiving: what is received then is later by that already.
static inline struct account_time gauge_time(const struct gauge *gauge, uint64_t ticks)
{
	uint64_t turn = gauge->turn_at ? ticks - gauge->turn_at : 0;

	return (struct account_time){ ticks, gauge->stalled + (turn > gauge->stall_ticks ? turn : 0) };
}
