// test_fleet_trace.c - orders about traced sessions: what the loop is told of them, the copies that come back, and when nobody asks any
// more. The loop is played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "primary/fleet/fleet_inside.h"
#include "shared/base/clock.h"

#define ROOM 3u
#define FORGET_NS 3000000000ull

static struct fleet *fleet;
static struct hold hold;
static struct traces traces;
static uint8_t packet[64];
static struct trace_key posted[TRACE_KEYS];
static unsigned posts;
static bool full;

bool post_put(struct post *post, struct post_word word)
{
	if (full)
		return false;
	assert_int_equal(word.verb, POST_TRACES);
	memcpy(posted, word.list, sizeof(posted));
	free(word.list);
	posts++;
	return true;
}

static int setup(void **state)
{
	static const uint32_t zones[ROOM_ZONES] = { 8 };

	fleet = calloc(1, sizeof(*fleet));
	fleet->part.traces = &traces;
	posts = 0;
	full = false;
	return hold_init(&hold, zones) || traces_init(&traces, &hold, &(struct plane_net){ .slot_bits = 10 });
}

static int teardown(void **state)
{
	traces_fini(&traces);
	hold_fini(&hold);
	free(fleet);
	return 0;
}

static Shoal__Fleet__TraceKey key_of(uint32_t place, uint32_t number)
{
	Shoal__Fleet__TraceKey key = SHOAL__FLEET__TRACE_KEY__INIT;

	key.place = place;
	key.number = number;
	key.teid = 0x04000512;
	key.ipv4 = 0x0a2d0007;
	key.snap = TRACE_SNAP;
	key.per_second = 100;
	return key;
}

static int order(Shoal__Fleet__TraceKey *one, Shoal__Fleet__TraceKey *two)
{
	Shoal__Fleet__Traces traces_order = SHOAL__FLEET__TRACES__INIT;
	Shoal__Fleet__TraceKey *keys[] = { one, two };

	traces_order.keys = keys;
	traces_order.n_keys = (one != NULL) + (two != NULL);
	return fleet_traces(fleet, &traces_order);
}

static void what_cannot_be_is_named(void **state)
{
	static const char *const names[] = { "place", "place", "number",     "teid",
					     "snap",  "snap",  "per_second", "per_second" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		Shoal__Fleet__TraceKey good = key_of(0, 1), bad = key_of(1, 2);

		bad.place = i == 0 ? TRACE_KEYS : i == 1 ? 0 : 1;
		bad.number = i == 2 ? 0 : 2;
		bad.teid = i == 3 ? 0 : bad.teid;
		bad.snap = i == 4 ? 0 : i == 5 ? TRACE_SNAP + 1 : TRACE_SNAP;
		bad.per_second = i == 6 ? 0 : i == 7 ? 100001 : 100000;
		assert_int_equal(order(&good, &bad), -EINVAL);
		assert_non_null(strstr(fleet->fault, names[i]));
	}
	assert_int_equal(posts, 0);
	assert_int_equal(fleet->traced.ordered_ns, 0);
}

static void the_loop_hears_of_what_is_new(void **state)
{
	Shoal__Fleet__TraceKey one = key_of(0, 1), two = key_of(TRACE_KEYS - 1, 2);

	two.per_second = 100000;
	full = true;
	assert_int_equal(order(&one, &two), -EBUSY);
	full = false;
	assert_int_equal(order(&one, &two), 0);
	assert_int_equal(posts, 1);
	assert_true(posted[0].number == 1 && posted[0].teid == 0x04000512 && posted[0].ipv4 == 0x0a2d0007);
	assert_int_equal(posted[0].window, 100 * TRACE_WINDOW_MS / 1000 + 1);
	assert_int_equal(posted[TRACE_KEYS - 1].number, 2);
	assert_int_equal(posted[TRACE_KEYS - 1].window, 100000 * TRACE_WINDOW_MS / 1000 + 1);
	assert_int_equal(fleet->traced.traced.n_counts, 2);
	assert_int_equal(order(&one, &two), 0); // as it was
	assert_int_equal(posts, 1);
	assert_int_equal(order(&two, NULL), 0);
	assert_int_equal(posts, 2);
	assert_int_equal(posted[0].number, 0);
	assert_int_equal(fleet->traced.traced.n_counts, 1);
	assert_int_equal(fleet->traced.traced.counts[0]->number, 2);
}

// A packet of the session came and was sent on.
static void passes(void)
{
	const struct lane_handle lent = { .room = ROOM, .hint = 0x04000512, .length = 60, .code = LANE_UPLINK };

	assert_true(trace_enter(&traces, &lent, packet, 1));
	trace_end(&traces, ROOM, VERDICT_FORWARD);
}

static void copies_are_told_once_and_counted(void **state)
{
	Shoal__Fleet__TraceKey key = key_of(2, 7);
	const Shoal__Fleet__Traced *told = &fleet->traced.traced;
	uint32_t frees;

	key.per_second = 100000;
	assert_int_equal(order(&key, NULL), 0);
	traces_keys(&traces, posted);
	frees = traces.frees;
	for (unsigned i = 0; i < FLEET_TRACED + 1; i++)
		passes();
	atomic_fetch_add(&traces.count[2].lost, 3);
	assert_int_equal(order(&key, NULL), 0);
	assert_int_equal(told->n_packets, FLEET_TRACED);
	assert_true(told->more);
	assert_int_equal(told->packets[0]->n_numbers, 1);
	assert_int_equal(told->packets[0]->numbers[0], 7);
	assert_int_equal(told->packets[0]->verdict, VERDICT_FORWARD);
	assert_int_equal(told->packets[0]->came->length, 60);
	assert_null(told->packets[0]->left);
	assert_int_equal(told->counts[0]->packets, FLEET_TRACED + 1);
	assert_int_equal(told->counts[0]->lost, 3);
	assert_int_equal(told->counts[0]->told, FLEET_TRACED);
	fleet_traced_sent(fleet);
	assert_int_equal(order(&key, NULL), 0);
	assert_int_equal(told->n_packets, 1);
	assert_false(told->more);
	assert_int_equal(told->counts[0]->told, FLEET_TRACED + 1);
	fleet_traced_sent(fleet);
	assert_int_equal(ring_resume(&traces.back.head), FLEET_TRACED + 1); // each cell is on its way back
	assert_true(traces.frees < frees);
	for (unsigned i = 0; i <= FLEET_TRACED; i++)
		for (unsigned before = 0; before < i; before++)
			assert_int_not_equal(traces.back.cell[i], traces.back.cell[before]);
	key.number = 8; // another session in its place is counted from nothing
	assert_int_equal(order(&key, NULL), 0);
	assert_int_equal(told->counts[0]->told, 0);
}

static void without_orders_nobody_is_traced(void **state)
{
	Shoal__Fleet__TraceKey key = key_of(0, 1);
	uint64_t now_ns;

	assert_int_equal(order(&key, NULL), 0);
	now_ns = fleet->traced.ordered_ns;
	assert_in_range(clock_ns() - now_ns, 0, FORGET_NS);
	fleet_trace_tick(fleet, now_ns + FORGET_NS);
	assert_int_equal(posts, 1);
	full = true;
	fleet_trace_tick(fleet, now_ns + FORGET_NS + 1);
	assert_int_not_equal(fleet->traced.ordered_ns, 0); // said again later
	full = false;
	fleet_trace_tick(fleet, now_ns + FORGET_NS + 2);
	assert_int_equal(posts, 2);
	assert_int_equal(posted[0].number, 0);
	assert_int_equal(fleet->traced.ordered_ns, 0);
	assert_int_equal(order(&key, NULL), 0);
	assert_int_equal(order(NULL, NULL), 0);
	assert_int_equal(posts, 4);
	assert_int_equal(fleet->traced.ordered_ns, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_cannot_be_is_named),
		TEST(the_loop_hears_of_what_is_new),
		TEST(copies_are_told_once_and_counted),
		TEST(without_orders_nobody_is_traced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
