// nic.c - opens, starts, watches and closes the ports.
//
// struct nic belongs to the primary: built by its main thread, then handed to its loop. nic_stats may be called from any thread.
#include "primary/nic/nic.h"
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <rte_errno.h>
#include "primary/nic/nic_inside.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define NIC_LINK_NS 2000000000ull // how long start waits for links

static int nic_fault(const struct nic_port *port, const char *what, int error)
{
	log_error("port.open", "%s: %s: %s", port->conf->name, what, rte_strerror(-error));
	return error;
}

// Finds the DPDK port that the EAL made of our argument.
static int nic_find(struct nic_port *port, unsigned number)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	if (port->driver->vdev)
		snprintf(name, sizeof(name), "%s%u", port->driver->vdev, number);
	else
		snprintf(name, sizeof(name), "%.63s", port->conf->device);
	return rte_eth_dev_get_port_by_name(name, &port->id);
}

static int nic_configure(const struct nic_port *port, uint16_t *rx_slots, uint16_t *tx_slots)
{
	struct rte_eth_conf eth = { 0 };
	int error;

	if (!port->driver->vdev)
		eth.rxmode.mtu = port->longest - NIC_FRAME_EXTRA;
	if (port->driver->scatters)
		eth.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	error = rte_eth_dev_configure(port->id, 1, 1, &eth);
	if (!error)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, rx_slots, tx_slots);
	return error;
}

static int nic_queues(const struct nic_port *port, unsigned node)
{
	struct rte_mempool *pool = port->private_pool ? port->private_pool : port->zone->pool;
	uint16_t rx_slots = port->driver->rx_slots, tx_slots = port->driver->tx_slots;
	int error = nic_configure(port, &rx_slots, &tx_slots);

	if (error)
		return nic_fault(port, "the device can't be configured", error);
	error = rte_eth_rx_queue_setup(port->id, 0, rx_slots, node, NULL, pool);
	if (error)
		return nic_fault(port, "no receive queue", error);
	error = rte_eth_tx_queue_setup(port->id, 0, tx_slots, node, NULL);
	return error ? nic_fault(port, "no transmit queue", error) : 0;
}

// Our MAC: the configured one, whether the device learns it or not. Neighbour discovery needs multicast; a device that can't take
// all of it, or doesn't know our MAC, is made to take everything, and steer refuses what is not for us.
static void nic_addresses(struct nic_port *port)
{
	static const uint8_t own[6];
	struct rte_ether_addr mac = { 0 };
	bool known = true;

	rte_eth_macaddr_get(port->id, &mac);
	if (memcmp(port->conf->mac, own, sizeof(own)) != 0 && memcmp(port->conf->mac, mac.addr_bytes, 6) != 0) {
		memcpy(mac.addr_bytes, port->conf->mac, 6);
		known = !rte_eth_dev_default_mac_addr_set(port->id, &mac);
	}
	memcpy(port->mac, mac.addr_bytes, 6);
	if (!known || rte_eth_allmulticast_enable(port->id))
		rte_eth_promiscuous_enable(port->id);
}

// A kernel interface is not ours to change; other devices are told, those that can be.
static void nic_mtu(const struct nic_port *port)
{
	int most = port->longest - (int)NIC_FRAME_EXTRA, mtu;

	if (!port->driver->kernel) {
		rte_eth_dev_set_mtu(port->id, (uint16_t)most);
		return;
	}
	mtu = nic_kernel_mtu(port->conf->device);
	if (mtu >= 0 && mtu < most)
		log_warning("port.mtu", "%s: configured for packets of %d bytes, but %s carries only %d",
			    port->conf->name, most, port->conf->device, mtu);
}

static int nic_start(struct nic_port *port, unsigned number, unsigned node)
{
	int error;

	if (nic_find(port, number))
		return nic_fault(port, "the device is not there", -ENODEV);
	if (port->driver->kernel && (error = nic_kernel_up(port->conf->device)))
		return nic_fault(port, "the interface can't be set up", error);
	if (port->driver->copies && (error = nic_private_open(port, number, (int)node)))
		return error;
	error = nic_queues(port, node);
	if (error)
		return error;
	nic_addresses(port);
	nic_mtu(port);
	error = rte_eth_dev_start(port->id);
	if (error)
		return nic_fault(port, "the device can't be started", error);
	port->index = port->driver->kernel ? if_nametoindex(port->conf->device) : 0;
	port->started = true;
	return 0;
}

// A VLAN beside another port's on its device.
static void nic_join(struct nic_port *port, const struct nic_port *carrier)
{
	port->id = carrier->id;
	port->index = carrier->index;
	memcpy(port->mac, carrier->mac, sizeof(port->mac));
}

static bool nic_link(const struct nic_port *port)
{
	struct rte_eth_link link = { 0 };

	if (port->driver->kernel)
		return nic_kernel_link(port);
	return !rte_eth_link_get_nowait(port->id, &link) && link.link_status == RTE_ETH_LINK_UP;
}

const char *nic_replaced(const struct nic *nic)
{
	const char *replaced = NULL;

	for (unsigned p = 0; p < nic->ports; p++) {
		const struct nic_port *port = &nic->port[p];
		unsigned now = port->driver->kernel ? if_nametoindex(port->conf->device) : port->index;

		if (!now && port->driver->kernel)
			return NULL;
		if (now != port->index)
			replaced = port->conf->name;
	}
	return replaced;
}

// Links take their time, and a peer may not be there yet: waited for, not insisted on.
static void nic_await_links(const struct nic *nic)
{
	uint64_t until = clock_ns() + NIC_LINK_NS;
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (unsigned p = 0; p < nic->ports; p++) {
		const struct nic_port *port = &nic->port[p];

		while (!nic_link(port) && clock_ns() < until)
			nanosleep(&pause, NULL);
		if (nic_link(port))
			log_info("port.up", "%s: %s on %s, link up", port->conf->name, port->driver->name,
				 port->conf->device);
		else
			log_warning("port.down", "%s: %s on %s, no link yet", port->conf->name, port->driver->name,
				    port->conf->device);
	}
}

static int nic_open_zones(struct nic *nic, const struct rooms *rooms)
{
	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		int error = rooms->count[z] ? nic_zone_open(&nic->zone[z], rooms, z) : 0;

		if (error)
			return error;
	}
	return 0;
}

// Of the device: its longest packets' ports say.
static uint16_t nic_longest(const struct conf *conf, unsigned carrier)
{
	uint16_t mtu = 0;

	for (unsigned p = 0; p < conf->ports; p++)
		if (conf_carrier(conf, p) == carrier && conf->port[p].mtu > mtu)
			mtu = conf->port[p].mtu;
	return (uint16_t)(mtu + NIC_FRAME_EXTRA);
}

static int nic_open_ports(struct nic *nic, const struct conf *conf)
{
	unsigned node = 0;

	while (node < ROOM_ZONES - 1 && !nic->zone[node].pool)
		node++;
	for (unsigned p = 0; p < conf->ports; p++) {
		struct nic_port *port = &nic->port[p];
		int error = 0;

		port->conf = &conf->port[p];
		port->driver = &nic_drivers[port->conf->driver];
		port->zone = &nic->zone[node];
		port->carrier = (uint8_t)conf_carrier(conf, p);
		port->longest = nic_longest(conf, port->carrier);
		port->fd = -1;
		nic->ports = p + 1;
		if (port->carrier == p)
			error = nic_start(port, p, node);
		else
			nic_join(port, &nic->port[port->carrier]);
		if (error)
			return error;
	}
	return 0;
}

int nic_open(const struct conf *conf, const struct plane_view *view, struct nic **out)
{
	struct nic *nic = calloc(1, sizeof(*nic));
	int error;

	*out = NULL;
	if (!nic)
		return -ENOMEM;
	error = nic_open_zones(nic, &view->rooms);
	if (!error)
		error = nic_open_ports(nic, conf);
	if (error) {
		nic_close(nic);
		return error;
	}
	nic_await_links(nic);
	nic_kernel_fds(nic);
	*out = nic;
	return 0;
}

static void nic_close_port(struct nic_port *port)
{
	rte_pktmbuf_free_bulk(port->buffer, port->buffered);
	if (port->started) {
		rte_eth_dev_stop(port->id);
		rte_eth_dev_close(port->id);
	}
	rte_mempool_free(port->private_pool);
}

void nic_close(struct nic *nic)
{
	if (!nic)
		return;
	for (unsigned p = 0; p < nic->ports; p++)
		nic_close_port(&nic->port[p]);
	for (unsigned z = 0; z < ROOM_ZONES; z++)
		nic_zone_close(&nic->zone[z]);
	free(nic);
}

unsigned nic_ports(const struct nic *nic)
{
	return nic->ports;
}

const uint8_t *nic_mac(const struct nic *nic, unsigned port)
{
	return nic->port[port].mac;
}

const char *nic_driver(const struct nic *nic, unsigned port)
{
	return nic->port[port].driver->name;
}

void nic_stats(struct nic *nic, unsigned port, struct nic_stats *stats)
{
	const struct nic_port *at = &nic->port[port];
	struct rte_eth_stats eth = { 0 };

	if (at->carrier == port) // the others' frames are counted there, too
		rte_eth_stats_get(at->id, &eth);
	*stats = (struct nic_stats){ .rx_packets = eth.ipackets,
				     .rx_bytes = eth.ibytes,
				     .tx_packets = eth.opackets,
				     .tx_bytes = eth.obytes,
				     .rx_missed = eth.imissed + eth.rx_nombuf,
				     .tx_failed = atomic_load_explicit(&at->failed, memory_order_relaxed),
				     .up = nic_link(at) };
	if (at->driver->swallows)
		stats->tx_failed += eth.oerrors;
	if (at->fd >= 0)
		nic_kernel_calm(at->fd); // an interface that was down leaves an error on its socket
}

void nic_room_count(struct nic *nic, uint64_t *all, uint64_t *idle, uint64_t *out)
{
	*all = *idle = 0;
	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		if (!nic->zone[z].pool)
			continue;
		*all += nic->zone[z].count;
		*idle += rte_mempool_avail_count(nic->zone[z].pool);
	}
	*out = nic->out;
}

unsigned nic_wait_fds(const struct nic *nic, int *fds, unsigned max, int *complete)
{
	unsigned n = 0;

	*complete = 1;
	for (unsigned p = 0; p < nic->ports; p++) {
		if (nic->port[p].carrier != p)
			continue;
		if (nic->port[p].fd >= 0 && n < max)
			fds[n++] = nic->port[p].fd;
		else
			*complete = 0;
	}
	return n;
}
