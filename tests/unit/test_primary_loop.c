// test_primary_loop.c - the primary's loop against a port, a next hop and workers that are all played here.
//
// Every run is a story drawn from a seed: packets of 256 shards come in, workers take, work and return them in two phases,
// and die between any two of their steps; operators start, stop and move; some workers lie. After each turn the account must
// close; at the end each packet has left exactly once, in order within its shard, or is counted under the verdict that took it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "primary/loop.h"
#include "shared/base/bell.h"
#include "shared/base/log.h"

#define ROOMS 49152u
#define FAST 4u    // seats 0..3 take part, and the slow one
#define SHIFT 40u  // what the played worker strips
#define START 144u // where the IP header of an arriving frame lies
#define LINGER 40u // turns at most between SIGKILL and death, between death and the pidfd

struct packet {
	uint64_t seq; // within its shard, from 0
	uint32_t shard;
	uint32_t mark;
};

enum life { ABSENT, BORN, WORKING, KILLED, GONE };

struct worker {
	enum life life;
	int32_t pid;
	unsigned countdown;         // turns until the next stage of life
	uint32_t in_tail, out_head; // its private indices
	uint32_t taken;             // handles of the burst at hand
	uint32_t done;              // of those, written to lane.out
	struct lane_handle last;    // the last one it returned
	unsigned lied;              // turns since it forged or scribbled; what it sees then may be another's by now
	bool owns[SHARDS];
};

static struct world {
	uint64_t random;
	struct plane plane;
	struct plane_view view;
	struct loop *loop;
	struct post orders, facts;
	_Atomic uint32_t awake;
	struct tally_board board;
	uint32_t free_room[ROOMS];
	unsigned free_rooms;
	bool out[ROOMS];
	bool published[ROOMS]; // a worker has given it back: nobody may work on it again
	unsigned offered;      // frames the port has for the next nic_rx
	uint64_t next_seq[SHARDS], sent_seq[SHARDS];
	uint64_t sent, slow_sent, lost, garbage;
	struct worker worker[PLANE_SEATS];
	int32_t pids;
	// How wild the story is, per thousand steps.
	unsigned kill, crash, forge, scribble, order, stall;
	bool wild; // some workers lie
} * w;

static uint64_t draw(uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

static bool chance(unsigned per_mille)
{
	return draw(1000) < per_mille;
}

static struct packet *packet_at(uint32_t room, uint32_t offset)
{
	return (struct packet *)(void *)(room_at(&w->view.rooms, room) + offset);
}

// ---- The port

unsigned nic_ports(const struct nic *nic)
{
	return 1;
}

const uint8_t *nic_mac(const struct nic *nic, unsigned port)
{
	static const uint8_t mac[6] = { 2 };

	return mac;
}

int nic_room(struct nic *nic, uint32_t *room)
{
	if (w->free_rooms == 0)
		return -ENOBUFS;
	*room = w->free_room[--w->free_rooms];
	assert_false(w->out[*room]);
	w->out[*room] = true;
	w->published[*room] = false;
	return 0;
}

void nic_free(struct nic *nic, uint32_t room)
{
	assert_true(w->out[room]);
	w->out[room] = false;
	w->free_room[w->free_rooms++] = room;
}

static void packet_make(struct nic_frame *frame)
{
	uint32_t shard = (uint32_t)draw(SHARDS + 8); // the last few are for the slow lane

	*packet_at(frame->room, START + SHIFT) =
	    (struct packet){ shard < SHARDS ? w->next_seq[shard]++ : 0, shard, 0x5a5a5a5a };
	frame->offset = START - 14;
	frame->length = 200;
}

unsigned nic_rx(struct nic *nic, unsigned port, struct nic_frame *frames, unsigned max, uint64_t *verdicts,
		unsigned *refused)
{
	unsigned n = 0;

	while (n < max && w->offered > 0 && nic_room(nic, &frames[n].room) == 0) {
		packet_make(&frames[n++]);
		w->offered--;
	}
	return n;
}

unsigned nic_tx(struct nic *nic, unsigned port, struct nic_frame frame)
{
	struct packet packet = { 0 }; // copied: a liar's offset is not aligned

	assert_true(frame.offset + frame.length <= (int)ROOM_STRIDE);
	if (frame.length >= sizeof(packet))
		memcpy(&packet, room_at(&w->view.rooms, frame.room) + frame.offset, sizeof(packet));
	assert_true(packet.mark == 0x5a5a5a5a || w->wild);
	if (packet.mark != 0x5a5a5a5a) {
		w->garbage++;
	} else if (packet.shard >= SHARDS) {
		w->slow_sent++;
	} else {
		assert_true(packet.seq >= w->sent_seq[packet.shard]); // neither twice nor out of order
		w->lost += packet.seq - w->sent_seq[packet.shard];
		w->sent_seq[packet.shard] = packet.seq + 1;
		w->sent++;
	}
	nic_free(nic, frame.room);
	return 0;
}

unsigned nic_flush(struct nic *nic, unsigned port)
{
	return 0;
}

void nic_room_count(struct nic *nic, uint64_t *all, uint64_t *idle, uint64_t *out)
{
	*all = ROOMS;
	*idle = w->free_rooms;
	*out = ROOMS - w->free_rooms;
}

unsigned nic_wait_fds(const struct nic *nic, int *fds, unsigned max, int *complete)
{
	*complete = 1;
	return 0;
}

// ---- Steering and next hops

struct steer *steer_make(const struct conf *conf, const struct plane *plane)
{
	return (struct steer *)w;
}

void steer_free(struct steer *steer)
{
}

void steer_mac(struct steer *steer, unsigned port, const uint8_t mac[6])
{
}

int steer_exceptions(struct steer *steer, const struct steer_exception *list, unsigned count)
{
	return 0;
}

static struct steer_result steer_to(const struct packet *packet, uint8_t l3)
{
	if (packet->shard >= SHARDS)
		return (struct steer_result){ LANE_LOCAL, STEER_TO_LANE, 0, l3, 0 };
	return (struct steer_result){ LANE_UPLINK, STEER_TO_LANE, (uint8_t)packet->shard, l3,
				      0xabcd0000 | packet->shard };
}

struct steer_result steer_frame(const struct steer *steer, unsigned port, const uint8_t *frame, unsigned length)
{
	return steer_to((const struct packet *)(const void *)(frame + 14 + SHIFT), 14);
}

struct steer_result steer_packet(const struct steer *steer, unsigned role, const uint8_t *packet, unsigned length)
{
	if (role == CONF_CORE) // a forwarded packet: is it for ourselves? It never is
		return (struct steer_result){ LANE_DOWNLINK, STEER_TO_LANE, 0, 0, 0 };

	struct packet copy; // wherever a liar says it lies

	memcpy(&copy, packet + SHIFT, sizeof(copy));
	if (length < SHIFT + sizeof(copy) || copy.mark != 0x5a5a5a5a)
		return (struct steer_result){ .code = VERDICT_NOT_OURS };
	return steer_to(&copy, 0);
}

static struct neigh_out hop;

struct neigh *neigh_make(const struct conf *conf, const struct neigh_out *out)
{
	hop = *out;
	return (struct neigh *)w;
}

void neigh_free(struct neigh *neigh)
{
}

void neigh_mac(struct neigh *neigh, unsigned port, const uint8_t mac[6])
{
}

unsigned neigh_input(struct neigh *neigh, unsigned port, uint8_t *frame, unsigned *length, uint64_t now_ns)
{
	return VERDICT_NOT_IP;
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint8_t *room, uint64_t now_ns,
		    unsigned *mtu)
{
	hop.send(hop.with, 0, frame);
	return VERDICT_FORWARD;
}

void neigh_tick(struct neigh *neigh, uint64_t now_ns)
{
}

unsigned neigh_waiting(const struct neigh *neigh)
{
	return 0;
}

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
	assert_true(post_put(&w->orders, (struct post_word){ .verb = POST_FORKED, .seat = seat, .pid = k->pid }));
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

static struct lane_handle worker_handle(unsigned seat, struct lane_handle handle)
{
	struct worker *k = &w->worker[seat];
	uint8_t shard = (uint8_t)handle.hint;

	if (handle.code == LANE_OWN) {
		worker_owns(seat, shard);
		handle.code = VERDICT_OWNED;
	} else if (handle.code == LANE_CUT) {
		assert_true(k->owns[shard]);
		k->owns[shard] = false;
		handle.code = VERDICT_CUT;
	} else {
		struct packet *packet = packet_at(handle.room, handle.offset + SHIFT);

		assert_int_equal(handle.offset, START); // replays start from what was lent
		assert_false(w->published[handle.room] && !w->wild);
		assert_true(packet->shard >= SHARDS || (packet->shard == shard && k->owns[shard]) || k->lied);
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
	pages(seat)->worker->out[k->out_head % LANE_SLOTS] = forgery(seat);
	k->out_head++;
	ring_publish(&pages(seat)->worker->out_head, k->out_head);
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
		assert_true(ring_space(k->out_head + k->done, &page->primary->out_tail, LANE_SLOTS) > 0);
		k->last = worker_handle(seat, page->primary->in[(k->in_tail + k->done) % LANE_SLOTS]);
		page->worker->out[(k->out_head + k->done++) % LANE_SLOTS] = k->last;
	} else if (ring_resume(&page->worker->out_head) != k->out_head + k->done) {
		for (uint32_t i = 0; i < k->done; i++)
			w->published[page->worker->out[(k->out_head + i) % LANE_SLOTS].room] = true;
		ring_publish(&page->worker->out_head, k->out_head + k->done);
	} else {
		k->in_tail += k->taken;
		k->out_head += k->done;
		ring_publish(&page->worker->in_tail, k->in_tail);
		k->taken = k->done = 0;
	}
}

static void worker_scribbles(unsigned seat)
{
	struct seat_worker_page *page = pages(seat)->worker;

	w->worker[seat].lied = 1;
	atomic_store(draw(2) ? &page->out_head.value : &page->in_tail.value, 0x40000000u + (uint32_t)draw(0x40000000));
}

static void worker_works(unsigned seat)
{
	struct worker *k = &w->worker[seat];

	for (uint64_t steps = chance(w->stall) ? 0 : draw(120); steps > 0 && k->life == WORKING; steps--) {
		worker_step(seat);
		if (draw(100000) < w->kill)
			worker_dies(seat, false);
		else if (draw(100000) < w->crash)
			worker_dies(seat, true);
		else if (draw(100000) < w->forge && k->taken == 0)
			worker_forges(seat);
	}
	if (k->life == WORKING && draw(10000) < w->scribble)
		worker_scribbles(seat);
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
	if (k->life == WORKING)
		worker_works(seat);
	else if (k->life == KILLED && k->countdown > 0)
		worker_works(seat);
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
		atomic_store(&pages(seat)->worker->state, SEAT_READY);
	} else if (k->life == KILLED) {
		worker_dies(seat, false);
	} else if (post_put(&w->orders, (struct post_word){ .verb = POST_EXITED, .seat = seat, .pid = k->pid })) {
		k->life = ABSENT;
	}
}

// ---- The fleet thread

static bool wanted[PLANE_SEATS];

static void fleet_hears(const struct post_word *fact)
{
	struct worker *k = &w->worker[fact->seat];

	if (fact->verb == POST_WANT || fact->verb == POST_REST)
		wanted[fact->seat] = fact->verb == POST_WANT;
	if (fact->verb == POST_KILL && fact->pid == k->pid && (k->life == WORKING || k->life == BORN)) {
		k->life = KILLED;
		k->countdown = (unsigned)draw(LINGER);
	}
}

static void fleet_works(void)
{
	struct post_word fact;

	while (post_take(&w->facts, &fact))
		fleet_hears(&fact);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (wanted[seat] && w->worker[seat].life == ABSENT && draw(8) == 0) {
			wanted[seat] = false;
			worker_born(seat);
		}
	if (chance(w->order)) {
		static const uint32_t verbs[] = { POST_START, POST_STOP, POST_RESTART, POST_MOVE, POST_START };
		uint32_t verb = verbs[draw(5)];
		uint32_t seat = verb != POST_MOVE && draw(8) == 0 ? PLANE_SEAT_SLOW : (uint32_t)draw(FAST);

		post_put(&w->orders, (struct post_word){ .verb = verb, .seat = seat, .shard = (uint32_t)draw(SHARDS) });
	}
}

// ---- The stories

static void world_make(uint64_t seed)
{
	static uint8_t rooms[ROOMS * ROOM_STRIDE];
	static struct conf conf = { .workers = FAST, .hold = 3000, .ports = 1 };
	struct loop_parts parts = { .conf = &conf };

	w = calloc(1, sizeof(*w));
	memset(wanted, 0, sizeof(wanted));
	w->random = seed * 0x9e3779b97f4a7c15ull + 1;
	w->plane.rooms[0] = ROOMS;
	w->plane.net.clock_hz = 2000000000;
	w->view.plane = &w->plane;
	w->view.rooms.base[0] = rooms;
	w->view.rooms.count[0] = ROOMS;
	for (unsigned i = 0; i < ROOMS; i++)
		w->free_room[w->free_rooms++] = i;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		static _Alignas(64) uint8_t zone[PLANE_SEATS][3 * PLANE_PAGE];

		w->view.seats[seat] = seat_at(zone[seat]);
		if (seat >= FAST && seat != PLANE_SEAT_SLOW)
			continue;
		memset(w->view.seats[seat].primary, 0, sizeof(struct seat_primary_page));
		memset(w->view.seats[seat].worker, 0, offsetof(struct seat_worker_page, reports));
		memset(w->view.seats[seat].courier, 0, offsetof(struct seat_courier_page, changes));
	}
	for (unsigned i = 0; i < NEST_BELLS; i++)
		parts.bell[i] = bell_make();
	post_init(&w->orders, &w->plane.sleeping, parts.bell[NEST_BELL_PRIMARY]);
	post_init(&w->facts, &w->awake, -1);
	parts.view = &w->view;
	parts.orders = &w->orders;
	parts.facts = &w->facts;
	parts.board = &w->board;
	assert_int_equal(loop_make(&parts, &w->loop), 0);
}

static void world_free(void)
{
	for (unsigned i = 0; i < NEST_BELLS; i++)
		close(w->loop->part.bell[i]);
	loop_free(w->loop);
	free(w);
}

static void account_closes(void)
{
	struct tally *tally = &w->loop->tally;

	tally->lent = 0;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		tally->lent += w->loop->lane[seat].lease.packets;
	tally->held = w->loop->hold.total;
	assert_int_equal(tally_gap(tally), 0);
	assert_int_equal(tally->lent + tally->held, ROOMS - w->free_rooms);
}

static uint64_t now = 1000000;

static uint64_t deaths_of(const struct loop *loop)
{
	uint64_t n = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		n += loop->tally.seat[seat].deaths;
	return n;
}

static void world_turn(unsigned offered)
{
	uint64_t poison = w->loop->tally.verdict[VERDICT_POISON], died = deaths_of(w->loop);

	now += 1000 + draw(40000);
	w->offered = offered;
	loop_turn(w->loop, now);
	account_closes();
	// Suspects are out one at a time, so each death finds at most one guilty.
	assert_true(w->loop->tally.verdict[VERDICT_POISON] - poison <= deaths_of(w->loop) - died || w->wild);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		worker_lives(seat);
	fleet_works();
}

static bool world_settled(void)
{
	unsigned ready = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		ready += w->loop->crew[seat].phase == CREW_READY;
	for (unsigned i = 0; i < SHARDS; i++)
		if (w->loop->map.shard[i].state != MAP_SERVED)
			return false;
	return ready == FAST + 1 && w->free_rooms == ROOMS;
}

// Everybody is well again and nothing more comes in: all that was under way arrives.
static void world_calms(void)
{
	w->kill = w->crash = w->forge = w->scribble = w->order = w->stall = 0;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (seat < FAST || seat == PLANE_SEAT_SLOW)
			while (!post_put(&w->orders, (struct post_word){ .verb = POST_START, .seat = seat }))
				world_turn(0);
	for (unsigned i = 0; i < 400000 && !world_settled(); i++)
		world_turn(0);
	assert_true(world_settled());
}

static void world_check(void)
{
	const uint64_t *verdict = w->loop->tally.verdict;
	uint64_t made = 0, refused = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		made += w->next_seq[i];
		w->lost += w->next_seq[i] - w->sent_seq[i];
		assert_int_equal(w->loop->map.shard[i].state, MAP_SERVED);
		assert_int_equal(w->plane.owner[i], w->loop->map.shard[i].seat);
	}
	assert_int_equal(made, w->sent + w->lost);
	assert_int_equal(verdict[VERDICT_FORWARD] + verdict[VERDICT_ANSWERED], w->sent + w->slow_sent + w->garbage);
	for (unsigned v = 0; v < VERDICT_FINALS; v++)
		refused += v != VERDICT_FORWARD && v != VERDICT_ANSWERED ? verdict[v] : 0;
	assert_true(w->lost <= refused + w->garbage);
}

struct story {
	unsigned kill, crash, forge, scribble, order, stall; // chances, see worker_works and fleet_works
	unsigned load;                                       // frames a turn, at most
	unsigned turns;
};

static uint64_t deaths, replays, moves, forged, poisoned;
static uint64_t telling; // SEED=<this> tells the same story alone

static void tell(uint64_t seed, const struct story *story)
{
	telling = seed;
	world_make(seed);
	for (unsigned i = 0; i < 200; i++)
		world_turn(0);
	w->kill = story->kill, w->crash = story->crash, w->forge = story->forge;
	w->wild = story->forge || story->scribble;
	w->scribble = story->scribble, w->order = story->order, w->stall = story->stall;
	for (unsigned i = 0; i < story->turns; i++)
		world_turn((unsigned)draw(story->load + 1));
	world_calms();
	world_check();
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		replays += w->loop->tally.seat[seat].replayed;
		forged += w->loop->tally.seat[seat].forged;
	}
	deaths += deaths_of(w->loop);
	moves += w->loop->tally.moves;
	poisoned += w->loop->tally.verdict[VERDICT_POISON];
}

static void tell_many(const char *name, unsigned count, const struct story *story, bool lossless)
{
	const char *asked = getenv("SEED");
	uint64_t first = asked ? strtoull(asked, NULL, 0) : 1;

	deaths = replays = moves = forged = poisoned = 0;
	for (uint64_t seed = first; seed < first + (asked ? 1 : count); seed++) {
		tell(seed, story);
		if (lossless && w->lost)
			print_message("seed %lu lost %lu\n", seed, w->lost);
		if (lossless)
			assert_int_equal(w->lost, 0);
		world_free();
	}
	print_message("%s: %u stories, %lu deaths, %lu replayed, %lu moves, %lu forged, %lu poison\n", name, count,
		      deaths, replays, moves, forged, poisoned);
}

static void nobody_dies(void **state)
{
	tell_many("calm", 50, &(struct story){ .load = 20, .turns = 1000 }, true);
	assert_int_equal(deaths, 0);
}

static void kills_lose_nothing(void **state)
{
	tell_many("kills", 1500, &(struct story){ .kill = 120, .load = 16, .turns = 400 }, true);
	assert_true(deaths > 1500 && replays > 1500);
}

static void orders_lose_nothing(void **state)
{
	tell_many("orders", 500, &(struct story){ .order = 30, .load = 10, .turns = 600 }, true);
	assert_true(moves > 500 * SHARDS);
}

static void kills_amid_orders_lose_nothing(void **state)
{
	tell_many("both", 1500, &(struct story){ .kill = 80, .order = 20, .load = 8, .turns = 400 }, true);
}

static void stalls_and_overload_are_counted(void **state)
{
	tell_many("overload", 300, &(struct story){ .kill = 50, .stall = 700, .load = 32, .turns = 1500 }, false);
}

static void crashes_lose_only_poison(void **state)
{
	tell_many("crashes", 500, &(struct story){ .crash = 150, .load = 16, .turns = 400 }, false);
	assert_true(poisoned < deaths);
}

static void liars_are_evicted_and_harm_nobody(void **state)
{
	tell_many("liars", 500, &(struct story){ .forge = 200, .scribble = 20, .kill = 20, .load = 16, .turns = 400 },
		  false);
	assert_true(forged > 500);
}

static void everything_at_once(void **state)
{
	tell_many("all", 1000,
		  &(struct story){ .kill = 60,
				   .crash = 20,
				   .forge = 40,
				   .scribble = 5,
				   .order = 15,
				   .stall = 100,
				   .load = 16,
				   .turns = 500 },
		  false);
}

static int say_where(void **state)
{
	print_message("last story: SEED=%lu\n", telling);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nobody_dies, say_where),
		cmocka_unit_test_teardown(kills_lose_nothing, say_where),
		cmocka_unit_test_teardown(orders_lose_nothing, say_where),
		cmocka_unit_test_teardown(kills_amid_orders_lose_nothing, say_where),
		cmocka_unit_test_teardown(stalls_and_overload_are_counted, say_where),
		cmocka_unit_test_teardown(crashes_lose_only_poison, say_where),
		cmocka_unit_test_teardown(liars_are_evicted_and_harm_nobody, say_where),
		cmocka_unit_test_teardown(everything_at_once, say_where),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
