// gen.c - traffic for the benchmarks: both sides of the gateway in one DPDK process, port 0 the radio side, port 1 the
// packet data network.
//
//   gen EAL-ARGS -- --sessions FILE --gnb IP --gtpu IP --host IP [--seconds N] [--inner BYTES] [--mode up|down|both] [--pps N]
//
// FILE holds "teid,ue-ipv4" lines. Sends G-PDUs of random sessions into port 0 and plain IP to random UEs into port 1,
// counts what comes out of the other port, answers ARP. Prints one JSON line. A receiver that never lets its ring run
// full may sit in memif's slow state (each poll steals a line), so the first half second builds a backlog and is not counted.
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <rte_arp.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/clock.h"

enum { RADIO, NETWORK, SIDES };
#define BURST 32u

struct ue {
	uint32_t teid, ipv4; // network order
};

struct gtp_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr outer;
	struct rte_udp_hdr udp;
	uint8_t gtp_flags, gtp_type;
	uint16_t gtp_length;
	uint32_t teid;
	struct rte_ipv4_hdr inner;
	struct rte_udp_hdr inner_udp;
} __attribute__((packed, aligned(2)));

struct ip_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2)));

static struct {
	const char *sessions;
	uint32_t gnb, gtpu, host; // network order
	unsigned seconds, inner;
	int up, down;
	uint64_t pps;
} option = { .seconds = 3, .inner = 64, .up = 1, .down = 1 };

static struct ue *ues;
static unsigned ue_count;
static struct rte_mempool *pool;
static struct rte_ether_addr gateway[SIDES]; // learnt from its ARP request, or from the device
static struct gtp_frame uplink;
static struct ip_frame downlink;
static uint64_t sent[SIDES], received[SIDES], asked;

static uint32_t any(void)
{
	static uint64_t x = 88172645463325252ull; // xorshift64: cheap, and the same for every contestant

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32);
}

static int load_sessions(void)
{
	FILE *file = fopen(option.sessions, "r");
	char line[128], address[64];
	unsigned room = 0, teid;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u,%63[0-9.]", &teid, address) != 2)
			continue;
		if (ue_count == room) {
			struct ue *more = realloc(ues, (room = room ? room * 2 : 1024) * sizeof(*ues));

			if (!more)
				break;
			ues = more;
		}
		ues[ue_count++] = (struct ue){ htonl(teid), inet_addr(address) };
	}
	fclose(file);
	return ue_count ? 0 : -ENODATA;
}

static void ip_fill(struct rte_ipv4_hdr *ip, uint32_t source, uint32_t target, unsigned bytes)
{
	*ip = (struct rte_ipv4_hdr){ .version_ihl = 0x45,
				     .total_length = htons((uint16_t)bytes),
				     .time_to_live = 64,
				     .next_proto_id = IPPROTO_UDP,
				     .src_addr = source,
				     .dst_addr = target };
}

static void udp_fill(struct rte_udp_hdr *udp, uint16_t port, unsigned bytes)
{
	*udp = (struct rte_udp_hdr){ htons(port), htons(port), htons((uint16_t)bytes), 0 };
}

static void templates(void)
{
	unsigned inner = option.inner;

	uplink.eth.ether_type = downlink.eth.ether_type = htons(RTE_ETHER_TYPE_IPV4);
	ip_fill(&uplink.outer, option.gnb, option.gtpu, inner + 36);
	uplink.outer.hdr_checksum = rte_ipv4_cksum(&uplink.outer);
	udp_fill(&uplink.udp, 2152, inner + 16);
	uplink.gtp_flags = 0x30;
	uplink.gtp_type = 255;
	uplink.gtp_length = htons((uint16_t)inner);
	ip_fill(&uplink.inner, 0, option.host, inner);
	udp_fill(&uplink.inner_udp, 9, inner - 20);
	ip_fill(&downlink.ip, option.host, 0, inner);
	udp_fill(&downlink.udp, 9, inner - 20);
}

static struct rte_mbuf *frame_make(unsigned side)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	const struct ue *ue = &ues[(uint64_t)any() * ue_count >> 32];
	unsigned bytes = (unsigned)(side == RADIO ? sizeof(uplink.eth) + 36 : sizeof(downlink.eth)) + option.inner;

	if (!m)
		return NULL;
	m->data_len = (uint16_t)bytes;
	m->pkt_len = bytes;
	if (side == RADIO) {
		struct gtp_frame *f = rte_pktmbuf_mtod(m, struct gtp_frame *);

		memcpy(f, &uplink, sizeof(*f));
		f->eth.dst_addr = gateway[side];
		f->teid = ue->teid;
		f->inner.src_addr = ue->ipv4;
		f->inner.hdr_checksum = rte_ipv4_cksum(&f->inner);
	} else {
		struct ip_frame *f = rte_pktmbuf_mtod(m, struct ip_frame *);

		memcpy(f, &downlink, sizeof(*f));
		f->eth.dst_addr = gateway[side];
		f->ip.dst_addr = ue->ipv4;
		f->ip.hdr_checksum = rte_ipv4_cksum(&f->ip);
	}
	return m;
}

static void send_burst(unsigned side)
{
	struct rte_mbuf *burst[BURST];
	unsigned n = 0, out;

	while (n < BURST && (burst[n] = frame_make(side)))
		n++;
	out = rte_eth_tx_burst((uint16_t)side, 0, burst, (uint16_t)n);
	sent[side] += out;
	rte_pktmbuf_free_bulk(burst + out, n - out);
}

// Turns an ARP request into its answer; every address is ours.
static int arp_answer(unsigned side, struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (void *)(eth + 1);
	uint32_t wanted;

	if (eth->ether_type != htons(RTE_ETHER_TYPE_ARP) || arp->arp_opcode != htons(RTE_ARP_OP_REQUEST))
		return 0;
	gateway[side] = arp->arp_data.arp_sha;
	wanted = arp->arp_data.arp_tip;
	arp->arp_opcode = htons(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sip = wanted;
	rte_eth_macaddr_get((uint16_t)side, &arp->arp_data.arp_sha);
	eth->dst_addr = eth->src_addr;
	eth->src_addr = arp->arp_data.arp_sha;
	asked++;
	return rte_eth_tx_burst((uint16_t)side, 0, &m, 1) == 1;
}

static void receive_burst(unsigned side)
{
	struct rte_mbuf *burst[BURST];
	unsigned n = rte_eth_rx_burst((uint16_t)side, 0, burst, BURST);

	for (unsigned i = 0; i < n; i++) {
		if (arp_answer(side, burst[i]))
			continue;
		received[side]++;
		rte_pktmbuf_free(burst[i]);
	}
}

static void turn(int sending)
{
	if (sending && option.up)
		send_burst(RADIO);
	if (sending && option.down)
		send_burst(NETWORK);
	for (unsigned side = 0; side < SIDES; side++)
		receive_burst(side);
}

// Runs for ns; with a rate, sends only when the schedule says so.
static void run(uint64_t ns)
{
	uint64_t from = clock_ns(),
		 each = option.pps ? BURST * 1000000000ull * (option.up + option.down) / option.pps : 0;
	uint64_t next = from;

	for (uint64_t now = from; now - from < ns; now = clock_ns()) {
		int due = now >= next;

		turn(due);
		if (due)
			next += each;
	}
}

static int port_start(uint16_t port)
{
	struct rte_eth_conf conf = { 0 };
	int error = rte_eth_dev_configure(port, 1, 1, &conf);

	if (!error)
		error = rte_eth_rx_queue_setup(port, 0, 1024, 0, NULL, pool);
	if (!error)
		error = rte_eth_tx_queue_setup(port, 0, 1024, 0, NULL);
	return error ? error : rte_eth_dev_start(port);
}

static int ports_up(void)
{
	struct rte_eth_link link;
	uint64_t from = clock_ns();

	for (uint16_t port = 0; port < SIDES; port++) {
		if (port_start(port))
			return -EIO;
		do {
			rte_eth_link_get_nowait(port, &link);
			usleep(1000);
		} while (!link.link_status && clock_ns() - from < 10000000000ull);
		if (!link.link_status)
			return -ENETDOWN;
		memset(&gateway[port], 0xff, sizeof(gateway[port])); // broadcast until ARP tells
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "gen: --sessions FILE --gnb IP --gtpu IP --host IP [--seconds N] [--inner BYTES] "
			"[--mode up|down|both] [--pps N]\n");
	return 2;
}

static int options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "sessions", 1, 0, 's' }, { "gnb", 1, 0, 'g' },     { "gtpu", 1, 0, 't' },
		{ "host", 1, 0, 'h' },     { "seconds", 1, 0, 'n' }, { "inner", 1, 0, 'i' },
		{ "mode", 1, 0, 'm' },     { "pps", 1, 0, 'p' },     { 0, 0, 0, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 's':
			option.sessions = optarg;
			break;
		case 'g':
			option.gnb = inet_addr(optarg);
			break;
		case 't':
			option.gtpu = inet_addr(optarg);
			break;
		case 'h':
			option.host = inet_addr(optarg);
			break;
		case 'n':
			option.seconds = (unsigned)atoi(optarg);
			break;
		case 'i':
			option.inner = (unsigned)atoi(optarg);
			break;
		case 'p':
			option.pps = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			option.up = !strcmp(optarg, "up") || !strcmp(optarg, "both");
			option.down = !strcmp(optarg, "down") || !strcmp(optarg, "both");
			break;
		default:
			return usage();
		}
	}
	return option.sessions && option.inner >= 28 && option.inner <= 1400 && option.up + option.down ? 0 : usage();
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), error;
	uint64_t out, back, from;

	if (used < 0 || options(argc - used, argv + used))
		return 2;
	pool = rte_pktmbuf_pool_create("gen", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	error = pool ? load_sessions() : -ENOMEM;
	if (!error)
		error = ports_up();
	if (error) {
		fprintf(stderr, "gen: %s\n", strerror(-error));
		return 1;
	}
	templates();
	run(500000000); // neighbours learnt, backlog built
	memset(sent, 0, sizeof(sent));
	memset(received, 0, sizeof(received));
	from = clock_ns();
	run(option.seconds * 1000000000ull);
	out = sent[RADIO] + sent[NETWORK];
	back = received[RADIO] + received[NETWORK];
	printf("{\"seconds\": %.3f, \"sent\": %llu, \"received\": %llu, \"mpps\": %.3f, \"up\": %llu, \"down\": %llu, "
	       "\"arp\": %llu}\n",
	       (double)(clock_ns() - from) / 1e9, (unsigned long long)out, (unsigned long long)back,
	       (double)back * 1e3 / (double)(clock_ns() - from), (unsigned long long)received[NETWORK],
	       (unsigned long long)received[RADIO], (unsigned long long)asked);
	rte_eal_cleanup();
	return 0;
}
