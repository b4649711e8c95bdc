// calibrate.c - a loop over headers in the first cache, of known length in instructions. State: its own headers; one thread.
#include "cost/calibrate.h"
#include "cost/count.h"
#include "shared/base/clock.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/hop.h"
#include "shared/wire/ip.h"
#include "workers/pipe/flow.h"

#define HEADERS 32u
#define TURNS 400u
#define ADDS 100000u

struct header {
	_Alignas(64) uint8_t outer[IP4_HEADER + UDP_HEADER + GTPU_HEADER];
	uint8_t inner[IP4_HEADER + UDP_HEADER]; // as it came
	uint8_t passed[IP4_HEADER];             // one hop further
	uint64_t bytes, packets;
};

static struct header headers[HEADERS];

static void headers_make(void)
{
	for (uint32_t i = 0; i < HEADERS; i++) {
		struct ip4_fields inner = { 0x0a000000 | i, 0xcb007109, 92, 0, 64, IP_UDP };

		ip4_put(headers[i].inner, &inner);
		udp_put(headers[i].inner + IP4_HEADER, 4000, 53, 72);
	}
}

// A wide store is never read back in other pieces, as on the packet path.
static void header_turn(struct header *header, uint32_t number)
{
	struct ip4_fields outer = { 0xc0000201, 0xc6336401, 128, 0, 64, IP_UDP };
	struct ip_packet ip;

	if (ip_read(&ip, header->inner, 92) != IP_SOUND)
		return;
	memcpy(header->passed, header->inner, IP4_HEADER);
	hop4(header->passed, ip.tos, (uint8_t)(ip.tos ^ 40));
	outer.length = (uint16_t)(ip.length + 36);
	ip4_put(header->outer, &outer);
	udp_put(header->outer + IP4_HEADER, flow_port(header->inner, &ip), GTPU_PORT, (uint16_t)(ip.length + 16));
	gtpu_put(header->outer + IP4_HEADER + UDP_HEADER, number, (uint16_t)ip.length);
	header->bytes += ip.length;
	header->packets++;
}

static void headers_turn(void *with)
{
	for (uint32_t i = 0; i < HEADERS; i++)
		header_turn(&headers[i], i);
}

static double turns(void *with)
{
	uint64_t from = clock_ns();

	for (unsigned i = 0; i < TURNS; i++)
		headers_turn(with);
	return (double)(clock_ns() - from) / TURNS / *(const double *)with;
}

static double adds(void *with)
{
	uint64_t from = clock_ns(), sum = 0;

	for (unsigned i = 0; i < ADDS; i++)
		__asm__ volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0" : "+r"(sum));
	return (double)(clock_ns() - from) / ADDS / 4;
}

double calibrate(struct table *table, unsigned repeats)
{
	double instructions, ns;
	double cycle = table_measure(table, &(struct table_row){ .key = "cycle", .what = "clock cycle of the core" },
				     adds, NULL, repeats);

	headers_make();
	instructions = (double)count_instructions(headers_turn, NULL);
	if (instructions <= 0) {
		table_note(table, "no predictions: the kernel does not let this process trace its own child, so "
				  "instructions can't be counted");
		return 0;
	}
	ns = table_measure(table,
			   &(struct table_row){ .key = "instruction", .what = "instruction of header code, warm" },
			   turns, &instructions, repeats);
	table_note(table, "header code: %.0f instructions, %.2f a cycle", instructions / HEADERS, cycle / ns);
	return ns;
}
