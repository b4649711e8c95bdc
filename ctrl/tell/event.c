// event.c - packing and publishing. Without subscribers an event costs its number.
#include "ctrl/tell/event.h"
#include <stdlib.h>
#include <string.h>
#include "ctrl/door/oss.h"
#include "ctrl/kit/wall.h"

void event_tell(struct event *event, Shoal__Oss__Event *message)
{
	const size_t topic = strlen(EVENT_TOPIC);
	size_t length;
	uint8_t *bytes;

	message->number = ++event->number;
	if (!event->oss || !oss_heard(event->oss))
		return;
	message->at_ms = wall_ms();
	length = topic + shoal__oss__event__get_packed_size(message);
	bytes = malloc(length);
	if (!bytes)
		return; // the number shows the gap
	memcpy(bytes, EVENT_TOPIC, topic);
	shoal__oss__event__pack(message, bytes + topic);
	oss_publish(event->oss, bytes, length);
	free(bytes);
}
