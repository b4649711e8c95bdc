// secure.h - dialling shoal-ctrl, with TLS where the url says so, and saying why it did not work. No state of its own.
#pragma once
#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctrl/cli/cli.h"

// A dialer for the url, not started yet. 0 or an NNG error; where a file is at fault it is said already and the error is
// NNG_ECANCELED.
int secure_dialer(const struct cli_tls *tls, nng_socket socket, const char *url, nng_dialer *dialer);

struct secure_place {
	char host[256], port[8];
};

// Where a url leads: tls+tcp://host:port, tls+tcp://[host]:port.
void secure_place(const char *url, struct secure_place *place);

// Tries once more, with a library that tells what it does not like. False: it has nothing to say either.
bool secure_why(const struct cli_tls *tls, const char *url, char *why, size_t bytes);

// Says on stderr why there is no connection to the url (an NNG error), and what may be done about it.
void secure_say(const struct cli_tls *tls, const char *url, int error);
