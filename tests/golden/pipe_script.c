// pipe_script.c - reads what pipe_golden.py writes, and answers. One thread.
#include "tests/golden/pipe_script.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/plane/verdict.h"

#define LINE_MAX_BYTES 8192

static bool in_front; // packets lie where the primary puts them, not at their room's end

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
		fprintf(stderr, "pipe_script: %s refused: %d\n", what, result);
		exit(1);
	}
}

static void read_rate(struct stand *stand)
{
	struct lines lines = stand_lines(stand, (unsigned)number());
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

static void read_bearer(struct stand *stand)
{
	struct lines lines = stand_lines(stand, (unsigned)number());
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

static unsigned read_hex(uint8_t *bytes, unsigned most)
{
	const char *hex = strtok(NULL, " \n");
	unsigned length = 0, byte;

	for (; hex && length < most && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[length++] = (uint8_t)byte;
	return length;
}

static void read_sheet(struct stand *stand)
{
	static struct sheets sheets;
	unsigned shard = (unsigned)number();
	uint32_t slot = (uint32_t)number();
	const char *field = "";

	sheets.head.bytes = (uint16_t)read_hex(sheets.bytes, sizeof(sheets.bytes));
	if (sheet_check(sheets.bytes, sheets.head.bytes, &field)) {
		fprintf(stderr, "pipe_script: sheet refused: %s\n", field);
		exit(1);
	}
	memcpy(&sheets.head, sheets.bytes, sizeof(sheets.head));
	stand_rules(stand, shard, slot, 0, &sheets);
}

static void read_gtpu6(struct stand *stand)
{
	stand->pipe.gtpu_ipv6[0] = number();
	stand->pipe.gtpu_ipv6[1] = number();
}

static void read_packet(struct stand *stand, pipe_script_burst *burst, void *with)
{
	uint8_t bytes[ROOM_STRIDE], *room = room_at(&stand->rooms, STAND_ROOMS - 1);
	struct lane_handle handle = { .room = STAND_ROOMS - 1, .port = 3 };
	uint16_t began;

	handle.code = (uint8_t)number();
	handle.hint = (uint32_t)number();
	handle.length = (uint16_t)read_hex(bytes, sizeof(bytes));
	handle.offset = began = in_front ? STAND_OFFSET : (uint16_t)(ROOM_STRIDE - handle.length);
	memcpy(room + began, bytes, handle.length);
	burst(with, &handle, 1, STAND_HZ);
	printf("%s %u %u %d ", verdict_name(handle.code), handle.hint, handle.port, handle.offset - began);
	for (unsigned i = 0; i < handle.length; i++)
		printf("%02x", room[handle.offset + i]);
	putchar('\n');
}

// All shards stand somewhere, as if ctrl had told them all.
static void settle(struct stand *stand)
{
	for (unsigned shard = 0; shard < SHARDS; shard++)
		stand->pipe.shard[shard].header->seq = 1;
}

int pipe_script(struct stand *stand, pipe_script_burst *burst, void *with)
{
	static char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), stdin)) {
		const char *verb = strtok(line, " \n");

		if (!verb)
			continue;
		if (!strcmp(verb, "mtu")) {
			stand->net.access_mtu = (uint16_t)number();
			stand->net.core_mtu = (uint16_t)number();
		} else if (!strcmp(verb, "rate")) {
			read_rate(stand);
		} else if (!strcmp(verb, "bearer")) {
			read_bearer(stand);
		} else if (!strcmp(verb, "sheet")) {
			read_sheet(stand);
		} else if (!strcmp(verb, "gtpu6")) {
			read_gtpu6(stand);
		} else if (!strcmp(verb, "settle")) {
			settle(stand);
		} else if (!strcmp(verb, "front")) {
			in_front = true;
		} else if (!strcmp(verb, "packet")) {
			read_packet(stand, burst, with);
		} else {
			fprintf(stderr, "pipe_script: what is \"%s\"?\n", verb);
			return 2;
		}
	}
	return 0;
}
