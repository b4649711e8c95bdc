// net.c - wires, and the conversations of net.h on them. One thread; all state is the static table of wires.
#include "tests/sim/net.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/feed_codec.h"
#include "proto/talk.h"

#define BUFFERS 16u // messages an end may not yet have received; a quarter of it, sent

struct message {
	size_t length;
	uint8_t bytes[];
};

struct queue {
	struct message *message[BUFFERS];
	unsigned count;
};

struct end {
	int fd; // 0 = not connected
	struct queue out, in;
	struct message *heard;        // the one it looks at
	uint8_t room[FEED_BYTES_MAX]; // where it writes the next
};

static struct wire {
	bool listens;      // ctrl is there
	bool open, coming; // whoever dials now gets through; ctrl has not looked at its door yet
	struct end end[NET_SIDES];
} wires[PLANE_NESTS];
static int connected; // ends so far

static void queue_put(struct queue *queue, struct message *message)
{
	queue->message[queue->count++] = message;
}

static struct message *queue_take(struct queue *queue, unsigned at)
{
	struct message *message = queue->message[at];

	queue->count--;
	memmove(&queue->message[at], &queue->message[at + 1], (queue->count - at) * sizeof(message));
	return message;
}

static void queue_clear(struct queue *queue)
{
	while (queue->count)
		free(queue_take(queue, 0));
}

static struct message *message_make(const void *bytes, size_t length)
{
	struct message *message = malloc(sizeof(*message) + length);

	message->length = length;
	memcpy(message->bytes, bytes, length);
	return message;
}

static void end_clear(struct end *end)
{
	end->fd = 0;
	queue_clear(&end->in);
	queue_clear(&end->out);
	free(end->heard);
	end->heard = NULL;
}

void net_reset(void)
{
	for (unsigned nest = 0; nest < PLANE_NESTS; nest++) {
		net_cut(nest);
		wires[nest].listens = wires[nest].open = false;
	}
	connected = 0;
}

void net_connect(unsigned nest)
{
	wires[nest].open = wires[nest].listens;
}

void net_cut(unsigned nest)
{
	wires[nest].coming = false;
	for (unsigned side = 0; side < NET_SIDES; side++)
		end_clear(&wires[nest].end[side]);
}

void net_dead(unsigned nest, enum net_side side)
{
	net_cut(nest);
	if (side != NET_CTRL)
		return;
	wires[nest].listens = wires[nest].open = false;
}

bool net_move(unsigned nest, enum net_side from, enum net_harm harm)
{
	struct end *a = &wires[nest].end[from], *b = &wires[nest].end[!from];
	struct message *message;

	if (!a->fd || !b->fd || b->in.count + 2 > BUFFERS || !a->out.count)
		return false;
	message = queue_take(&a->out, harm == NET_OVERTAKE ? a->out.count - 1 : 0);
	if (harm == NET_LOSE) {
		free(message);
		return true;
	}
	if (harm == NET_DOUBLE)
		queue_put(&b->in, message_make(message->bytes, message->length));
	queue_put(&b->in, message);
	return true;
}

// ---- talk.h

static unsigned nest_of(const char *path)
{
	return (unsigned)(strstr(path, "feed-")[5] - '0');
}

// Null: it is over.
static struct end *end_of(const struct talk *talk)
{
	for (unsigned nest = 0; talk->fd > 0 && nest < PLANE_NESTS; nest++)
		for (unsigned side = 0; side < NET_SIDES; side++)
			if (wires[nest].end[side].fd == talk->fd)
				return &wires[nest].end[side];
	return NULL;
}

static void begin(struct talk *talk, struct end *end)
{
	end->fd = ++connected;
	*talk = (struct talk){ .fd = end->fd };
}

int talk_listen(struct talk_door *door, const char *path)
{
	door->fd = (int)nest_of(path);
	wires[door->fd].listens = true;
	return 0;
}

void talk_shut(struct talk_door *door)
{
	net_dead((unsigned)door->fd, NET_CTRL);
}

int talk_dial(struct talk *talk, const struct talk_terms *terms, const char *path)
{
	struct wire *wire = &wires[nest_of(path)];

	talk->fd = -1;
	if (!wire->open)
		return -ECONNREFUSED;
	net_cut(nest_of(path)); // ctrl hears that the last one has gone
	wire->open = false;
	wire->coming = true;
	begin(talk, &wire->end[NET_COURIER]);
	return 0;
}

int talk_accept(const struct talk_door *door, const struct talk_terms *terms, struct talk *talk)
{
	struct wire *wire = &wires[door->fd];

	talk->fd = -1;
	if (!wire->coming)
		return -EAGAIN;
	wire->coming = false;
	begin(talk, &wire->end[NET_CTRL]);
	return 0;
}

void talk_end(struct talk *talk)
{
	struct end *end = end_of(talk);

	talk->fd = -1;
	for (unsigned nest = 0; end && nest < PLANE_NESTS; nest++)
		if (end == &wires[nest].end[NET_CTRL] || end == &wires[nest].end[NET_COURIER])
			net_cut(nest);
}

int talk_hear(struct talk *talk, const uint8_t **message, size_t *length)
{
	struct end *end = end_of(talk);

	if (!end)
		return talk->fd < 0 ? -ENOTCONN : -ECONNRESET;
	if (!end->in.count)
		return -EAGAIN;
	free(end->heard);
	end->heard = queue_take(&end->in, 0);
	*message = end->heard->bytes;
	*length = end->heard->length;
	return 0;
}

bool talk_busy(const struct talk *talk)
{
	struct end *end = end_of(talk);

	return end && end->out.count >= BUFFERS / 4;
}

// A conversation that is over says so when something is said, not before.
int talk_room(struct talk *talk, size_t most, uint8_t **message)
{
	static uint8_t nowhere[FEED_BYTES_MAX];
	struct end *end = end_of(talk);

	if (talk->fd < 0)
		return -ENOTCONN;
	if (talk_busy(talk))
		return -EAGAIN;
	*message = end ? end->room : nowhere;
	return 0;
}

int talk_say(struct talk *talk, size_t length)
{
	struct end *end = end_of(talk);

	if (!end)
		return -EPIPE;
	queue_put(&end->out, message_make(end->room, length));
	return 0;
}

int talk_flush(struct talk *talk)
{
	return end_of(talk) ? 0 : -EPIPE;
}

struct pollfd talk_poll(const struct talk *talk, bool hearing)
{
	return (struct pollfd){ .fd = -1 };
}

void talk_unlink_stale(const struct sockaddr_un *address)
{
}
