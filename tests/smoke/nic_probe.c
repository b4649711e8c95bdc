// nic_probe.c - one port of the primary, alone, with a raw socket as the other end of the cable: what is echoed is what was
// sent, what is refused is counted, no room is lost, and a sleeper wakes.
//
//   nic_probe HUGE_DIR af_packet|af_xdp|tap INTERFACE PEER FRAMES
//   nic_probe HUGE_DIR pcap FILE - FRAMES        FILE holds FRAMES frames, one of them too long
//   nic_probe HUGE_DIR memif SOCKET - FRAMES     both ends are ours
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <rte_eal.h>
#include <rte_memzone.h>
#include "primary/nic/nic.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/plane/verdict.h"
#include "tests/smoke/cable.h"

#define ROOMS 8192u
#define LIMIT_NS 20000000000ull // generous: a slow machine is no failure

static struct conf conf;
static struct plane_view view;
static struct nic *nic;
static uint64_t verdicts[VERDICT_COUNT];
static uint64_t received;

static void fail(const char *what, uint64_t got, uint64_t wanted)
{
	printf("not ok: %s: %llu, not %llu\n", what, (unsigned long long)got, (unsigned long long)wanted);
	exit(1);
}

static void expect(const char *what, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		fail(what, got, wanted);
	printf("ok: %s: %llu\n", what, (unsigned long long)got);
}

// ---- Our end

static void open_port(const char *huge_dir)
{
	static char prefix[64], mib[16], dir[256];
	char *argv[32] = { "nic_probe",    "--no-telemetry",
			   "--legacy-mem", "--iova-mode=va",
			   "--lcores=0@0", "--log-level=4",
			   prefix,         dir,
			   "-m",           mib };
	const struct rte_memzone *zone;
	size_t bytes = nic_bytes(&conf) + ROOMS * ROOM_STRIDE + 4 * PLANE_PAGE;
	int argc = 10, n;

	snprintf(prefix, sizeof(prefix), "--file-prefix=nic_probe_%d", getpid());
	snprintf(dir, sizeof(dir), "--huge-dir=%s", huge_dir);
	snprintf(mib, sizeof(mib), "%zu", (bytes >> 20) + 1);
	n = nic_eal_args(&conf, argv + argc, 16);
	if (n < 0 || rte_eal_init(argc + n, argv) < 0)
		fail("EAL", 1, 0);
	zone = rte_memzone_reserve_aligned("shoal_rooms_0", ROOMS * ROOM_STRIDE, 0, RTE_MEMZONE_2MB, PLANE_PAGE);
	if (!zone)
		fail("rooms", 0, ROOMS);
	view.rooms.base[0] = zone->addr;
	view.rooms.count[0] = ROOMS;
	if (nic_open(&conf, &view, &nic))
		fail("nic_open", 1, 0);
}

static uint64_t rooms_idle(void)
{
	uint64_t all, idle, out;

	nic_room_count(nic, &all, &idle, &out);
	if (all != ROOMS || idle + out > all)
		fail("rooms in all", all, ROOMS);
	return idle;
}

// Receives once; keeps what came, or sends it back.
static unsigned turn(unsigned port, bool back, struct nic_burst *burst)
{
	received += nic_rx(nic, port, burst, verdicts);
	received += burst->n;
	if (back) {
		struct nic_frames frames = { .port = port, .n = burst->n };

		memcpy(frames.frame, burst->frame, sizeof(frames.frame));
		nic_tx(nic, &frames);
		nic_flush(nic, port);
	}
	return burst->n;
}

static void echo(int peer, unsigned frames, unsigned length_from, unsigned length_to)
{
	struct nic_burst taken;
	uint64_t sent = 0, back = 0, until = clock_ns() + LIMIT_NS + frames * 20000ull, begin = clock_ns();

	while (back < frames && clock_ns() < until) {
		for (unsigned i = 0; i < 32 && sent < frames && sent - back < 512; i++, sent++)
			cable_send(peer, length_from + (unsigned)(sent % (length_to - length_from + 1)),
				   (uint32_t)sent);
		turn(0, true, &taken);
		for (int64_t number; (number = cable_receive(peer)) >= 0; back++)
			if (number != (int64_t)back)
				fail("order", (uint64_t)number, back);
	}
	expect("frames echoed, in order and intact", back, frames);
	printf("   %.0f frames a second, both ends on one core\n", (double)back * 1e9 / (double)(clock_ns() - begin));
}

// Receives without sending back until `n` more frames are known about, or for a second.
static void settle(uint64_t n)
{
	struct nic_burst taken;
	uint64_t from = received, until = clock_ns() + (n ? LIMIT_NS : 300000000ull);

	while ((!n || received < from + n) && clock_ns() < until)
		for (unsigned k = turn(0, false, &taken); k--;)
			nic_free(nic, taken.frame[k].room);
}

static void too_long(int peer)
{
	uint64_t before = verdicts[VERDICT_TOO_LONG];

	for (unsigned i = 0; i < 100; i++)
		cable_send(peer, i & 1 ? 9000 : conf.port[0].mtu + 19u, i);
	settle(100);
	expect("frames too long, counted", verdicts[VERDICT_TOO_LONG] - before, 100);
}

// All rooms in our hands: what comes is refused and counted, or stays with the driver; nothing breaks.
static void no_room(int peer, bool copies)
{
	static uint32_t taken[ROOMS];
	uint64_t before = verdicts[VERDICT_NO_ROOM], idle = rooms_idle(); // net_tap holds some ready
	unsigned n = 0;

	while (!nic_room(nic, &taken[n]))
		n++;
	expect("all idle rooms taken", n, idle);
	for (unsigned i = 0; i < 10; i++)
		cable_send(peer, 100, i);
	if (copies) {
		settle(10);
		expect("frames without a room, counted", verdicts[VERDICT_NO_ROOM] - before, 10);
	} else {
		settle(0);
	}
	while (n--)
		nic_free(nic, taken[n]);
	cable_send(peer, 100, 10); // net_tap looks again only when something new comes
	settle(0);
}

// More than the driver's fill queue holds, unread: each of its 2,048 buffers takes a frame, so none of them lies outside the
// memory the driver gave to the kernel; the rest is missed, and counted.
static void overload(int peer)
{
	uint64_t before = received;
	struct nic_stats first, last;

	nic_stats(nic, 0, &first);
	for (unsigned i = 0; i < 3000; i++)
		cable_send(peer, 100, i);
	settle(0);
	nic_stats(nic, 0, &last);
	expect("frames buffered unread", received - before, 2048);
	expect("frames missed, counted", last.rx_missed - first.rx_missed, 3000 - 2048);
}

static bool is_ours(struct nic_frame frame)
{
	const uint8_t *bytes = room_at(&view.rooms, frame.room) + frame.offset;

	return bytes[12] == 0x88 && bytes[13] == 0xb5;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Sleeps on the port's descriptor as the loop does: costs nothing, and wakes for a frame that another process sends.
static void wake(const char *interface)
{
	struct pollfd wait = { .events = POLLIN };
	struct nic_burst taken;
	uint64_t begin, got = 0, slept = 0;
	int complete = 0;
	pid_t child;

	expect("descriptors to wait on", nic_wait_fds(nic, &wait.fd, 1, &complete), 1);
	expect("they are all", (uint64_t)complete, 1);
	settle(0);
	begin = cpu_ns();
	for (uint64_t until = clock_ns() + 500000000; clock_ns() < until; slept++)
		if (poll(&wait, 1, 500) > 0) // the kernel may have a word to say
			for (unsigned k = turn(0, false, &taken); k--;)
				nic_free(nic, taken.frame[k].room);
	printf("   half a second of idle wait: %llu us of CPU, %llu wake-ups\n",
	       (unsigned long long)(cpu_ns() - begin) / 1000, (unsigned long long)slept);
	if (cpu_ns() - begin > 25000000)
		fail("idle wait costs, ns", cpu_ns() - begin, 0);
	child = fork();
	if (child == 0) {
		int peer = cable_open(interface);

		for (unsigned i = 0; i < 100; i++) {
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
			cable_send(peer, 100, i);
		}
		_exit(0);
	}
	begin = clock_ns();
	while (got < 100 && clock_ns() < begin + LIMIT_NS) {
		if (poll(&wait, 1, 2000) <= 0)
			break;
		for (unsigned k = turn(0, false, &taken); k--; nic_free(nic, taken.frame[k].room))
			got += is_ours(taken.frame[k]);
	}
	waitpid(child, NULL, 0);
	expect("frames 5 ms apart that woke us", got, 100);
}

static void down_and_up(const char *interface)
{
	struct nic_stats stats;
	char command[sizeof(conf.port[0].device) + 32];

	for (int up = 0; up < 2; up++) {
		uint64_t until = clock_ns() + LIMIT_NS;

		snprintf(command, sizeof(command), "ip link set %s %s", interface, up ? "up" : "down");
		if (system(command))
			fail("ip link", 1, 0);
		do
			nic_stats(nic, 0, &stats);
		while (stats.up != up && clock_ns() < until);
		expect(up ? "link up again" : "link seen down", (uint64_t)stats.up, (uint64_t)up);
	}
}

static void kernel_story(const char *peer_name, unsigned frames)
{
	enum conf_driver driver = conf.port[0].driver;
	uint64_t idle;
	struct nic_stats stats;
	int peer = cable_open(peer_name);

	if (driver == CONF_TAP && system("ip link set pt mtu 9000")) // so that its kernel end can send too much
		fail("ip link", 1, 0);
	settle(0);
	idle = rooms_idle();
	echo(peer, 2000, 18, conf.port[0].mtu + 14u);
	if (driver != CONF_AF_XDP) // the kernel gives an XDP socket no frame longer than its buffers
		too_long(peer);
	no_room(peer, driver == CONF_AF_XDP);
	if (driver == CONF_AF_XDP)
		overload(peer);
	echo(peer, frames, 64, 64);
	if (driver != CONF_TAP)
		down_and_up(conf.port[0].device);
	wake(peer_name);
	echo(peer, 1000, 1000, 1400);
	nic_stats(nic, 0, &stats);
	expect("transmissions refused", stats.tx_failed, 0);
	expect("rooms idle as at the start", rooms_idle(), idle);
	close(peer);
}

static void pcap_story(unsigned frames)
{
	struct nic_burst taken;
	uint64_t until = clock_ns() + LIMIT_NS, bytes = 0;

	while (received < frames && clock_ns() < until)
		for (unsigned k = turn(0, false, &taken); k--; nic_free(nic, taken.frame[k].room))
			bytes += taken.frame[k].length;
	expect("frames from the file", received, frames);
	expect("bytes in those that fit", bytes, 1 + 13 + 14 + 60 + 1518);
	expect("frames of 9000 bytes refused", verdicts[VERDICT_TOO_LONG], 1);
	expect("rooms idle", rooms_idle(), ROOMS);
}

static void memif_story(unsigned frames)
{
	struct nic_burst taken;
	uint64_t until = clock_ns() + LIMIT_NS, sent = 0, got = 0, begin = clock_ns(), refused = 0;

	while (got + refused < frames && clock_ns() < until) {
		for (unsigned i = 0; i < 32 && sent < frames; i++, sent++) {
			struct nic_frames one = { .n = 1, .frame[0] = { .offset = 200, .length = 64 } };

			if (nic_room(nic, &one.frame[0].room))
				break;
			cable_make(room_at(&view.rooms, one.frame[0].room) + 200, 64, (uint32_t)sent);
			refused += nic_tx(nic, &one);
		}
		refused += nic_flush(nic, 0);
		for (unsigned k = turn(1, false, &taken); k--; nic_free(nic, taken.frame[k].room), got++)
			cable_check(room_at(&view.rooms, taken.frame[k].room) + taken.frame[k].offset,
				    taken.frame[k].length);
	}
	expect("frames through memif, or refused", got + refused, frames);
	printf("   %.2f million frames a second, both ends on one core; %llu refused\n",
	       (double)got * 1e3 / (double)(clock_ns() - begin), (unsigned long long)refused);
	expect("rooms idle", rooms_idle(), ROOMS);
}

static void configure(const char *driver, const char *device)
{
	static const char *const names[] = { "af_xdp", "af_packet", "tap", "memif", "pcap" };
	struct conf_port *port = &conf.port[0];

	conf.rooms = ROOMS;
	conf.primary_cpu = -1;
	conf.ports = 1;
	while (port->driver < CONF_PCAP && strcmp(names[port->driver], driver) != 0)
		port->driver++;
	snprintf(port->name, sizeof(port->name), "probe");
	snprintf(port->device, sizeof(port->device), "%s", device);
	port->mtu = 1500;
	memcpy(port->mac, cable_mac, 6); // not the device's own: it learns it, or takes everything
	if (port->driver != CONF_MEMIF)
		return;
	conf.ports = 2;
	conf.port[1] = conf.port[0];
	snprintf(conf.port[0].options, sizeof(port->options), "role=server,rsize=11");
	snprintf(conf.port[1].options, sizeof(port->options), "role=client,rsize=11");
}

int main(int argc, char **argv)
{
	uint64_t all, idle, out;

	if (argc != 6)
		return 2;
	log_open("nic_probe", "info");
	configure(argv[2], argv[3]);
	open_port(argv[1]);
	expect("the configured MAC is ours", (uint64_t)memcmp(nic_mac(nic, 0), cable_mac, 6), 0);
	if (conf.port[0].driver == CONF_PCAP)
		pcap_story((unsigned)atoi(argv[5]));
	else if (conf.port[0].driver == CONF_MEMIF)
		memif_story((unsigned)atoi(argv[5]));
	else
		kernel_story(argv[4], (unsigned)atoi(argv[5]));
	nic_room_count(nic, &all, &idle, &out);
	expect("rooms still out", out, 0);
	fflush(stdout);
	if (conf.port[0].driver == CONF_MEMIF) // its thread may trip over a peer that closes in the same process
		_exit(0);
	nic_close(nic);
	rte_eal_cleanup();
	return 0;
}
