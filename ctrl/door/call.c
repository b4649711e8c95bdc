// call.c - see call.h. A thousand requests may be under way at once, each too long for what malloc keeps at hand: it would join and split their
// memory as they come and go.
#include "ctrl/door/call.h"
#include <stdlib.h>
#include <string.h>

struct call *call_make(struct caller_desk *desk, const uint8_t *bytes, size_t length)
{
	struct call *call = length <= CALL_USUAL ? spares_take(&desk->calls) : malloc(sizeof(*call) + length);

	if (!call)
		return NULL;
	*call = (struct call){ .desk = desk, .request = { .bytes = call->body, .length = length } };
	memcpy(call->body, bytes, length);
	return call;
}

struct call *call_event(const void *bytes, size_t length)
{
	struct call *call = calloc(1, sizeof(*call));
	uint8_t *event = malloc(length);

	if (!call || !event) {
		free(call);
		free(event);
		return NULL;
	}
	call->request.answer = memcpy(event, bytes, length);
	call->request.answer_bytes = length;
	return call;
}

void call_end(struct call *call)
{
	free(call->request.answer);
	if (call->desk && call->request.length <= CALL_USUAL)
		spares_give(&call->desk->calls, call);
	else
		free(call);
}
