// meet.c - dials the primary and reads its answer. The nursery's thread; no state.
#include "workers/nursery/meet.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "shared/base/log.h"

#define REFUSED_FOR_NOW 1 // REFUSE's status: come again

static int hello(int socket, bool upgrade)
{
	struct nest_word word = { .verb = NEST_HELLO, .abi = PLANE_ABI, .pid = getpid(), .status = upgrade };

	memcpy(word.lines, plane_lines, sizeof(word.lines));
	memcpy(word.build, plane_build, sizeof(word.build));
	return nest_send(socket, &word, NULL, 0);
}

int meet_dial(const char *run_dir, bool upgrade)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int length = snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", run_dir, NEST_SOCKET);
	int fd, error;

	if (length < 0 || (size_t)length >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -errno : hello(fd, upgrade);
	if (!error)
		return fd;
	close(fd);
	return error;
}

enum met meet_answer(int socket, struct nest_word *word, int *bell)
{
	unsigned nfds = NEST_BELLS;

	if (nest_receive(socket, word, bell, &nfds))
		return MET_AGAIN;
	if (word->verb == NEST_WELCOME && nfds == NEST_BELLS)
		return MET_WELCOME;
	while (nfds > 0)
		close(bell[--nfds]);
	if (word->verb == NEST_REFUSE && word->status == REFUSED_FOR_NOW)
		return MET_STAND_BY;
	if (word->verb == NEST_REFUSE)
		log_error("nursery.refused", "the primary refuses this nursery: %s", word->dir);
	else
		log_error("nursery.answer", "the primary answered verb %u", word->verb);
	return MET_REFUSED;
}
