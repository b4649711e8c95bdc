// runner.c - what net_gtpgen makes and how it judges, without DPDK ports: for the test that asks scapy and tshark about it.
//
//   gtpgen_runner make ARGS COUNT   the first COUNT frames as a pcap file on stdout
//   gtpgen_runner judge ARGS        a pcap file on stdin; a finding per frame on stdout
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/gtpgen/args.h"

struct pcap_record {
	uint32_t seconds, micros, kept, length;
};

static const uint32_t pcap_head[6] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1 };

static const char *const words[FRAME_FOUND] = {
#define F(name, word) [FRAME_##name] = #word,
	FRAME_FINDINGS(F)
#undef F
};

static void make(const struct args *args, const struct keys *keys, uint32_t count)
{
	static struct frame_template template[FRAME_WAYS];
	static uint8_t frame[FRAME_ROOM];

	for (unsigned way = 0; way < FRAME_WAYS; way++)
		frame_template_make(&template[way], &args -> plan, (enum frame_way)way);
	fwrite(pcap_head, sizeof(pcap_head), 1, stdout);
	for (uint32_t i = 0; i < count; i++) {
		unsigned list = i % keys->lists;
		uint32_t draw = i / keys->lists % keys->list[list].draws;
		const struct frame_template *one = &template[frame_way_of(args->way, draw)];
		struct pcap_record record = { 0, i, one->length, one->length };

		frame_write(frame, one, &keys->list[list].key[draw], draw, (uint8_t)list);
		fwrite(&record, sizeof(record), 1, stdout);
		fwrite(frame, one->length, 1, stdout);
	}
}

static bool judge(const struct args *args, const struct keys *keys)
{
	static uint8_t frame[65536];
	struct pcap_record record;
	uint32_t head[6];

	if (fread(head, sizeof(head), 1, stdin) != 1 || head[0] != pcap_head[0])
		return false;
	while (fread(&record, sizeof(record), 1, stdin) == 1) {
		if (record.kept > sizeof(frame) || (record.kept && fread(frame, record.kept, 1, stdin) != 1))
			return false;
		puts(words[frame_judge(frame, record.kept, &args->plan, keys)]);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct keys *keys;
	struct args args;
	unsigned line;
	bool good = true;

	if (argc < 3 || args_read(argv[2], &args) || keys_take(&args.keys, &keys, &line)) {
		fprintf(stderr, "usage: gtpgen_runner make ARGS COUNT | judge ARGS\n");
		return 2;
	}
	memcpy(args.plan.gateway_mac, "\2gtp\0", 6);
	memcpy(args.plan.peer_mac, "\2gtP\0", 6);
	if (!strcmp(argv[1], "make") && argc == 4)
		make(&args, keys, (uint32_t)strtoul(argv[3], NULL, 10));
	else
		good = judge(&args, keys);
	keys_drop(keys);
	return good ? 0 : 1;
}
