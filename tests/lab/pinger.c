// pinger.c - shoal-pinger: a run of pings by one subscriber, of which none is given up early.
//
// ping(8) waits for the last answers two round trips long, or one interval: on a busy host an answer a few milliseconds later than
// its elders counts as lost. This one waits until all are there, or its patience ends. One thread owns everything; the outcome is one
// line of JSON. Exit code 0 if any was answered, 1 if none, 2 if it can't.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD 8u
#define BODY 56u
#define COUNT_MAX 65535u

enum { TYPE, CODE, SUM, ID = 4, NUMBER = 6 }; // offsets in an ICMP echo, of either family
enum { REPLY4 = 0, REQUEST4 = 8, REQUEST6 = 128, REPLY6 = 129 };

struct pinger {
	int socket;
	bool ipv6;
	uint16_t id;
	unsigned count, sent, unsent, answered, twice;
	double interval, patience; // seconds
	double total, slowest;
	double sent_at[COUNT_MAX];
	uint8_t answers[COUNT_MAX];
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

// 0 over what carries its own sum.
static unsigned sum_over(const uint8_t *bytes, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (unsigned)bytes[i] << 8;
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16)) & 0xffff;
}

// Each ping's bytes differ from those of the one before, so an answer to another one's content is none.
static void body_fill(uint8_t *body, unsigned number)
{
	for (unsigned i = 0; i < BODY; i++)
		body[i] = (uint8_t)(number + i);
}

static void send_one(struct pinger *pinger)
{
	uint8_t bytes[HEAD + BODY] = { 0 };

	bytes[TYPE] = pinger->ipv6 ? REQUEST6 : REQUEST4;
	put16(bytes + ID, pinger->id);
	put16(bytes + NUMBER, pinger->sent);
	body_fill(bytes + HEAD, pinger->sent);
	if (!pinger->ipv6) // over IPv6 the kernel sees to it
		put16(bytes + SUM, sum_over(bytes, sizeof(bytes)));
	pinger->sent_at[pinger->sent++] = now();
	pinger->unsent += send(pinger->socket, bytes, sizeof(bytes), 0) != sizeof(bytes);
}

static bool is_answer(const struct pinger *pinger, const uint8_t *bytes, size_t length)
{
	uint8_t body[BODY];

	if (length != HEAD + BODY || bytes[TYPE] != (pinger->ipv6 ? REPLY6 : REPLY4) || bytes[CODE])
		return false;
	if (get16(bytes + ID) != pinger->id || get16(bytes + NUMBER) >= pinger->sent)
		return false;
	body_fill(body, get16(bytes + NUMBER));
	return memcmp(body, bytes + HEAD, BODY) == 0 && (pinger->ipv6 || sum_over(bytes, length) == 0);
}

static void take_all(struct pinger *pinger)
{
	uint8_t bytes[2048];
	ssize_t length;

	while ((length = recv(pinger->socket, bytes, sizeof(bytes), MSG_DONTWAIT)) >= 0) {
		size_t head = pinger->ipv6 ? 0 : (bytes[0] & 15u) * 4; // only an IPv4 socket gives it, too
		double took;
		unsigned number;

		if ((size_t)length < head || !is_answer(pinger, bytes + head, (size_t)length - head))
			continue;
		number = get16(bytes + head + NUMBER);
		took = now() - pinger->sent_at[number];
		if (pinger->answers[number]++) {
			pinger->twice++;
			continue;
		}
		pinger->answered++;
		pinger->total += took;
		pinger->slowest = took > pinger->slowest ? took : pinger->slowest;
	}
}

static void run(struct pinger *pinger)
{
	struct pollfd poll_for = { .fd = pinger->socket, .events = POLLIN };
	double next = now();

	for (;;) {
		double left = next - now();

		if (left <= 0 && pinger->sent == pinger->count)
			return;
		if (left <= 0) {
			send_one(pinger);
			left = pinger->sent < pinger->count ? pinger->interval : pinger->patience;
			next = now() + left;
		}
		poll(&poll_for, 1, (int)(left * 1e3 + 0.999));
		take_all(pinger);
		if (pinger->answered == pinger->count)
			return;
	}
}

// Which were not answered tells a moment's loss from one spread over the run.
static void tell(const struct pinger *pinger)
{
	const char *comma = "";

	printf("{\"sent\":%u,\"unsent\":%u,\"answered\":%u,\"twice\":%u,\"mean_ms\":%.3f,\"slowest_ms\":%.3f,"
	       "\"missing\":[",
	       pinger->sent, pinger->unsent, pinger->answered, pinger->twice,
	       pinger->answered ? pinger->total / pinger->answered * 1e3 : 0, pinger->slowest * 1e3);
	for (unsigned i = 0; i < pinger->sent; i++) {
		if (pinger->answers[i])
			continue;
		printf("%s%u", comma, i);
		comma = ",";
	}
	puts("]}");
}

static int address_of(const char *text, struct addrinfo **address)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_RAW };

	return getaddrinfo(text, NULL, &hints, address) ? -EINVAL : 0;
}

static int open_between(struct pinger *pinger, const char *from, const char *to)
{
	struct addrinfo *ours, *theirs;

	if (address_of(from, &ours) || address_of(to, &theirs))
		return -EINVAL;
	pinger->ipv6 = theirs->ai_family == AF_INET6;
	pinger->socket = socket(theirs->ai_family, SOCK_RAW, pinger->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (pinger->socket < 0 || bind(pinger->socket, ours->ai_addr, ours->ai_addrlen) ||
	    connect(pinger->socket, theirs->ai_addr, theirs->ai_addrlen))
		return -errno;
	freeaddrinfo(ours);
	freeaddrinfo(theirs);
	return 0;
}

int main(int argc, char **argv)
{
	static struct pinger pinger;
	int error;

	if (argc != 6) {
		fprintf(stderr, "usage: shoal-pinger FROM TO COUNT INTERVAL PATIENCE      addresses; seconds\n");
		return 2;
	}
	pinger.id = (uint16_t)getpid();
	pinger.count = (unsigned)strtoul(argv[3], NULL, 10);
	pinger.interval = strtod(argv[4], NULL);
	pinger.patience = strtod(argv[5], NULL);
	error = pinger.count && pinger.count <= COUNT_MAX ? open_between(&pinger, argv[1], argv[2]) : -ERANGE;
	if (error) {
		fprintf(stderr, "shoal-pinger: %s to %s: %s\n", argv[1], argv[2], strerror(-error));
		return 2;
	}
	run(&pinger);
	tell(&pinger);
	return pinger.answered ? 0 : 1;
}
