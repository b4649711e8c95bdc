// sockets.c - see sockets.h.
#include "ctrl/pfcp/sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "ctrl/pfcp/codec/message.h"
#include "shared/base/log.h"

#define BUFFER_BYTES (8 << 20) // as much of it as net.core.rmem_max allows
#define SEGMENT_MOST 1000u     // bytes of a datagram that leaves with others: each link has room for it
#define MESSAGE_MOST 65507u    // of them all, by IPv4; by IPv6 more

_Static_assert(MESSAGE_MOST / SOCKETS_TOGETHER >= SEGMENT_MOST, "all that wait may be one message");
_Static_assert(SOCKETS_TOGETHER <= 64, "more the kernel does not cut one message into");

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct sockets_letter {
	unsigned socket; // that it leaves by
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

static void parts_set(struct sockets_letter *letters, struct mmsghdr messages[SOCKETS_TOGETHER])
{
	for (unsigned i = 0; i < SOCKETS_TOGETHER; i++) {
		struct sockets_letter *letter = &letters[i];

		letter->address_bytes = sizeof(letter->address);
		letter->part = (struct iovec){ letter->bytes, SOCKETS_DATAGRAM };
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

	parts_set(sockets->in, messages);
	got = recvmmsg(sockets->fd[i], messages, SOCKETS_TOGETHER, MSG_DONTWAIT, NULL);
	for (int k = 0; k < got; k++) {
		remote_of(&sockets->in[k].address, &from);
		from.socket = (uint8_t)i;
		take(arg, &from, sockets->in[k].bytes, messages[k].msg_len);
	}
	return got == (int)SOCKETS_TOGETHER || (got < 0 && errno != EAGAIN); // an error is of one datagram
}

// ---- Out

// What one system call sends. Letters of one peer and one length are one message, which the kernel cuts (UDP_SEGMENT, udp(7)) when it
// has been through all that is done for a message: for short answers that is most of what sending costs.
struct sending {
	unsigned count;
	struct mmsghdr message[SOCKETS_TOGETHER];
	struct iovec part[SOCKETS_TOGETHER];
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control[SOCKETS_TOGETHER];
};

// Of what is remembered from before a restart the family alone is known. sockets->count: there is none.
static unsigned socket_for(const struct sockets *sockets, const struct remote *to)
{
	unsigned i = 0;

	if (to->socket < sockets->count)
		return to->socket;
	while (i < sockets->count && sockets->family[i] != to->family)
		i++;
	return i;
}

static bool joins(const struct sockets_letter *first, const struct sockets_letter *letter)
{
	return letter->socket == first->socket && letter->length && letter->length <= first->length &&
	       letter->address_bytes == first->address_bytes &&
	       !memcmp(&letter->address, &first->address, first->address_bytes);
}

// How many letters from the first on are one message: the last one alone may be shorter.
static unsigned alike(const struct sockets *sockets, unsigned first)
{
	const struct sockets_letter *letter = &sockets->out[first];
	unsigned count = 1;

	if (sockets->alone[letter->socket] || !letter->length || letter->length > SEGMENT_MOST)
		return 1;
	while (first + count < sockets->waiting && letter[count - 1].length == letter->length &&
	       joins(letter, &letter[count]))
		count++;
	return count;
}

static void cut_ask(struct msghdr *message, struct cmsghdr *header, uint16_t bytes)
{
	message->msg_control = header;
	message->msg_controllen = CMSG_SPACE(sizeof(bytes));
	*header = (struct cmsghdr){ CMSG_LEN(sizeof(bytes)), IPPROTO_UDP, UDP_SEGMENT };
	memcpy(CMSG_DATA(header), &bytes, sizeof(bytes));
}

// All from the first on that leave by the same socket.
static void gather(struct sockets *sockets, unsigned first, struct sending *sending)
{
	unsigned at = first;

	sending->count = 0;
	while (at < sockets->waiting && sockets->out[at].socket == sockets->out[first].socket) {
		struct sockets_letter *letter = &sockets->out[at];
		unsigned letters = alike(sockets, at);
		struct msghdr *message = &sending->message[sending->count].msg_hdr;

		for (unsigned i = 0; i < letters; i++)
			sending->part[at + i] = (struct iovec){ letter[i].bytes, letter[i].length };
		*message = (struct msghdr){ .msg_name = &letter->address,
					    .msg_namelen = letter->address_bytes,
					    .msg_iov = &sending->part[at],
					    .msg_iovlen = letters };
		if (letters > 1)
			cut_ask(message, &sending->control[sending->count].header, (uint16_t)letter->length);
		sending->count++;
		at += letters;
	}
}

// The device, or what stands before it, can't cut, or its packets are too small. From now on each leaves alone.
static bool cannot_cut(struct sockets *sockets, const struct sending *sending, unsigned socket)
{
	if (sending->message[0].msg_hdr.msg_iovlen == 1 || (errno != EINVAL && errno != EIO && errno != EMSGSIZE))
		return false;
	sockets->alone[socket] = true;
	return true;
}

// One that cannot be sent does not keep the others.
void sockets_flush(struct sockets *sockets)
{
	struct sending sending;
	unsigned at = 0;

	while (at < sockets->waiting) {
		unsigned socket = sockets->out[at].socket, letters = 0;
		int sent;

		gather(sockets, at, &sending);
		sent = sendmmsg(sockets->fd[socket], sending.message, sending.count, MSG_DONTWAIT);
		if (sent <= 0 && cannot_cut(sockets, &sending, socket))
			continue;
		for (int i = 0; i < (sent > 0 ? sent : 1); i++)
			letters += (unsigned)sending.message[i].msg_hdr.msg_iovlen;
		*(sent > 0 ? sockets->sent : sockets->unsent) += letters;
		at += letters;
	}
	sockets->waiting = 0;
}

void sockets_send(struct sockets *sockets, const struct remote *to, const uint8_t *bytes, size_t length)
{
	unsigned socket = socket_for(sockets, to);
	struct sockets_letter *letter;

	if (length > SOCKETS_DATAGRAM || socket == sockets->count) {
		++*sockets->unsent;
		return;
	}
	if (sockets->waiting == SOCKETS_TOGETHER)
		sockets_flush(sockets);
	letter = &sockets->out[sockets->waiting++];
	letter->socket = socket;
	letter->address_bytes = address_of(to, &letter->address);
	letter->length = length;
	memcpy(letter->bytes, bytes, length);
}
