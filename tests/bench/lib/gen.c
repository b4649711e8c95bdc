// gen.c - traffic for the benchmarks, as fast as it goes or at a rate: port 0 the radio side, port 1 the packet data network.
//
//   bench-gen EAL-ARGS -- --sessions FILE --gnb IP --gtpu IP --host IP [--far MAC,MAC] [--seconds N] [--inner BYTES]
//             [--mode up|down|both] [--pps N]
//
// Sends G-PDUs of random sessions into port 0 and plain IP to random UEs into port 1, counts what comes out of the other port. Prints
// one JSON line. A receiver that never lets its ring run full may sit in memif's slow state (each poll steals a line), so the first
// half second builds a backlog and is not counted.
#include <getopt.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/bench/lib/traffic.h"

#define SIDES 2u
#define BACKLOG_NS 500000000u

static struct {
	double seconds;
	bool sends[SIDES];
	uint64_t pps;
} option = { .seconds = 3, .sends = { true, true } };

static struct traffic traffic = { .inner = 64 };
static uint64_t sent[SIDES], received[SIDES];

static void send_burst(uint16_t port)
{
	struct rte_mbuf *burst[TRAFFIC_BURST];
	unsigned n = 0, out;

	while (n < TRAFFIC_BURST && (burst[n] = traffic_make(&traffic, port)))
		n++;
	out = rte_eth_tx_burst(port, 0, burst, (uint16_t)n);
	sent[port] += out;
	rte_pktmbuf_free_bulk(burst + out, n - out);
}

static void receive_burst(uint16_t port)
{
	struct rte_mbuf *burst[TRAFFIC_BURST];
	unsigned n = rte_eth_rx_burst(port, 0, burst, TRAFFIC_BURST);

	for (unsigned i = 0; i < n; i++) {
		if (traffic_arp(&traffic, port, burst[i]))
			continue;
		received[port]++;
		rte_pktmbuf_free(burst[i]);
	}
}

// Runs for ns; with a rate, sends only when the schedule says so.
static void run(uint64_t ns)
{
	unsigned ways = (unsigned)option.sends[0] + option.sends[1];
	uint64_t from = clock_ns(), each = option.pps ? TRAFFIC_BURST * 1000000000ull * ways / option.pps : 0;
	uint64_t next = from;

	for (uint64_t now = from; now - from < ns; now = clock_ns()) {
		bool due = now >= next;

		for (uint16_t port = 0; port < SIDES; port++)
			if (due && option.sends[port])
				send_burst(port);
		for (uint16_t port = 0; port < SIDES; port++)
			receive_burst(port);
		if (due)
			next += each;
	}
}

static int mode_read(const char *mode)
{
	option.sends[TRAFFIC_RADIO] = !strcmp(mode, "up") || !strcmp(mode, "both");
	option.sends[TRAFFIC_NETWORK] = !strcmp(mode, "down") || !strcmp(mode, "both");
	return !option.sends[TRAFFIC_RADIO] && !option.sends[TRAFFIC_NETWORK];
}

static int option_take(const char *name, char *value)
{
	if (!strcmp(name, "mode"))
		return mode_read(value);
	if (!strcmp(name, "seconds"))
		option.seconds = strtod(value, NULL);
	else if (!strcmp(name, "pps"))
		option.pps = strtoull(value, NULL, 10);
	else
		return traffic_option(&traffic, name, value);
	return 0;
}

static int options(int argc, char **argv)
{
	static const struct option known[] = { { "sessions", 1, 0, 0 }, { "gnb", 1, 0, 0 },  { "gtpu", 1, 0, 0 },
					       { "host", 1, 0, 0 },     { "far", 1, 0, 0 },  { "seconds", 1, 0, 0 },
					       { "inner", 1, 0, 0 },    { "mode", 1, 0, 0 }, { "pps", 1, 0, 0 },
					       { 0, 0, 0, 0 } };
	int c, at;

	while ((c = getopt_long(argc, argv, "", known, &at)) != -1)
		if (c || option_take(known[at].name, optarg))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), error;
	uint64_t before, back, from, ns;

	if (used < 0 || options(argc - used, argv + used))
		return 2;
	error = traffic_open(&traffic);
	if (error) {
		fprintf(stderr, "bench-gen: %s\n", strerror(-error));
		return 1;
	}
	run(BACKLOG_NS);
	before = received[TRAFFIC_RADIO] + received[TRAFFIC_NETWORK];
	memset(sent, 0, sizeof(sent));
	memset(received, 0, sizeof(received));
	from = clock_ns();
	run((uint64_t)(option.seconds * 1e9));
	ns = clock_ns() - from;
	back = received[TRAFFIC_RADIO] + received[TRAFFIC_NETWORK];
	printf("{\"seconds\": %.3f, \"sent\": %llu, \"received\": %llu, \"mpps\": %.4f, \"up\": %llu, \"down\": %llu, "
	       "\"arp\": %llu, \"all\": %llu}\n",
	       (double)ns / 1e9, (unsigned long long)(sent[0] + sent[1]), (unsigned long long)back,
	       (double)back * 1e3 / (double)ns, (unsigned long long)received[TRAFFIC_NETWORK],
	       (unsigned long long)received[TRAFFIC_RADIO], (unsigned long long)traffic.asked,
	       (unsigned long long)(before + back));
	rte_eal_cleanup();
	return 0;
}
