// ctrl_home.h - a folder in /tmp for a shoal-ctrl that is shot again and again: its configuration, store, sockets and log. One thread
// opens and sweeps it; what is in the struct is read by any.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct ctrl_home {
	char dir[64], door[128]; // door: the path of the RPC socket
};

bool ctrl_home_open(struct ctrl_home *home);                              // false: errno says why
pid_t ctrl_home_start(const struct ctrl_home *home, const char *program); // as fork; what it says is added to the log
void ctrl_home_sweep(const struct ctrl_home *home);                       // once nothing runs there
