// traffic.h - both sides of a gateway for benchmarks: ports in pairs, an even one on the radio side, the odd one after it on the
// network side; G-PDUs of random sessions for the one, IP to random UEs for the other; every ARP request answered. One thread.
#pragma once
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>
#include <stdbool.h>
#include <stdint.h>

#define TRAFFIC_BURST 32u
#define TRAFFIC_PORTS 4u

enum traffic_side { TRAFFIC_RADIO, TRAFFIC_NETWORK };

struct traffic_gtp_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr outer;
	struct rte_udp_hdr udp;
	uint8_t gtp_flags, gtp_type;
	uint16_t gtp_length;
	uint32_t teid;
	struct rte_ipv4_hdr inner;
	struct rte_udp_hdr inner_udp;
} __attribute__((packed, aligned(2)));

struct traffic_ip_frame {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
} __attribute__((packed, aligned(2)));

struct traffic {
	uint32_t gnb, gtpu, host;     // network order
	unsigned inner;               // bytes of the inner packet
	struct rte_ether_addr far[2]; // the gateway's, on each side: broadcast until ARP tells
	struct traffic_ue {
		uint32_t teid, ipv4;
	} * ues;
	unsigned ue_count;
	struct rte_mempool *pool;
	struct rte_ether_addr own[TRAFFIC_PORTS], gateway[TRAFFIC_PORTS];
	struct traffic_gtp_frame uplink;
	struct traffic_ip_frame downlink;
	uint64_t asked, random;
};

// Reads one of "gnb", "gtpu", "host", "far" and "sessions" (a file of "teid,ue-ipv4" lines); 0, -errno, or -ENOENT for others.
int traffic_option(struct traffic *traffic, const char *name, char *value);

// Every port that EAL has: started, its link up. 0 or -errno.
int traffic_open(struct traffic *traffic);

// How long inner packets are from now on; 0, or -EINVAL.
int traffic_size(struct traffic *traffic, unsigned inner);

// A frame for a port; NULL if the pool is empty. What fits behind the headers is not written.
struct rte_mbuf *traffic_make(struct traffic *traffic, uint16_t port);

// A GTP-U echo request from the radio side: the gateway itself has to answer.
struct rte_mbuf *traffic_echo(struct traffic *traffic, uint16_t port);

// Answers an ARP request out of the same port, and learns from it. True if the frame was one; it is spent.
bool traffic_arp(struct traffic *traffic, uint16_t port, struct rte_mbuf *m);
