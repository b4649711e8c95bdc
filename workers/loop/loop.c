// loop.c - turns the handles of one seat. State: struct loop, the loop thread's alone; its pages are the worker's
// (seat.h), the shards it holds are its own until it gives them up.
#include "workers/loop/loop.h"
#include <errno.h>
#include <poll.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "workers/loop/wild.h"
#include "workers/pipe/mss.h"
#include "workers/pipe/ruled_lost.h"
#include "workers/pipe/ruled_room.h"

#define HOUSE_PER_SECOND 1000u // housekeeping while there is work
#define LOOK_CELLS 256u        // cells begun anew in one housekeeping
#define IDLE_PAUSES 64u        // empty turns before we offer the core to others
#define IDLE_OFFERS 128u       // empty turns before we sleep, nor before we have been awake long enough

static void pipe_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	pipe_burst(with, handles, n, now);
}

static void mss_work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	const struct pipe *pipe = with;

	pipe_burst(with, handles, n, now);
	mss_burst(pipe->rooms, handles, n, pipe->tcp_mss);
}

void loop_open(struct loop *loop, const struct plane_view *view, unsigned number, const struct loop_wires *wires)
{
	struct seat seat = view->seats[number];

	*loop = (struct loop){ .view = view, .seat = seat, .wires = *wires, .turned_at = clock_ticks() };
	loop->house_ticks = view->plane->net.clock_hz / HOUSE_PER_SECOND;
	awake_open(&loop->awake, view->plane->net.clock_hz);
	loop->in_tail = ring_resume(&seat.worker->in_tail);
	loop->out_head = ring_resume(&seat.worker->out_head);
	pipe_init(&loop->pipe, &view->plane->net, &view->rooms, &view->plane->shape, view->shards);
	tenure_open(&loop->tenure, &loop->pipe, view, number);
	loop->pipe.tells = &loop->tells;
	loop->pipe.pieces = &loop->pieces;
	for (unsigned i = 0; i < 2; i++)
		loop->pipe.gtpu_ipv6[i] = be64_get(view->plane->gtpu_ipv6 + 8 * i);
	reports_open(&loop->reports, seat, wires->bell_courier);
	anew_open(&loop->anew, &loop->tenure, &loop->reports);
	apply_open(&loop->apply, &loop->tenure, &loop->reports, seat);
	audit_open(&loop->audit, &loop->tenure, &loop->reports, loop->turned_at);
	loop->pipe.tcp_mss = view->plane->tcp_mss;
	loop->pipe.cut = view->plane->cut;
	loop_set_work(loop, loop->pipe.tcp_mss ? mss_work : pipe_work, &loop->pipe);
}

void loop_set_work(struct loop *loop, loop_work *work, void *with)
{
	loop->work = work;
	loop->with = with;
}

// What is lent behind it waits no more, where the cell is ours and has rules.
static void release_pass(struct loop *loop, struct lane_handle *handle)
{
	const struct region *region = &loop->pipe.shard[(uint8_t)handle->hint]; // without slots where it is not ours

	ruled_room_release(region, &loop->pipe.shape, handle->hint >> 16);
	FAULT_POINT("fence.released");
	handle->code = VERDICT_RELEASED;
}

// Of what waited for the radio side, and is dropped.
static void lost_count(struct loop *loop, struct lane_handle *handle)
{
	ruled_lost(&loop->pipe.shard[(uint8_t)handle->hint], &loop->pipe.shape, handle, loop->turned_at);
	FAULT_POINT("fence.counted");
	handle->code = VERDICT_COUNTED;
}

// A fence comes back in its place: everything lent before it is already in front of it in lane.out.
static void fence_pass(struct loop *loop, struct lane_handle *handle)
{
	uint8_t shard = (uint8_t)handle->hint;
	bool image = handle->hint & LANE_IMAGE;
	uint64_t start = clock_ticks();

	if (handle->code == LANE_RELEASE) {
		release_pass(loop, handle);
		return;
	}
	if (handle->code == LANE_LOST) {
		lost_count(loop, handle);
		return;
	}

	FAULT_POINT("fence.come");
	if (handle->code == LANE_OWN) {
		tenure_take(&loop->tenure, shard, image);
		anew_visit(&loop->anew, loop->pipe.shape.slots);
		loop->stood_at = 0;
		loop->house_left = true;
		FAULT_POINT("fence.taken");
		handle->code = VERDICT_OWNED;
	} else {
		tenure_give(&loop->tenure, shard, image);
		FAULT_POINT("fence.given");
		handle->code = VERDICT_CUT;
	}
	loop->turned_at += clock_ticks() - start; // an image takes its time, and no packet's cost is it
}

static bool is_fence(const struct lane_handle *handle)
{
	return handle->code == LANE_CUT || handle->code == LANE_OWN || handle->code == LANE_RELEASE ||
	       handle->code == LANE_LOST;
}

// They come by the dozen when a neighbour has died, and packets wait behind them.
static void fences_fetch(struct loop *loop, const struct lane_handle *handles, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (is_fence(&handles[i]))
			tenure_fetch(&loop->tenure, (uint8_t)handles[i].hint);
}

// Whether there may be one among them: one question for all.
static bool may_have_fences(const struct lane_handle *handles, unsigned n)
{
	unsigned kinds = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < n; i++)
		kinds |= handles[i].code;
	return kinds >= LANE_CUT;
}
_Static_assert(LANE_CUT < LANE_OWN && LANE_OWN < LANE_RELEASE && LANE_RELEASE < LANE_LOST && LANE_BIG < LANE_CUT,
	       "fences come behind all that is common");

static struct report data_report(const struct loop *loop, const struct ruled_tell *tell)
{
	const struct region_header *header = loop->pipe.shard[tell->shard].header;

	return (struct report){ .kind = REPORT_DATA,
				.shard = tell->shard,
				.slot = tell->slot,
				.epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed),
				.seq = atomic_load_explicit(&header->seq, memory_order_relaxed),
				.teid = tell->ruled->teid,
				.episode = tell->episode,
				.pdr = tell->pdr,
				.tos = tell->tos,
				.qfi = tell->qfi };
}

// Told while the shard is ours, and noted as told only once it is: who dies in between tells it again.
static __attribute__((noinline)) void tells_post(struct loop *loop)
{
	for (unsigned i = 0; i < loop->tells.n && reports_space(&loop->reports); i++) {
		const struct ruled_tell *tell = &loop->tells.tell[i];

		*reports_next(&loop->reports) = data_report(loop, tell);
		reports_publish(&loop->reports);
		FAULT_POINT("data.told");
		tell->ruled->told = tell->episode;
	}
	loop->tells.n = 0;
	reports_ring(&loop->reports);
}

static void packets_work(struct loop *loop, struct lane_handle *handles, unsigned n, uint64_t now)
{
	loop->work(loop->with, handles, n, now);
	if (loop->tells.n)
		tells_post(loop);
}

// Runs of packets between fences. Nothing stands of what the packet path has seen ahead.
static void fences_work(struct loop *loop, struct lane_handle *handles, unsigned n, uint64_t now)
{
	bool fetched = false;

	pipe_forget(&loop->pipe);
	for (unsigned i = 0; i < n;) {
		unsigned first = i;

		while (i < n && !is_fence(&handles[i]))
			i++;
		if (i > first)
			packets_work(loop, handles + first, i - first, now);
		if (i == n)
			return;
		if (!fetched)
			fences_fetch(loop, handles + i, n - i);
		fetched = true;
		fence_pass(loop, &handles[i++]);
	}
}

// Fences are rare: a burst is mostly one run of packets.
static void burst_work(struct loop *loop, struct lane_handle *handles, unsigned n, uint64_t now)
{
	if (may_have_fences(handles, n))
		fences_work(loop, handles, n, now);
	else
		packets_work(loop, handles, n, now);
}

// Handles that can be taken and returned now, two bursts at most. The primary lends no more than lane.out holds, so space is there; if
// it says otherwise we wait rather than overwrite. Its index is a line that it writes, so it is read only when what we know is used up.
static unsigned lane_ready(struct loop *loop)
{
	int ready = ring_ready(loop->in_tail, &loop->seat.primary->in_head, LANE_SLOTS);
	unsigned n = ready <= 0 ? 0 : ready < 2 * (int)LANE_BURST ? (unsigned)ready : 2 * LANE_BURST;

	if (n > loop->out_space) {
		int space = ring_space(loop->out_head, &loop->seat.primary->out_tail, LANE_SLOTS);

		loop->out_space = space < 0 ? 0 : (uint32_t)space;
	}
	return n < loop->out_space ? n : loop->out_space;
}

// A whole burst waits behind the one in hand: it is taken already, so that the packet path can call what it will need. Until its own turn
// it stays in the lane as well.
static __attribute__((noinline)) void lane_peek(struct loop *loop)
{
	struct lane_handle *next = loop->burst[!loop->hand];

	lane_get(next, loop->seat.primary->in, loop->in_tail + LANE_BURST, LANE_BURST);
	loop->pipe.next = next;
}

// The primary sleeps; or nothing more is to be returned, and the fence that the last burst was spared costs nobody anything (bell.h). A
// function for itself: what it locks is counted by name (tests/bench/tables/locked.py).
static __attribute__((noinline)) void lane_settle(struct loop *loop)
{
	loop->owed = false;
	bell_ring_if(&loop->view->plane->sleeping, loop->wires.bell_primary);
}

// Two-phase: the burst stays in lane.in until its results are in lane.out. If we die in between, the primary finds in
// its own books what it lent and did not get back; the other order would lose a burst.
static unsigned lane_turn(struct loop *loop, uint64_t now)
{
	struct lane_handle *burst = loop->burst[loop->hand];
	unsigned ready = lane_ready(loop), n = ready < LANE_BURST ? ready : LANE_BURST;

	if (!n) {
		// The next handles' line comes along with the index then, not behind it.
		__builtin_prefetch(&loop->seat.primary->in[loop->in_tail % LANE_SLOTS]);
		if (loop->owed)
			lane_settle(loop);
		return 0;
	}
	if (!loop->peeked)
		lane_get(burst, loop->seat.primary->in, loop->in_tail, n);
	loop->peeked = ready == 2 * LANE_BURST;
	if (loop->peeked)
		lane_peek(loop);
	loop->hand ^= loop->peeked;
	FAULT_POINT("lane.peeked");
	burst_work(loop, burst, n, now);
	FAULT_POINT("lane.worked");
	WILD_TURN(loop);
	lane_set(loop->seat.worker->out, loop->out_head, burst, n);
	FAULT_POINT("lane.written");
	loop->out_space -= n;
	loop->out_head += n;
	loop->in_tail += n;
	ring_publish(&loop->seat.worker->out_head, loop->out_head); // first the results
	FAULT_POINT("lane.returned");
	ring_publish(&loop->seat.worker->in_tail, loop->in_tail); // then the receipt
	FAULT_POINT("lane.committed");
	loop->owed = true;
	if (bell_dozes(&loop->view->plane->sleeping))
		lane_settle(loop);
	loop->stats.bursts++;
	loop->stats.packets += n;
	return n;
}

// One clock read serves the burst and the account of busy time: a turn lasts from its read to the next turn's.
unsigned loop_turn(struct loop *loop)
{
	uint64_t now = clock_ticks();
	unsigned done;

	if (!loop->idle)
		loop->stats.busy_ticks += now - loop->turned_at;
	loop->turned_at = now;
	done = lane_turn(loop, now);
	done += done ? apply_between(&loop->apply) : apply_visit(&loop->apply);
	loop->stats.loops++;
	loop->stats.idle_loops += !done;
	loop->idle = done ? 0 : loop->idle + 1;
	if (done)
		loop->worked_at = now;
	return done;
}

static void stats_publish(struct loop *loop)
{
	loop->stats.changes = loop->apply.applied;
	loop->stats.refused = loop->apply.refused;
	loop->seat.worker->stats = loop->stats;
}

static bool primary_lives(const struct loop *loop)
{
	struct pollfd fd = { loop->wires.primary_pidfd, POLLIN, 0 };

	return poll(&fd, 1, 0) <= 0;
}

void loop_keep_house(struct loop *loop, uint64_t now)
{
	bool idle_with_work = loop->idle && loop->house_left;

	if (now - loop->kept_at < loop->house_ticks && !idle_with_work)
		return;
	loop->kept_at = now;
	stats_publish(loop);
	if (now - loop->stood_at >= loop->view->plane->net.clock_hz) {
		loop->stood_at = now;
		apply_stand(&loop->apply);
		loop->primary_gone = !primary_lives(loop);
	}
	audit_visit(&loop->audit, now);
	loop->house_left = anew_visit(&loop->anew, LOOK_CELLS);
}

// A seat is left only with empty hands.
static bool may_leave(const struct loop *loop)
{
	return loop->idle && !loop->tenure.held &&
	       atomic_load_explicit(&loop->seat.primary->wanted, memory_order_acquire) == SEAT_STOP;
}

// Whether there is a reason not to sleep.
static bool loop_waiting(struct loop *loop)
{
	return lane_ready(loop) || apply_waiting(&loop->apply) || may_leave(loop);
}

// Sleeps until something is posted, the primary goes, or it is time to keep house.
static void loop_sleep(struct loop *loop)
{
	struct pollfd fds[] = { { loop->wires.bell, POLLIN, 0 }, { loop->wires.primary_pidfd, POLLIN, 0 } };

	bell_doze(&loop->seat.worker->sleeping);
	if (!loop_waiting(loop)) {
		loop->stats.sleeps++;
		stats_publish(loop);
		poll(fds, 2, audit_wait_ms(&loop->audit));
		if (fds[0].revents)
			bell_hush(loop->wires.bell);
		loop->primary_gone = fds[1].revents != 0;
		awake_slept(&loop->awake, clock_ticks() - loop->turned_at);
	}
	bell_rise(&loop->seat.worker->sleeping);
}

// From pausing to offering the core to sleeping: the longer nothing comes, the less it costs to wait.
static void loop_rest(struct loop *loop)
{
	bool stays = loop->house_left || loop->idle < IDLE_OFFERS;

	if (loop->idle == 1)
		awake_works(&loop->awake);
	if (loop->view->plane->spin || loop->idle < IDLE_PAUSES)
		__builtin_ia32_pause();
	else if (stays && offer_worth(&loop->offer))
		offer_core(&loop->offer, loop->view->plane->net.clock_hz);
	else if (awake_stays(&loop->awake, loop->turned_at - loop->worked_at))
		__builtin_ia32_pause();
	else if (!loop->house_left)
		loop_sleep(loop);
}

void loop_run(struct loop *loop)
{
	while (!loop->primary_gone && !may_leave(loop)) {
		loop_turn(loop);
		loop_keep_house(loop, loop->turned_at);
		if (loop->idle)
			loop_rest(loop);
	}
	stats_publish(loop);
}
