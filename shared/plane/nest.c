// nest.c - sends and receives the words between primary and nursery, with their descriptors, without ever blocking.
//
// Stateless: the caller owns the socket. Any thread, one at a time per direction of a socket.
#include "shared/plane/nest.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Room for one SCM_RIGHTS message of NEST_BELLS descriptors, aligned as the kernel wants it.
union nest_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int) * NEST_BELLS)];
};

static void control_put(struct msghdr *message, union nest_control *control, const int *fds, unsigned nfds)
{
	memset(control, 0, sizeof(*control));
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(sizeof(int) * nfds);

	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
	memcpy(CMSG_DATA(part), fds, sizeof(int) * nfds);
}

int nest_send(int socket, const struct nest_word *word, const int *fds, unsigned nfds)
{
	struct iovec part = { (void *)word, sizeof(*word) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union nest_control control;

	if (nfds > NEST_BELLS)
		return -EINVAL;
	if (nfds > 0)
		control_put(&message, &control, fds, nfds);
	if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return 0;
}

// Moves the descriptors that came with a message into fds; what does not fit is closed, and then the message is bad.
static int control_take(struct msghdr *message, int *fds, unsigned max, unsigned *nfds)
{
	int error = message->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	*nfds = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		unsigned count = (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));

		for (unsigned i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (*nfds < max) {
				fds[(*nfds)++] = fd;
			} else {
				close(fd);
				error = -EPROTO;
			}
		}
	}
	return error;
}

static int word_check(struct nest_word *word, size_t bytes)
{
	if (bytes != sizeof(*word) || word->verb < NEST_HELLO || word->verb >= NEST_VERBS ||
	    word->seat >= PLANE_SEATS || word->nest >= PLANE_NESTS)
		return -EPROTO;
	word->lines[sizeof(word->lines) - 1] = 0;
	word->build[sizeof(word->build) - 1] = 0;
	word->prefix[sizeof(word->prefix) - 1] = 0;
	word->dir[sizeof(word->dir) - 1] = 0;
	return 0;
}

int nest_receive(int socket, struct nest_word *word, int *fds, unsigned *nfds)
{
	struct iovec part = { word, sizeof(*word) };
	union nest_control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	unsigned max = *nfds;
	ssize_t bytes = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*nfds = 0;
	if (bytes < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -ECONNRESET;

	int error = control_take(&message, fds, max, nfds);

	if (!error && bytes == 0)
		error = -ECONNRESET;
	if (!error)
		error = message.msg_flags & MSG_TRUNC ? -EPROTO : word_check(word, (size_t)bytes);
	if (error) {
		for (unsigned i = 0; i < *nfds; i++)
			close(fds[i]);
		*nfds = 0;
	}
	return error;
}
