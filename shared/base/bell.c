// bell.c - doorbells. No state; any thread may call.
#include "shared/base/bell.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_make(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void bell_ring(int fd)
{
	uint64_t one = 1;

	// EAGAIN means the count is at its limit: then the bell is ringing already. Nothing else is worth a word.
	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void bell_hush(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
		;
}
