// client.h - one connection to shoal-ctrl and calls over it. Says on stderr what went wrong; one thread.
#pragma once
#include <nng/nng.h>

#include "ctrl/cli/cli.h"
#include "ctrl/cli/units.h"
#include "proto/oss.pb-c.h"

// The same as the body of the public protocol: one message is at most this long.
#define CLIENT_MESSAGE_MAX (1u << 20)

// Dials if that has not happened yet. CLI_OK, or CLI_UNREACHABLE and the reason is said. *socket lives until client_close.
int client_connect(struct cli *cli, nng_socket *socket);

// One request and its answer. Sets version and deadline, and a key where `changes`. CLI_OK: *response is to be given to
// client_free. Otherwise the exit code, the error is said, and *response is null.
int client_call(struct cli *cli, Shoal__Oss__Request *request, bool changes, Shoal__Oss__Response **response);
void client_free(Shoal__Oss__Response *response);

void client_close(struct cli *cli);

// The packed request as a message to send, or null without memory; and a received message as a response, or null if it is none.
nng_msg *client_pack(const Shoal__Oss__Request *request);
Shoal__Oss__Response *client_unpack(nng_msg *message);

// "NOT_FOUND", for people and scripts; unknown ones: "CODE_17".
struct units_text client_code(int code);

// Says why shoal-ctrl refused, on stderr, or on stdout as {"error": ...}.
void client_say_refused(const struct cli *cli, const Shoal__Oss__Status *status);

// Says what became of the connection (an NNG error), on stderr.
void client_say_lost(const struct cli *cli, int error);
