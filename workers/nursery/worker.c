// worker.c - prepares the process for the loop: what it may touch, where it runs, how its death is told.
// State: one static loop; the process has one thread and one seat.
#include "workers/nursery/worker.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "shared/base/bell.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "shared/base/rank.h"
#include "workers/fork/guard.h"
#include "workers/fork/sandbox.h"
#include "workers/loop/loop.h"
#include "workers/loop/wild.h"
#include "workers/slow/slow.h"

static struct loop loop;
static struct slow slow;

// What peers said is told before their packets are given back: who dies in between hears it again, and says it again.
static void slow_turn(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	unsigned space = reports_space(&loop.reports);

	slow.hears = space < LANE_BURST ? space : LANE_BURST;
	slow_work(with, handles, n, now);
	for (unsigned i = 0; i < slow.heards; i++)
		*reports_next(&loop.reports) = slow.heard[i];
	if (!slow.heards)
		return;
	reports_publish(&loop.reports);
	FAULT_POINT("slow.told");
	reports_ring(&loop.reports);
}

// The flag tells the primary sooner than the kernel does, and that the packets in hand are suspect; then the signal takes its
// course. A signal that somebody else sent says nothing of the packets: there the kernel's word of the death will do. A fault
// comes again by itself when the instruction is repeated; a signal that was sent, or a system call that was refused, has to be
// sent again.
static void fatal(int number, siginfo_t *info, void *context)
{
	if (info->si_code > 0 || info->si_pid == getpid()) {
		atomic_store_explicit(&loop.seat.worker->crashed, (uint32_t)number, memory_order_release);
		bell_ring(loop.wires.bell_primary);
	}
	if (number == SIGSYS)
		sandbox_tell(info);
	if (info->si_code <= 0 || number == SIGSYS)
		raise(number);
}

static void fatal_catch(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP };
	static _Alignas(16) uint8_t stack[16384]; // a stack overflow has none left to handle itself
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = fatal, .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND) };

	sigaltstack(&alternate, NULL);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

// The primary knows the machine. Who stands in for another seat runs where that one does.
static int place_of(const struct kit *kit, unsigned seat)
{
	const struct plane *plane = kit->view.plane;

	if (seat != PLANE_SEAT_SLOW && plane->workers)
		seat %= plane->workers;
	return (int)plane->cpu[seat] - 1;
}

static void place_take(const struct kit *kit, unsigned seat)
{
	int cpu = place_of(kit, seat);
	cpu_set_t one;

	if (cpu < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((unsigned)cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		log_warning("worker.cpu", "seat %u: can't run on CPU %d: %s; floating", seat, cpu, strerror(errno));
}

static void fail(unsigned seat, const char *what, int error)
{
	log_error("worker.start", "seat %u: %s: %s", seat, what, strerror(-error));
	_exit(1);
}

static void prepare(const struct kit *kit, unsigned seat)
{
	int error = guard_worker(&kit->view, seat);

	if (error)
		fail(seat, "guard", error);
	place_take(kit, seat);
	prctl(PR_SET_TIMERSLACK, 1);
	if (seat != PLANE_SEAT_SLOW)
		rank_packets();
	fatal_catch();
	error = seat_sit(kit->view.seats[seat].worker);
	if (error)
		fail(seat, "robust list", error);
	error = account_become(&kit->worker);
	if (error)
		fail(seat, "account", error);
	prctl(PR_SET_DUMPABLE, 0); // nobody of the same user looks in
	WILD_OPEN(&loop, seat);
	error = sandbox_worker();
	if (error)
		fail(seat, "sandbox", error);
}

static void ready_say(const struct loop_wires *wires, struct seat_worker_page *page, uint32_t state)
{
	atomic_store_explicit(&page->state, state, memory_order_release);
	bell_ring(wires->bell_primary);
}

noreturn void worker_main(const struct kit *kit, unsigned seat)
{
	const struct loop_wires wires = { kit->bell[NEST_BELL_SEAT0 + seat], kit->bell[NEST_BELL_PRIMARY],
					  kit->bell[NEST_BELL_COURIER0 + kit->nest], kit->primary_pidfd };
	struct seat_worker_page *page = kit->view.seats[seat].worker;
	char name[16];

	snprintf(name, sizeof(name), "shoal-worker %u", seat % 100);
	child_begin(kit, name, (const int[]){ wires.bell, wires.bell_primary, wires.bell_courier, wires.primary_pidfd },
		    4);
	atomic_store_explicit(&page->state, SEAT_STARTING, memory_order_release);
	loop_open(&loop, &kit->view, seat, &wires);
	if (seat == PLANE_SEAT_SLOW) {
		slow_open(&slow, &kit->view.plane->net, &kit->view.rooms);
		slow_speaks(&slow, kit->view.plane);
		loop_set_work(&loop, slow_turn, &slow);
	}
	FAULT_SEAT(seat);
	prepare(kit, seat);
	FAULT_POINT("worker.prepared");
	atomic_store_explicit(&page->hinted, SEAT_HINTS | SEAT_FENCES | SEAT_LOSSES, memory_order_relaxed);
	ready_say(&wires, page, SEAT_READY);
	loop_run(&loop);
	if (!loop.primary_gone)
		ready_say(&wires, page, SEAT_LEFT);
	_exit(0);
}
