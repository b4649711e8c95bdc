// path_play.h - paths (ctrl/tell/path.h) with what they speak with played: the primary, the clock, who is told.
#pragma once
#include "ctrl/tell/path.h"

#define SECOND 1000000000ull
#define TICK (SECOND / 20)
#define GNB 0x0a630302u

struct path_play {
	struct paths paths;
	uint64_t now_ns;
	bool able, refuses;
	unsigned echoes;   // sent
	uint16_t sequence; // of the last
	uint32_t to;
	unsigned ups, downs, lost;
	struct path_error error; // the last one told
};

extern struct path_play played;

int paths_setup(void **state);
int paths_teardown(void **state);

void pass(uint64_t ns); // ticks; each order is answered at once

const struct path *path_to(uint32_t ipv4);
struct report said_by(uint32_t ipv4, enum report_kind kind);
void echo_from(uint32_t ipv4, uint16_t sequence);

struct session session_to(uint64_t id, uint32_t ipv4, uint32_t teid); // with a tunnel there
void set(struct session *session);
