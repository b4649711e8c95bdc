// gen.c - traffic for the benchmarks, as fast as it goes or at a rate, in both directions, a slice at a time, on one thread.
//
//   bench-gen EAL-ARGS -- --sessions FILE --gnb IP --gtpu IP --host IP [--far MAC,MAC]
//
// Ports 0 and 1 are the first target's radio and network side, 2 and 3 the second's. Each line read, "TARGET INNER MS PPS", is a slice:
// G-PDUs of random sessions into the one port, plain IP to random UEs into the other, inner packets of so many bytes; PPS 0: flat
// out. Answered by one line of JSON: what came out of the other ports. A receiver that never lets its ring run full may sit in
// memif's slow state (each poll steals a line), so the first 300 ms build a backlog and are not counted. Between slices it sleeps.
#include <getopt.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/bench/lib/traffic.h"

#define BACKLOG_NS 300000000u
#define SIDES 2u

static struct traffic traffic = { .inner = 64 };
static struct {
	uint16_t port; // the target's first
	uint64_t pps, sent, received[SIDES], all;
} slice;

static void send_burst(uint16_t port)
{
	struct rte_mbuf *burst[TRAFFIC_BURST];
	unsigned n = 0, out;

	while (n < TRAFFIC_BURST && (burst[n] = traffic_make(&traffic, port)))
		n++;
	out = rte_eth_tx_burst(port, 0, burst, (uint16_t)n);
	slice.sent += out;
	rte_pktmbuf_free_bulk(burst + out, n - out);
}

static void receive_burst(uint16_t port)
{
	struct rte_mbuf *burst[TRAFFIC_BURST];
	unsigned n = rte_eth_rx_burst(port, 0, burst, TRAFFIC_BURST);

	for (unsigned i = 0; i < n; i++) {
		if (traffic_arp(&traffic, port, burst[i]))
			continue;
		slice.received[port % SIDES]++;
		slice.all++;
		rte_pktmbuf_free(burst[i]);
	}
}

// Runs for ns; with a rate, sends only when the schedule says so. Returns how long it really was.
static uint64_t run(uint64_t ns)
{
	uint64_t from = clock_ns(), each = slice.pps ? TRAFFIC_BURST * 1000000000ull * SIDES / slice.pps : 0;
	uint64_t next = from, now = from;

	for (; now - from < ns; now = clock_ns()) {
		bool due = now >= next;

		for (uint16_t side = 0; due && side < SIDES; side++)
			send_burst((uint16_t)(slice.port + side));
		for (uint16_t side = 0; side < SIDES; side++)
			receive_burst((uint16_t)(slice.port + side));
		if (due)
			next += each;
	}
	return now - from;
}

static void slice_run(uint64_t ms)
{
	uint64_t ns, back;

	slice.all = 0;
	run(BACKLOG_NS);
	slice.sent = slice.received[TRAFFIC_RADIO] = slice.received[TRAFFIC_NETWORK] = 0;
	ns = run(ms * 1000000);
	back = slice.received[TRAFFIC_RADIO] + slice.received[TRAFFIC_NETWORK];
	printf("{\"seconds\": %.3f, \"sent\": %llu, \"received\": %llu, \"mpps\": %.4f, \"up\": %llu, \"down\": %llu, "
	       "\"all\": %llu}\n",
	       (double)ns / 1e9, (unsigned long long)slice.sent, (unsigned long long)back,
	       (double)back * 1e3 / (double)ns, (unsigned long long)slice.received[TRAFFIC_NETWORK],
	       (unsigned long long)slice.received[TRAFFIC_RADIO], (unsigned long long)slice.all);
	fflush(stdout);
}

static void slices(void)
{
	unsigned target, inner;
	unsigned long long ms;
	char line[128];

	while (fgets(line, sizeof(line), stdin)) {
		unsigned long long pps;

		if (sscanf(line, "%u %u %llu %llu", &target, &inner, &ms, &pps) != 4 ||
		    target * SIDES >= rte_eth_dev_count_avail() || traffic_size(&traffic, inner))
			return;
		slice.port = (uint16_t)(target * SIDES);
		slice.pps = pps;
		slice_run(ms);
	}
}

static int options(int argc, char **argv)
{
	static const struct option known[] = { { "sessions", 1, 0, 0 }, { "gnb", 1, 0, 0 }, { "gtpu", 1, 0, 0 },
					       { "host", 1, 0, 0 },     { "far", 1, 0, 0 }, { 0, 0, 0, 0 } };
	int c, at;

	while ((c = getopt_long(argc, argv, "", known, &at)) != -1)
		if (c || traffic_option(&traffic, known[at].name, optarg))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), error;

	if (used < 0 || options(argc - used, argv + used))
		return 2;
	error = traffic_open(&traffic);
	if (error) {
		fprintf(stderr, "bench-gen: %s\n", strerror(-error));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	slices();
	rte_eal_cleanup();
	return 0;
}
