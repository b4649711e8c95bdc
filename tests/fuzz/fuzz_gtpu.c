// fuzz_gtpu.c - GTP-U headers and the IP packet inside, from any bytes. What the reader accepts must lie inside what it was
// given; ASan watches the rest.
#include <stdlib.h>
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct gtpu_packet gtpu;
	struct ip_packet ip;

	if (gtpu_read(&gtpu, bytes, (uint32_t)length) == GTPU_BAD)
		return 0;
	if (gtpu.payload < GTPU_HEADER || gtpu.payload > gtpu.end || gtpu.end > length)
		abort();
	if (ip_read(&ip, bytes + gtpu.payload, gtpu.end - gtpu.payload) != IP_SOUND)
		return 0;
	if (ip.header > ip.length || ip.length > (uint32_t)(gtpu.end - gtpu.payload))
		abort();
	return 0;
}
