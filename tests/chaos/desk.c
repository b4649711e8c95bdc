// desk.c - where the gauge takes orders. Owned by its one thread.
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "tests/chaos/desk.h"

static struct {
	int door, client;
	bool asked; // the client has said its line and waits
	size_t got;
	char line[4096], path[108];
} desk = { .door = -1, .client = -1 };

int desk_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	strcpy(desk.path, path);
	unlink(path);
	desk.door = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (desk.door < 0 || bind(desk.door, (struct sockaddr *)&address, sizeof(address)) || listen(desk.door, 16))
		return -errno;
	return 0;
}

static void hang_up(void)
{
	close(desk.client);
	desk.client = -1;
	desk.asked = false;
	desk.got = 0;
}

// What fits into the buffer is waited for; a longer line is nobody's order.
static void hear(void)
{
	ssize_t n = recv(desk.client, desk.line + desk.got, sizeof(desk.line) - 1 - desk.got, MSG_DONTWAIT);

	if (n > 0) {
		desk.got += (size_t)n;
		desk.line[desk.got] = 0;
		desk.asked = memchr(desk.line, '\n', desk.got);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
	    (!desk.asked && desk.got == sizeof(desk.line) - 1))
		hang_up();
}

int desk_take(char *line, size_t bytes)
{
	if (desk.client < 0)
		desk.client = accept4(desk.door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (desk.client < 0 || desk.asked)
		return 0;
	hear();
	if (!desk.asked)
		return 0;
	*strchr(desk.line, '\n') = 0;
	strncpy(line, desk.line, bytes - 1);
	line[bytes - 1] = 0;
	return 1;
}

// Answers are far smaller than a socket's buffer; who does not take its answer loses it.
void desk_answer(const char *text)
{
	send(desk.client, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	send(desk.client, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	hang_up();
}

void desk_close(void)
{
	if (desk.client >= 0)
		hang_up();
	close(desk.door);
	unlink(desk.path);
}
