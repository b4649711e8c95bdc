// play_crew.c - workers that take, work and return in two phases, lie, and die between any two of their steps; and the fleet
// thread that has them forked and killed.
#include "tests/unit/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>

// ---- The workers

static struct seat *pages(unsigned seat)
{
	return &w->view.seats[seat];
}

// What the last one left, it may have left up to its last moment: nothing of it may be there for the next.
static void seat_is_clean(unsigned seat)
{
	struct seat_worker_page *page = pages(seat)->worker;

	assert_int_equal(atomic_load(&page->life), 0);
	assert_int_equal(atomic_load(&page->crashed), 0);
	assert_int_equal(atomic_load(&page->state), SEAT_FREE);
	assert_int_equal(ring_resume(&page->in_tail), 0);
	assert_int_equal(ring_resume(&page->out_head), 0);
	assert_int_equal(ring_resume(&pages(seat)->primary->in_head), 0);
	assert_int_equal(ring_resume(&pages(seat)->primary->out_tail), 0);
}

static void worker_born(unsigned seat)
{
	struct worker *k = &w->worker[seat];

	assert_true(k->life == ABSENT);
	seat_is_clean(seat);
	*k = (struct worker){ .life = BORN, .pid = ++w->pids, .countdown = (unsigned)draw(20) };
	assert_true(
	    post_put(&w->orders,
		     (struct post_word){ .verb = POST_FORKED, .seat = seat, .pid = k->pid, .value = seat % w->banks }));
}

static void worker_dies(unsigned seat, bool crash)
{
	struct worker *k = &w->worker[seat];

	k->life = GONE;
	k->countdown = (unsigned)draw(LINGER);
	if (crash)
		atomic_store(&pages(seat)->worker->crashed, SIGSEGV);
	else
		atomic_store(&pages(seat)->worker->life, SEAT_LIFE_DIED);
}

// The worker takes the shard; nobody else who still runs may have it.
static void worker_owns(unsigned seat, unsigned shard)
{
	for (unsigned i = 0; i < FAST; i++)
		if (i != seat && (w->worker[i].life == WORKING || w->worker[i].life == KILLED))
			assert_false(w->worker[i].owns[shard]);
	w->worker[seat].owns[shard] = true;
}

// The lines of a shard are those of its seat's bank; from bank to bank they go in the image.
static void worker_reads(unsigned seat, struct lane_handle own)
{
	uint8_t shard = (uint8_t)own.hint;
	uint64_t *lines = &w->lines[seat % w->banks][shard];

	if (own.hint & LANE_IMAGE) {
		assert_int_equal(w->image_shard, shard);
		*lines = w->image_lines;
		w->images++;
	}
	assert_true(*lines == w->newest[shard] || !w->upgrade || deaths_of(w->loop) > 0);
}

static void worker_writes(unsigned seat, struct lane_handle cut)
{
	uint8_t shard = (uint8_t)cut.hint;

	w->lines[seat % w->banks][shard] = ++w->newest[shard];
	if (!(cut.hint & LANE_IMAGE))
		return;
	w->image_shard = shard;
	w->image_lines = w->newest[shard];
}

// A packet that somebody was lent as his build wants it may go on to a build that wants more: it makes do.
static bool hint_good(unsigned seat, const struct lane_handle *handle)
{
	bool whole = handle->hint == (0xabcd0000 | (uint8_t)handle->hint), alone = handle->hint < SHARDS;

	if (seat == PLANE_SEAT_SLOW)
		return true;
	return handle->code == LANE_DOWNLINK ? alone || (whole && w->worker[seat].hinted) : whole;
}

static struct lane_handle worker_handle(unsigned seat, struct lane_handle handle)
{
	struct worker *k = &w->worker[seat];
	uint8_t shard = (uint8_t)handle.hint;

	if (handle.code == LANE_OWN) {
		worker_owns(seat, shard);
		worker_reads(seat, handle);
		handle.code = VERDICT_OWNED;
	} else if (handle.code == LANE_CUT) {
		assert_true(k->owns[shard]);
		k->owns[shard] = false;
		worker_writes(seat, handle);
		handle.code = VERDICT_CUT;
	} else if (handle.code == LANE_RELEASE) {
		w->rule[shard][(handle.hint >> 16) % CELLS].held = false;
		handle.code = VERDICT_RELEASED;
	} else if (handle.code == LANE_LOST) {
		assert_true(k->owns[shard] || k->lied);
		assert_int_equal(handle.offset, (handle.hint >> 16) + LOST_RULE);
		w->counted += handle.port;
		w->counted_bytes += handle.length;
		handle.code = VERDICT_COUNTED;
	} else {
		struct packet *packet = packet_at(handle.room, handle.offset + SHIFT);

		assert_int_equal(handle.offset, START); // replays start from what was lent
		assert_true(hint_good(seat, &handle));
		assert_false(w->published[handle.room] && !w->wild);
		assert_true(packet->shard >= SHARDS || (packet->shard == shard && k->owns[shard]) || k->lied);
		if (handle.code == LANE_DOWNLINK && packet_waits(packet)) {
			handle.code = packet->cell % 3 == 0   ? VERDICT_BUFFER
				      : packet->cell % 3 == 1 ? VERDICT_BUFFER_FEW
							      : VERDICT_BUFFER_LONG;
			handle.offset = UINT16_MAX; // how many may wait: more than do
			handle.hint = packet->cell | (packet->cell + LOST_RULE) << 16;
			handle.length = LOST_BYTES;
			handle.port = LANE_DROPS;
			return handle;
		}
		packet->tunnel = w->rule[packet->shard % SHARDS][packet->cell % CELLS].tunnel;
		handle.offset = (uint16_t)(handle.offset + SHIFT);
		handle.length = (uint16_t)(handle.length - SHIFT);
		handle.code = seat == PLANE_SEAT_SLOW ? VERDICT_ANSWERED : VERDICT_FORWARD;
		handle.port = LANE_SIDE_CORE;
	}
	return handle;
}

static struct lane_handle forgery(unsigned seat)
{
	struct worker *k = &w->worker[seat];
	struct lane_handle handle = k->last; // gives back what it has given back already
	uint64_t kind = draw(3);

	if (kind == 0)
		for (unsigned i = 0; i < sizeof(handle); i++)
			((uint8_t *)&handle)[i] = (uint8_t)draw(256);
	if (kind == 1 && ring_ready(k->in_tail, &pages(seat)->primary->in_head, LANE_SLOTS) > 0) {
		handle =
		    pages(seat)->primary->in[k->in_tail % LANE_SLOTS]; // gives back what it holds, in no good shape
		packet_at(handle.room, START + SHIFT)->belied = true;
		handle.offset = (uint16_t)draw(65536);
		handle.length = (uint16_t)draw(65536);
		handle.port = (uint8_t)draw(256);
		handle.code = (uint8_t)draw(256);
	}
	return handle;
}

static void worker_forges(unsigned seat)
{
	struct worker *k = &w->worker[seat];

	k->lied = 1;
	k->mends = false;
	pages(seat)->worker->out[k->out_head % LANE_SLOTS] = forgery(seat);
	k->out_head++;
	ring_publish(&pages(seat)->worker->out_head, k->out_head);
}

// What waits is lent again, and somebody works on it again.
static void result_shows(const struct lane_handle *result)
{
	w->published[result->room] = !park_waits(result->code);
}

// Starts a burst, writes one result, publishes, or finishes: each is a step, and death may come between any two.
static void worker_step(unsigned seat)
{
	struct worker *k = &w->worker[seat];
	struct seat *page = pages(seat);

	if (k->taken == 0) {
		int ready = ring_ready(k->in_tail, &page->primary->in_head, LANE_SLOTS);

		assert_true(ready >= 0);
		k->taken = ready > 0 ? 1 + (uint32_t)draw(ready < 32 ? (unsigned)ready : 32) : 0;
	} else if (k->done < k->taken) {
		const struct lane_handle *next = &page->primary->in[(k->in_tail + k->done) % LANE_SLOTS];

		assert_true(ring_space(k->out_head + k->done, &page->primary->out_tail, LANE_SLOTS) > 0);
		if (w->poison && next->code == LANE_UPLINK && next->hint == w->poison) {
			worker_dies(seat, true);
			return;
		}
		k->last = worker_handle(seat, page->primary->in[(k->in_tail + k->done) % LANE_SLOTS]);
		page->worker->out[(k->out_head + k->done++) % LANE_SLOTS] = k->last;
	} else if (ring_resume(&page->worker->out_head) != k->out_head + k->done) {
		for (uint32_t i = 0; i < k->done; i++)
			result_shows(&page->worker->out[(k->out_head + i) % LANE_SLOTS]);
		ring_publish(&page->worker->out_head, k->out_head + k->done);
	} else {
		k->in_tail += k->taken;
		k->out_head += k->done;
		ring_publish(&page->worker->in_tail, k->in_tail);
		k->taken = k->done = 0;
		k->lied = k->mends ? 0 : k->lied;
		k->mends = false;
	}
}

static void worker_scribbles(unsigned seat)
{
	struct seat_worker_page *page = pages(seat)->worker;
	bool head = draw(2);

	w->worker[seat].mends = !head && !w->worker[seat].lied;
	w->worker[seat].lied = 1;
	atomic_store(head ? &page->out_head.value : &page->in_tail.value, 0x40000000u + (uint32_t)draw(0x40000000));
}

static void worker_works(unsigned seat)
{
	struct worker *k = &w->worker[seat];

	for (uint64_t steps = chance(w->stall) || w->frozen[seat] ? 0 : draw(120); steps > 0 && k->life == WORKING;
	     steps--) {
		worker_step(seat);
		if (draw(100000) < w->kill)
			worker_dies(seat, false);
		else if (draw(100000) < w->crash)
			worker_dies(seat, true);
		else if (draw(100000) < w->forge && k->taken == 0)
			worker_forges(seat);
	}
	if (k->life == WORKING && k->taken == 0 && atomic_load(&pages(seat)->primary->wanted) == SEAT_STOP) {
		atomic_store(&pages(seat)->worker->state, SEAT_LEFT);
		worker_dies(seat, false);
	}
}

static void worker_lives(unsigned seat)
{
	struct worker *k = &w->worker[seat];

	k->lied += k->lied > 0 && k->life == WORKING;
	assert_true(k->lied < 120); // by then it is evicted
	if (k->life == WORKING || (k->life == KILLED && k->countdown > 0))
		worker_works(seat);
	if (k->life == WORKING && draw(10000) < w->scribble)
		worker_scribbles(seat); // the loop looks before anybody can mend it
	if (k->life == ABSENT || k->life == WORKING)
		return;
	if (k->countdown > 0) {
		k->countdown--;
		if (k->life == GONE && w->scribble > 0) // it only said that it had crashed
			ring_publish(&pages(seat)->worker->out_head, (uint32_t)draw(UINT32_MAX));
	} else if (k->life == BORN) {
		k->life = WORKING;
		atomic_store(&pages(seat)->worker->life, (uint32_t)k->pid);
		k->in_tail = ring_resume(&pages(seat)->worker->in_tail);
		k->out_head = ring_resume(&pages(seat)->worker->out_head);
		k->hinted = w->sheets || draw(3) > 0;
		if (k->hinted)
			atomic_store(&pages(seat)->worker->hinted, SEAT_HINTS | SEAT_FENCES | SEAT_LOSSES);
		atomic_store(&pages(seat)->worker->state, SEAT_READY);
	} else if (k->life == KILLED) {
		worker_dies(seat, false);
	} else if (post_put(&w->orders, (struct post_word){ .verb = POST_EXITED, .seat = seat, .pid = k->pid })) {
		k->life = ABSENT;
	}
}

// ---- The fleet thread

static void fleet_hears(const struct post_word *fact)
{
	struct worker *k = &w->worker[fact->seat];

	if (fact->verb == POST_RETURN) {
		rules_dropped(fact->list);
		free(fact->list);
	}
	if (fact->verb == POST_WANT || fact->verb == POST_REST)
		w->wanted[fact->seat] = fact->verb == POST_WANT;
	if (fact->verb == POST_KILL && fact->pid == k->pid && (k->life == WORKING || k->life == BORN)) {
		k->life = KILLED;
		k->countdown = (unsigned)draw(LINGER);
	}
}

static struct post_word fleet_order(void)
{
	static const uint32_t verbs[] = { POST_START, POST_STOP, POST_RESTART, POST_MOVE, POST_START };
	uint32_t verb = verbs[draw(5)];
	uint32_t seat = verb != POST_MOVE && draw(8) == 0 ? PLANE_SEAT_SLOW : (uint32_t)draw(FAST);

	return (struct post_word){ .verb = verb, .seat = seat, .shard = (uint32_t)draw(SHARDS) };
}

static struct post_word fleet_upgrade(void)
{
	static const uint32_t verbs[] = { POST_START, POST_STOP, POST_GUEST, POST_REGULAR, POST_MOVE, POST_MOVE };
	uint32_t verb = verbs[draw(6)];
	uint32_t seat = verb == POST_STOP ? 1 + (uint32_t)draw(FAST - 1) : (uint32_t)draw(FAST);

	if (verb == POST_MOVE && draw(3) == 0)
		seat = PLANE_SEAT_NONE;
	return (struct post_word){ .verb = verb, .seat = seat, .shard = (uint32_t)draw(SHARDS), .value = draw(2) };
}

static void fleet_orders(void)
{
	post_put(&w->orders, w->upgrade ? fleet_upgrade() : fleet_order());
}

static void fleet_works(void)
{
	struct post_word fact;

	while (post_take(&w->facts, &fact))
		fleet_hears(&fact);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (w->wanted[seat] && w->worker[seat].life == ABSENT && draw(8) == 0) {
			w->wanted[seat] = false;
			worker_born(seat);
		}
	if (chance(w->order))
		fleet_orders();
	rules_play();
}

void crew_works(void)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (w->worker[seat].life == WORKING)
			worker_works(seat);
}

void crew_plays(void)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		worker_lives(seat);
	fleet_works();
}

int steer_frame_routes(struct steer *steer, const struct framed_word *list, unsigned count)
{
	return 0;
}
