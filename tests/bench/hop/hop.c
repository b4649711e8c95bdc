// hop.c - the worker as a process against the same worker as a thread: same loop, same layout, same core, only the way it
// was started differs.
//
//   bench-hop [--pairs N] [--slice-ms N] [--sessions N] [--cpu PRIMARY,WORKER]
//
// Three workers on seats of one plane: two are threads (their ratio is the control), one is
// a forked process. Rooms and sessions are the same memory for all, since its placement alone is worth 20 %; so all three
// "own" every shard, which is sound because only one has a slice at a time and the others sleep. This program plays the
// primary with the primary's own lane code: it writes 128 bytes of a fresh G-PDU into a room, lends it, takes it back.
// Prints the packets a second of each slice.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "primary/lane/lane.h"
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "workers/lines/lines.h"
#include "workers/loop/loop.h"

#define SITTERS 3
#define ROOMS 8192u
#define INNER 92u // with 36 of outer headers: 128 bytes

struct sitter {
	const char *name;
	bool process;
	unsigned seat;
	_Alignas(128) struct loop loop; // the worker's; threads would share a line with what is ours
	_Alignas(128) struct lane lane;
	_Alignas(128) pthread_t thread;
	pid_t pid;
	uint64_t returned, wrong;
};

static struct {
	int pairs, slice_ms, primary_cpu, worker_cpu;
	unsigned sessions; // a power of two, 256 and up
} option = { 101, 10, -1, -1, 65536 };

static struct sitter sitters[SITTERS] = {
	{ .name = "thread", .seat = 0 },
	{ .name = "thread again", .seat = 1 },
	{ .name = "process", .seat = 2, .process = true },
};
static _Alignas(128) struct plane_view view; // read by all, written by nobody once they run
// What this side writes at every frame.
static _Alignas(128) struct {
	uint64_t random;
	uint32_t next_room;
} own = { .random = 88172645463325252ull };
static _Alignas(128) uint32_t *teids, *addresses;

static void *shared(size_t bytes)
{
	size_t size = (bytes + PLANE_PAGE - 1) / PLANE_PAGE * PLANE_PAGE;
	void *memory =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("bench-hop: memory");
		exit(1);
	}
	return memory;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set))
		perror("bench-hop: pin");
}

static void plane_make(struct plane *plane, uint64_t hz)
{
	unsigned bad;

	plane->net = (struct plane_net){
		.clock_hz = hz, .gtpu_ipv4 = 0x0a0a0001, .pools = 1, .access_mtu = 1600, .core_mtu = 1500
	};
	plane->net.pool[0] = (struct shard_pool){ .ipv4 = 0x0a000000, .ipv4_len = 8 };
	while (1u << (32 - plane->net.pool[0].ipv4_len) > option.sessions)
		plane->net.pool[0].ipv4_len++;
	plane->shape.slots = (uint32_t)shard_pools_lay(plane->net.pool, 1, &bad);
	plane->net.slot_bits = shard_slot_bits(plane->shape.slots);
	plane->shape.rates = 8;
	plane->shape.buckets = region_buckets(0);
	plane->rooms[0] = ROOMS;
	memset((void *)plane->owner, PLANE_SEAT_NONE, sizeof(plane->owner));
}

static void view_make(uint64_t hz)
{
	struct plane *plane = shared(sizeof(*plane));
	void *zone;

	plane_make(plane, hz);
	view.plane = plane;
	view.rooms.base[0] = shared((size_t)ROOMS * ROOM_STRIDE);
	view.rooms.count[0] = ROOMS;
	for (unsigned seat = 0; seat < SITTERS; seat++)
		view.seats[seat] = seat_at(shared(3 * PLANE_PAGE));
	view.image = shared(image_bytes(plane->shape.slots, plane->shape.rates, plane->shape.sheet));
	zone = shared(region_stride(&plane->shape) * SHARDS);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct region region = region_at(zone, &plane->shape, shard);

		*region.header =
		    (struct region_header){ .magic = REGION_MAGIC, .shard = shard, .owner = PLANE_SEAT_NONE };
		view.shards[shard] = region;
	}
}

static void sessions_make(void)
{
	const struct plane *plane = view.plane;
	const struct bearer_rate rate = { 10000000000ull, 1u << 20, 1u << 20 };
	unsigned n = 0;

	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct lines lines = { .region = &view.shards[shard], .shape = &plane->shape, .net = &plane->net };

		lines_rate_set(&lines, 1, &rate);
		for (uint32_t slot = 0; slot < plane->shape.slots; slot++) {
			struct bearer bearer = { .ue_ipv4 = shard_pool_ipv4(&plane->net.pool[0], slot, (uint8_t)shard),
						 .teid = shard_teid(1, slot, (uint8_t)shard, plane->net.slot_bits),
						 .peer_teid = 7,
						 .peer_ipv4 = 0x0a0a0002,
						 .uplink = { .rate = 1 },
						 .downlink = { .rate = 1 } };

			if (lines_set(&lines, slot, &bearer))
				exit(1);
			teids[n] = bearer.teid;
			addresses[n++] = bearer.ue_ipv4;
		}
	}
}

static void *worker_run(void *arg)
{
	struct sitter *sitter = arg;

	pin(option.worker_cpu);
	if (seat_sit(view.seats[sitter->seat].worker)) {
		fprintf(stderr, "bench-hop: %s can't sit down\n", sitter->name);
		exit(1);
	}
	loop_run(&sitter->loop);
	return NULL;
}

static void sitter_start(struct sitter *sitter)
{
	struct seat seat = view.seats[sitter->seat];
	int bell = bell_make(), nobody = bell_make();
	struct loop_wires wires = { bell, nobody, nobody, nobody };

	atomic_store(&seat.primary->wanted, SEAT_RUN);
	loop_open(&sitter->loop, &view, sitter->seat, &wires);
	lane_init(&sitter->lane, seat, bell);
	if (!sitter->process) {
		if (pthread_create(&sitter->thread, NULL, worker_run, sitter))
			exit(1);
		return;
	}
	sitter->pid = fork();
	if (sitter->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		worker_run(sitter);
		_exit(0);
	}
}

static void sitter_stop(struct sitter *sitter)
{
	atomic_store(&view.seats[sitter->seat].primary->wanted, SEAT_STOP);
	if (sitter->process) {
		kill(sitter->pid, SIGKILL); // it still holds its shards; a worker leaves only with empty hands
		waitpid(sitter->pid, NULL, 0);
	}
}

// What a copying driver leaves behind: a fresh G-PDU of a random session.
static struct lane_handle frame_make(void)
{
	uint64_t x = own.random;
	uint32_t room = own.next_room++ % ROOMS, teid, pick;
	uint8_t *packet = view.rooms.base[0] + (size_t)room * ROOM_STRIDE + ROOM_HEADROOM + 14;
	struct ip4_fields outer = { 0x0a0a0002, 0x0a0a0001, 36 + INNER, 0, 64, IP_UDP };

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	own.random = x;
	pick = (uint32_t)(x >> 20) & (option.sessions - 1);
	teid = teids[pick];
	memset(packet, 0, 36 + INNER);
	ip4_put(packet, &outer);
	udp_put(packet + 20, GTPU_PORT, GTPU_PORT, 16 + INNER);
	gtpu_put(packet + 28, teid, INNER);
	outer = (struct ip4_fields){ addresses[pick], 0x08080808, INNER, 0, 64, IP_UDP };
	ip4_put(packet + 36, &outer);
	return (struct lane_handle){
		.room = room, .hint = teid, .offset = ROOM_HEADROOM + 14, .length = 128, .code = LANE_UPLINK
	};
}

static void sitter_lend(struct sitter *sitter)
{
	if (lane_space(&sitter->lane) < LANE_BURST)
		return;
	for (unsigned i = 0; i < LANE_BURST; i++)
		lane_put(&sitter->lane, frame_make());
	lane_publish(&sitter->lane);
}

static void sitter_take(struct sitter *sitter)
{
	struct lane_handle back[LANE_BURST];
	int n = lane_take(&sitter->lane, back);

	for (int i = 0; i < n; i++) {
		const struct lane_handle *lent = lease_find(&sitter->lane.lease, &back[i]);

		sitter->wrong += !lent || (back[i].code != VERDICT_FORWARD && back[i].code != VERDICT_OWNED);
		if (lent)
			lease_end(&sitter->lane.lease, lent);
		sitter->returned++;
	}
}

static void sitter_drain(struct sitter *sitter)
{
	while (sitter->lane.lease.live)
		sitter_take(sitter);
}

static void sitter_own(struct sitter *sitter)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		while (!lane_space(&sitter->lane))
			sitter_take(sitter);
		lane_put(&sitter->lane, (struct lane_handle){ .hint = shard, .code = LANE_OWN });
		lane_publish(&sitter->lane);
	}
	sitter_drain(sitter);
}

// Packets a second over one slice.
static double slice(struct sitter *sitter)
{
	uint64_t from = clock_ns(), ns = (uint64_t)option.slice_ms * 1000000, now;

	sitter->returned = 0;
	do {
		for (int i = 0; i < 16; i++) {
			sitter_lend(sitter);
			sitter_take(sitter);
		}
		now = clock_ns();
	} while (now - from < ns);
	sitter_drain(sitter);
	return (double)sitter->returned * 1e9 / (double)(clock_ns() - from);
}

static int all_came_back_right(void)
{
	uint64_t wrong = 0;

	for (int i = 0; i < SITTERS; i++)
		wrong += sitters[i].wrong;
	if (wrong)
		fprintf(stderr, "bench-hop: %llu handles came back wrong\n", (unsigned long long)wrong);
	return !wrong;
}

static void measure(void)
{
	for (int pair = -10; pair < option.pairs; pair++)
		for (int i = 0; i < SITTERS; i++) {
			int which = (i + pair + 12) % SITTERS;
			double rate = slice(&sitters[which]);

			if (pair >= 0)
				printf("%d,%s,%.0f\n", pair, sitters[which].name, rate);
		}
}

static int options(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--pairs"))
			option.pairs = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--slice-ms"))
			option.slice_ms = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--sessions"))
			option.sessions = (unsigned)atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--cpu") ||
			 sscanf(argv[i + 1], "%d,%d", &option.primary_cpu, &option.worker_cpu) != 2)
			return -EINVAL;
	}
	if (option.sessions & (option.sessions - 1) || option.sessions < 256 || option.sessions > 1u << 24)
		return -EINVAL;
	return argc % 2 && option.pairs > 0 && option.slice_ms > 0 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	uint64_t hz = clock_hz();

	if (options(argc, argv)) {
		fprintf(stderr,
			"usage: bench-hop [--pairs N] [--slice-ms N] [--sessions 2^N] [--cpu PRIMARY,WORKER]\n");
		return 2;
	}
	teids = calloc(option.sessions, sizeof(*teids));
	addresses = calloc(option.sessions, sizeof(*addresses));
	if (!teids || !addresses)
		return 1;
	view_make(hz);
	sessions_make();
	for (int i = SITTERS - 1; i >= 0; i--)
		sitter_start(&sitters[i]); // the process first: a fork with threads running would copy their locks
	pin(option.primary_cpu);
	for (int i = 0; i < SITTERS; i++)
		sitter_own(&sitters[i]);
	puts("round,variant,value");
	measure();
	for (int i = 0; i < SITTERS; i++)
		sitter_stop(&sitters[i]);
	return !all_came_back_right();
}
