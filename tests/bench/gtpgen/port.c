// port.c - net_gtpgen as DPDK sees it: probed, configured, asked for its statistics. Everything here is called by the
// application's main thread; the packet path is burst.c.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_malloc.h>
#include <rte_version.h>
#include "tests/bench/gtpgen/abi.h"
#include "tests/bench/gtpgen/burst.h"

#define PORT_CHECKSUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM)

struct port {
	struct frame_template template[FRAME_WAYS];
	struct burst_rx rx[BOARD_QUEUES];
	struct burst_tx tx[BOARD_QUEUES];
	struct args args;
	struct keys *keys;
	struct board *board;
	struct rte_ether_addr mac;
};

static struct port *port_of(const struct rte_eth_dev *device)
{
	return device->data->dev_private;
}

static void port_templates(struct port *port)
{
	memcpy(port->args.plan.gateway_mac, port->mac.addr_bytes, 6);
	for (unsigned way = 0; way < FRAME_WAYS; way++)
		frame_template_make(&port->template[way], &port -> args.plan, (enum frame_way)way);
}

static int port_nothing(struct rte_eth_dev *device)
{
	return 0;
}

static int port_start(struct rte_eth_dev *device)
{
	device->data->dev_link.link_status = RTE_ETH_LINK_UP;
	return 0;
}

static int port_stop(struct rte_eth_dev *device)
{
	device->data->dev_link.link_status = RTE_ETH_LINK_DOWN;
	return 0;
}

static int port_link(struct rte_eth_dev *device, int wait)
{
	return 0;
}

static int port_mac(struct rte_eth_dev *device, struct rte_ether_addr *mac)
{
	port_of(device)->mac = *mac;
	port_templates(port_of(device));
	return 0;
}

static int port_mtu(struct rte_eth_dev *device, uint16_t mtu)
{
	return 0;
}

static int port_close(struct rte_eth_dev *device)
{
	struct port *port = port_of(device);

	if (port && port->keys) {
		keys_leave(port->keys, port->board);
		keys_drop(port->keys);
	}
	if (port) {
		board_close(port->board);
		memset(port, 0, sizeof(*port));
	}
	device->data->mac_addrs = NULL; // it lies in `port`, which goes as a whole
	return 0;
}

static int port_info(struct rte_eth_dev *device, struct rte_eth_dev_info *info)
{
	info->max_rx_queues = info->max_tx_queues = BOARD_QUEUES;
	info->max_rx_pktlen = 9618;
	info->max_mtu = 9600;
	info->max_mac_addrs = 1;
	info->min_rx_bufsize = FRAME_ROOM;
	info->rx_offload_capa = PORT_CHECKSUMS; // they are right, and we say so
	return 0;
}

// ---- Queues

static int port_rx(struct rte_eth_dev *device, uint16_t queue, uint16_t slots, unsigned node,
		   const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct port *port = port_of(device);
	struct burst_rx *rx = &port->rx[queue];

	if (rte_pktmbuf_data_room_size(pool) < FRAME_ROOM + RTE_PKTMBUF_HEADROOM)
		return -EINVAL;
	rx->pool = pool;
	rx->template = port->template;
	rx->keys = port->keys;
	rx->tx = &port->tx[queue];
	rx->board = port->board;
	rx->counters = &port->board->queue[queue];
	for (unsigned i = 0; i < port->keys->lists; i++)
		rx->draw[i] = (uint32_t)((uint64_t)port->keys->list[i].draws * queue / BOARD_QUEUES);
	rx->way = port->args.way;
	rx->port = device->data->port_id;
	rx->flags = 0;
	if (device->data->dev_conf.rxmode.offloads & PORT_CHECKSUMS)
		rx->flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	rx->window =
	    (struct burst_window){ .size = port->args.window, .queue = queue, .patience = rte_get_tsc_hz() / 10 };
	burst_rate_set(&rx->rate, port->args.rate, rte_get_tsc_hz());
	device->data->rx_queues[queue] = rx;
	return 0;
}

static int port_tx(struct rte_eth_dev *device, uint16_t queue, uint16_t slots, unsigned node,
		   const struct rte_eth_txconf *conf)
{
	struct port *port = port_of(device);
	struct burst_tx *tx = &port->tx[queue];

	tx->counters = &port->board->queue[queue];
	tx->plan = &port->args.plan;
	tx->keys = port->keys;
	tx->verify = tx->countdown = port->args.verify;
	device->data->tx_queues[queue] = tx;
	return 0;
}

// ---- Statistics

static uint64_t value(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static int port_stats(struct rte_eth_dev *device, struct rte_eth_stats *stats)
{
	const struct port *port = port_of(device);

	for (unsigned q = 0; q < BOARD_QUEUES; q++) {
		const struct board_queue *counters = &port->board->queue[q];

		stats->ipackets += value(&counters->rx_packets);
		stats->ibytes += value(&counters->rx_bytes);
		stats->rx_nombuf += value(&counters->roomless);
		stats->opackets += value(&counters->tx_packets);
		stats->obytes += value(&counters->tx_bytes);
		stats->oerrors += value(&counters->bad);
	}
	return 0;
}

// Not while packets flow: the counters are their queues' threads'.
static int port_stats_reset(struct rte_eth_dev *device)
{
	memset(port_of(device)->board->queue, 0, sizeof(port_of(device)->board->queue));
	return 0;
}

static const char *const port_found[FRAME_FOUND] = {
#define F(name, word) [FRAME_##name] = "tx_found_" #word,
	FRAME_FINDINGS(F)
#undef F
};

static int port_xstats(struct rte_eth_dev *device, struct rte_eth_xstat *stats, unsigned room)
{
	const struct port *port = port_of(device);

	for (unsigned f = 0; f < FRAME_FOUND && room >= FRAME_FOUND; f++) {
		stats[f].id = f;
		stats[f].value = 0;
		for (unsigned q = 0; q < BOARD_QUEUES; q++)
			stats[f].value += value(&port->board->queue[q].found[f]);
	}
	return FRAME_FOUND;
}

static int port_xstats_names(struct rte_eth_dev *device, struct rte_eth_xstat_name *names, unsigned room)
{
	for (unsigned f = 0; names && f < FRAME_FOUND && room >= FRAME_FOUND; f++)
		snprintf(names[f].name, sizeof(names[f].name), "%s", port_found[f]);
	return FRAME_FOUND;
}

static const struct abi_ops port_ops = { .op = {
					     [ABI_CONFIGURE] = ABI_OP(port_nothing),
					     [ABI_START] = ABI_OP(port_start),
					     [ABI_STOP] = ABI_OP(port_stop),
					     [ABI_CLOSE] = ABI_OP(port_close),
					     [ABI_LINK_UPDATE] = ABI_OP(port_link),
					     [ABI_PROMISCUOUS] = ABI_OP(port_nothing),
					     [ABI_PROMISCUOUS + 1] = ABI_OP(port_nothing),
					     [ABI_MULTICAST] = ABI_OP(port_nothing),
					     [ABI_MULTICAST + 1] = ABI_OP(port_nothing),
					     [ABI_MAC_SET] = ABI_OP(port_mac),
					     [ABI_MTU_SET] = ABI_OP(port_mtu),
					     [ABI_STATS] = ABI_OP(port_stats),
					     [ABI_STATS_RESET] = ABI_OP(port_stats_reset),
					     [ABI_XSTATS] = ABI_OP(port_xstats),
					     [ABI_XSTATS_RESET] = ABI_OP(port_stats_reset),
					     [ABI_XSTATS_NAMES] = ABI_OP(port_xstats_names),
					     [ABI_INFO] = ABI_OP(port_info),
					     [ABI_RX_SETUP] = ABI_OP(port_rx),
					     [ABI_TX_SETUP] = ABI_OP(port_tx),
					 } };

// ---- Probing

static int port_keys(struct port *port)
{
	unsigned line;
	int error = keys_take(&port->args.keys, &port->keys, &line);

	if (error && line)
		fprintf(stderr, "net_gtpgen: %s:%u: not 'teid,ipv4[,peer_teid]'\n", port->args.keys.file, line);
	else if (error)
		fprintf(stderr, "net_gtpgen: %s: %s\n", *port->args.keys.file ? port->args.keys.file : "sessions",
			strerror(-error));
	return error;
}

static int port_board(struct port *port)
{
	int error = board_open(*port->args.board ? port->args.board : NULL, &port->board);

	if (error)
		fprintf(stderr, "net_gtpgen: %s: %s\n", port->args.board, strerror(-error));
	return error;
}

// Locally administered addresses: the port's own, and that of whom it plays.
static void port_macs(struct port *port, uint16_t number)
{
	port->mac = (struct rte_ether_addr){ { 0x02, 'g', 't', 'p', (uint8_t)(number >> 8), (uint8_t)number } };
	memcpy(port->args.plan.peer_mac, port->mac.addr_bytes, 6);
	port->args.plan.peer_mac[3] = 'P';
}

static int port_make(struct abi_vdev *vdev, const struct args *args)
{
	struct rte_device *bus = (struct rte_device *)vdev->device;
	struct rte_eth_dev *device = rte_eth_dev_allocate(rte_dev_name(bus));
	struct port *port = device ? rte_zmalloc("gtpgen", sizeof(*port), 64) : NULL;

	if (!device)
		return -ENOMEM;
	device->data->dev_private = port;
	if (!port) {
		rte_eth_dev_release_port(device);
		return -ENOMEM;
	}
	port->args = *args;
	port_macs(port, device->data->port_id);
	if (port_board(port) || port_keys(port) || keys_join(port->keys, port->board)) {
		port_close(device);
		rte_eth_dev_release_port(device);
		return -EINVAL;
	}
	port_templates(port);
	device->device = bus;
	device->dev_ops = &port_ops;
	device->rx_pkt_burst = burst_rx;
	device->tx_pkt_burst = burst_tx;
	device->data->mac_addrs = &port->mac;
	device->data->dev_link =
	    (struct rte_eth_link){ .link_speed = RTE_ETH_SPEED_NUM_100G, .link_duplex = RTE_ETH_LINK_FULL_DUPLEX };
	rte_eth_dev_probing_finish(device);
	return 0;
}

static int port_probe(struct abi_vdev *vdev)
{
	const struct rte_devargs *given = rte_dev_devargs((struct rte_device *)vdev->device);
	struct args args;
	int error;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP;
	error = args_read(given ? given->args : NULL, &args);
	return error ? error : port_make(vdev, &args);
}

static int port_remove(struct abi_vdev *vdev)
{
	struct rte_eth_dev *device = rte_eth_dev_allocated(rte_dev_name((struct rte_device *)vdev->device));

	if (!device)
		return 0;
	port_close(device);
	return rte_eth_dev_release_port(device);
}

static struct abi_vdev_driver port_driver = { .name = "net_gtpgen", .probe = port_probe, .remove = port_remove };

RTE_INIT(port_register)
{
	if (!strncmp(rte_version(), ABI_SERIES, strlen(ABI_SERIES)))
		rte_vdev_register(&port_driver);
	else
		fprintf(stderr, "net_gtpgen is made for %sx, and this is %s: not registered\n", ABI_SERIES,
			rte_version());
}
