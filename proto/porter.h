// porter.h - NNG listeners and dialers that a peer's death cannot break.
//
// NNG 1.5.2 gives up for good, and tells nobody, when a peer goes away in the middle of the greeting (its issue 1518): the
// listener greets on but hands no connection to its socket; the dialer dials no more. A SIGKILL at any moment does that sooner or
// later. So a listener's porter knocks at its own door every second and opens it anew if nothing comes in; a dialer's dials
// anew where there has been no connection for a while. One thread each.
#pragma once
#include <nng/nng.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct porter {
	nng_socket socket;
	nng_listener listener;
	nng_dialer dialer;
	char url[320];
	bool listens, shared; // shared: a listener in a run directory of Shoal's group (modes.h)
	gid_t group;
	size_t message_max;
	_Atomic uint32_t arrivals; // connections that reached the socket; w: NNG's threads
	uint64_t looked_ns;
	uint64_t alone_ns; // dialer: since when there is no connection; 0 = there is one
	uint32_t renewed;  // how often it had to be opened anew
};

// Listens on (ipc, for the owner, and the group of a shared run directory: modes.h) or dials url. Takes the socket's NNG_PIPE_EV_ADD_PRE for itself. 0 or an NNG error.
int porter_listen(struct porter *porter, nng_socket socket, const char *url, size_t message_max);
int porter_dial(struct porter *porter, nng_socket socket, const char *url, size_t message_max);

// As often as is convenient; looks about once a second. Blocks some tenths of a millisecond for a sound ipc door, 300 ms for one
// that is broken. True: it was opened anew.
bool porter_look_listener(struct porter *porter, uint64_t now_ns);
bool porter_look_dialer(struct porter *porter, bool connected, uint64_t now_ns);
