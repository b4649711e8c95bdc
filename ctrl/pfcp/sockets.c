// sockets.c - see sockets.h.
#include "ctrl/pfcp/sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "ctrl/pfcp/message.h"
#include "shared/base/log.h"

#define BUFFER_BYTES (8 << 20) // as much of it as net.core.rmem_max allows

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct sockets_letter {
	int fd; // that it leaves by
	union address address;
	socklen_t address_bytes;
	struct iovec part;
	size_t length;
	uint8_t bytes[SOCKETS_DATAGRAM];
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

	*sockets = (struct sockets){ .sent = sockets->sent, .unsent = sockets->unsent };
	sockets->in = calloc(SOCKETS_TOGETHER, sizeof(*sockets->in));
	sockets->out = calloc(SOCKETS_TOGETHER, sizeof(*sockets->out));
	if (!sockets->in || !sockets->out)
		error = -ENOMEM;
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
	free(sockets->in);
	free(sockets->out);
	sockets->in = sockets->out = NULL;
}

// ---- In

static void parts_set(struct sockets_letter *letters, struct mmsghdr messages[SOCKETS_TOGETHER], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct sockets_letter *letter = &letters[i];

		letter->part = (struct iovec){ letter->bytes, letter->length };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &letter->address,
						       .msg_namelen = letter->address_bytes,
						       .msg_iov = &letter->part,
						       .msg_iovlen = 1 };
	}
}

bool sockets_receive(struct sockets *sockets, unsigned i, sockets_take *take, void *arg)
{
	struct mmsghdr messages[SOCKETS_TOGETHER];
	struct remote from;
	int got;

	for (unsigned k = 0; k < SOCKETS_TOGETHER; k++) {
		sockets->in[k].length = SOCKETS_DATAGRAM;
		sockets->in[k].address_bytes = sizeof(sockets->in[k].address);
	}
	parts_set(sockets->in, messages, SOCKETS_TOGETHER);
	got = recvmmsg(sockets->fd[i], messages, SOCKETS_TOGETHER, MSG_DONTWAIT, NULL);
	for (int k = 0; k < got; k++) {
		remote_of(&sockets->in[k].address, &from);
		from.socket = (uint8_t)i;
		take(arg, &from, sockets->in[k].bytes, messages[k].msg_len);
	}
	return got == (int)SOCKETS_TOGETHER || (got < 0 && errno != EAGAIN); // an error is of one datagram
}

// ---- Out

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

// How many from the first on leave by the same socket.
static unsigned run_of(const struct sockets *sockets, unsigned first)
{
	unsigned count = 1;

	while (first + count < sockets->waiting && sockets->out[first + count].fd == sockets->out[first].fd)
		count++;
	return count;
}

// One that cannot be sent does not keep the others.
void sockets_flush(struct sockets *sockets)
{
	struct mmsghdr messages[SOCKETS_TOGETHER];
	unsigned at = 0;

	parts_set(sockets->out, messages, sockets->waiting);
	while (at < sockets->waiting) {
		int sent = sendmmsg(sockets->out[at].fd, messages + at, run_of(sockets, at), MSG_DONTWAIT);

		*sockets->sent += sent > 0 ? (unsigned)sent : 0;
		*sockets->unsent += sent <= 0;
		at += sent > 0 ? (unsigned)sent : 1;
	}
	sockets->waiting = 0;
}

void sockets_send(struct sockets *sockets, const struct remote *to, const uint8_t *bytes, size_t length)
{
	struct sockets_letter *letter;

	if (length > SOCKETS_DATAGRAM) {
		++*sockets->unsent;
		return;
	}
	if (sockets->waiting == SOCKETS_TOGETHER)
		sockets_flush(sockets);
	letter = &sockets->out[sockets->waiting++];
	letter->fd = socket_for(sockets, to);
	letter->address_bytes = address_of(to, &letter->address);
	letter->length = length;
	memcpy(letter->bytes, bytes, length);
}
