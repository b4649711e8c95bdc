// link.c - listening.
#include "ctrl/link.h"
#include <errno.h>
#include <string.h>
#include "shared/base/log.h"

int link_error(int code)
{
	switch (code) {
	case 0:
		return 0;
	case NNG_EADDRINUSE:
		return -EADDRINUSE;
	case NNG_EADDRINVAL:
		return -EADDRNOTAVAIL;
	case NNG_EPERM:
		return -EACCES;
	case NNG_ENOMEM:
		return -ENOMEM;
	case NNG_ENOFILES:
		return -EMFILE;
	default:
		return code & NNG_ESYSERR ? -(code & ~NNG_ESYSERR) : -EIO;
	}
}

int link_listen(nng_socket socket, const char *url, const char *what)
{
	nng_listener listener;
	int code = nng_listener_create(&listener, socket, url);

	if (!code)
		code = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, LINK_MESSAGE_MAX);
	if (!code && !strncmp(url, "ipc:", 4))
		code = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, 0600);
	if (!code)
		code = nng_listener_start(listener, 0);
	if (code)
		log_error("link.listen", "%s cannot listen on %s: %s", what, url, nng_strerror(code));
	return link_error(code);
}
