// echo_write.c - an Echo Request's bytes. Pure.
#include "primary/loop/echo.h"
#include "shared/wire/gtpu.h"

_Static_assert(ECHO_BYTES == GTPU_HEADER + 4, "the header and its options");

// TEID 0, a sequence number, no elements: there is no Recovery in a request (TS 29.281 7.2.1).
void echo_write(uint8_t message[ECHO_BYTES], uint16_t sequence)
{
	const uint64_t front = GTPU_VERSION_1 | GTPU_PT | GTPU_S;

	be64_put(message, front << 56 | (uint64_t)GTPU_ECHO_REQUEST << 48 | 4ull << 32);
	be32_put(message + GTPU_HEADER, (uint32_t)sequence << 16);
}
