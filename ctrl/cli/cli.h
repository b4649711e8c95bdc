// cli.h - what every command of `shoal` is given: where shoal-ctrl is, how long to wait, how to print.
//
// One thread, one command, one connection; main.c owns the one struct cli.
#pragma once
#include <stdbool.h>

// Exit codes: part of the interface, written in the manual page.
enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,     // shoal-ctrl said no; of topo: the machine does
	CLI_USAGE = 2,       // the command line was not understood
	CLI_UNREACHABLE = 3, // no connection, or no answer in time
	CLI_PARTLY = 4,      // some of it is done: an import with bad lines, an export that could not say everything
};

// Of a connection over tls+tcp: who vouches for the gateway, and who we are. PEM files; null = not given.
struct cli_tls {
	const char *ca, *cert, *key;
	const char *name; // in the gateway's certificate; null = the url's host
};

struct client;

struct cli {
	char url[300];
	char event_url[300];
	struct cli_tls tls;
	unsigned timeout_ms;
	bool json;
	const char *key;       // request key given by the caller, or null for a random one
	struct client *client; // opened by the first call
};
