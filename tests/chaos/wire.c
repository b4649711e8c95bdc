// wire.c - the gauge's two ports. Owned by its one thread; memif's own control thread only moves the link up and down.
#include <errno.h>
#include <rte_arp.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>
#include "tests/chaos/wire.h"

#define ASK_NS 100000000u

static struct {
	struct rte_mempool *pool;
	struct wire_port {
		uint32_t own, far;
		struct rte_ether_addr mac, gateway;
		bool up, known;
		uint64_t asked_ns;
	} port[GAUGE_WAYS];
} wire;

static int port_start(uint16_t id)
{
	struct rte_eth_conf conf = { 0 };
	int error = rte_eth_dev_configure(id, 1, 1, &conf);

	if (!error)
		error = rte_eth_rx_queue_setup(id, 0, 1024, 0, NULL, wire.pool);
	if (!error)
		error = rte_eth_tx_queue_setup(id, 0, 1024, 0, NULL);
	if (!error)
		error = rte_eth_dev_start(id);
	if (!error)
		error = rte_eth_macaddr_get(id, &wire.port[id].mac);
	return error;
}

int wire_open(const uint32_t own[GAUGE_WAYS], const uint32_t far[GAUGE_WAYS])
{
	int error = 0;

	wire.pool = rte_pktmbuf_pool_create("gauge", 8191, 256, 0, RTE_PKTMBUF_HEADROOM + 256, SOCKET_ID_ANY);
	if (!wire.pool)
		return -ENOMEM;
	for (unsigned id = 0; id < GAUGE_WAYS && !error; id++) {
		wire.port[id] = (struct wire_port){ .own = own[id], .far = far[id] };
		error = port_start((uint16_t)id);
	}
	return error;
}

static void arp_ask(unsigned id)
{
	struct wire_port *port = &wire.port[id];
	struct wire_burst burst;
	struct rte_ether_hdr *eth;
	struct rte_arp_hdr *arp;

	wire_blank(&burst, 1, sizeof(*eth) + sizeof(*arp));
	if (!burst.count)
		return;
	eth = rte_pktmbuf_mtod(burst.mbuf[0], struct rte_ether_hdr *);
	arp = (void *)(eth + 1);
	memset(&eth->dst_addr, 0xff, sizeof(eth->dst_addr));
	eth->src_addr = port->mac;
	eth->ether_type = htons(RTE_ETHER_TYPE_ARP);
	*arp = (struct rte_arp_hdr){ .arp_hardware = htons(RTE_ARP_HRD_ETHER),
				     .arp_protocol = htons(RTE_ETHER_TYPE_IPV4),
				     .arp_hlen = RTE_ETHER_ADDR_LEN,
				     .arp_plen = 4,
				     .arp_opcode = htons(RTE_ARP_OP_REQUEST),
				     .arp_data = { .arp_sha = port->mac, .arp_sip = port->own, .arp_tip = port->far } };
	if (!rte_eth_tx_burst((uint16_t)id, 0, burst.mbuf, 1))
		wire_done(&burst);
}

// Learns the gateway's address from whatever it says, and answers for every address. True if the frame was ARP; it is spent.
static bool arp_take(unsigned id, struct rte_mbuf *m)
{
	struct wire_port *port = &wire.port[id];
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (void *)(eth + 1);
	uint32_t wanted;

	if (eth->ether_type != htons(RTE_ETHER_TYPE_ARP) || rte_pktmbuf_data_len(m) < sizeof(*eth) + sizeof(*arp))
		return false;
	port->gateway = arp->arp_data.arp_sha;
	port->known = true;
	wanted = arp->arp_data.arp_tip;
	if (arp->arp_opcode == htons(RTE_ARP_OP_REQUEST)) {
		arp->arp_opcode = htons(RTE_ARP_OP_REPLY);
		arp->arp_data.arp_tha = arp->arp_data.arp_sha;
		arp->arp_data.arp_tip = arp->arp_data.arp_sip;
		arp->arp_data.arp_sip = wanted;
		arp->arp_data.arp_sha = port->mac;
		eth->dst_addr = eth->src_addr;
		eth->src_addr = port->mac;
		if (rte_eth_tx_burst((uint16_t)id, 0, &m, 1))
			return true;
	}
	rte_pktmbuf_free(m);
	return true;
}

bool wire_tend(uint64_t now_ns)
{
	bool ready = true;

	for (unsigned id = 0; id < GAUGE_WAYS; id++) {
		struct wire_port *port = &wire.port[id];
		struct rte_eth_link link = { 0 };

		rte_eth_link_get_nowait((uint16_t)id, &link);
		if (port->up != link.link_status)
			*port = (struct wire_port){ port->own, port->far, port->mac, .up = link.link_status };
		if (port->up && !port->known && now_ns - port->asked_ns >= ASK_NS) {
			port->asked_ns = now_ns;
			arp_ask(id);
		}
		ready &= port->up && port->known;
	}
	return ready;
}

void wire_blank(struct wire_burst *burst, unsigned n, unsigned bytes)
{
	burst->count = rte_pktmbuf_alloc_bulk(wire.pool, burst->mbuf, n) ? 0 : n;
	for (unsigned i = 0; i < burst->count; i++) {
		burst->mbuf[i]->data_len = (uint16_t)bytes;
		burst->mbuf[i]->pkt_len = bytes;
	}
}

unsigned wire_send(enum gauge_way way, struct wire_burst *burst)
{
	unsigned sent;

	for (unsigned i = 0; i < burst->count; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(burst->mbuf[i], struct rte_ether_hdr *);

		eth->dst_addr = wire.port[way].gateway;
		eth->src_addr = wire.port[way].mac;
	}
	sent = rte_eth_tx_burst((uint16_t)way, 0, burst->mbuf, (uint16_t)burst->count);
	rte_pktmbuf_free_bulk(burst->mbuf + sent, burst->count - sent);
	return sent;
}

void wire_receive(enum gauge_way port, struct wire_burst *burst)
{
	unsigned n = rte_eth_rx_burst((uint16_t)port, 0, burst->mbuf, WIRE_BURST), kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!arp_take(port, burst->mbuf[i]))
			burst->mbuf[kept++] = burst->mbuf[i];
	}
	burst->count = kept;
}

void wire_done(struct wire_burst *burst)
{
	rte_pktmbuf_free_bulk(burst->mbuf, burst->count);
	burst->count = 0;
}

void *wire_frame(const struct wire_burst *burst, unsigned i, unsigned *bytes)
{
	*bytes = rte_pktmbuf_data_len(burst->mbuf[i]);
	return rte_pktmbuf_mtod(burst->mbuf[i], void *);
}
