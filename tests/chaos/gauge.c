// gauge.c - shoal-gauge: numbered packets through the gateway at a steady rate, both sides of it in one process, and an exact
// account of what became of each. What it can do is in tests/chaos/README.md.
//
//   shoal-gauge EAL-ARGS -- --gnb IP --gtpu IP --host IP --core IP --socket PATH [--spin]
//
// One thread, which owns everything here; the clock alone says when a packet
// leaves, never what comes back. It measures how long it stood still itself, so that no gap of its own is laid to the gateway.
#include <errno.h>
#include <getopt.h>
#include <rte_eal.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "tests/chaos/desk.h"
#include "tests/chaos/gauge.h"
#include "tests/chaos/sessions.h"
#include "tests/chaos/wire.h"

#define TEND_NS 1000000u
#define STALL_NS 100000u // no turn of work takes so long
#define YOUNG_PARTS \
	4000u // of a second: the quarter of a millisecond behind a strike in which its blackout begins and ends
#define NAP_US 20
#define SKIP_MS 5 // what is later than this is not sent any more: it would be a flood

static struct {
	const char *socket;
	struct gauge_ends ends;
	uint32_t core; // the gateway's address on the network side
	int spin;
} option;

static struct gauge gauge = { .pps = 50000 };

static void on_signal(int number)
{
	gauge.quit = true;
}

int gauge_load(struct gauge *g, const char *path)
{
	struct gauge_session *session = NULL;
	int count = path ? sessions_load(path, &session) : 0;

	if (count < 0)
		return count;
	account_close(&g->account);
	free(g->session);
	g->session = session;
	g->book.session = session;
	g->book.sessions = (unsigned)count;
	memset(g->cursor, 0, sizeof(g->cursor));
	return account_open(&g->account, &g->book, clock_ticks());
}

// ---- Sending

void gauge_go(struct gauge *g)
{
	uint64_t step = g->hz * 256 * GAUGE_WAYS / g->pps;

	g->base = clock_ticks();
	g->due[GAUGE_UP] = 0;
	g->due[GAUGE_DOWN] = step / 2;
	g->sending = true;
	account_rest(&g->account);
}

static unsigned due_now(enum gauge_way way, uint64_t ticks)
{
	uint64_t step = gauge.hz * 256 * GAUGE_WAYS / gauge.pps, at = (ticks - gauge.base) * 256, late = 0, n;

	if (at < gauge.due[way])
		return 0;
	n = (at - gauge.due[way]) / step + 1;
	if ((n - 1) * step > gauge.hz / 1000 * SKIP_MS * 256)
		late = n - WIRE_BURST;
	gauge.account.now->skipped += late;
	n = RTE_MIN(n - late, WIRE_BURST);
	gauge.due[way] += (late + n) * step;
	return (unsigned)n;
}

static void send_way(enum gauge_way way, uint64_t ticks)
{
	unsigned n = due_now(way, ticks), bytes, sent;
	struct gauge_load load[WIRE_BURST];
	struct wire_burst burst;

	if (!n)
		return;
	wire_blank(&burst, n, gauge.template[way].length);
	for (unsigned i = 0; i < burst.count; i++) {
		uint32_t session = gauge.cursor[way];
		struct account_flow *flow = account_flow(&gauge.account, session, way);

		gauge.cursor[way] = session + 1 < gauge.book.sessions ? session + 1 : 0;
		load[i] = (struct gauge_load){ .session = session,
					       .seq = flow->next,
					       .sent = ticks,
					       .stalled = gauge_time(&gauge, ticks).stalled,
					       .span = gauge.account.now->number,
					       .way = way };
		account_sent(&gauge.account, &load[i]);
		frame_build(wire_frame(&burst, i, &bytes), &gauge.template[way], &gauge.session[session], &load[i]);
	}
	sent = wire_send(way, &burst);
	for (unsigned i = burst.count; i-- > sent;)
		account_unsent(&gauge.account, &load[i]);
	gauge.account.now->refused[way] += n - sent;
}

// ---- Receiving

static unsigned receive_way(enum gauge_way way)
{
	struct wire_burst burst;
	struct gauge_load load;
	struct account_time now;
	unsigned work;

	wire_receive(way == GAUGE_UP ? GAUGE_DOWN : GAUGE_UP, &burst);
	work = burst.count;
	now = gauge_time(&gauge, clock_ticks());
	for (unsigned i = 0; i < burst.count; i++) {
		unsigned bytes;
		const void *frame = wire_frame(&burst, i, &bytes);

		account_seen(&gauge.account, frame_read(frame, bytes, way, &gauge.book, &load), &load, now);
	}
	wire_done(&burst);
	return work;
}

// ---- The loop

// What stands still while a fault is young would be taken off the fault's time.
static void stall_note(uint64_t ticks)
{
	uint64_t turn = ticks - gauge.turn_at;

	if (gauge.turn_at && turn > gauge.stall_ticks) {
		gauge.stalled += turn;
		account_stall(&gauge.account, turn);
		gauge.account.now->blind +=
		    gauge.strike.ticks && ticks - turn < gauge.strike.ticks + gauge.hz / YOUNG_PARTS;
		gauge.strike.ticks = 0;
	}
	gauge.turn_at = ticks;
}

static void turn(void)
{
	unsigned work = 0;

	stall_note(clock_ticks());
	for (unsigned way = 0; way < GAUGE_WAYS; way++) {
		if (gauge.sending && gauge.ready)
			send_way(way, clock_ticks());
		work += receive_way(way);
	}
	if (!work && !option.spin)
		usleep(NAP_US);
}

static void run(void)
{
	uint64_t tend_ns = 0;

	while (!gauge.quit) {
		uint64_t now = clock_ns();

		if (now >= tend_ns) {
			gauge.ready = wire_tend(now);
			orders_work(&gauge, now);
			tend_ns = now + TEND_NS;
		}
		turn();
	}
}

// ---- The start

static int usage(void)
{
	fprintf(stderr,
		"usage: shoal-gauge EAL-ARGS -- --gnb IP --gtpu IP --host IP --core IP --socket PATH [--spin]\n");
	return 2;
}

static int options(int argc, char **argv)
{
	static const struct option known[] = { { "gnb", 1, 0, 'g' },  { "gtpu", 1, 0, 't' },   { "host", 1, 0, 'h' },
					       { "core", 1, 0, 'c' }, { "socket", 1, 0, 'k' }, { "spin", 0, 0, 'i' },
					       { 0, 0, 0, 0 } };
	uint32_t *address[] = {
		['g'] = &option.ends.gnb, ['t'] = &option.ends.gtpu, ['h'] = &option.ends.host, ['c'] = &option.core
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'k')
			option.socket = optarg;
		else if (c == 'i')
			option.spin = 1;
		else if (c == '?')
			return usage();
		else
			*address[c] = inet_addr(optarg);
	}
	return option.socket && option.ends.gnb && option.ends.gtpu && option.ends.host && option.core ? 0 : usage();
}

static int prepare(void)
{
	uint32_t own[] = { option.ends.gnb, option.ends.host }, far[] = { option.ends.gtpu, option.core };
	int error;

	gauge.book.ends = option.ends;
	gauge.hz = clock_hz();
	gauge.stall_ticks = gauge.hz * STALL_NS / 1000000000;
	for (unsigned way = 0; way < GAUGE_WAYS; way++)
		frame_template(&gauge.template[way], way, &option.ends);
	error = gauge_load(&gauge, NULL);
	if (!error)
		error = wire_open(own, far);
	return error ? error : desk_open(option.socket);
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), error;

	if (used < 0 || options(argc - used, argv + used))
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	prctl(PR_SET_TIMERSLACK, 1);
	error = prepare();
	if (error) {
		fprintf(stderr, "shoal-gauge: %s\n", strerror(-error));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	run();
	desk_close();
	account_close(&gauge.account);
	rte_eal_cleanup();
	return 0;
}
