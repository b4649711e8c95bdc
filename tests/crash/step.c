// step.c - two turns of a worker's loop, stopped after every single instruction: whatever it leaves there, the primary finds each
// packet once, and the next owner finds its shards in order.
//
// A fork runs them under ptrace: three packets, a fence that takes a shard away, a packet, a fence that brings one, and a
// change. The memory at a stop is what a kill there leaves; the primary's own books (lane, lease) and the next owner's tenure are
// run on it, and it is put back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "primary/lane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/unit/fake_plane.h"
#include "workers/loop/loop.h"

#define SEAT 2u
#define NEXT 5u
#define STAYS 7u // shards
#define GOES 9u
#define COMES 11u
#define SLOT 3u
#define CHANGED 5u // the slot that the change is about
#define LENT 6u
#define SAVED_WORKER (offsetof(struct seat_worker_page, reports) + 64 * sizeof(struct report))

static struct plane_view view;
static struct loop loop;
static struct lane lane;
static struct bearer fresh;

// What a turn writes: the worker's page and three shards.
static struct part {
	uint8_t *at, *saved;
	size_t bytes;
} parts[4];

static void part_take(unsigned i, void *at, size_t bytes)
{
	parts[i] = (struct part){ at, malloc(bytes), bytes };
	assert_non_null(parts[i].saved);
}

static bool parts_changed(void)
{
	bool changed = false;

	for (unsigned i = 0; i < 4; i++)
		changed |= memcmp(parts[i].at, parts[i].saved, parts[i].bytes) != 0;
	return changed;
}

static void parts_save(void)
{
	for (unsigned i = 0; i < 4; i++)
		memcpy(parts[i].saved, parts[i].at, parts[i].bytes);
}

static void parts_restore(void)
{
	for (unsigned i = 0; i < 4; i++)
		memcpy(parts[i].at, parts[i].saved, parts[i].bytes);
}

static void lend_packet(uint32_t room)
{
	const struct ip4_fields fields = { .source = 0xcb007109,
					   .destination = fake_bearer(&view, STAYS, SLOT).ue_ipv4,
					   .length = 28,
					   .ttl = 64,
					   .protocol = IP_UDP };
	struct lane_handle handle = { .room = room, .hint = STAYS, .offset = 142, .length = 28, .code = LANE_DOWNLINK };

	memset(room_at(&view.rooms, room) + 142, 0, 28);
	ip4_put(room_at(&view.rooms, room) + 142, &fields);
	lane_put(&lane, handle);
}

static void lend_all(void)
{
	assert_int_equal(lane_look(&lane), 0);
	for (uint32_t room = 0; room < 3; room++)
		lend_packet(room);
	lane_put(&lane, (struct lane_handle){ .hint = GOES, .code = LANE_CUT });
	lend_packet(3);
	lane_put(&lane, (struct lane_handle){ .hint = COMES, .code = LANE_OWN });
	lane_publish(&lane);
}

static void post_change(void)
{
	struct seat_courier_page *courier = view.seats[SEAT].courier;

	fresh = fake_bearer(&view, STAYS, CHANGED);
	courier->changes[0] = (struct change){
		.epoch = 1, .seq = 1, .shard = STAYS, .slot = CHANGED, .verb = CHANGE_SET, .bearer = fresh
	};
	ring_publish(&courier->change_head, 1);
}

static int make(void **state)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };
	static const uint8_t shards[] = { STAYS, GOES, COMES };
	struct bearer bearer;
	struct lines lines;

	fake_plane_make(&view);
	loop_open(&loop, &view, SEAT, &wires);
	tenure_take(&loop.tenure, STAYS, false);
	tenure_take(&loop.tenure, GOES, false);
	bearer = fake_bearer(&view, STAYS, SLOT);
	lines = tenure_lines(&loop.tenure, STAYS);
	assert_int_equal(lines_set(&lines, SLOT, &bearer), 0);
	lane_init(&lane, view.seats[SEAT], -1);
	lend_all();
	post_change();
	part_take(0, view.seats[SEAT].worker, SAVED_WORKER);
	for (unsigned i = 0; i < 3; i++)
		part_take(i + 1, view.shards[shards[i]].header, region_stride(&view.plane->shape));
	return 0;
}

static int destroy(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		free(parts[i].saved);
	fake_plane_free(&view);
	return 0;
}

static unsigned verdict_due(const struct lane_handle *lent)
{
	if (lent->code == LANE_CUT)
		return VERDICT_CUT;
	return lent->code == LANE_OWN ? VERDICT_OWNED : VERDICT_FORWARD;
}

// The primary, after a death: what came back, and what did not, is everything it lent, each once.
static unsigned primary_recovers(void)
{
	const struct seat_worker_page *worker = view.seats[SEAT].worker;
	struct ring_index out_tail = view.seats[SEAT].primary->out_tail;
	struct lane_handle back[LANE_BURST], lent;
	struct lane books = lane;
	unsigned returned = 0, replayed = 0;
	bool in_hand;
	int n;

	// A receipt never comes before its result.
	assert_true((int32_t)(ring_resume(&worker->out_head) - ring_resume(&worker->in_tail)) >= 0);
	while ((n = lane_take(&books, back)) > 0) {
		for (int i = 0; i < n; i++) {
			const struct lane_handle *found = lease_find(&books.lease, &back[i]);

			assert_non_null(found);
			assert_int_equal(back[i].code, verdict_due(found));
			lease_end(&books.lease, found);
			returned++;
		}
	}
	assert_int_equal(n, 0);
	while (lease_pop(&books.lease, &lent, &in_hand)) {
		assert_true(in_hand);
		replayed++;
	}
	assert_int_equal(returned + replayed, LENT);
	view.seats[SEAT].primary->out_tail = out_tail;
	return returned;
}

// All cells agree with the header.
static void assert_in_step(const struct lines *lines)
{
	uint64_t digest = 0;
	uint32_t sessions = 0, count;

	for (uint32_t slot = 0; slot < lines->shape->slots; slot++) {
		assert_true(lines_validate_slot(lines, slot));
		digest ^= lines_share(lines, slot, &count);
		sessions += count;
	}
	assert_true(lines->region->header->digest == digest);
	assert_int_equal(lines->region->header->sessions, sessions);
	assert_int_equal(lines->region->header->pending, 0);
}

// A change has left its ring only if it is done and told.
static void assert_change_kept(const struct lines *lines)
{
	const struct seat_worker_page *worker = view.seats[SEAT].worker;
	uint64_t seq = lines->region->header->seq;
	struct bearer bearer;
	int error = lines_read(lines, CHANGED, &bearer);

	if (seq == 1)
		assert_int_equal(error, 0);
	if (!error)
		assert_memory_equal(&bearer, &fresh, sizeof(bearer));
	if (ring_resume(&worker->change_tail)) {
		assert_true(seq == 1);
		assert_int_equal(ring_resume(&worker->report_head), 1);
		assert_int_equal(worker->reports[0].kind, REPORT_ACK);
	}
}

static void next_owner_takes(unsigned returned)
{
	static const uint8_t shards[] = { STAYS, GOES, COMES };
	static struct pipe pipe;
	static struct tenure tenure;
	uint32_t counted = view.shards[STAYS].downlink[SLOT].packets,
		 done = returned < 4 ? returned : returned - 1 - (returned > 5);

	assert_in_range(counted, done, 4); // packets: at most the burst in hand too many, none too few
	if (returned > 3)
		assert_int_equal(view.shards[GOES].header->owner, PLANE_SEAT_NONE);
	pipe_init(&pipe, &view.plane->net, &view.rooms, &view.plane->shape, view.shards);
	tenure_open(&tenure, &pipe, &view, NEXT);
	for (unsigned i = 0; i < 3; i++) {
		struct lines lines;

		tenure_take(&tenure, shards[i], false);
		lines = tenure_lines(&tenure, shards[i]);
		assert_int_equal(lines.region->header->owner, NEXT);
		assert_in_step(&lines);
		if (shards[i] == STAYS)
			assert_change_kept(&lines);
	}
}

static pid_t traced_turn(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	loop_turn(&loop);
	loop_turn(&loop); // a change that came with packets is looked ahead at first
	_exit(0);
}

static void death_at_every_instruction(void **state)
{
	pid_t pid = traced_turn();
	unsigned steps = 0, deaths = 0;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	parts_save();
	while (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		steps++;
		if (!parts_changed())
			continue; // nothing written: the same death as before
		parts_save();
		next_owner_takes(primary_recovers());
		parts_restore();
		deaths++;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(primary_recovers(), LENT);
	assert_int_equal(ring_resume(&view.seats[SEAT].worker->change_tail), 1);
	print_message("%u instructions, %u different deaths\n", steps, deaths);
	assert_true(deaths > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(death_at_every_instruction, make, destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
