// ports.c - a driver that makes its own frames. State: `ports`; one thread.
#include "tests/bench/lane/ports.h"
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "tests/bench/lane/marks.h"

#define ROOMS 4096u

struct ports ports;

static const uint8_t port_peer[6] = { 2, 0, 0, 0, 0, 0x99 };
static uint8_t port_frame[PORTS][PORT_LENGTH]; // what arrives, but for who it is for
static uint8_t port_answer[PORTS][42];         // waits to be received, if it is one
static _Alignas(64) uint8_t rooms[(size_t)ROOMS * ROOM_STRIDE];
static struct nic nic;

// A congruential generator's low bits come by each number once, but are no more random the lower they are: so the halves change places.
static const struct port_user *port_draw(void)
{
	unsigned half = (unsigned)__builtin_ctz(ports.users) / 2, low = (1u << half) - 1;

	ports.last = ports.last * 1664525 + 1013904223;
	return &ports.user[(ports.last & low) << half | (ports.last >> half & low)];
}

// A G-PDU of a session, or a packet for its subscriber.
static void port_fill(unsigned port, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

	const struct port_user *user = port_draw();
	struct ip4_fields packet = { PORT_SERVER, user->ipv4, PORT_LENGTH - 14, 0, 64, IP_UDP };

	memcpy(frame, port_frame[port], PORT_LENGTH);
	if (port == PORT_ACCESS) {
		be32_put(frame + 46, user->teid);
		packet = (struct ip4_fields){ user->ipv4, PORT_SERVER, PORT_LENGTH - 14 - PORT_TUNNEL, 0, 64, IP_UDP };
	}
	ip4_put(frame + (port == PORT_ACCESS ? 50 : 14), &packet);
	mbuf->data_len = PORT_LENGTH;
}

static uint16_t port_receive(void *queue, struct rte_mbuf **mbufs, uint16_t max)
{
	unsigned port = (unsigned)(uintptr_t)queue, n = ports.offered[port];
	bool answer = port_answer[port][0];

	n = n > max ? max : n;
	if (answer)
		n = 1;
	if (!n || rte_mempool_get_bulk(nic.zone[0].pool, (void **)mbufs, n))
		return 0;
	for (unsigned i = 0; i < n; i++) {
		mbufs[i]->data_off = RTE_PKTMBUF_HEADROOM;
		port_fill(port, mbufs[i]);
		mbufs[i]->pkt_len = mbufs[i]->data_len;
	}
	if (answer) {
		memcpy(rte_pktmbuf_mtod(mbufs[0], void *), port_answer[port], sizeof(port_answer[port]));
		port_answer[port][0] = 0;
		return 1;
	}
	ports.offered[port] -= n;
	ports.received[port] += n;
	return (uint16_t)n;
}

// Somebody with that address is there, whatever it is.
static void port_hear(unsigned port, const uint8_t *frame)
{
	uint8_t *answer = port_answer[port];

	if (be32_get(frame + 28) == be32_get(frame + 38))
		return; // it only says who it is
	memcpy(answer, frame + 6, 6);
	memcpy(answer + 6, port_peer, 6);
	memcpy(answer + 12, frame + 12, 8);
	be16_put(answer + 20, 2);
	memcpy(answer + 22, port_peer, 6);
	memcpy(answer + 28, frame + 38, 4);
	memcpy(answer + 32, frame + 22, 10);
}

static uint16_t port_send(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	unsigned port = (unsigned)(uintptr_t)queue;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(mbufs[i], const uint8_t *);

		if (be16_get(frame + 12) == 0x0806)
			port_hear(port, frame);
		else if (be16_get(frame + 12) == 0x0800)
			ports.sent[port]++;
	}
	rte_mempool_put_bulk(nic.zone[0].pool, (void **)mbufs, n);
	return n;
}

static uint16_t port_rx(void *queue, struct rte_mbuf **mbufs, uint16_t max)
{
	uint16_t n;

	mark_set(MARK_DEVICE);
	n = port_receive(queue, mbufs, max);
	mark_set(MARK_PRIMARY);
	return n;
}

static uint16_t port_tx(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	mark_set(MARK_DEVICE);
	n = port_send(queue, mbufs, n);
	mark_set(MARK_PRIMARY);
	return n;
}

static void ports_frames(void)
{
	struct ip4_fields outer = { PORT_RADIO, PORT_OWN_ACCESS, PORT_LENGTH - 14, 0, 64, IP_UDP };
	uint8_t *up = port_frame[PORT_ACCESS];

	for (unsigned p = 0; p < PORTS; p++) {
		memcpy(port_frame[p], nic.port[p].mac, 6);
		memcpy(port_frame[p] + 6, port_peer, 6);
		be16_put(port_frame[p] + 12, 0x0800);
	}
	ip4_put(up + 14, &outer);
	udp_put(up + 34, GTPU_PORT, GTPU_PORT, outer.length - 20);
	gtpu_put(up + 42, 1, PORT_LENGTH - 14 - PORT_TUNNEL);
}

static void ports_address(struct conf_port *port, uint32_t ipv4)
{
	port->addresses = 1;
	port->address[0] = (struct conf_address){ .family = 4, .prefix_len = 24 };
	be32_put(port->address[0].bytes, ipv4);
	port->mtu = 1600;
}

void ports_conf(struct conf *conf)
{
	conf->gtpu_address = PORT_OWN_ACCESS;
	conf->ports = PORTS;
	conf->rooms = ROOMS;
	conf->port[PORT_ACCESS].role = CONF_ACCESS;
	conf->port[PORT_CORE].role = CONF_CORE;
	conf->port[PORT_CORE].gateway4 = PORT_GATEWAY;
	ports_address(&conf->port[PORT_ACCESS], PORT_OWN_ACCESS);
	ports_address(&conf->port[PORT_CORE], PORT_OWN_CORE);
}

// The EAL asks of 128 processors at which of 32 memories each is, in 4,096 questions: a trace would be long before it begins.
unsigned __wrap_eal_cpu_socket_id(unsigned lcore);
unsigned __wrap_eal_cpu_socket_id(unsigned lcore)
{
	return 0;
}

static void ports_driver(unsigned port)
{
	static void *queue[PORTS], *callback[1];
	struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[port];

	queue[port] = (void *)(uintptr_t)port;
	ops->rx_pkt_burst = port_rx;
	ops->tx_pkt_burst = port_tx;
	ops->rxq = ops->txq = (struct rte_ethdev_qdata){ &queue[port], callback };
}

struct nic *ports_open(const struct conf *conf, struct plane_view *view)
{
	char *arguments[] = { "lane",     "--no-huge", "--no-shconf",    "--no-pci",    "-m",   "16",
			      "--lcores", "0@0",       "--no-telemetry", "--log-level", "error" };

	view->rooms.base[0] = rooms;
	view->rooms.count[0] = ROOMS;
	view->plane->rooms[0] = ROOMS;
	if (rte_eal_init(sizeof(arguments) / sizeof(*arguments), arguments) < 0 ||
	    nic_zone_open(&nic.zone[0], &view->rooms, 0)) {
		fprintf(stderr, "no EAL, no pool\n");
		exit(1);
	}
	nic.ports = PORTS;
	for (unsigned p = 0; p < PORTS; p++) {
		struct nic_port *port = &nic.port[p];

		*port = (struct nic_port){ .conf = &conf->port[p],
					   .zone = &nic.zone[0],
					   .id = (uint16_t)p,
					   .fd = -1,
					   .mac = { 2, 0, 0, 0, 0, (uint8_t)(p + 1) } };
		port->longest = (uint16_t)(port->conf->mtu + NIC_FRAME_EXTRA);
		ports_driver(p);
	}
	ports_frames();
	return &nic;
}
