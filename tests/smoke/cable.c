// cable.c - the far end of a port under test: a raw socket, and frames whose bytes follow from their number.
#include "tests/smoke/cable.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const uint8_t cable_mac[6] = { 2, 0, 0, 0, 0, 0x77 };

static void cable_fail(const char *what)
{
	printf("not ok: %s: %s\n", what, strerror(errno));
	exit(1);
}

int cable_open(const char *interface)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), bytes = 32 << 20, yes = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		cable_fail("raw socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	return fd;
}

// An experimental type (IEEE 802 9.2.3), a number, and bytes that follow from it.
void cable_make(uint8_t *frame, unsigned length, uint32_t number)
{
	memcpy(frame, cable_mac, 6);
	memset(frame + 6, 2, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (unsigned i = 14; i < length; i++)
		frame[i] = (uint8_t)(number * 31 + i);
	memcpy(frame + 14, &number, 4);
}

// Its number, once every byte is found as it was made.
uint32_t cable_check(const uint8_t *frame, unsigned length)
{
	uint8_t wanted[9100];
	uint32_t number;

	memcpy(&number, frame + 14, 4);
	cable_make(wanted, length, number);
	if (memcmp(frame, wanted, length) != 0) {
		printf("not ok: bytes of frame %u differ\n", number);
		exit(1);
	}
	return number;
}

void cable_send(int fd, unsigned length, uint32_t number)
{
	uint8_t frame[9100];

	cable_make(frame, length, number);
	while (send(fd, frame, length, 0) != (ssize_t)length)
		if (errno != EAGAIN && errno != ENOBUFS && errno != ENETDOWN) // ... it was down, and says so once
			cable_fail("send");
}

// The next echo: its number; -1: none there.
int64_t cable_receive(int fd)
{
	uint8_t frame[9100];
	ssize_t n;

	do {
		n = recv(fd, frame, sizeof(frame), 0);
		if (n < 0)
			return -1;
	} while (n < 18 || frame[12] != 0x88 || frame[13] != 0xb5); // the kernel talks on the link, too
	return cable_check(frame, (unsigned)n);
}
