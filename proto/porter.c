// porter.c - knocking and opening anew. State: struct porter, its owner's thread; `arrivals` is NNG's to write.
#include "proto/porter.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "shared/base/modes.h"

#define LOOK_NS 1000000000ull
#define ALONE_NS 2000000000ull
#define PATIENCE_MS 300u
#define REDIAL_MIN_MS 10
#define REDIAL_MAX_MS 100
#define GREETING 8u

// The socket's mode is the first wall, this the second: root, we ourselves, and Shoal's group where it shares the folder.
static bool is_stranger(const struct porter *porter, nng_pipe pipe)
{
	uint64_t uid, gid;

	if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) ||
	    nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_GID, &gid))
		return false; // not ipc
	return uid && uid != geteuid() && (!porter->shared || gid != porter->group);
}

static void arrived(nng_pipe pipe, nng_pipe_ev event, void *with)
{
	struct porter *porter = with;

	atomic_fetch_add_explicit(&porter->arrivals, 1, memory_order_relaxed);
	if (porter->listens && is_stranger(porter, pipe))
		nng_pipe_close(pipe);
}

static int porter_open(struct porter *porter, nng_socket socket, const char *url, size_t message_max)
{
	memset(porter, 0, sizeof(*porter));
	porter->socket = socket;
	porter->message_max = message_max;
	snprintf(porter->url, sizeof(porter->url), "%s", url);
	return nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, arrived, porter);
}

static bool is_ipc(const struct porter *porter)
{
	return !strncmp(porter->url, "ipc://", 6);
}

static int listen_now(struct porter *porter)
{
	int error = nng_listener_create(&porter->listener, porter->socket, porter->url);

	if (error)
		return error;
	error = nng_listener_set_size(porter->listener, NNG_OPT_RECVMAXSZ, porter->message_max);
	if (!error && is_ipc(porter))
		error = nng_listener_set_int(porter->listener, NNG_OPT_IPC_PERMISSIONS, porter->shared ? 0660 : 0600);
	if (!error)
		error = nng_listener_start(porter->listener, 0);
	if (error) {
		nng_listener_close(porter->listener);
		porter->listener = (nng_listener)NNG_LISTENER_INITIALIZER;
	}
	return error;
}

static int dial_now(struct porter *porter)
{
	int error = nng_dialer_create(&porter->dialer, porter->socket, porter->url);

	if (error)
		return error;
	error = nng_dialer_set_ms(porter->dialer, NNG_OPT_RECONNMINT, REDIAL_MIN_MS);
	if (!error)
		error = nng_dialer_set_ms(porter->dialer, NNG_OPT_RECONNMAXT, REDIAL_MAX_MS);
	if (!error)
		error = nng_dialer_set_size(porter->dialer, NNG_OPT_RECVMAXSZ, porter->message_max);
	if (!error)
		error = nng_dialer_start(porter->dialer, NNG_FLAG_NONBLOCK);
	if (error)
		nng_dialer_close(porter->dialer);
	return error;
}

int porter_listen(struct porter *porter, nng_socket socket, const char *url, size_t message_max)
{
	int error = porter_open(porter, socket, url, message_max);

	porter->listens = true;
	porter->shared = is_ipc(porter) && modes_shared(porter->url + strlen("ipc://"), &porter->group);
	return error ? error : listen_now(porter);
}

int porter_dial(struct porter *porter, nng_socket socket, const char *url, size_t message_max)
{
	int error = porter_open(porter, socket, url, message_max);

	return error ? error : dial_now(porter);
}

// Exchanges greetings under a protocol number that is nobody's: the socket sees a connection arrive, and refuses it. Ours goes
// first: leaving before greeting is what breaks the door.
static void knock(const struct porter *porter)
{
	static const char ours[GREETING] = "\0SP\0\xff\xff\0";
	struct timeval patience = { 0, PATIENCE_MS * 1000 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = porter->url + strlen("ipc://");
	char theirs[GREETING];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); // connect too
	if (strlen(path) < sizeof(to.sun_path)) {
		memcpy(to.sun_path, path, strlen(path));
		if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) && send(fd, ours, GREETING, MSG_NOSIGNAL) > 0)
			recv(fd, theirs, GREETING, MSG_WAITALL);
	}
	close(fd);
}

static bool anybody_arrives(struct porter *porter)
{
	uint32_t before = atomic_load_explicit(&porter->arrivals, memory_order_relaxed);

	knock(porter);
	for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
		if (atomic_load_explicit(&porter->arrivals, memory_order_relaxed) != before)
			return true;
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	return false;
}

bool porter_look_listener(struct porter *porter, uint64_t now_ns)
{
	if (!is_ipc(porter) || now_ns - porter->looked_ns < LOOK_NS)
		return false;
	porter->looked_ns = now_ns;
	if (porter->listener.id > 0 && anybody_arrives(porter))
		return false;
	if (porter->listener.id > 0)
		nng_listener_close(porter->listener);
	porter->listener = (nng_listener)NNG_LISTENER_INITIALIZER;
	porter->renewed++;
	listen_now(porter); // if it fails, the next look tries again
	return true;
}

bool porter_look_dialer(struct porter *porter, bool connected, uint64_t now_ns)
{
	if (connected || !porter->alone_ns) {
		porter->alone_ns = connected ? 0 : now_ns;
		return false;
	}
	if (now_ns - porter->alone_ns < ALONE_NS)
		return false;
	porter->alone_ns = now_ns;
	nng_dialer_close(porter->dialer);
	porter->renewed++;
	dial_now(porter);
	return true;
}
