// rest.c - spins, naps, sleeps, and is woken. State: the loop's, in struct loop; its thread only.
#include "primary/loop/rest.h"

#include <errno.h>
#include <sys/epoll.h>

#include "primary/loop/loop.h"
#include "shared/base/bell.h"

#define REST_PAUSES 64u            // empty turns that only pause
#define REST_OFFERS 80u            // empty turns after which it sleeps
#define REST_AWAKE_NS 20000u       // of silence before which it does not sleep: about what that and being woken cost
#define REST_AWAIT_NS 100000u      // of silence after which it sleeps though a worker holds packets
#define REST_SLEEP_NS 100000000u   // longest sleep
#define REST_WATCH_NS 1000000u     // longest sleep if some port can't wake us, or a worker holds packets
#define REST_NAP_NS 10000u         // shortest, if some port can't wake us
#define REST_NAP_SHARE 32u         // and it lasts no longer than this part of the time since something came
#define REST_QUIET_NS 1000000000u  // of silence, after which
#define REST_NAP_LONG_NS 10000000u // it lasts so long: each costs 10 us, 40 where halted processors are slow to wake
#define REST_WAIT_FDS 64u

static bool rest_awaits(const struct loop *loop)
{
	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		if (loop->lane[__builtin_ctz(seats)].lease.live > 0)
			return true;
	return false;
}

// A port that can't wake us is looked at the less often the longer nothing came: so a packet waits little, measured by how long its like
// have stayed away, and an idle gateway costs little.
static uint64_t rest_nap(uint64_t silence)
{
	uint64_t nap = silence / REST_NAP_SHARE;

	if (silence >= REST_QUIET_NS)
		return REST_NAP_LONG_NS;
	return nap < REST_NAP_NS ? REST_NAP_NS : nap < REST_WATCH_NS ? nap : REST_WATCH_NS;
}

// While somebody holds work, we look every millisecond whether it comes back.
static uint64_t rest_patience(const struct loop *loop)
{
	uint64_t most = rest_awaits(loop) ? REST_WATCH_NS : REST_SLEEP_NS;
	uint64_t nap = loop->blind ? rest_nap(loop->now_ns - loop->busy_ns) : most;

	return nap < most ? nap : most;
}

static void rest_wait(struct loop *loop)
{
	struct timespec patience = { .tv_nsec = (long)rest_patience(loop) };
	struct epoll_event event[8];
	int n = epoll_pwait2(loop->epoll, event, 8, &patience, NULL);

	for (int i = 0; i < n; i++)
		if (event[i].data.fd == loop->part.bell[NEST_BELL_PRIMARY])
			bell_hush(event[i].data.fd);
	loop->tally.sleeps++;
}

// Dozes from before a turn that finds nothing until behind one that does: whatever is posted once we have looked is rung for, and a
// bell is hushed before we look again.
static void rest_sleep(struct loop *loop)
{
	_Atomic uint32_t *sleeping = &loop->part.view->plane->sleeping;

	bell_doze(sleeping);
	while (!loop_turn(loop, loop_now(loop)) && !loop->ended) {
		loop->tally.idle_turns++;
		post_ring(loop->part.facts);
		rest_wait(loop);
	}
	bell_rise(sleeping);
	loop->idle = 0;
}

static bool rest_awake(const struct loop *loop, uint64_t silence)
{
	return silence < REST_AWAKE_NS || (silence < REST_AWAIT_NS && rest_awaits(loop));
}

// Spin first, in case more comes at once; then give the core to whoever may have work for us; then sleep. But who sleeps on a worker
// that is just being woken lets its answer wait for a second waking.
void rest_idle(struct loop *loop)
{
	loop->tally.idle_turns++;
	if (loop->part.view->plane->spin || ++loop->idle < REST_PAUSES)
		__builtin_ia32_pause();
	else if (loop->idle < REST_OFFERS && offer_worth(&loop->offer))
		offer_core(&loop->offer, loop->part.view->plane->net.clock_hz);
	else if (rest_awake(loop, loop->now_ns - loop->busy_ns))
		__builtin_ia32_pause();
	else
		rest_sleep(loop);
}

static int rest_watch(struct loop *loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int rest_open(struct loop *loop)
{
	int fds[REST_WAIT_FDS], complete = 1;
	unsigned n = nic_wait_fds(loop->part.nic, fds, REST_WAIT_FDS, &complete);
	int error;

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop->blind = !complete;
	error = rest_watch(loop, loop->part.bell[NEST_BELL_PRIMARY]);
	for (unsigned i = 0; i < n && !error; i++)
		error = rest_watch(loop, fds[i]);
	return error;
}
