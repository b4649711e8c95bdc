// feed.c - wraps nng's pair socket for the courier. State: struct feed; `pipe` is written by NNG's threads too.
#include "workers/feed.h"
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "proto/porter.h"
#include "shared/base/bell.h"
#include "shared/base/log.h"

#define SEND_BUFFERS 4
#define RECEIVE_BUFFERS 16

struct feed {
	nng_socket socket;
	struct porter porter;
	int receive_fd, send_fd, bell;
	_Atomic uint32_t pipe; // id of the present connection, 0 = none
	int out_bytes;         // 0 = the outbox is empty
	uint8_t out[FEED_BYTES_MAX];
	uint8_t scratch[FEED_BYTES_MAX];
};

// The next connection may be announced before the last one's end.
static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *with)
{
	struct feed *feed = with;
	uint32_t id = (uint32_t)nng_pipe_id(pipe);

	if (event == NNG_PIPE_EV_ADD_POST)
		atomic_store(&feed->pipe, id);
	else
		atomic_compare_exchange_strong(&feed->pipe, &id, 0);
	bell_ring(feed->bell);
}

static int options_set(struct feed *feed)
{
	nng_socket socket = feed->socket;
	int error = nng_socket_set_int(socket, NNG_OPT_SENDBUF, SEND_BUFFERS);
	if (!error)
		error = nng_socket_set_int(socket, NNG_OPT_RECVBUF, RECEIVE_BUFFERS);
	if (!error)
		error = nng_socket_get_int(socket, NNG_OPT_RECVFD, &feed->receive_fd);
	if (!error)
		error = nng_socket_get_int(socket, NNG_OPT_SENDFD, &feed->send_fd);
	return error;
}

static int dial(struct feed *feed, const char *run_dir, unsigned nest)
{
	char url[512];
	int error = nng_pair0_open(&feed->socket);

	if (!error)
		error = options_set(feed);
	if (!error)
		error = nng_pipe_notify(feed->socket, NNG_PIPE_EV_ADD_POST, pipe_changed, feed);
	if (!error)
		error = nng_pipe_notify(feed->socket, NNG_PIPE_EV_REM_POST, pipe_changed, feed);
	if (error)
		return error;
	snprintf(url, sizeof(url), "ipc://%s/" FEED_SOCKET, run_dir, nest);
	return porter_dial(&feed->porter, feed->socket, url, FEED_BYTES_MAX);
}

int feed_open(struct feed **made, const char *run_dir, unsigned nest, int bell)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int error;

	if (!feed)
		return -ENOMEM;
	feed->bell = bell;
	error = dial(feed, run_dir, nest);
	if (error) {
		log_error("feed.open", "%s/" FEED_SOCKET ": %s", run_dir, nest, nng_strerror(error));
		free(feed);
		return -EIO;
	}
	*made = feed;
	return 0;
}

void feed_close(struct feed *feed)
{
	nng_close(feed->socket);
	free(feed);
}

void feed_tick(struct feed *feed, uint64_t now_ns)
{
	porter_look_dialer(&feed->porter, atomic_load(&feed->pipe) != 0, now_ns);
}

uint32_t feed_connection(const struct feed *feed)
{
	return atomic_load(&feed->pipe);
}

int feed_receive(struct feed *feed, struct feed_word *word)
{
	const char *fault;
	nng_msg *message;
	int error = nng_recvmsg(feed->socket, &message, NNG_FLAG_NONBLOCK);

	if (error)
		return -EAGAIN;
	error = feed_decode(word, nng_msg_body(message), nng_msg_len(message), &fault);
	if (error)
		log_warning("feed.bad", "dropped a message of %zu bytes: %s", nng_msg_len(message), fault);
	nng_msg_free(message);
	return error;
}

int feed_send_now(struct feed *feed, const struct feed_word *word)
{
	int length = feed_encode(word, feed->scratch, sizeof(feed->scratch));

	if (length < 0)
		return length;
	return nng_send(feed->socket, feed->scratch, (size_t)length, NNG_FLAG_NONBLOCK) ? -EAGAIN : 0;
}

void feed_flush(struct feed *feed)
{
	if (feed->out_bytes && !nng_send(feed->socket, feed->out, (size_t)feed->out_bytes, NNG_FLAG_NONBLOCK))
		feed->out_bytes = 0;
}

void feed_drop(struct feed *feed)
{
	feed->out_bytes = 0;
}

bool feed_empty(const struct feed *feed)
{
	return !feed->out_bytes;
}

int feed_send(struct feed *feed, const struct feed_word *word)
{
	int length;

	feed_flush(feed);
	if (feed->out_bytes)
		return -EAGAIN;
	length = feed_encode(word, feed->out, sizeof(feed->out));
	if (length < 0)
		return length;
	feed->out_bytes = length;
	feed_flush(feed);
	return 0;
}

int feed_receive_fd(const struct feed *feed)
{
	return feed->receive_fd;
}

int feed_send_fd(const struct feed *feed)
{
	return feed->send_fd;
}
