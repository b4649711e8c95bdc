// police_trace.c - random arrivals metered by the policer, written to stdout for police_golden.py: for each run six
// 64-bit words (clock, CIR, CBS, EBS, aware, packets), then 16 bytes a packet (when, bytes, incoming colour, colour).
#include <stdio.h>
#include <stdlib.h>
#include "workers/lines/police.h"

#define CLOCK_HZ 2445123457ull // no round number

struct record {
	uint64_t when;
	uint32_t bytes;
	uint8_t incoming, colour, reserved[2];
};

static uint64_t random_word(void)
{
	static uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

// About 1.25 times the rate, in clumps; now and then idle for seconds, hours, or 400 days.
static uint64_t wait_ticks(uint64_t cir_bps, uint32_t bytes)
{
	static const uint64_t idle_s[] = { 1, 60, 3600, 400 * 86400 };
	uint64_t pause = random_word() % 20000;

	if (pause < 4)
		return idle_s[pause] * CLOCK_HZ + random_word() % CLOCK_HZ;
	return random_word() % 5 < 2 ? random_word() % 300
				     : random_word() % (bytes * 8 * CLOCK_HZ * 27 / 10 / cir_bps + 1);
}

static void trace(uint64_t cir_bps, uint32_t cbs, uint32_t ebs, uint64_t aware, uint64_t packets)
{
	uint64_t byte = 8 * CLOCK_HZ, now = CLOCK_HZ, head[] = { CLOCK_HZ, cir_bps, cbs, ebs, aware, packets };
	struct region_rate rate = { cir_bps, cbs * byte, ebs * byte, 0 };
	struct line line = { .tc = UINT64_MAX, .te = UINT64_MAX };

	fwrite(head, sizeof(head), 1, stdout);
	for (uint64_t i = 0; i < packets; i++) {
		struct record record = { .bytes = 40 + (uint32_t)(random_word() % 1461) };

		now += wait_ticks(cir_bps, record.bytes);
		record.when = now;
		record.incoming = aware ? (uint8_t)(random_word() % POLICE_COLOURS) : POLICE_GREEN;
		if (record.incoming != POLICE_GREEN || !police_green(&line, &rate, record.bytes * byte, now))
			record.colour = (uint8_t)police_meter(&line, &rate, record.bytes * byte, now, record.incoming);
		fwrite(&record, sizeof(record), 1, stdout);
	}
}

int main(int argc, char **argv)
{
	static const uint64_t rates[] = { 64000, 1000000, 12345678, 100000000, 1000000000, 10000000000 };
	static const uint32_t bursts[][2] = {
		{ 3000, 3000 }, { 15000, 60000 }, { 0, 6000 }, { 9000, 0 }, { 700, 2000 }
	};
	uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (size_t b = 0; b < sizeof(bursts) / sizeof(bursts[0]); b++)
			for (uint64_t aware = 0; aware < 2; aware++)
				trace(rates[r], bursts[b][0], bursts[b][1], aware, packets);
	return 0;
}
