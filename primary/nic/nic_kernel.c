// nic_kernel.c - what the kernel knows about the interfaces behind our ports: state, and the sockets to wait on.
//
// net_af_xdp and net_af_packet of DPDK 22.11 report a link that is always up, and hand out no descriptor; so we ask the
// kernel ourselves. No state.
#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "primary/nic/nic_inside.h"

// The interface's flags; then, if `set`, with these added.
static int nic_kernel_flags(const char *interface, short set, short *flags)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	int error = 0;

	if (fd < 0)
		return -errno;
	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		error = -errno;
	*flags = request.ifr_flags;
	request.ifr_flags |= set;
	if (!error && set && ioctl(fd, SIOCSIFFLAGS, &request))
		error = -errno;
	close(fd);
	return error;
}

int nic_kernel_up(const char *interface)
{
	short flags;

	return nic_kernel_flags(interface, IFF_UP, &flags);
}

bool nic_kernel_link(const struct nic_port *port)
{
	const char *interface = port->conf->device;
	short flags = 0;

	return if_nametoindex(interface) == port->index && !nic_kernel_flags(interface, 0, &flags) &&
	       (flags & IFF_UP) && (flags & IFF_RUNNING);
}

// net_af_xdp and net_af_packet say 1500 whatever the interface has.
int nic_kernel_mtu(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	int error;

	if (fd < 0)
		return -errno;
	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	error = ioctl(fd, SIOCGIFMTU, &request) ? -errno : 0;
	close(fd);
	return error ? error : request.ifr_mtu;
}

// Which of our ports of this driver uses the interface; -1: none.
static int nic_port_on(const struct nic *nic, enum conf_driver driver, const char *interface)
{
	for (unsigned p = 0; p < nic->ports; p++)
		if (nic->port[p].conf->driver == driver && !strcmp(nic->port[p].conf->device, interface))
			return (int)p;
	return -1;
}

// An AF_PACKET socket names its interface.
static int nic_packet_port(const struct nic *nic, int fd)
{
	struct sockaddr_ll address = { 0 };
	socklen_t bytes = sizeof(address);
	char name[IFNAMSIZ];

	if (getsockname(fd, (struct sockaddr *)&address, &bytes) ||
	    !if_indextoname((unsigned)address.sll_ifindex, name))
		return -1;
	return nic_port_on(nic, CONF_AF_PACKET, name);
}

// So does a queue of a TAP device. The driver keeps a detached one, too, which would wake a sleeper for ever.
static int nic_tap_port(const struct nic *nic, int fd)
{
	struct ifreq request = { 0 };

	if (ioctl(fd, TUNGETIFF, &request) || (request.ifr_flags & IFF_DETACH_QUEUE))
		return -1;
	return nic_port_on(nic, CONF_TAP, request.ifr_name);
}

// An AF_XDP socket names nothing; this process opens none but its ports', one each.
static int nic_xdp_port(const struct nic *nic)
{
	for (unsigned p = 0; p < nic->ports; p++)
		if (nic->port[p].conf->driver == CONF_AF_XDP && nic->port[p].carrier == p && nic->port[p].fd < 0)
			return (int)p;
	return -1;
}

static int nic_fd_port(const struct nic *nic, int fd)
{
	int domain = 0;
	socklen_t bytes = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes))
		return nic_tap_port(nic, fd); // no socket
	if (domain == AF_PACKET)
		return nic_packet_port(nic, fd);
	return domain == AF_XDP ? nic_xdp_port(nic) : -1;
}

void nic_kernel_fds(struct nic *nic)
{
	DIR *all = opendir("/proc/self/fd");

	if (!all)
		return;
	for (struct dirent *entry = readdir(all); entry; entry = readdir(all)) {
		int fd = atoi(entry->d_name);
		int port = *entry->d_name == '.' ? -1 : nic_fd_port(nic, fd);

		if (port >= 0 && nic->port[port].fd < 0)
			nic->port[port].fd = fd;
	}
	closedir(all);
}

void nic_kernel_calm(int fd)
{
	int error;
	socklen_t bytes = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
}
