// feed.c - one courier's door and the conversation with whoever came in. State: struct feed, the main thread's.
#include "ctrl/feed/feed.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/place.h"
#include "proto/talk.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define HEAR_TURN 16u // messages heard before others have their turn

static const struct talk_terms terms = { SP_PAIR, SP_PAIR, FEED_BYTES_MAX };

struct feed {
	struct feed_needs needs;
	struct talk_door door;
	struct talk talk;
	struct hearing hearing; // of this connection's messages
	struct feed_word out, in;
};

// The courier has gone, or has to come again. Nothing said to it is for the next.
static void over(struct feed *feed, int error)
{
	if (error && error != -ECONNRESET && error != -EPIPE)
		log_warning("feed.over", "the conversation with the courier of nest %u ends: %s", feed->needs.link,
			    strerror(-error));
	talk_end(&feed->talk);
	if (feed->needs.push->connected[feed->needs.link])
		log_warning("feed.gone", "the courier of nest %u is gone; changes wait", feed->needs.link);
	push_goodbye(feed->needs.push, feed->needs.link);
}

// Says feed->out, for which there is room.
static void word_say(struct feed *feed, uint8_t *room)
{
	int length = feed_encode(&feed->out, room, FEED_BYTES_MAX);
	int error;

	if (length < 0) {
		log_error("feed.encode", "cannot encode a message: %s", strerror(-length));
		return;
	}
	error = talk_say(&feed->talk, (size_t)length);
	FAULT_POINT("feed.sent");
	if (error)
		over(feed, error);
}

static bool has_room(struct feed *feed, uint8_t **room)
{
	return feed->needs.push->connected[feed->needs.link] && !talk_room(&feed->talk, FEED_BYTES_MAX, room);
}

static void heard_tell(struct feed *feed, uint64_t now_ns)
{
	uint8_t *room;
	uint64_t number = has_room(feed, &room) ? hearing_due(&feed->hearing, feed->needs.progress, now_ns) : 0;

	if (!number)
		return;
	feed->out.kind = FEED_HEARD;
	feed->out.heard.number = number;
	word_say(feed, room);
	hearing_tell(&feed->hearing, now_ns);
}

void feed_pump(struct feed *feed)
{
	uint8_t *room;

	heard_tell(feed, clock_ns());
	while (has_room(feed, &room)) {
		feed->out.kind = FEED_BATCH;
		push_fill(feed->needs.push, feed->needs.link, &feed->out.batch, clock_ns());
		if (!feed->out.batch.count)
			return;
		FAULT_POINT("feed.filled");
		word_say(feed, room);
	}
}

static bool pool_equal(const struct shard_pool *a, const struct shard_pool *b)
{
	return a->ipv4 == b->ipv4 && a->ipv4_len == b->ipv4_len && a->ipv6 == b->ipv6 && a->ipv6_len == b->ipv6_len &&
	       a->first_slot == b->first_slot && a->rows == b->rows;
}

static bool pools_equal(const struct place *place, const struct feed_hello *hello)
{
	if (hello->pools != place->pools)
		return false;
	for (unsigned i = 0; i < place->pools; i++)
		if (!pool_equal(&hello->pool[i], &place->pool[i]))
			return false;
	return true;
}

const char *feed_judge(const struct feed_needs *needs, const struct feed_hello *hello, struct feed_refuse *refuse)
{
	const struct grid *grid = needs->grid;
	char *reason = refuse->reason;
	size_t max = sizeof(refuse->reason);

	*reason = '\0';
	if (hello->version != FEED_VERSION)
		snprintf(reason, max, "feed version %u, ctrl speaks %u", hello->version, FEED_VERSION);
	else if (hello->nest != needs->link)
		snprintf(reason, max, "this is the door of nest %u, not of %u", needs->link, hello->nest);
	else if (!pools_equal(needs->place, hello))
		snprintf(reason, max, "pools differ: primary and ctrl were started with different configurations");
	else if (hello->slots != grid->slots || hello->slot_bits != grid->slot_bits ||
		 hello->foreign != needs->conf->foreign_slots)
		snprintf(reason, max, "%u slots a shard (%u foreign), ctrl has %u (%u)", hello->slots, hello->foreign,
			 grid->slots, needs->conf->foreign_slots);
	else if (hello->rates != needs->conf->rates)
		snprintf(reason, max, "limits.rates is %u, ctrl has %u", hello->rates, needs->conf->rates);
	else if (hello->sheet && hello->sheet * 64 != needs->conf->rules_bytes)
		snprintf(reason, max, "limits.rules_bytes is %u, ctrl has %u", hello->sheet * 64,
			 needs->conf->rules_bytes);
	else if (hello->gtpu_ipv4 != needs->conf->gtpu_address)
		snprintf(reason, max,
			 "gtpu_address differs: primary and ctrl were started with different configurations");
	return *reason ? reason : NULL;
}

static void hello_hear(struct feed *feed)
{
	const char *reason = feed_judge(&feed->needs, &feed->in.hello, &feed->out.refuse);
	uint8_t *room;

	if (talk_room(&feed->talk, FEED_BYTES_MAX, &room)) { // said twice on one connection
		over(feed, -EPROTO);
		return;
	}
	if (reason) {
		log_error("feed.refused", "courier of nest %u, build %s, refused: %s", feed->needs.link,
			  feed->in.hello.build, reason);
		feed->out.kind = FEED_REFUSE;
		push_goodbye(feed->needs.push, feed->needs.link);
		word_say(feed, room);
		return;
	}
	feed->hearing = (struct hearing){ 0 };
	push_hello(feed->needs.push, feed->needs.link, &feed->in.hello, clock_ns());
	log_info("feed.welcome", "courier of nest %u, build %s: %llu of %llu changes to send", feed->needs.link,
		 feed->in.hello.build, (unsigned long long)push_waiting(feed->needs.push),
		 (unsigned long long)push_waiting(feed->needs.push) + push_applied(feed->needs.push));
	feed->out.kind = FEED_WELCOME;
	feed->out.welcome.epoch = feed->needs.push->epoch;
	feed->out.welcome.usage_interval_ms = feed->needs.conf->usage_interval_ms;
	word_say(feed, room);
}

// A message was lost on the way: in the next connection all of it is told again.
static void number_take(struct feed *feed, uint64_t number)
{
	if (!feed->needs.push->connected[feed->needs.link] || hearing_take(&feed->hearing, number))
		return;
	log_warning("feed.lost", "the courier of nest %u: message %llu follows %llu; it has to begin anew",
		    feed->needs.link, (unsigned long long)number, (unsigned long long)feed->hearing.number);
	over(feed, 0);
}

static void word_hear(struct feed *feed)
{
	FAULT_POINT("feed.heard");
	switch (feed->in.kind) {
	case FEED_HELLO:
		hello_hear(feed);
		break;
	case FEED_REPORTS:
		push_reports(feed->needs.push, feed->needs.link, &feed->in.reports, clock_ns());
		FAULT_POINT("feed.noted");
		number_take(feed, feed->in.reports.number);
		break;
	case FEED_USAGE:
		for (uint32_t i = 0; i < feed->in.usages.count; i++)
			feed->needs.usage(feed->needs.with, &feed->in.usages.usage[i]);
		for (uint32_t i = 0; i < feed->in.usages.gauges; i++)
			feed->needs.gauge(feed->needs.with, &feed->in.usages.gauge[i]);
		number_take(feed, feed->in.usages.number);
		break;
	default:
		log_warning("feed.word", "courier sent a message that is not for ctrl");
	}
}

// 0, -EAGAIN, or why it is over.
static int message_hear(struct feed *feed)
{
	const uint8_t *message;
	const char *fault = NULL;
	size_t length;
	int error = talk_hear(&feed->talk, &message, &length);

	if (error)
		return error;
	if (!feed_decode(&feed->in, message, length, &fault))
		word_hear(feed);
	else
		log_warning("feed.decode", "message from the courier refused: %s", fault);
	return feed->talk.fd < 0 ? -EAGAIN : 0; // it may have ended over the word
}

// One courier at a time: the next waits at the door until this one has gone.
static void door_look(struct feed *feed)
{
	int error = talk_accept(&feed->door, &terms, &feed->talk);

	if (error == -EACCES)
		log_warning("feed.stranger", "somebody of another account at the door of nest %u is closed unread",
			    feed->needs.link);
}

void feed_serve(struct feed *feed)
{
	int error = 0;

	if (feed->talk.fd < 0)
		door_look(feed);
	if (feed->talk.fd < 0)
		return;
	for (unsigned heard = 0; !error && heard < HEAR_TURN; heard++)
		error = message_hear(feed);
	if (!error || error == -EAGAIN)
		error = feed->talk.fd < 0 ? 0 : talk_flush(&feed->talk);
	if (error)
		over(feed, error);
}

struct pollfd feed_poll(const struct feed *feed)
{
	return feed->talk.fd < 0 ? (struct pollfd){ feed->door.fd, POLLIN, 0 } : talk_poll(&feed->talk, true);
}

int feed_open(const struct feed_needs *needs, struct feed **made)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	char path[300];
	int error;

	if (!feed)
		return -ENOMEM;
	feed->needs = *needs;
	feed->talk = (struct talk)TALK_NOBODY;
	snprintf(path, sizeof(path), "%s/" FEED_SOCKET, needs->conf->run_dir, needs->link);
	error = talk_listen(&feed->door, path);
	*made = feed;
	if (error)
		log_error("feed.listen", "cannot listen on %s: %s", path, strerror(-error));
	return error;
}

void feed_close(struct feed *feed)
{
	talk_end(&feed->talk);
	talk_shut(&feed->door);
	free(feed);
}
