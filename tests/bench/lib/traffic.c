// traffic.c - frames of random sessions, and the neighbour of a gateway on both sides. Owned by its one thread.
#include "tests/bench/lib/traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <rte_arp.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"

#define GTPU_PORT 2152
#define INNER_MAX 1400u        // all of it fits a room of the pool
#define LINK_NS 10000000000ull // so long may the far end take

// xorshift64: cheap, and the same for every contestant.
static uint32_t any(struct traffic *traffic)
{
	uint64_t x = traffic->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	traffic->random = x;
	return (uint32_t)(x >> 32);
}

static int sessions_load(struct traffic *traffic, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[128], address[64];
	unsigned room = 0, teid;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u,%63[0-9.]", &teid, address) != 2)
			continue;
		if (traffic->ue_count == room) {
			struct traffic_ue *more;

			room = room ? room * 2 : 1024;
			more = realloc(traffic->ues, room * sizeof(*more));
			if (!more)
				break;
			traffic->ues = more;
		}
		traffic->ues[traffic->ue_count++] = (struct traffic_ue){ htonl(teid), inet_addr(address) };
	}
	fclose(file);
	return traffic->ue_count ? 0 : -ENODATA;
}

static int far_read(struct traffic *traffic, char *text)
{
	char *comma = strchr(text, ',');

	if (!comma)
		return -EINVAL;
	*comma = 0;
	return rte_ether_unformat_addr(text, &traffic->far[TRAFFIC_RADIO]) ||
		       rte_ether_unformat_addr(comma + 1, &traffic->far[TRAFFIC_NETWORK])
		   ? -EINVAL
		   : 0;
}

int traffic_option(struct traffic *traffic, const char *name, char *value)
{
	if (!strcmp(name, "sessions"))
		return sessions_load(traffic, value);
	if (!strcmp(name, "far"))
		return far_read(traffic, value);
	if (!strcmp(name, "gnb"))
		traffic->gnb = inet_addr(value);
	else if (!strcmp(name, "gtpu"))
		traffic->gtpu = inet_addr(value);
	else if (!strcmp(name, "host"))
		traffic->host = inet_addr(value);
	else
		return -ENOENT;
	return 0;
}

// ---- Frames

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

int traffic_size(struct traffic *traffic, unsigned inner)
{
	struct traffic_gtp_frame *up = &traffic->uplink;
	struct traffic_ip_frame *down = &traffic->downlink;

	if (inner < 28 || inner > INNER_MAX)
		return -EINVAL;
	traffic->inner = inner;

	up->eth.ether_type = down->eth.ether_type = htons(RTE_ETHER_TYPE_IPV4);
	ip_fill(&up->outer, traffic->gnb, traffic->gtpu, inner + 36);
	up->outer.hdr_checksum = rte_ipv4_cksum(&up->outer);
	udp_fill(&up->udp, GTPU_PORT, inner + 16);
	up->gtp_flags = 0x30;
	up->gtp_type = 255;
	up->gtp_length = htons((uint16_t)inner);
	ip_fill(&up->inner, 0, traffic->host, inner);
	udp_fill(&up->inner_udp, 9, inner - 20);
	ip_fill(&down->ip, traffic->host, 0, inner);
	udp_fill(&down->udp, 9, inner - 20);
	return 0;
}

static void uplink_fill(const struct traffic *traffic, struct traffic_gtp_frame *frame, const struct traffic_ue *ue)
{
	memcpy(frame, &traffic->uplink, sizeof(*frame));
	frame->teid = ue->teid;
	frame->inner.src_addr = ue->ipv4;
	frame->inner.hdr_checksum = rte_ipv4_cksum(&frame->inner);
}

static void downlink_fill(const struct traffic *traffic, struct traffic_ip_frame *frame, const struct traffic_ue *ue)
{
	memcpy(frame, &traffic->downlink, sizeof(*frame));
	frame->ip.dst_addr = ue->ipv4;
	frame->ip.hdr_checksum = rte_ipv4_cksum(&frame->ip);
}

static struct rte_mbuf *frame_blank(struct traffic *traffic, uint16_t port, unsigned bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(traffic->pool);

	if (m)
		m->data_len = (uint16_t)(m->pkt_len = bytes);
	return m;
}

static void ends_fill(const struct traffic *traffic, uint16_t port, struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	eth->dst_addr = traffic->gateway[port];
	eth->src_addr = traffic->own[port];
}

struct rte_mbuf *traffic_make(struct traffic *traffic, uint16_t port)
{
	const struct traffic_ue *ue = &traffic->ues[(uint64_t)any(traffic) * traffic->ue_count >> 32];
	bool up = port % 2 == TRAFFIC_RADIO;
	struct rte_mbuf *m = frame_blank(traffic, port, RTE_ETHER_HDR_LEN + (up ? 36 : 0) + traffic->inner);

	if (!m)
		return NULL;
	if (up)
		uplink_fill(traffic, rte_pktmbuf_mtod(m, struct traffic_gtp_frame *), ue);
	else
		downlink_fill(traffic, rte_pktmbuf_mtod(m, struct traffic_ip_frame *), ue);
	ends_fill(traffic, port, m);
	return m;
}

struct rte_mbuf *traffic_echo(struct traffic *traffic, uint16_t port)
{
	enum { ECHO_BYTES = 12, ECHO_REQUEST = 1, NUMBERED = 0x32 };
	struct rte_mbuf *m = frame_blank(traffic, port, RTE_ETHER_HDR_LEN + 28 + ECHO_BYTES);
	struct traffic_gtp_frame *frame;

	if (!m)
		return NULL;
	frame = rte_pktmbuf_mtod(m, struct traffic_gtp_frame *);
	memset(frame, 0, m->data_len);
	frame->eth.ether_type = htons(RTE_ETHER_TYPE_IPV4);
	ip_fill(&frame->outer, traffic->gnb, traffic->gtpu, 28 + ECHO_BYTES);
	frame->outer.hdr_checksum = rte_ipv4_cksum(&frame->outer);
	udp_fill(&frame->udp, GTPU_PORT, 8 + ECHO_BYTES);
	frame->gtp_flags = NUMBERED;
	frame->gtp_type = ECHO_REQUEST;
	frame->gtp_length = htons(ECHO_BYTES - 8);
	ends_fill(traffic, port, m);
	return m;
}

bool traffic_arp(struct traffic *traffic, uint16_t port, struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (void *)(eth + 1);
	uint32_t wanted;

	if (eth->ether_type != htons(RTE_ETHER_TYPE_ARP) || arp->arp_opcode != htons(RTE_ARP_OP_REQUEST))
		return false;
	traffic->gateway[port] = arp->arp_data.arp_sha;
	wanted = arp->arp_data.arp_tip;
	arp->arp_opcode = htons(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sip = wanted;
	arp->arp_data.arp_sha = eth->src_addr = traffic->own[port];
	eth->dst_addr = traffic->gateway[port];
	traffic->asked++;
	if (!rte_eth_tx_burst(port, 0, &m, 1))
		rte_pktmbuf_free(m);
	return true;
}

// ---- Ports

static int port_start(struct traffic *traffic, uint16_t port)
{
	struct rte_eth_conf conf = { 0 };
	int error = rte_eth_dev_configure(port, 1, 1, &conf);

	if (!error)
		error = rte_eth_rx_queue_setup(port, 0, 1024, 0, NULL, traffic->pool);
	if (!error)
		error = rte_eth_tx_queue_setup(port, 0, 1024, 0, NULL);
	if (!error)
		error = rte_eth_dev_start(port);
	if (!error)
		error = rte_eth_macaddr_get(port, &traffic->own[port]);
	traffic->gateway[port] = traffic->far[port % 2];
	if (rte_is_zero_ether_addr(&traffic->gateway[port]))
		memset(&traffic->gateway[port], 0xff, sizeof(traffic->gateway[port]));
	return error;
}

static bool port_linked(uint16_t port, uint64_t until_ns)
{
	struct rte_eth_link link = { 0 };

	while (!rte_eth_link_get_nowait(port, &link) && !link.link_status && clock_ns() < until_ns)
		usleep(1000);
	return link.link_status;
}

int traffic_open(struct traffic *traffic)
{
	unsigned ports = rte_eth_dev_count_avail();
	uint64_t until_ns = clock_ns() + LINK_NS;

	if (!ports || ports % 2 || ports > TRAFFIC_PORTS || !traffic->ue_count || traffic_size(traffic, traffic->inner))
		return -EINVAL;
	traffic->random = clock_ns() | 1; // fresh keys for each run
	traffic->pool = rte_pktmbuf_pool_create("traffic", 16383, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!traffic->pool)
		return -ENOMEM;
	for (uint16_t port = 0; port < ports; port++)
		if (port_start(traffic, port) || !port_linked(port, until_ns))
			return -ENETDOWN;
	return 0;
}
