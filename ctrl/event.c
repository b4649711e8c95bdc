// event.c - packing and publishing. Until the first subscriber comes, an event costs its number.
#include "ctrl/event.h"
#include <nng/protocol/pubsub0/pub.h>
#include <string.h>
#include "ctrl/link.h"
#include "ctrl/wall.h"
#include "shared/base/log.h"

#define EVENTS_WAITING 8192 // a subscriber, and the most NNG takes; a worker that stops moves up to 256 shards at once

static void subscribed(nng_pipe pipe, nng_pipe_ev kind, void *with)
{
	struct event *event = with;

	atomic_store(&event->heard, true);
}

int event_open(struct event *event, const char *url)
{
	int error;

	*event = (struct event){ .number = 0 };
	error = link_error(nng_pub0_open(&event->socket));
	if (error)
		return error;
	nng_socket_set_int(event->socket, NNG_OPT_SENDBUF, EVENTS_WAITING);
	nng_pipe_notify(event->socket, NNG_PIPE_EV_ADD_POST, subscribed, event);
	error = link_error(porter_listen(&event->porter, event->socket, url, LINK_MESSAGE_MAX));
	if (error) {
		log_error("event.listen", "the event stream cannot listen on %s: %s", url, strerror(-error));
		nng_close(event->socket);
	}
	return error;
}

void event_tick(struct event *event, uint64_t now_ns)
{
	if (porter_look_listener(&event->porter, now_ns))
		log_warning("event.renewed", "the event stream's door was broken by a peer that died; opened anew");
}

void event_tell(struct event *event, Shoal__Oss__Event *message)
{
	const size_t topic = strlen(EVENT_TOPIC);
	nng_msg *bytes;

	message->number = ++event->number;
	if (!atomic_load_explicit(&event->heard, memory_order_relaxed))
		return;
	message->at_ms = wall_ms();
	if (nng_msg_alloc(&bytes, topic + shoal__oss__event__get_packed_size(message)))
		return;
	memcpy(nng_msg_body(bytes), EVENT_TOPIC, topic);
	shoal__oss__event__pack(message, (uint8_t *)nng_msg_body(bytes) + topic);
	if (nng_sendmsg(event->socket, bytes, NNG_FLAG_NONBLOCK))
		nng_msg_free(bytes);
}
