// fuzz_slow.c - what the slow lane makes of any packet. The first two bytes say kind, reason and port, the rest is the packet; an answer must lie
// in the room, with all the headers it says it has.
#include <stdlib.h>
#include <string.h>
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/slow/slow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct stand stand;
static struct slow slow;

static void open_once(void)
{
	static const uint8_t ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	if (slow.net)
		return;
	stand_open(&stand);
	stand.net.icmp_ipv4 = STAND_PEER;
	memcpy(stand.net.icmp_ipv6, ipv6, sizeof(ipv6));
	slow_open(&slow, &stand.net, &stand.rooms);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint64_t now = STAND_HZ;
	struct lane_handle handle;
	struct ip_packet ip;

	if (length < 2 || length - 2 > ROOM_STRIDE - STAND_OFFSET)
		return 0;
	open_once();
	handle = stand_lend(&stand, STAND_ROOMS - 1, bytes[0] % 16, bytes + 2, (unsigned)(length - 2));
	handle.port = bytes[1];
	handle.hint = handle.code == LANE_LOCAL ? bytes[0] >> 4 : 1280;
	slow_work(&slow, &handle, 1, now += STAND_HZ);
	if (handle.code != VERDICT_ANSWERED && handle.code != VERDICT_STEER_AGAIN)
		return 0;
	if (handle.offset + handle.length > (int)ROOM_STRIDE)
		abort();
	if (ip_read(&ip, stand_bytes(&stand, &handle), handle.length) != IP_SOUND || ip.length != handle.length)
		abort();
	return 0;
}
