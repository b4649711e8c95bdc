// oss_line.h - a client of shoal-ctrl's RPC door that outlives shoal-ctrl: it dials again whenever nobody answers.
//
// Speaks proto/sp.h on a plain socket: some hundred dials and closes a second, from many threads, are more than NNG 1.5's dialer bears. One
// thread a line.
#pragma once
#include "proto/oss.pb-c.h"

struct oss_line {
	const char *path; // of the socket
	int fd;           // -1 = not connected
};

// Asks, again and again, until there is an answer, which is the caller's to free. Null: none in so many seconds.
Shoal__Oss__Response *oss_ask(struct oss_line *line, Shoal__Oss__Request *request, unsigned patience_s);

void oss_hang_up(struct oss_line *line);
