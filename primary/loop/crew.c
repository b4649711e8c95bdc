// crew.c - walks each worker through its life. The primary's loop.
#include "primary/loop/crew.h"

#include "primary/loop/loop.h"
#include "primary/loop/move.h"
#include "primary/loop/reap.h"
#include "shared/base/bell.h"

#define CREW_PAUSE_NS 300000000ull // a longer gap between two looks is our own standstill: nobody is judged by it

static void crew_say(struct loop *loop, unsigned seat, enum seat_wanted wanted)
{
	atomic_store_explicit(&loop->lane[seat].pages.primary->wanted, wanted, memory_order_release);
	bell_ring(loop->lane[seat].bell);
}

bool crew_eats(const struct loop *loop, unsigned seat)
{
	uint8_t phase = loop->crew[seat].phase;

	return phase == CREW_READY || (phase == CREW_DRAINING && !loop->ending && seat != PLANE_SEAT_SLOW);
}

void crew_feed(struct loop *loop, unsigned seat)
{
	if (crew_eats(loop, seat) && !loop->crew[seat].late && !(loop->alone >> seat & 1))
		loop->fed |= 1u << seat;
	else
		loop->fed &= ~(1u << seat);
}

static void crew_kill(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	crew->killing =
	    !post_put(loop->part.facts, (struct post_word){ .verb = POST_KILL, .seat = seat, .pid = crew->pid });
}

void crew_condemn(struct loop *loop, unsigned seat, enum post_down blame)
{
	struct crew *crew = &loop->crew[seat];

	if (!(loop->seated >> seat & 1) || crew->phase == CREW_CONDEMNED)
		return;
	crew->phase = CREW_CONDEMNED;
	crew->blame = (uint8_t)blame;
	crew->deadline_ns = loop->now_ns + CREW_LEAVE_NS;
	loop->fed &= ~(1u << seat);
	watch_doubt(loop->part.watch, seat, 0);
	crew_kill(loop, seat);
}

static void crew_leave(struct loop *loop, unsigned seat)
{
	loop->crew[seat].phase = CREW_LEAVING;
	loop->crew[seat].deadline_ns = loop->now_ns + CREW_LEAVE_NS;
	loop->fed &= ~(1u << seat);
	crew_say(loop, seat, SEAT_STOP);
}

static void crew_drain(struct loop *loop, unsigned seat)
{
	loop->crew[seat].phase = CREW_DRAINING;
	loop->crew[seat].deadline_ns = loop->now_ns + CREW_DRAIN_NS;
	crew_feed(loop, seat);
	if (seat != PLANE_SEAT_SLOW)
		map_part(&loop->map, seat);
}

static void crew_release(struct loop *loop, unsigned seat)
{
	if (loop->crew[seat].phase == CREW_READY)
		crew_drain(loop, seat);
	else if (loop->crew[seat].phase == CREW_STARTING)
		crew_leave(loop, seat);
}

static void crew_note(uint32_t *seats, unsigned seat, bool is)
{
	*seats = (*seats & ~(1u << seat)) | (uint32_t)is << seat;
}

// What its build knows.
static void crew_build(struct loop *loop, unsigned seat)
{
	uint32_t hinted = atomic_load_explicit(&loop->lane[seat].pages.worker->hinted, memory_order_relaxed);

	crew_note(&loop->plain, seat, !hinted);
	crew_note(&loop->fences, seat, hinted & SEAT_FENCES);
	crew_note(&loop->losers, seat, hinted & SEAT_LOSSES);
}

static void crew_ready(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	crew->phase = CREW_READY;
	crew->since_ns = loop->now_ns;
	crew_build(loop, seat);
	watch_sit(loop->part.watch, seat, crew->pid);
	crew_feed(loop, seat);
	loop_tell(loop, (struct post_word){ .verb = POST_UP, .seat = seat, .pid = crew->pid });
	if (!crew->wanted)
		crew_drain(loop, seat);
	else if (seat != PLANE_SEAT_SLOW)
		map_join(&loop->map, seat, crew->bank);
}

static void crew_forked(struct loop *loop, unsigned seat, int32_t pid, uint8_t bank)
{
	struct crew *crew = &loop->crew[seat];

	if (crew->phase != CREW_FREE)
		return;
	crew->phase = CREW_STARTING;
	crew->pid = pid;
	crew->bank = bank;
	crew->asked = false;
	crew->deadline_ns = loop->now_ns + CREW_START_NS;
	loop->seated |= 1u << seat;
	if (!crew->wanted)
		crew_leave(loop, seat);
}

static void crew_exited(struct loop *loop, unsigned seat, int32_t pid)
{
	struct crew *crew = &loop->crew[seat];

	if (crew->pid != pid)
		return;
	crew->exited = true;
	if (crew->phase == CREW_DEAD)
		reap_reset(loop, seat);
}

// How it stands is its seat's: whoever sits there stands like that, until an order says otherwise.
static void crew_start(struct loop *loop, unsigned seat, bool guest)
{
	struct crew *crew = &loop->crew[seat];

	if (!crew->wanted && crew->phase == CREW_FREE)
		map_stand(&loop->map, seat, guest);
	crew->wanted = !loop->ending;
}

void crew_order(struct loop *loop, const struct post_word *order)
{
	struct crew *crew = &loop->crew[order->seat];

	switch (order->verb) {
	case POST_START:
		crew_start(loop, order->seat, order->value);
		break;
	case POST_STOP:
		crew->wanted = false;
		crew_release(loop, order->seat);
		break;
	case POST_RESTART:
		crew->wanted = !loop->ending;
		crew_release(loop, order->seat);
		break;
	case POST_FORKED:
		crew_forked(loop, order->seat, order->pid, (uint8_t)order->value);
		break;
	case POST_EXITED:
		crew_exited(loop, order->seat, order->pid);
		break;
	default:
		break;
	}
}

static void crew_look_at(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];
	struct seat_worker_page *page = loop->lane[seat].pages.worker;
	uint32_t crashed = atomic_load_explicit(&page->crashed, memory_order_acquire);
	uint32_t life = atomic_load_explicit(&page->life, memory_order_acquire); // its last stores come before

	if (crashed || (life & SEAT_LIFE_DIED) || crew->exited) {
		if (crashed && crew->phase != CREW_CONDEMNED)
			crew->blame = POST_CRASHED;
		reap_seat(loop, seat, post_suspects(crew->blame));
		move_settle(loop);
		loop_fences(loop); // before all packets: whoever takes its shards may have to be woken
	} else if (crew->phase == CREW_STARTING &&
		   atomic_load_explicit(&page->state, memory_order_acquire) == SEAT_READY) {
		crew_ready(loop, seat);
	}
}

void crew_look(struct loop *loop)
{
	for (uint32_t seats = loop->seated; seats; seats &= seats - 1)
		crew_look_at(loop, (unsigned)__builtin_ctz(seats));
}

static void crew_answers(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	crew->returned = loop->lane[seat].out_tail;
	crew->since_ns = loop->now_ns;
	if (!crew->doubt)
		return;
	crew->doubt = 0;
	watch_doubt(loop->part.watch, seat, 0);
	crew->late = crew->waits = false;
	crew_feed(loop, seat);
}

static void crew_is_late(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	if (crew->late)
		return;
	crew->late = true;
	loop->tally.seat[seat].late++;
	crew_feed(loop, seat);
	bell_ring(loop->lane[seat].bell); // a second chance, should it sleep against all rules
}

static void crew_waits(struct loop *loop, unsigned seat, enum judge_verdict why)
{
	struct crew *crew = &loop->crew[seat];

	if (crew->waits)
		return;
	crew->waits = true;
	loop->tally.seat[seat].waits++;
	loop_tell(loop, (struct post_word){ .verb = POST_WAITS, .seat = seat, .pid = crew->pid, .value = why });
}

static void crew_sentence(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];
	enum judge_verdict verdict = watch_word(loop->part.watch, seat, crew->doubt);

	// Looked at after the verdict was read: we may have stood still since we emptied the lane.
	if (lane_stirs(&loop->lane[seat]))
		return;
	switch (verdict) {
	case JUDGE_LOOPS:
		crew_condemn(loop, seat, POST_LOOPS);
		break;
	case JUDGE_BLOCKED:
		crew_condemn(loop, seat, POST_BLOCKED);
		break;
	case JUDGE_STOPPED:
		crew_condemn(loop, seat, POST_STOPPED);
		break;
	case JUDGE_TRACED:
		crew_is_late(loop, seat);
		crew_waits(loop, seat, verdict);
		break;
	case JUDGE_STARVED:
		crew_waits(loop, seat, verdict);
		break;
	case JUDGE_LATE:
		crew_is_late(loop, seat);
		break;
	case JUDGE_BLIND:
		if (loop->now_ns - crew->since_ns > CREW_STUCK_NS)
			crew_condemn(loop, seat, POST_STUCK);
		break;
	default: // the watcher has had no time to tell
		break;
	}
}

// Progress is what we saw come back ourselves, not what the worker says of itself.
static void crew_judge(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];
	const struct lane *lane = &loop->lane[seat];

	if (lane->lease.live == 0 || lane->out_tail != crew->returned) {
		crew_answers(loop, seat);
	} else if (crew->doubt) {
		crew_sentence(loop, seat);
	} else if (loop->now_ns - crew->since_ns >= CREW_DOUBT_NS) {
		crew->doubt = ++loop->doubts ? loop->doubts : ++loop->doubts;
		watch_doubt(loop->part.watch, seat, crew->doubt);
	}
}

static void crew_drained(struct loop *loop, unsigned seat, bool late)
{
	bool gone = seat == PLANE_SEAT_SLOW || !map_has(&loop->map, seat);

	if (gone && loop->lane[seat].lease.live == 0)
		crew_leave(loop, seat);
	else if (late)
		crew_condemn(loop, seat, POST_LATE);
}

static void crew_ask(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];

	if (crew->wanted == crew->asked)
		return;
	if (crew->wanted)
		atomic_store(&loop->lane[seat].pages.primary->wanted, SEAT_RUN);
	if (post_put(loop->part.facts,
		     (struct post_word){ .verb = crew->wanted ? POST_WANT : POST_REST, .seat = seat }))
		crew->asked = crew->wanted;
}

static void crew_keep_at(struct loop *loop, unsigned seat)
{
	struct crew *crew = &loop->crew[seat];
	bool late = loop->now_ns > crew->deadline_ns;

	switch ((enum crew_phase)crew->phase) {
	case CREW_FREE:
		crew_ask(loop, seat);
		break;
	case CREW_READY:
		crew_judge(loop, seat);
		break;
	case CREW_DRAINING:
		crew_drained(loop, seat, late);
		if (crew->phase == CREW_DRAINING)
			crew_judge(loop, seat);
		break;
	case CREW_STARTING:
	case CREW_LEAVING:
		if (late)
			crew_condemn(loop, seat, POST_LATE);
		break;
	case CREW_CONDEMNED:
	case CREW_DEAD:
		if (late || crew->killing) {
			crew_kill(loop, seat);
			crew->deadline_ns = loop->now_ns + CREW_LEAVE_NS;
		}
		break;
	case CREW_PHASES:
		break;
	}
}

void crew_keep(struct loop *loop)
{
	uint64_t gap = loop->now_ns - loop->keep_ns;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		if (gap > CREW_PAUSE_NS) {
			loop->crew[seat].deadline_ns += gap;
			loop->crew[seat].since_ns += gap;
		}
		crew_keep_at(loop, seat);
	}
}

void crew_dismiss(struct loop *loop)
{
	loop->ending = true;
	map_close(&loop->map);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		loop->crew[seat].wanted = false;
		crew_release(loop, seat);
	}
}
