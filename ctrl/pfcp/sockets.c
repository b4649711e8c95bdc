// sockets.c - see sockets.h.
#include "ctrl/pfcp/sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ctrl/pfcp/message.h"
#include "shared/base/log.h"

#define BUFFER_BYTES (8 << 20) // as much of it as net.core.rmem_max allows

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static socklen_t address_of(const struct remote *remote, union address *address)
{
	*address = (union address){ 0 };
	if (remote->family == 4) {
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_port = htons(remote->port);
		memcpy(&address->ipv4.sin_addr, remote->bytes, 4);
		return sizeof(address->ipv4);
	}
	address->ipv6.sin6_family = AF_INET6;
	address->ipv6.sin6_port = htons(remote->port);
	address->ipv6.sin6_scope_id = remote->scope;
	memcpy(&address->ipv6.sin6_addr, remote->bytes, 16);
	return sizeof(address->ipv6);
}

static void remote_of(const union address *address, struct remote *remote)
{
	*remote = (struct remote){ .family = address->any.sa_family == AF_INET ? 4 : 6 };
	if (remote->family == 4) {
		remote->port = ntohs(address->ipv4.sin_port);
		memcpy(remote->bytes, &address->ipv4.sin_addr, 4);
	} else {
		remote->port = ntohs(address->ipv6.sin6_port);
		remote->scope = address->ipv6.sin6_scope_id;
		memcpy(remote->bytes, &address->ipv6.sin6_addr, 16);
	}
}

// An answer larger than a path's MTU goes in fragments, not nowhere.
static int options_set(int fd, bool ipv6)
{
	const int yes = 1, bytes = BUFFER_BYTES, whole = ipv6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT;

	if (ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0)
		return -errno;
	if (setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &whole,
		       sizeof(whole)) < 0)
		return -errno;
	return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0 ? -errno : 0;
}

static int socket_open(const struct conf_address *where, int *fd)
{
	struct remote own = { .family = where->family, .port = PFCP_PORT };
	union address address;
	socklen_t length;
	int error;

	memcpy(own.bytes, where->bytes, sizeof(own.bytes));
	length = address_of(&own, &address);
	*fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	error = options_set(*fd, own.family == 6);
	if (!error && bind(*fd, &address.any, length) < 0)
		error = -errno;
	if (error)
		close(*fd);
	return error;
}

int sockets_open(struct sockets *sockets, const struct conf *conf)
{
	_Static_assert(sizeof(conf->pfcp_listen) / sizeof(*conf->pfcp_listen) <= SOCKETS_MAX, "a socket each");
	int error = 0;

	sockets->count = 0;
	for (unsigned i = 0; i < conf->pfcp_listens && !error; i++) {
		struct remote own = { .family = conf->pfcp_listen[i].family };
		char text[REMOTE_TEXT];

		error = socket_open(&conf->pfcp_listen[i], &sockets->fd[i]);
		memcpy(own.bytes, conf->pfcp_listen[i].bytes, sizeof(own.bytes));
		remote_text(&own, text);
		if (error)
			log_error("pfcp.listen", "%s, port %u: %s", text, PFCP_PORT, strerror(-error));
		else
			sockets->family[sockets->count++] = own.family;
	}
	if (error)
		sockets_close(sockets);
	return error;
}

void sockets_close(struct sockets *sockets)
{
	while (sockets->count)
		close(sockets->fd[--sockets->count]);
}

int sockets_receive(const struct sockets *sockets, unsigned i, struct remote *from, uint8_t *bytes, size_t size)
{
	union address address = { 0 };
	socklen_t length = sizeof(address);
	ssize_t got = recvfrom(sockets->fd[i], bytes, size, 0, &address.any, &length);

	if (got < 0)
		return -errno;
	remote_of(&address, from);
	from->socket = (uint8_t)i;
	return (int)got;
}

// Of what is remembered from before a restart the family alone is known.
static int socket_for(const struct sockets *sockets, const struct remote *to)
{
	if (to->socket < sockets->count)
		return sockets->fd[to->socket];
	for (unsigned i = 0; i < sockets->count; i++)
		if (sockets->family[i] == to->family)
			return sockets->fd[i];
	return -1;
}

int sockets_send(const struct sockets *sockets, const struct remote *to, const uint8_t *bytes, size_t length)
{
	union address address;
	socklen_t size = address_of(to, &address);

	return sendto(socket_for(sockets, to), bytes, length, 0, &address.any, size) < 0 ? -errno : 0;
}
