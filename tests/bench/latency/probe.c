// probe.c - bench-probe: how long packets take through what stands between two ports, a slice at a time, on one thread.
//
//   bench-probe EAL-ARGS -- --sessions FILE --gnb IP --gtpu IP --host IP [--far MAC,MAC]
//
// Ports 0 and 1 are the first target's radio and network side, 2 and 3 the second's. Each line read, "TARGET PPS MS NOISE", is a slice:
// PPS packets a second, both ways together, one by one as the clock says, and NOISE echo requests a second that the gateway itself
// has to answer. Answered by a line of CSV, names first. Each packet ends with when it left (TSC) and how long this
// program had stood still by then: so what it stood still meanwhile can be taken off again. Between slices it sleeps.
#include <errno.h>
#include <getopt.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/bench/lib/traffic.h"

#define STAMP_MAGIC 0x53746d70u
#define SEEN_MAX (1u << 22) // delays kept of one slice
#define WARM_MS 20u         // sent, but not counted: what sleeps wakes
#define LATE_MS 20u         // waited for after the last, so many times
#define LATE_TIMES 25u
#define STALL_US 50u // a turn that took longer stood still
#define LATE_MAX 32u // more than so many due at once are left out, not sent as a flood

struct stamp {
	uint32_t magic, slice;
	uint64_t sent, stalled; // ticks
};

static struct traffic traffic = { .inner = 28 + sizeof(struct stamp) };
static uint64_t hz;
static float *delays, *raws; // microseconds, of the slice

static struct {
	uint32_t number;
	uint16_t port; // the first of the target's two
	bool counts;   // what is sent now is stamped with the slice's number
	uint64_t stalled, stalls, turn_at;
	uint64_t sent, seen, skipped, refused, answers;
} slice;

static void send_one(struct rte_mbuf *m, uint16_t port, uint64_t now)
{
	struct stamp stamp = { STAMP_MAGIC, slice.counts ? slice.number : 0, now, slice.stalled };

	if (!m)
		return;
	memcpy(rte_pktmbuf_mtod_offset(m, char *, m->data_len - sizeof(stamp)), &stamp, sizeof(stamp));
	if (rte_eth_tx_burst(port, 0, &m, 1)) {
		slice.sent += slice.counts;
		return;
	}
	slice.refused += slice.counts;
	rte_pktmbuf_free(m);
}

static void send_echo(void)
{
	struct rte_mbuf *m = traffic_echo(&traffic, slice.port);

	if (m && !rte_eth_tx_burst(slice.port, 0, &m, 1))
		rte_pktmbuf_free(m);
}

static void take(const struct rte_mbuf *m, uint64_t now)
{
	struct stamp stamp;
	double us = 1e6 / (double)hz;

	if (m->data_len < RTE_ETHER_HDR_LEN + sizeof(stamp))
		return;
	memcpy(&stamp, rte_pktmbuf_mtod_offset(m, const char *, m->data_len - sizeof(stamp)), sizeof(stamp));
	if (stamp.magic != STAMP_MAGIC) {
		slice.answers++;
		return;
	}
	if (stamp.slice != slice.number || slice.seen == SEEN_MAX)
		return;
	raws[slice.seen] = (float)((double)(now - stamp.sent) * us);
	delays[slice.seen++] = (float)((double)(now - stamp.sent - (slice.stalled - stamp.stalled)) * us);
}

static void receive(uint16_t port)
{
	struct rte_mbuf *burst[TRAFFIC_BURST];
	unsigned n = rte_eth_rx_burst(port, 0, burst, TRAFFIC_BURST);
	uint64_t now = clock_ticks();

	for (unsigned i = 0; i < n; i++) {
		if (traffic_arp(&traffic, port, burst[i]))
			continue;
		take(burst[i], now);
		rte_pktmbuf_free(burst[i]);
	}
}

// How many are due of a stream of so many a second; what is too late is left out.
static unsigned due(uint64_t now, uint64_t *next, uint64_t pps)
{
	unsigned n = 0;

	for (; pps && *next <= now && n < LATE_MAX; n++)
		*next += hz / pps;
	if (n == LATE_MAX && *next < now) {
		slice.skipped += (now - *next) * pps / hz;
		*next = now;
	}
	return n;
}

static void run(uint64_t ms, uint64_t pps, uint64_t noise)
{
	uint64_t now = clock_ticks(), end = now + ms * (hz / 1000), next = now, next_noise = now;
	static unsigned way;

	slice.turn_at = now;
	for (; now < end; now = clock_ticks()) {
		if (now - slice.turn_at > hz / 1000000 * STALL_US) {
			slice.stalled += now - slice.turn_at;
			slice.stalls++;
		}
		slice.turn_at = now;
		for (unsigned n = due(now, &next, pps); n; n--) {
			uint16_t port = (uint16_t)(slice.port + way++ % 2);

			send_one(traffic_make(&traffic, port), port, now); // where a turn that stands still began
		}
		for (unsigned n = due(now, &next_noise, noise); n; n--)
			send_echo();
		receive(slice.port);
		receive((uint16_t)(slice.port + 1));
	}
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double quantile(const float *sorted, double share)
{
	return slice.seen ? (double)sorted[(uint64_t)(share * (double)(slice.seen - 1))] : 0;
}

static void tell(void)
{
	qsort(delays, slice.seen, sizeof(*delays), by_value);
	qsort(raws, slice.seen, sizeof(*raws), by_value);
	printf("%llu,%llu,%llu,%llu,%llu,%llu,%.2f,%.2f,%.2f,%.2f,%.2f,%.2f\n", (unsigned long long)slice.sent,
	       (unsigned long long)slice.seen, (unsigned long long)slice.refused, (unsigned long long)slice.skipped,
	       (unsigned long long)slice.answers, (unsigned long long)slice.stalls, quantile(delays, 0.5),
	       quantile(delays, 0.99), quantile(delays, 0.999), quantile(delays, 1), quantile(raws, 0.99),
	       quantile(raws, 0.999));
	fflush(stdout);
}

static void slices(void)
{
	unsigned target, ms;
	unsigned long long pps, noise;
	char line[128];

	puts("sent,received,refused,skipped,answers,stalls,p50,p99,p999,max,raw_p99,raw_p999");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%u %llu %u %llu", &target, &pps, &ms, &noise) != 4 ||
		    target * 2 >= rte_eth_dev_count_avail())
			return;
		slice.port = (uint16_t)(target * 2);
		slice.number++;
		slice.sent = slice.seen = slice.skipped = slice.refused = slice.answers = slice.stalls = 0;
		slice.counts = false;
		run(WARM_MS, pps, noise);
		slice.stalls = slice.skipped = 0;
		slice.counts = true;
		run(ms, pps, noise);
		slice.counts = false;
		for (unsigned i = 0; i < LATE_TIMES && slice.seen < slice.sent; i++)
			run(LATE_MS, 0, 0);
		tell();
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
	hz = clock_hz();
	delays = calloc(SEEN_MAX, sizeof(*delays));
	raws = calloc(SEEN_MAX, sizeof(*raws));
	error = delays && raws ? traffic_open(&traffic) : -ENOMEM;
	if (error) {
		fprintf(stderr, "bench-probe: %s\n", strerror(-error));
		return 1;
	}
	slices();
	rte_eal_cleanup();
	return 0;
}
