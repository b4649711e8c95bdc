// test_trace.c - copies of traced sessions' packets: whose they are, how many, and that none stays behind, whoever dies meanwhile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/wire/cursor.h"
#include "tests/unit/play.h"

#define MANY 1000000u // packets in a window: all
#define TEID(shard) (0xabcd0000u | (shard))

// ---- In the played world: sessions of shards that are no multiples of four less one send uplink.

static uint32_t numbers;
static uint32_t shard_of[1u << 16]; // by number
static uint64_t seen[1u << 16];     // forwarded ones: the last sequence number and 1
static uint64_t picked, forwarded;

static void keys_are(const struct trace_key key[TRACE_KEYS])
{
	struct trace_key *list = malloc(TRACE_KEYS * sizeof(*list));

	memcpy(list, key, TRACE_KEYS * sizeof(*list));
	while (!post_put(&w->orders, (struct post_word){ .verb = POST_TRACES, .list = list }))
		world_turn(0);
}

static struct trace_key key_of(uint32_t shard)
{
	struct trace_key key = { .number = ++numbers, .teid = TEID(shard), .snap = TRACE_SNAP, .window = MANY };

	shard_of[key.number] = shard;
	return key;
}

static struct packet packet_of(const uint8_t *bytes)
{
	struct packet packet;

	memcpy(&packet, bytes, sizeof(packet));
	return packet;
}

static void cell_is_sound(const struct trace_cell *cell, uint32_t number)
{
	struct packet came = packet_of(cell->came.bytes + SHIFT), left = packet_of(cell->left.bytes);

	assert_int_equal(cell->came.length, 200 - 14);
	assert_int_equal(came.shard, shard_of[number]);
	assert_false(cell->came.core);
	if (cell->verdict != VERDICT_FORWARD) {
		assert_int_equal(cell->left.length, 0);
		return;
	}
	assert_true(cell->left.at_ns >= cell->came.at_ns);
	assert_int_equal(left.shard, came.shard);
	assert_int_equal(left.seq, came.seq);
	assert_true(left.seq >= seen[number]); // in order, none twice
	seen[number] = left.seq + 1;
	forwarded++;
}

static void cells_pick(void)
{
	struct trace_cell *cell;

	while ((cell = trace_pick(&w->loop->traces))) {
		for (unsigned i = 0; i < TRACE_KEYS; i++)
			if (cell->whose[i])
				cell_is_sound(cell, cell->whose[i]);
		picked++;
		trace_give(&w->loop->traces, cell);
	}
}

static void nothing_stays_behind(void)
{
	struct traces *traces = &w->loop->traces;
	uint32_t on_the_way_back = ring_resume(&traces->back.head) - ring_resume(&traces->back.tail);

	cells_pick();
	on_the_way_back = ring_resume(&traces->back.head) - ring_resume(&traces->back.tail);
	assert_int_equal(traces->open, 0);
	assert_int_equal(traces->frees + on_the_way_back, TRACE_CELLS);
	for (uint32_t i = 0; i < w->loop->hold.cells; i++)
		assert_int_equal(traces->at[i], 0);
}

static void turns(unsigned count, unsigned load)
{
	for (unsigned i = 0; i < count; i++) {
		world_turn((unsigned)draw(load + 1));
		cells_pick();
	}
}

static void begin(uint64_t seed)
{
	numbers = 0;
	picked = forwarded = 0;
	memset(seen, 0, sizeof(seen));
	world_make(seed);
	for (unsigned i = 0; i < 200; i++)
		world_turn(0);
}

static void each_packet_is_told_once(void **state)
{
	struct trace_key key[TRACE_KEYS] = { 0 };
	uint64_t before;

	begin(1);
	w->few = 8;
	key[2] = key_of(1);
	key[5] = key_of(6);
	keys_are(key);
	world_turn(0);
	before = w->next_seq[1][0] + w->next_seq[6][0];
	turns(500, 20);
	world_calms();
	cells_pick();
	assert_int_equal(forwarded, w->next_seq[1][0] + w->next_seq[6][0] - before);
	assert_true(forwarded > 500);
	assert_int_equal(picked, forwarded);
	assert_int_equal(w->loop->traces.count[2].packets + w->loop->traces.count[5].packets, picked);
	assert_int_equal(w->loop->traces.count[2].lost, 0);
	nothing_stays_behind();
	world_free();
}

static void two_may_look_at_one(void **state)
{
	struct trace_key key[TRACE_KEYS] = { 0 };

	begin(2);
	w->few = 2;
	key[0] = key_of(1);
	key[7] = key_of(1);
	keys_are(key);
	turns(100, 10);
	world_calms();
	cells_pick();
	assert_true(picked > 100);
	assert_int_equal(forwarded, 2 * picked);
	nothing_stays_behind();
	world_free();
}

static void others_change(struct trace_key key[TRACE_KEYS])
{
	unsigned place = (unsigned)draw(TRACE_KEYS);

	if (draw(3) == 0)
		key[place] = (struct trace_key){ 0 };
	else
		key[place] = key_of((uint32_t)(draw(4) * 4 + draw(3)));
	keys_are(key);
}

// Workers die, crash and lie, shards move, rules make packets wait, traces come and go.
static void nothing_stays_behind_whoever_dies(void **state)
{
	uint64_t deaths = 0, all = 0;

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct trace_key key[TRACE_KEYS] = { 0 };

		begin(seed);
		w->few = 16;
		w->kill = 60, w->crash = 20, w->order = 20, w->stall = 20;
		for (unsigned i = 0; i < 400; i++) {
			if (draw(10) == 0)
				others_change(key);
			turns(1, 24);
		}
		world_calms();
		nothing_stays_behind();
		deaths += deaths_of(w->loop);
		all += forwarded;
		world_free();
	}
	assert_true(deaths > 60 && all > 5000);
}

static void only_so_many_in_a_while(void **state)
{
	struct trace_key key[TRACE_KEYS] = { 0 };
	uint64_t start;

	begin(3);
	w->few = 2;
	key[0] = key_of(1);
	key[0].window = 5;
	keys_are(key);
	start = w->now_ns;
	turns(500, 20);
	world_calms();
	cells_pick();
	assert_true(picked > 0);
	assert_true(picked <= 5 * ((w->now_ns - start) / (TRACE_WINDOW_MS * 1000000ull) + 1));
	assert_int_equal(w->loop->traces.count[0].packets, picked + w->loop->traces.count[0].lost);
	world_free();
}

// Nobody fetches them: what finds no cell is counted, and its packets go their way.
static void cells_run_out(void **state)
{
	struct trace_key key[TRACE_KEYS] = { 0 };

	begin(4);
	w->few = 2;
	key[0] = key_of(1);
	keys_are(key);
	for (unsigned i = 0; i < 500; i++)
		world_turn(20);
	world_calms();
	assert_int_equal(w->lost, 0);
	cells_pick();
	assert_int_equal(picked, TRACE_CELLS);
	assert_int_equal(w->loop->traces.count[0].packets, picked + w->loop->traces.count[0].lost);
	nothing_stays_behind();
	world_free();
}

// ---- Alone

static struct hold hold;
static struct traces traces;
static uint8_t packet[TRACE_SNAP + 64];

static int open_alone(void **state)
{
	static const uint32_t zones[ROOM_ZONES] = { 8 };

	memset(packet, 0, sizeof(packet));
	assert_int_equal(hold_init(&hold, zones), 0);
	return traces_init(&traces, &hold, &(struct plane_net){ .slot_bits = 10 });
}

static int close_alone(void **state)
{
	traces_fini(&traces);
	hold_fini(&hold);
	return 0;
}

static struct lane_handle lent(enum lane_kind kind, uint32_t hint, uint16_t length)
{
	return (struct lane_handle){ .room = 3, .hint = hint, .length = length, .code = (uint8_t)kind };
}

static unsigned whose(enum lane_kind kind, uint32_t hint)
{
	struct lane_handle handle = lent(kind, hint, 60);

	return trace_whose(&traces, &handle, packet);
}

static void a_session_is_known_by_what_its_packets_show(void **state)
{
	struct trace_key key[TRACE_KEYS] = { 0 };

	key[1] = (struct trace_key){ .number = 1, .teid = 0x04000512, .ipv4 = 0x0a2d0007, .snap = 64, .window = 9 };
	key[3] =
	    (struct trace_key){ .number = 2, .teid = 0x08000612, .ipv6 = 0x20010db800010002, .snap = 64, .window = 9 };
	assert_true(traces_keys(&traces, key));
	assert_int_equal(whose(LANE_UPLINK, 0x04000512), 1u << 1);
	assert_int_equal(whose(LANE_UPLINK, 0x04000512 ^ 5u << 18), 1u << 1); // another TEID of the session
	assert_int_equal(whose(LANE_UPLINK, 0x04000513), 0);
	assert_int_equal(whose(LANE_DOWNLINK, 0x04000512), 0);
	packet[0] = 0x45;
	be32_put(packet + 16, 0x0a2d0007);
	assert_int_equal(whose(LANE_DOWNLINK, 0), 1u << 1);
	assert_int_equal(whose(LANE_LOCAL, 0), 0);
	be32_put(packet + 16, 0x0a2d0008);
	assert_int_equal(whose(LANE_DOWNLINK, 0), 0);
	packet[0] = 0x60;
	be64_put(packet + 24, 0x20010db800010002);
	assert_int_equal(whose(LANE_DOWNLINK, 0), 1u << 3);
	packet[0] = 0x45; // a session without an IPv4 address has not got 0.0.0.0
	be32_put(packet + 16, 0);
	assert_int_equal(whose(LANE_DOWNLINK, 0), 0);
	traces.places = true; // where networks share addresses, a downlink packet is its hint's
	assert_int_equal(whose(LANE_DOWNLINK, 0x512), 1u << 1);
	assert_int_equal(whose(LANE_DOWNLINK, 0x712), 0);
	memset(key, 0, sizeof(key));
	assert_false(traces_keys(&traces, key));
	assert_int_equal(whose(LANE_UPLINK, 0x04000512), 0);
}

static void padding_is_no_part_of_a_packet(void **state)
{
	struct trace_key key[TRACE_KEYS] = { { .number = 1, .teid = 0x04000512, .snap = 40, .window = 9 } };
	struct lane_handle handle = lent(LANE_UPLINK, 0x04000512, 60);
	struct trace_cell *cell;

	traces_keys(&traces, key);
	packet[0] = 0x45;
	be16_put(packet + 2, 44);
	assert_true(trace_enter(&traces, &handle, packet, 1));
	trace_end(&traces, 3, VERDICT_SPOOFED);
	cell = trace_pick(&traces);
	assert_non_null(cell);
	assert_int_equal(cell->came.length, 44);
	assert_int_equal(cell->came.stored, 40);
	assert_int_equal(cell->verdict, VERDICT_SPOOFED);
	assert_null(trace_pick(&traces));
}

// The place is another's: what is under way is not for it.
static void a_packet_is_never_told_to_the_next(void **state)
{
	struct trace_key key[TRACE_KEYS] = { { .number = 1, .teid = 0x04000512, .snap = 40, .window = 9 } };
	struct lane_handle handle = lent(LANE_UPLINK, 0x04000512, 60);

	traces_keys(&traces, key);
	assert_true(trace_enter(&traces, &handle, packet, 1));
	key[0].number = 2;
	key[0].teid = 0x04000777;
	traces_keys(&traces, key);
	trace_end(&traces, 3, VERDICT_FORWARD);
	assert_null(trace_pick(&traces));
	assert_int_equal(traces.open, 0);
	assert_int_equal(traces.frees, TRACE_CELLS);
}

// It is told that it waits; and again, when it is let go, how it leaves.
static void what_waits_is_told_twice(void **state)
{
	struct trace_key key[TRACE_KEYS] = {
		{ .number = 1, .teid = 0x04000512, .ipv4 = 0x0a2d0007, .snap = 60, .window = 9 }
	};
	struct lane_handle handle = lent(LANE_DOWNLINK, 0x12, 60), back = handle;
	struct trace_cell *cell;

	traces_keys(&traces, key);
	packet[0] = 0x45;
	be32_put(packet + 16, 0x0a2d0007);
	assert_true(trace_enter(&traces, &handle, packet, 1));
	trace_end(&traces, 3, VERDICT_BUFFER);
	cell = trace_pick(&traces);
	assert_int_equal(cell->verdict, VERDICT_BUFFER);
	assert_int_equal(cell->came.length, 60);
	trace_give(&traces, cell);
	trace_again(&traces, &handle, packet, 7);
	back.code = VERDICT_FORWARD;
	trace_back(&traces, &(struct trace_return){ &back, packet, 1, false }, 8);
	trace_end(&traces, 3, VERDICT_FORWARD);
	cell = trace_pick(&traces);
	assert_non_null(cell);
	assert_int_equal(cell->came.length, 0);
	assert_int_equal(cell->left.length, 60);
	assert_int_equal(cell->seat, 1);
}

// Its worker let it go, and there is no next hop: it did not leave.
static void what_did_not_leave_is_not_shown_leaving(void **state)
{
	struct trace_key key[TRACE_KEYS] = { { .number = 1, .teid = 0x04000512, .snap = 60, .window = 9 } };
	struct lane_handle handle = lent(LANE_UPLINK, 0x04000512, 60), back = handle;
	struct trace_cell *cell;

	traces_keys(&traces, key);
	assert_true(trace_enter(&traces, &handle, packet, 1));
	back.code = VERDICT_FORWARD;
	trace_back(&traces, &(struct trace_return){ &back, packet, 1, true }, 8);
	trace_end(&traces, 3, VERDICT_NO_NEIGHBOUR);
	cell = trace_pick(&traces);
	assert_non_null(cell);
	assert_int_equal(cell->verdict, VERDICT_NO_NEIGHBOUR);
	assert_int_equal(cell->left.length, 0);
	assert_int_equal(cell->seat, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_packet_is_told_once),
		cmocka_unit_test(two_may_look_at_one),
		cmocka_unit_test(nothing_stays_behind_whoever_dies),
		cmocka_unit_test(only_so_many_in_a_while),
		cmocka_unit_test(cells_run_out),
		cmocka_unit_test_setup_teardown(a_session_is_known_by_what_its_packets_show, open_alone, close_alone),
		cmocka_unit_test_setup_teardown(padding_is_no_part_of_a_packet, open_alone, close_alone),
		cmocka_unit_test_setup_teardown(a_packet_is_never_told_to_the_next, open_alone, close_alone),
		cmocka_unit_test_setup_teardown(what_waits_is_told_twice, open_alone, close_alone),
		cmocka_unit_test_setup_teardown(what_did_not_leave_is_not_shown_leaving, open_alone, close_alone),
	};

	log_open("test", "error");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
