// gnb.c - shoal-gnb: a small eNodeB/gNodeB with many subscribers behind it. One TUN device <-> GTP-U over UDP 2152.
//
//   applications - TUN (all UE addresses) - shoal-gnb - UDP 2152 - gateway
//
// Which tunnel a packet takes is told by its inner source; which subscriber may have a packet from a tunnel, by the TEID.
// One thread owns everything. SIGHUP reads the table again, SIGUSR1 writes the counters, SIGTERM and SIGINT end it.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/lab/gtp.h"
#include "tests/lab/ues.h"

#define BATCH 32u
#define ROOM 2048u

// clang-format off: one a line
#define COUNTERS(X) \
	X(uplink_packets) \
	X(uplink_bytes) \
	X(uplink_unknown) \
	X(uplink_unsent) \
	X(downlink_packets) \
	X(downlink_bytes) \
	X(downlink_unknown) \
	X(downlink_misdelivered) \
	X(downlink_malformed) \
	X(downlink_qfi) \
	X(downlink_wrong_qfi) \
	X(echo_requests) \
	X(echo_responses) \
	X(error_indications) \
	X(end_markers) \
	X(other)
// clang-format on

struct counters {
#define X(name) uint64_t name;
	COUNTERS(X)
#undef X
};

struct gnb {
	const char *table, *bind, *tun_name, *counters_file;
	struct ues *ues;
	int tun, udp, signals;
	struct counters count;
	uint8_t bytes[BATCH][ROOM];
	struct iovec parts[BATCH];
	struct sockaddr_in peers[BATCH];
	struct mmsghdr messages[BATCH];
};

static int fail(const char *what)
{
	fprintf(stderr, "shoal-gnb: %s: %s\n", what, strerror(errno));
	return -1;
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get64(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

// ---- Uplink: TUN to tunnel

static const struct ue *inner_source(const struct ues *ues, const uint8_t *packet, size_t length)
{
	if (length >= 20 && packet[0] >> 4 == 4)
		return ues_by_ipv4(ues, get32(packet + 12));
	if (length >= 40 && packet[0] >> 4 == 6)
		return ues_by_ipv6(ues, get64(packet + 8));
	return NULL;
}

// Reads one packet behind room for the header. Returns 1, 0 if it is nobody's, or -1 if there is none.
static int uplink_take(struct gnb *gnb, unsigned n)
{
	uint8_t *packet = gnb->bytes[n] + GTP_HEAD_MAX;
	ssize_t length = read(gnb->tun, packet, ROOM - GTP_HEAD_MAX);
	const struct ue *ue;
	uint8_t head[GTP_HEAD_MAX];
	size_t head_length;

	if (length <= 0)
		return -1;
	ue = inner_source(gnb->ues, packet, (size_t)length);
	if (!ue) {
		gnb->count.uplink_unknown++;
		return 0;
	}
	head_length = gtp_head(head, ue->uplink_teid, ue->qfi, (size_t)length);
	memcpy(packet - head_length, head, head_length);
	gnb->parts[n] = (struct iovec){ packet - head_length, head_length + (size_t)length };
	gnb->peers[n] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(GTP_PORT) };
	gnb->peers[n].sin_addr.s_addr = htonl(ue->peer);
	gnb->count.uplink_packets++;
	gnb->count.uplink_bytes += (uint64_t)length;
	return 1;
}

static void uplink(struct gnb *gnb)
{
	unsigned n = 0;
	int sent, taken = 0;

	for (unsigned turns = 0; turns < BATCH && taken >= 0; turns++) {
		taken = uplink_take(gnb, n);
		n += taken > 0;
	}
	sent = n ? sendmmsg(gnb->udp, gnb->messages, n, 0) : 0;
	gnb->count.uplink_unsent += n - (unsigned)(sent > 0 ? sent : 0);
}

// ---- Downlink: tunnel to TUN

static bool inner_is_for(const struct ue *ue, const uint8_t *packet, size_t length)
{
	if (length >= 20 && packet[0] >> 4 == 4)
		return ue->ipv4 && get32(packet + 16) == ue->ipv4;
	return length >= 40 && packet[0] >> 4 == 6 && ue->ipv6 && get64(packet + 24) == ue->ipv6;
}

static void downlink_gpdu(struct gnb *gnb, const uint8_t *bytes, const struct gtp *gtp)
{
	const struct ue *ue = ues_by_teid(gnb->ues, gtp->teid);
	const uint8_t *packet = bytes + gtp->payload;
	size_t length = gtp->end - gtp->payload;

	if (!ue) {
		gnb->count.downlink_unknown++;
		return;
	}
	if (!inner_is_for(ue, packet, length)) {
		gnb->count.downlink_misdelivered++;
		return;
	}
	gnb->count.downlink_qfi += gtp->qfi != GTP_NO_QFI;
	gnb->count.downlink_wrong_qfi += gtp->qfi != ue->qfi;
	gnb->count.downlink_packets++;
	gnb->count.downlink_bytes += length;
	if (write(gnb->tun, packet, length) < 0)
		gnb->count.other++;
}

static void downlink_one(struct gnb *gnb, const uint8_t *bytes, size_t length, struct sockaddr_in *from)
{
	uint8_t answer[GTP_HEAD_MAX];
	struct gtp gtp;

	if (gtp_parse(bytes, length, &gtp) < 0) {
		gnb->count.downlink_malformed++;
		return;
	}
	switch (gtp.type) {
	case GTP_GPDU:
		downlink_gpdu(gnb, bytes, &gtp);
		break;
	case GTP_ECHO_REQUEST:
		gnb->count.echo_requests++;
		length = gtp_echo_response(answer, gtp.sequence);
		sendto(gnb->udp, answer, length, 0, (struct sockaddr *)from, sizeof(*from));
		break;
	case GTP_ECHO_RESPONSE:
		gnb->count.echo_responses++;
		break;
	case GTP_ERROR_INDICATION:
		gnb->count.error_indications++;
		break;
	case GTP_END_MARKER:
		gnb->count.end_markers++;
		break;
	default:
		gnb->count.other++;
	}
}

static void downlink(struct gnb *gnb)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++)
		gnb->parts[i] = (struct iovec){ gnb->bytes[i], ROOM };
	n = recvmmsg(gnb->udp, gnb->messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		downlink_one(gnb, gnb->bytes[i], gnb->messages[i].msg_len, &gnb->peers[i]);
}

// ---- Signals, counters

static void counters_print(const struct counters *count, FILE *file)
{
	const char *comma = "{";

#define X(name) \
	fprintf(file, "%s\"" #name "\": %llu", comma, (unsigned long long)count->name); \
	comma = ", ";
	COUNTERS(X)
#undef X
	fprintf(file, "}\n");
}

// Into a new file that then takes the old one's name: a reader sees all or nothing.
static void counters_write(const struct gnb *gnb)
{
	char fresh[4096];
	FILE *file;

	if (!gnb->counters_file) {
		counters_print(&gnb->count, stdout);
		fflush(stdout);
		return;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", gnb->counters_file);
	file = fopen(fresh, "we");
	if (!file) {
		fail(fresh);
		return;
	}
	counters_print(&gnb->count, file);
	if (fclose(file) || rename(fresh, gnb->counters_file) < 0)
		fail(gnb->counters_file);
}

static int table_read(struct gnb *gnb)
{
	char error[512];
	struct ues *ues = ues_read(gnb->table, error, sizeof(error));

	if (!ues) {
		fprintf(stderr, "shoal-gnb: %s\n", error);
		return -1;
	}
	ues_free(gnb->ues);
	gnb->ues = ues;
	fprintf(stderr, "shoal-gnb: ready: %zu subscribers on %s\n", ues_count(ues), gnb->tun_name);
	return 0;
}

// Returns false when it is time to go.
static bool signal_taken(struct gnb *gnb)
{
	struct signalfd_siginfo info;

	if (read(gnb->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGHUP)
		table_read(gnb);
	else
		counters_write(gnb);
	return info.ssi_signo == SIGHUP || info.ssi_signo == SIGUSR1;
}

static void run(struct gnb *gnb)
{
	struct pollfd fds[] = { { gnb->signals, POLLIN, 0 }, { gnb->tun, POLLIN, 0 }, { gnb->udp, POLLIN, 0 } };

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents && !signal_taken(gnb))
			return;
		if (fds[1].revents)
			uplink(gnb);
		if (fds[2].revents)
			downlink(gnb);
	}
}

// ---- Start

static int tun_open(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (tun < 0)
		return fail("/dev/net/tun");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(tun, TUNSETIFF, &request) < 0) {
		fail(name);
		close(tun);
		return -1;
	}
	return tun;
}

static int udp_open(const char *address)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(GTP_PORT) };
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 4 << 20;

	if (udp < 0)
		return fail("socket");
	if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		fail("receive buffer stays small");
	if (inet_pton(AF_INET, address, &own.sin_addr) != 1)
		errno = EINVAL;
	else if (bind(udp, (struct sockaddr *)&own, sizeof(own)) == 0)
		return udp;
	fail(address);
	close(udp);
	return -1;
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int options(struct gnb *gnb, int argc, char **argv)
{
	static const struct option known[] = { { "table", required_argument, NULL, 't' },
					       { "bind", required_argument, NULL, 'b' },
					       { "tun", required_argument, NULL, 'd' },
					       { "counters", required_argument, NULL, 'c' },
					       { 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 't':
			gnb->table = optarg;
			break;
		case 'b':
			gnb->bind = optarg;
			break;
		case 'd':
			gnb->tun_name = optarg;
			break;
		case 'c':
			gnb->counters_file = optarg;
			break;
		default:
			return -1;
		}
	}
	return gnb->table && gnb->bind && optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct gnb gnb = { .tun_name = "ue0" };

	if (options(&gnb, argc, argv) < 0) {
		fprintf(stderr, "usage: shoal-gnb --table FILE.csv --bind IPV4 [--tun NAME] [--counters FILE]\n");
		return 2;
	}
	for (unsigned n = 0; n < BATCH; n++) {
		gnb.messages[n].msg_hdr = (struct msghdr){
			.msg_name = &gnb.peers[n],
			.msg_namelen = sizeof(gnb.peers[n]),
			.msg_iov = &gnb.parts[n],
			.msg_iovlen = 1,
		};
	}
	gnb.signals = signals_open();
	gnb.udp = udp_open(gnb.bind);
	gnb.tun = gnb.udp < 0 ? -1 : tun_open(gnb.tun_name);
	if (gnb.signals < 0 || gnb.udp < 0 || gnb.tun < 0 || table_read(&gnb) < 0)
		return 1;
	run(&gnb);
	ues_free(gnb.ues);
	return 0;
}
