// link.h - NNG sockets set up the way the house wants them: bounded messages, ipc sockets for their owner only.
#pragma once
#include <nng/nng.h>
#include <stddef.h>

#define LINK_MESSAGE_MAX (1024u * 1024)

// Listens on an ipc:// or tcp:// url. 0, or -errno with a log line that names `what` and the url.
int link_listen(nng_socket socket, const char *url, const char *what);

// -errno for an NNG error.
int link_error(int code);
