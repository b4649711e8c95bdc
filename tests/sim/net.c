// net.c - sockets, pipes and messages of net.h. One thread; all state is the static table of sockets.
#include "tests/sim/net.h"
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/porter.h"

#define BUFFERS 16u // messages an end may have sent, or not yet received
#define SOCKETS 4096u

struct nng_msg {
	size_t length;
	uint32_t pipe;
	uint8_t bytes[];
};

struct nng_aio {
	void (*done)(void *);
	void *with;
	struct nng_msg *message;
	int result;
	uint32_t socket; // it waits there; 0 = it does not
};

struct queue {
	struct nng_msg *message[BUFFERS];
	unsigned count;
};

struct end {
	bool used, there;
	uint32_t pipe; // 0 = not connected
	struct {
		nng_pipe_cb call;
		void *with;
	} hook[NNG_PIPE_EV_REM_POST + 1];
	nng_aio *receiving;
	nng_aio *sending[BUFFERS];
	unsigned senders;
	struct queue out, in;
};

static struct end ends[SOCKETS];
static uint32_t opened, pipes;
static uint32_t seat[PLANE_NESTS][NET_SIDES]; // socket in that place; 0 = nobody

void net_reset(void)
{
	memset(ends, 0, sizeof(ends));
	memset(seat, 0, sizeof(seat));
	opened = pipes = 0;
}

static void queue_put(struct queue *queue, struct nng_msg *message)
{
	queue->message[queue->count++] = message;
}

static struct nng_msg *queue_take(struct queue *queue, unsigned at)
{
	struct nng_msg *message = queue->message[at];

	queue->count--;
	memmove(&queue->message[at], &queue->message[at + 1], (queue->count - at) * sizeof(message));
	return message;
}

static void queue_clear(struct queue *queue)
{
	while (queue->count)
		free(queue_take(queue, 0));
}

static struct nng_msg *message_make(const void *bytes, size_t length)
{
	struct nng_msg *message = malloc(sizeof(*message) + length);

	message->length = length;
	message->pipe = 0;
	if (bytes)
		memcpy(message->bytes, bytes, length);
	return message;
}

static void aio_end(nng_aio *aio, int result)
{
	aio->socket = 0;
	aio->result = result;
	aio->done(aio->with);
}

static struct end *end_at(unsigned nest, enum net_side side)
{
	return seat[nest][side] ? &ends[seat[nest][side]] : NULL;
}

static void hook_call(struct end *end, nng_pipe_ev event, uint32_t pipe)
{
	if (end->hook[event].call)
		end->hook[event].call((nng_pipe){ pipe }, event, end->hook[event].with);
}

bool net_connect(unsigned nest)
{
	struct end *a = end_at(nest, NET_CTRL), *b = end_at(nest, NET_COURIER);

	if (!a || !b || a->pipe)
		return false;
	a->pipe = ++pipes;
	b->pipe = ++pipes;
	hook_call(a, NNG_PIPE_EV_ADD_POST, a->pipe);
	hook_call(b, NNG_PIPE_EV_ADD_POST, b->pipe);
	return true;
}

// What the other end's socket has buffered but not put on the wire stays, as with NNG.
void net_cut(unsigned nest)
{
	for (unsigned side = 0; side < NET_SIDES; side++) {
		struct end *end = end_at(nest, side);
		uint32_t pipe = end ? end->pipe : 0;

		if (!pipe)
			continue;
		end->pipe = 0;
		queue_clear(&end->in);
		hook_call(end, NNG_PIPE_EV_REM_POST, pipe);
	}
}

void net_dead(unsigned nest, enum net_side side)
{
	struct end *end = end_at(nest, side);

	if (!end)
		return;
	memset(end->hook, 0, sizeof(end->hook));
	net_cut(nest);
	queue_clear(&end->out);
	end->there = false;
	seat[nest][side] = 0;
}

static void in_put(struct end *to, struct nng_msg *message)
{
	nng_aio *aio = to->receiving;

	message->pipe = to->pipe;
	if (!aio) {
		queue_put(&to->in, message);
		return;
	}
	to->receiving = NULL;
	aio->message = message;
	aio_end(aio, 0);
}

bool net_move(unsigned nest, enum net_side from, enum net_harm harm)
{
	struct end *a = end_at(nest, from), *b = end_at(nest, !from);
	unsigned at;
	struct nng_msg *message;

	if (!a || !b || !a->pipe || b->in.count + 2 > BUFFERS)
		return false;
	if (a->senders && a->out.count < BUFFERS) {
		nng_aio *aio = a->sending[0];

		memmove(a->sending, a->sending + 1, --a->senders * sizeof(aio));
		queue_put(&a->out, aio->message);
		aio->message = NULL;
		aio_end(aio, 0);
	}
	if (!a->out.count)
		return false;
	at = harm == NET_OVERTAKE ? a->out.count - 1 : 0;
	message = queue_take(&a->out, at);
	if (harm == NET_LOSE) {
		free(message);
		return true;
	}
	if (harm == NET_DOUBLE)
		in_put(b, message_make(message->bytes, message->length));
	in_put(b, message);
	return true;
}

// ---- NNG's face

int nng_pair0_open(nng_socket *socket)
{
	if (++opened == SOCKETS)
		abort();
	ends[opened] = (struct end){ .used = true, .there = true };
	socket->id = opened;
	return 0;
}

int nng_close(nng_socket socket)
{
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		for (unsigned side = 0; side < NET_SIDES; side++)
			if (seat[nest][side] == socket.id)
				net_dead(nest, side);
	return 0;
}

int nng_pipe_notify(nng_socket socket, nng_pipe_ev event, nng_pipe_cb call, void *with)
{
	ends[socket.id].hook[event].call = call;
	ends[socket.id].hook[event].with = with;
	return 0;
}

int nng_socket_set_int(nng_socket socket, const char *name, int value)
{
	return 0;
}

int nng_socket_get_int(nng_socket socket, const char *name, int *value)
{
	*value = -1;
	return 0;
}

int nng_pipe_id(nng_pipe pipe)
{
	return (int)pipe.id;
}

int nng_pipe_close(nng_pipe pipe)
{
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++)
		for (unsigned side = 0; side < NET_SIDES; side++)
			if (end_at(nest, side) && end_at(nest, side)->pipe == pipe.id) {
				net_cut(nest);
				return 0;
			}
	return NNG_ENOENT;
}

int nng_aio_alloc(nng_aio **aio, void (*done)(void *), void *with)
{
	*aio = calloc(1, sizeof(**aio));
	(*aio)->done = done;
	(*aio)->with = with;
	return 0;
}

void nng_aio_free(nng_aio *aio)
{
	free(aio);
}

void nng_aio_stop(nng_aio *aio)
{
}

void nng_aio_cancel(nng_aio *aio)
{
	struct end *end = &ends[aio->socket];

	for (unsigned i = 0; aio->socket && i < end->senders; i++)
		if (end->sending[i] == aio) {
			end->senders--;
			memmove(&end->sending[i], &end->sending[i + 1], (end->senders - i) * sizeof(aio));
			aio_end(aio, NNG_ECANCELED);
			return;
		}
}

int nng_aio_result(nng_aio *aio)
{
	return aio->result;
}

void nng_aio_set_msg(nng_aio *aio, nng_msg *message)
{
	aio->message = message;
}

nng_msg *nng_aio_get_msg(nng_aio *aio)
{
	return aio->message;
}

void nng_send_aio(nng_socket socket, nng_aio *aio)
{
	struct end *end = &ends[socket.id];

	if (end->senders == BUFFERS)
		abort();
	aio->socket = socket.id;
	end->sending[end->senders++] = aio;
}

void nng_recv_aio(nng_socket socket, nng_aio *aio)
{
	struct end *end = &ends[socket.id];

	aio->socket = socket.id;
	if (!end->in.count) {
		end->receiving = aio;
		return;
	}
	aio->message = queue_take(&end->in, 0);
	aio_end(aio, 0);
}

int nng_send(nng_socket socket, void *bytes, size_t length, int flags)
{
	struct end *end = &ends[socket.id];

	if (end->out.count >= BUFFERS / 4)
		return NNG_EAGAIN;
	queue_put(&end->out, message_make(bytes, length));
	return 0;
}

int nng_recvmsg(nng_socket socket, nng_msg **message, int flags)
{
	struct end *end = &ends[socket.id];

	if (!end->in.count)
		return NNG_EAGAIN;
	*message = queue_take(&end->in, 0);
	return 0;
}

int nng_msg_alloc(nng_msg **message, size_t length)
{
	*message = message_make(NULL, length);
	return 0;
}

void nng_msg_free(nng_msg *message)
{
	free(message);
}

void *nng_msg_body(nng_msg *message)
{
	return message->bytes;
}

size_t nng_msg_len(const nng_msg *message)
{
	return message->length;
}

int nng_msg_chop(nng_msg *message, size_t length)
{
	message->length -= length;
	return 0;
}

nng_pipe nng_msg_get_pipe(const nng_msg *message)
{
	return (nng_pipe){ message->pipe };
}

// ---- Porter's

static int place(nng_socket socket, const char *url, enum net_side side)
{
	const char *at = strstr(url, "feed-");

	seat[at[5] - '0'][side] = socket.id;
	return 0;
}

int porter_listen(struct porter *porter, nng_socket socket, const char *url, size_t message_max)
{
	return place(socket, url, NET_CTRL);
}

int porter_dial(struct porter *porter, nng_socket socket, const char *url, size_t message_max)
{
	return place(socket, url, NET_COURIER);
}

bool porter_look_listener(struct porter *porter, uint64_t now_ns)
{
	return false;
}

bool porter_look_dialer(struct porter *porter, bool connected, uint64_t now_ns)
{
	return false;
}
