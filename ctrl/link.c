// link.c - NNG errors as ours.
#include "ctrl/link.h"
#include <errno.h>
#include <nng/nng.h>

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
