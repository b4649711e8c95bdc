// feed.c - the courier's end of the conversation. State: struct feed, the courier's thread.
#include "workers/courier/feed.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/talk.h"
#include "shared/base/log.h"

static const struct talk_terms terms = { SP_PAIR, SP_PAIR, FEED_BYTES_MAX };

struct feed {
	char path[256];
	struct talk talk;
	uint32_t connections; // so far
	uint64_t dialed_ns;
};

int feed_open(struct feed **made, const char *run_dir, unsigned nest)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return -ENOMEM;
	feed->talk = (struct talk)TALK_NOBODY;
	snprintf(feed->path, sizeof(feed->path), "%s/" FEED_SOCKET, run_dir, nest);
	*made = feed;
	return 0;
}

void feed_close(struct feed *feed)
{
	talk_end(&feed->talk);
	free(feed);
}

uint32_t feed_connection(const struct feed *feed)
{
	return feed->talk.fd < 0 ? 0 : feed->connections;
}

void feed_tick(struct feed *feed, uint64_t now_ns)
{
	if (feed->talk.fd >= 0 || now_ns - feed->dialed_ns < FEED_REDIAL_MS * 1000000ull)
		return;
	feed->dialed_ns = now_ns;
	if (!talk_dial(&feed->talk, &terms, feed->path))
		feed->connections++;
}

// Whoever was there has gone, or says what we can't understand.
static void over(struct feed *feed, int error)
{
	if (error != -ECONNRESET && error != -EPIPE)
		log_warning("feed.over", "the conversation with ctrl ends: %s", strerror(-error));
	talk_end(&feed->talk);
}

int feed_receive(struct feed *feed, struct feed_word *word)
{
	const uint8_t *message;
	const char *fault;
	size_t length;
	int error = talk_hear(&feed->talk, &message, &length);

	if (error) {
		if (error != -EAGAIN && error != -ENOTCONN)
			over(feed, error);
		return -EAGAIN;
	}
	error = feed_decode(word, message, length, &fault);
	if (error)
		log_warning("feed.bad", "dropped a message of %zu bytes: %s", length, fault);
	return error;
}

void feed_flush(struct feed *feed)
{
	int error = feed_empty(feed) ? 0 : talk_flush(&feed->talk);

	if (error)
		over(feed, error);
}

bool feed_empty(const struct feed *feed)
{
	return !talk_busy(&feed->talk);
}

int feed_send(struct feed *feed, const struct feed_word *word)
{
	uint8_t *message;
	int error, length;

	feed_flush(feed);
	if (talk_room(&feed->talk, FEED_BYTES_MAX, &message))
		return -EAGAIN;
	length = feed_encode(word, message, FEED_BYTES_MAX);
	if (length < 0)
		return length;
	error = talk_say(&feed->talk, (size_t)length);
	if (error)
		over(feed, error);
	return error ? -EAGAIN : 0;
}

struct pollfd feed_poll(const struct feed *feed, bool hearing)
{
	return talk_poll(&feed->talk, hearing);
}
