// pipe_runner.c - pushes packets from stdin through the packet path and writes what came out, for pipe_golden.py.
//
//   mtu ACCESS CORE
//   rate SHARD INDEX CIR CBS EBS
//   bearer SHARD SLOT UE4 UE6 TEID PEER_TEID PEER4 UP_RATE UP_MARK UP_FLAGS DOWN_RATE DOWN_MARK DOWN_FLAGS QFI
//   packet KIND HINT HEX -> VERDICT HINT PORT OFFSET HEX     OFFSET: where the result begins, from where it lay
// Numbers as strtoull reads them. Every packet ends with its room, and the room with readable memory, so a read past
// the end is a crash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"

#define LINE_MAX_BYTES 8192

static struct stand stand;

static unsigned long long number(void)
{
	const char *word = strtok(NULL, " \n");

	if (!word)
		exit(2);
	return strtoull(word, NULL, 0);
}

static void need(int result, const char *what)
{
	if (result) {
		fprintf(stderr, "pipe_runner: %s refused: %d\n", what, result);
		exit(1);
	}
}

static void read_rate(void)
{
	struct lines lines = stand_lines(&stand, (unsigned)number());
	uint32_t index = (uint32_t)number();
	struct bearer_rate rate = { .cir_bps = number() };

	rate.cbs_bytes = (uint32_t)number();
	rate.ebs_bytes = (uint32_t)number();
	need(lines_rate_set(&lines, index, &rate), "rate");
}

static struct bearer_way read_way(void)
{
	struct bearer_way way = { .rate = (uint16_t)number() };

	way.mark = (uint8_t)number();
	way.flags = (uint8_t)number();
	return way;
}

static void read_bearer(void)
{
	struct lines lines = stand_lines(&stand, (unsigned)number());
	uint32_t slot = (uint32_t)number();
	struct bearer bearer = { .ue_ipv4 = (uint32_t)number() };

	bearer.ue_ipv6 = number();
	bearer.teid = (uint32_t)number();
	bearer.peer_teid = (uint32_t)number();
	bearer.peer_ipv4 = (uint32_t)number();
	bearer.uplink = read_way();
	bearer.downlink = read_way();
	bearer.qfi = (uint8_t)number();
	need(lines_set(&lines, slot, &bearer), "bearer");
}

static unsigned read_hex(uint8_t *bytes)
{
	const char *hex = strtok(NULL, " \n");
	unsigned length = 0, byte;

	for (; hex && length < ROOM_STRIDE && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[length++] = (uint8_t)byte;
	return length;
}

static void read_packet(void)
{
	uint8_t bytes[ROOM_STRIDE], *room = room_at(&stand.rooms, STAND_ROOMS - 1);
	struct lane_handle handle = { .room = STAND_ROOMS - 1, .port = 3 };
	uint16_t began;

	handle.code = (uint8_t)number();
	handle.hint = (uint32_t)number();
	handle.length = (uint16_t)read_hex(bytes);
	handle.offset = began = (uint16_t)(ROOM_STRIDE - handle.length);
	memcpy(room + began, bytes, handle.length);
	pipe_burst(&stand.pipe, &handle, 1, STAND_HZ);
	printf("%s %u %u %d ", verdict_name(handle.code), handle.hint, handle.port, handle.offset - began);
	for (unsigned i = 0; i < handle.length; i++)
		printf("%02x", room[handle.offset + i]);
	putchar('\n');
}

int main(void)
{
	static char line[LINE_MAX_BYTES];

	stand_open(&stand);
	while (fgets(line, sizeof(line), stdin)) {
		const char *verb = strtok(line, " \n");

		if (!verb)
			continue;
		if (!strcmp(verb, "mtu")) {
			stand.net.access_mtu = (uint16_t)number();
			stand.net.core_mtu = (uint16_t)number();
		} else if (!strcmp(verb, "rate")) {
			read_rate();
		} else if (!strcmp(verb, "bearer")) {
			read_bearer();
		} else if (!strcmp(verb, "packet")) {
			read_packet();
		} else {
			fprintf(stderr, "pipe_runner: what is \"%s\"?\n", verb);
			return 2;
		}
	}
	stand_close(&stand);
	return 0;
}
