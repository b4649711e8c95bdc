// nic_args.c - what the configured ports mean to the EAL, and how much memory they need. Before the EAL is up.
//
// The argument strings live here, in static memory, as the EAL keeps pointers into them. Main thread only.
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "primary/nic/nic_inside.h"
#include "shared/base/log.h"

// net_af_xdp keeps its default busy_budget: an empty look costs a system call, but never blocks, and a sleeper on the socket
// wakes at the first frame; with busy_budget=0 an empty look may sleep for a second.
//
// net_af_packet truncates what does not fit its 2,048-byte slots behind 66 bytes of header, and says nothing; a longest frame
// below that makes every truncated one too long for us. net_tap drops what does not fit its slots without counting it, unless
// it may scatter; it reads with one vector element a slot, so few of them are cheap.
const struct nic_driver nic_drivers[] = {
	[CONF_AF_XDP] = { .name = "net_af_xdp",
			  .vdev = "net_af_xdp",
			  .key = "iface",
			  .kernel = true,
			  .copies = true,
			  .rx_slots = 2048,
			  .tx_slots = 2048,
			  .mtu_max = 2000 },
	[CONF_AF_PACKET] = { .name = "net_af_packet",
			     .vdev = "net_af_packet",
			     .key = "iface",
			     .always = ",blocksz=65536,framesz=2048,framecnt=2048,qdisc_bypass=1",
			     .kernel = true,
			     .swallows = true,
			     .rx_slots = 1024,
			     .tx_slots = 1024,
			     .mtu_max = 1963 },
	[CONF_TAP] = { .name = "net_tap",
		       .vdev = "net_tap",
		       .key = "iface",
		       .scatters = true,
		       .rx_slots = 8,
		       .tx_slots = 1024,
		       .mtu_max = 2000 },
	[CONF_MEMIF] = { .name = "net_memif",
			 .vdev = "net_memif",
			 .key = "socket",
			 .always = ",socket-abstract=no",
			 .rx_slots = 1024,
			 .tx_slots = 1024,
			 .mtu_max = 2000 },
	[CONF_PCAP] = { .name = "net_pcap",
			.vdev = "net_pcap",
			.key = "rx_pcap",
			.rx_slots = 1024,
			.tx_slots = 1024,
			.mtu_max = 2000 },
	[CONF_PCI] = { .name = "pci", .rx_slots = 1024, .tx_slots = 1024, .mtu_max = 2000 },
	[CONF_PLUGIN] = { .name = "plugin", .rx_slots = 1024, .tx_slots = 1024, .mtu_max = 2000 },
};

static char nic_arg[PLANE_PORTS][640];

static int nic_check_port(const struct conf_port *port, unsigned p)
{
	const struct nic_driver *driver = &nic_drivers[port->driver];

	if (driver->kernel && !if_nametoindex(port->device)) {
		log_error("port.device", "ports[%u].device: there is no network interface '%s'", p, port->device);
		return -ENODEV;
	}
	if (port->driver == CONF_PCAP && access(port->device, R_OK)) {
		int error = -errno;

		log_error("port.device", "ports[%u].device: %s: %s", p, port->device, strerror(-error));
		return error;
	}
	if (port->mtu > driver->mtu_max) {
		log_error("port.mtu", "ports[%u].mtu: %u is above %u, the most %s can receive", p, port->mtu,
			  driver->mtu_max, driver->name);
		return -EINVAL;
	}
	return 0;
}

static void nic_write_arg(char *text, size_t bytes, const struct conf_port *port, unsigned p)
{
	const struct nic_driver *driver = &nic_drivers[port->driver];
	const char *comma = *port->options ? "," : "";

	if (!driver->vdev)
		snprintf(text, bytes, "--%s=%s%s%s", port->driver == CONF_PCI ? "allow" : "vdev", port->device, comma,
			 port->options);
	else
		snprintf(text, bytes, "--vdev=%s%u,%s=%s%s%s%s", driver->vdev, p, driver->key, port->device,
			 driver->always ? driver->always : "", comma, port->options);
}

static int nic_other_args(const struct conf *conf, char **argv, bool pci)
{
	static char no_pci[] = "--no-pci", plugin[sizeof(conf->plugin) + 2];
	int n = 0;

	if (!pci)
		argv[n++] = no_pci;
	if (*conf->plugin) {
		snprintf(plugin, sizeof(plugin), "-d%s", conf->plugin);
		argv[n++] = plugin;
	}
	return n;
}

int nic_eal_args(const struct conf *conf, char **argv, unsigned max)
{
	bool pci = false;
	int n = 0;

	if (conf->ports + 2 > max)
		return -E2BIG;
	for (unsigned p = 0; p < conf->ports; p++) {
		int error = nic_check_port(&conf->port[p], p);

		if (error)
			return error;
		if (conf_carrier(conf, p) != p)
			continue;
		nic_write_arg(nic_arg[p], sizeof(nic_arg[p]), &conf->port[p], p);
		argv[n++] = nic_arg[p];
		pci |= conf->port[p].driver == CONF_PCI;
	}
	return n + nic_other_args(conf, argv + n, pci);
}

size_t nic_bytes(const struct conf *conf)
{
	size_t bytes = (size_t)conf->rooms * NIC_MBUF_STRIDE + 8 * PLANE_PAGE;

	for (unsigned p = 0; p < conf->ports; p++) {
		if (conf_carrier(conf, p) != p)
			continue;
		bytes += PLANE_PAGE; // the driver's own queues
		if (nic_drivers[conf->port[p].driver].copies)
			bytes += (size_t)NIC_PRIVATE_MBUFS * (NIC_PRIVATE_ROOM + NIC_MBUF_STRIDE) + 2 * PLANE_PAGE;
	}
	return bytes;
}

void nic_rooms(const struct conf *conf, int node, uint32_t rooms[ROOM_ZONES])
{
	unsigned used = node > 0 && node < (int)ROOM_ZONES ? (unsigned)node : 0;

	for (unsigned z = 0; z < ROOM_ZONES; z++)
		rooms[z] = z == used ? conf->rooms : 0;
}
