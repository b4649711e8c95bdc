// forward.c - the least that a gateway built on a UDP socket and a TUN device can do: what such gateways can reach, from above.
//
//   bench-forward TUN GTPU-IP PEER-IP TABLE     TABLE: "teid,ue-ipv4" lines, all UEs in one /16
//
// One thread. Up: a burst from the socket, eight bytes off each, a write each (TUN knows no other way). Down: reads until there is no
// more or a burst, a tunnel by a table of the address's low half, one sendmmsg. No policing, no accounts, no check of who sends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST 32u
#define ROOM 2048u
#define GTPU 8u
#define GTPU_PORT 2152

static struct mmsghdr come[BURST], go[BURST]; // the same rooms; what goes has the peer's name
static struct iovec part[BURST];
static uint8_t room[BURST][ROOM];
static uint32_t teid[1 << 16]; // by the low half of the address; network order
static struct sockaddr_in peer = { .sin_family = AF_INET };

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void table_load(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[128], address[64];
	unsigned number;

	need(file != NULL, path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%u,%63[0-9.]", &number, address) == 2)
			teid[ntohl(inet_addr(address)) & 0xffff] = htonl(number);
	fclose(file);
}

static int tun_open(const char *name)
{
	struct ifreq ask = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(ask.ifr_name, sizeof(ask.ifr_name), "%s", name);
	need(tun >= 0 && !ioctl(tun, TUNSETIFF, &ask), name);
	return tun;
}

static int socket_open(const char *address)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_port = htons(GTPU_PORT),
				   .sin_addr.s_addr = inet_addr(address) };
	int udp = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4 << 20;

	need(udp >= 0 && !bind(udp, (void *)&own, sizeof(own)), address);
	need(!setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)), "receive buffer");
	return udp;
}

static void up(int udp, int tun)
{
	int n;

	for (unsigned i = 0; i < BURST; i++)
		part[i].iov_len = ROOM;
	n = recvmmsg(udp, come, BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		if (come[i].msg_len > GTPU && room[i][1] == 255)
			(void)!write(tun, room[i] + GTPU, come[i].msg_len - GTPU);
}

static void down(int udp, int tun)
{
	unsigned n = 0;
	uint32_t to;

	for (ssize_t bytes; n < BURST && (bytes = read(tun, room[n] + GTPU, ROOM - GTPU)) >= 20; n++) {
		memcpy(&to, room[n] + GTPU + 16, sizeof(to));
		room[n][0] = 0x30;
		room[n][1] = 255;
		memcpy(room[n] + 2, &(uint16_t){ htons((uint16_t)bytes) }, 2);
		memcpy(room[n] + 4, &teid[ntohl(to) & 0xffff], 4);
		part[n].iov_len = GTPU + (size_t)bytes;
	}
	if (n)
		sendmmsg(udp, go, n, 0);
}

int main(int argc, char **argv)
{
	struct pollfd wait[2] = { { .events = POLLIN }, { .events = POLLIN } };

	need(argc == 5, "TUN GTPU-IP PEER-IP TABLE");
	table_load(argv[4]);
	peer.sin_addr.s_addr = inet_addr(argv[3]);
	peer.sin_port = htons(GTPU_PORT);
	for (unsigned i = 0; i < BURST; i++) {
		part[i].iov_base = room[i];
		come[i].msg_hdr = (struct msghdr){ .msg_iov = &part[i], .msg_iovlen = 1 };
		go[i].msg_hdr = come[i].msg_hdr;
		go[i].msg_hdr.msg_name = &peer;
		go[i].msg_hdr.msg_namelen = sizeof(peer);
	}
	wait[0].fd = tun_open(argv[1]);
	wait[1].fd = socket_open(argv[2]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		need(poll(wait, 2, -1) > 0, "poll");
		if (wait[1].revents)
			up(wait[1].fd, wait[0].fd);
		if (wait[0].revents)
			down(wait[1].fd, wait[0].fd);
	}
}
