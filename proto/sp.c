// sp.c - see sp.h.
#include "proto/sp.h"
#include <errno.h>
#include <string.h>
#include "shared/wire/cursor.h"

#define IPC_MESSAGE 1u

void sp_greeting_put(uint8_t bytes[SP_GREETING], uint16_t protocol)
{
	memcpy(bytes, "\0SP\0\0\0\0\0", SP_GREETING);
	be16_put(bytes + 4, protocol);
}

bool sp_greeting_is(const uint8_t bytes[SP_GREETING], uint16_t protocol)
{
	uint8_t good[SP_GREETING];

	sp_greeting_put(good, protocol);
	return !memcmp(bytes, good, SP_GREETING);
}

void sp_frame_put(uint8_t *bytes, bool ipc, uint64_t length)
{
	if (ipc)
		*bytes++ = IPC_MESSAGE;
	be64_put(bytes, length);
}

int sp_frame_get(const uint8_t *bytes, bool ipc, uint64_t *length)
{
	if (ipc && *bytes++ != IPC_MESSAGE)
		return -EBADMSG;
	*length = be64_get(bytes);
	return 0;
}

int sp_trace(const uint8_t *message, size_t length)
{
	for (size_t at = 0; at + 4 <= length && at + 4 <= SP_TRACE_MAX; at += 4)
		if (message[at] & 0x80)
			return (int)at + 4;
	return -EBADMSG;
}
