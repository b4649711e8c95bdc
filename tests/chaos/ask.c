// ask.c - says one line to the gauge and prints its answer: gauge-ask SOCKET WORD... A process of its own, as it must start
// at once: the gauge brings a whole DPDK. Exits 1 if the gauge is not there or refuses.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char line[65536] = "";
	size_t length = 0;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: gauge-ask SOCKET WORD...\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	for (int i = 2; i < argc && length < sizeof(line); i++)
		length +=
		    (size_t)snprintf(line + length, sizeof(line) - length, "%s%s", argv[i], i < argc - 1 ? " " : "\n");
	if (length >= sizeof(line) || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(argv[1]);
	if (send(fd, line, length, MSG_NOSIGNAL) != (ssize_t)length)
		return fail("send");
	length = 0;
	while ((n = recv(fd, line + length, sizeof(line) - 1 - length, 0)) > 0)
		length += (size_t)n;
	line[length] = 0;
	fputs(line, stdout);
	return length && strncmp(line, "{\"error\"", 8) ? 0 : 1;
}
