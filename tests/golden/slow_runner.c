// slow_runner.c - hands packets from stdin to the slow lane and writes its answers, for slow_golden.py.
//
//   packet KIND PORT HINT HEX     -> VERDICT PORT HEX
//   told                          -> TEID ELSEWHERE PEER: what the last packet said of a tunnel, for the controller; or -
//   wait                          time goes by until the rate limits are full again
// Addresses of the gateway: STAND_GTPU's, 198.51.100.254 and 2001:db8:1::1 as sources of ICMP errors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"
#include "workers/slow/slow.h"

static struct stand stand;
static struct slow slow;
static uint64_t now = STAND_HZ;

static unsigned read_hex(const char *hex, uint8_t *bytes)
{
	unsigned length = 0, byte;

	for (; length < ROOM_STRIDE && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[length++] = (uint8_t)byte;
	return length;
}

static void read_packet(const char *line)
{
	static char hex[2 * ROOM_STRIDE + 1];
	uint8_t bytes[ROOM_STRIDE];
	unsigned kind, port, hint;
	struct lane_handle handle;

	if (sscanf(line, "packet %u %u %u %4480s", &kind, &port, &hint, hex) != 4)
		exit(2);
	handle = stand_lend(&stand, 0, kind, bytes, read_hex(hex, bytes));
	handle.port = (uint8_t)port;
	handle.hint = hint;
	slow.hears = LANE_BURST;
	slow_work(&slow, &handle, 1, now);
	printf("%s %u ", verdict_name(handle.code), handle.port);
	for (unsigned i = 0; i < handle.length; i++)
		printf("%02x", stand_bytes(&stand, &handle)[i]);
	putchar('\n');
}

static void print_told(void)
{
	const struct report *report = &slow.heard[0];

	if (slow.heards != 1 || report->kind != REPORT_TUNNEL) {
		puts("-");
		return;
	}
	printf("%llu %u ", (unsigned long long)report->teid, report->elsewhere);
	for (unsigned i = 0; i < (report->family == 4 ? 4 : 16); i++)
		printf("%02x", report->peer[i]);
	putchar('\n');
}

int main(void)
{
	static const uint8_t ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1 };
	static char line[8192];

	stand_open(&stand);
	stand.net.icmp_ipv4 = 0xc63364fe;
	memcpy(stand.net.icmp_ipv6, ipv6, sizeof(ipv6));
	slow_open(&slow, &stand.net, &stand.rooms);
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "wait", 4))
			now += STAND_HZ;
		else if (!strncmp(line, "told", 4))
			print_told();
		else
			read_packet(line);
	}
	return 0;
}
