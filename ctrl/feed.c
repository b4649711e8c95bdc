// feed.c - one courier's socket: asynchronous operations that end as items in the inbox.
#include "ctrl/feed.h"
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/link.h"
#include "ctrl/place.h"
#include "proto/porter.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"

#define SENDS 4u // messages on their way at once

struct feed_send {
	struct inbox_item item;
	struct feed *feed;
	nng_aio *aio;
	bool busy;
};

struct feed {
	struct feed_needs needs;
	nng_socket socket;
	struct porter porter;
	nng_aio *receive;
	struct inbox_item received, left;
	_Atomic uint32_t pipe; // the courier's; 0 = none
	struct feed_send send[SENDS];
	struct hearing hearing; // of this connection's messages
	struct feed_word out, in;
	uint8_t bytes
	    [FEED_BYTES_MAX]; // of what is being encoded: memory of that size for each message would come from the kernel
};

static void receive_done(void *with)
{
	struct feed *feed = with;

	inbox_post(feed->needs.inbox, &feed->received);
}

static void send_done(void *with)
{
	struct feed_send *send = with;

	inbox_post(send->feed->needs.inbox, &send->item);
}

// Connections that are refused, such as our own porter's knock, end too: only the courier's own counts.
static void pipe_event(nng_pipe pipe, nng_pipe_ev event, void *with)
{
	struct feed *feed = with;
	uint32_t id = (uint32_t)nng_pipe_id(pipe);

	if (event == NNG_PIPE_EV_ADD_POST)
		atomic_store(&feed->pipe, id);
	else if (atomic_compare_exchange_strong(&feed->pipe, &id, 0))
		inbox_post(feed->needs.inbox, &feed->left);
}

static struct feed_send *send_free(struct feed *feed)
{
	for (unsigned i = 0; i < SENDS; i++)
		if (!feed->send[i].busy)
			return &feed->send[i];
	return NULL;
}

// Hands feed->out to a free send.
static void word_send(struct feed *feed, struct feed_send *send)
{
	nng_msg *message;
	int length;

	length = feed_encode(&feed->out, feed->bytes, sizeof(feed->bytes));
	if (length < 0) {
		log_error("feed.encode", "cannot encode a message: %s", strerror(-length));
		return;
	}
	if (nng_msg_alloc(&message, (size_t)length))
		return;
	memcpy(nng_msg_body(message), feed->bytes, (size_t)length);
	nng_aio_set_msg(send->aio, message);
	send->busy = true;
	nng_send_aio(feed->socket, send->aio);
	FAULT_POINT("feed.sent");
}

static void heard_tell(struct feed *feed, uint64_t now_ns)
{
	struct feed_send *send = send_free(feed);
	uint64_t number = send ? hearing_due(&feed->hearing, feed->needs.progress, now_ns) : 0;

	if (!number)
		return;
	feed->out.kind = FEED_HEARD;
	feed->out.heard.number = number;
	word_send(feed, send);
	hearing_tell(&feed->hearing, now_ns);
}

void feed_pump(struct feed *feed)
{
	struct feed_send *send;

	if (!feed->needs.push->connected[feed->needs.link])
		return;
	heard_tell(feed, clock_ns());
	while ((send = send_free(feed)) != NULL) {
		feed->out.kind = FEED_BATCH;
		push_fill(feed->needs.push, feed->needs.link, &feed->out.batch, clock_ns());
		if (!feed->out.batch.count)
			return;
		FAULT_POINT("feed.filled");
		word_send(feed, send);
	}
}

static void send_run(struct inbox_item *item)
{
	struct feed_send *send = (struct feed_send *)item;

	send->busy = false;
	if (nng_aio_result(send->aio)) // the message is ours again, and lost: the timer sends its changes anew
		nng_msg_free(nng_aio_get_msg(send->aio));
	feed_pump(send->feed);
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

static void hello_hear(struct feed *feed, struct feed_send *send)
{
	const char *reason = feed_judge(&feed->needs, &feed->in.hello, &feed->out.refuse);

	if (reason) {
		log_error("feed.refused", "courier of nest %u, build %s, refused: %s", feed->needs.link,
			  feed->in.hello.build, reason);
		feed->out.kind = FEED_REFUSE;
		push_goodbye(feed->needs.push, feed->needs.link);
		word_send(feed, send);
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
	word_send(feed, send);
}

// A message was lost on the way: in the next connection all of it is told again. What is still to come of the last one says nothing
// about the present one.
static void number_take(struct feed *feed, uint64_t number, nng_pipe pipe)
{
	if (!feed->needs.push->connected[feed->needs.link] || hearing_take(&feed->hearing, number))
		return;
	log_warning("feed.lost", "the courier of nest %u: message %llu follows %llu; it has to begin anew",
		    feed->needs.link, (unsigned long long)number, (unsigned long long)feed->hearing.number);
	nng_pipe_close(pipe);
}

static void word_hear(struct feed *feed, nng_pipe pipe)
{
	struct feed_send *send = send_free(feed);

	FAULT_POINT("feed.heard");
	switch (feed->in.kind) {
	case FEED_HELLO:
		if (send)
			hello_hear(feed, send);
		else
			nng_pipe_close(pipe); // words to the last one are still on their way: let it come again
		break;
	case FEED_REPORTS:
		push_reports(feed->needs.push, feed->needs.link, &feed->in.reports, clock_ns());
		FAULT_POINT("feed.noted");
		number_take(feed, feed->in.reports.number, pipe);
		break;
	case FEED_USAGE:
		for (uint32_t i = 0; i < feed->in.usages.count; i++)
			feed->needs.usage(feed->needs.with, &feed->in.usages.usage[i]);
		for (uint32_t i = 0; i < feed->in.usages.gauges; i++)
			feed->needs.gauge(feed->needs.with, &feed->in.usages.gauge[i]);
		number_take(feed, feed->in.usages.number, pipe);
		break;
	default:
		log_warning("feed.word", "courier sent a message that is not for ctrl");
	}
}

static void received_run(struct inbox_item *item)
{
	struct feed *feed = (struct feed *)((char *)item - offsetof(struct feed, received));
	int code = nng_aio_result(feed->receive);
	const char *fault = NULL;
	nng_msg *message;

	if (code == NNG_ECLOSED || code == NNG_ECANCELED)
		return;
	message = code ? NULL : nng_aio_get_msg(feed->receive);
	if (message) {
		if (!feed_decode(&feed->in, nng_msg_body(message), nng_msg_len(message), &fault))
			word_hear(feed, nng_msg_get_pipe(message));
		else
			log_warning("feed.decode", "message from the courier refused: %s", fault);
		nng_msg_free(message);
	}
	nng_recv_aio(feed->socket, feed->receive);
	feed_pump(feed);
}

static void left_run(struct inbox_item *item)
{
	struct feed *feed = (struct feed *)((char *)item - offsetof(struct feed, left));

	if (atomic_load(&feed->pipe)) // another has come already; its hello will say
		return;
	if (feed->needs.push->connected[feed->needs.link])
		log_warning("feed.gone", "the courier of nest %u is gone; changes wait", feed->needs.link);
	push_goodbye(feed->needs.push, feed->needs.link);
	for (unsigned i = 0; i < SENDS; i++) // nothing said to the old one is for the next
		nng_aio_cancel(feed->send[i].aio);
}

static int aios_alloc(struct feed *feed)
{
	int code = nng_aio_alloc(&feed->receive, receive_done, feed);

	feed->received.run = received_run;
	feed->left.run = left_run;
	for (unsigned i = 0; !code && i < SENDS; i++) {
		feed->send[i].feed = feed;
		feed->send[i].item.run = send_run;
		code = nng_aio_alloc(&feed->send[i].aio, send_done, &feed->send[i]);
	}
	return link_error(code);
}

int feed_open(const struct feed_needs *needs, struct feed **made)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	char url[300];
	int error;

	if (!feed)
		return -ENOMEM;
	feed->needs = *needs;
	snprintf(url, sizeof(url), "ipc://%s/" FEED_SOCKET, needs->conf->run_dir, needs->link);
	error = aios_alloc(feed);
	if (!error)
		error = link_error(nng_pair0_open(&feed->socket));
	if (error) {
		free(feed);
		return error;
	}
	nng_pipe_notify(feed->socket, NNG_PIPE_EV_ADD_POST, pipe_event, feed);
	nng_pipe_notify(feed->socket, NNG_PIPE_EV_REM_POST, pipe_event, feed);
	error = link_error(porter_listen(&feed->porter, feed->socket, url, FEED_BYTES_MAX));
	*made = feed;
	if (error)
		log_error("feed.listen", "cannot listen on %s: %s", url, strerror(-error));
	else
		nng_recv_aio(feed->socket, feed->receive);
	return error;
}

void feed_tick(struct feed *feed, uint64_t now_ns)
{
	if (porter_look_listener(&feed->porter, now_ns))
		log_warning("feed.renewed", "the feed's door was broken by a courier that died; opened anew");
}

void feed_close(struct feed *feed)
{
	nng_close(feed->socket);
	nng_aio_stop(feed->receive);
	nng_aio_free(feed->receive);
	for (unsigned i = 0; i < SENDS; i++) {
		nng_aio_stop(feed->send[i].aio);
		nng_aio_free(feed->send[i].aio);
	}
	free(feed);
}
