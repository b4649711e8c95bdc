// test_trace_parked.c - copies of packets that wait for the radio side, and end there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "primary/loop/trace.h"
#include "shared/plane/plane.h"
#include "shared/plane/verdict.h"

static struct hold hold;
static struct traces traces;
static uint8_t packet[64];

static int setup(void **state)
{
	static const uint32_t zones[ROOM_ZONES] = { 8 };

	return hold_init(&hold, zones) || traces_init(&traces, &hold, &(struct plane_net){ .slot_bits = 10 });
}

static int teardown(void **state)
{
	traces_fini(&traces);
	hold_fini(&hold);
	return 0;
}

// It waited, and was not let go: it came when it began to wait, and ends there.
static void what_ends_where_it_waits_is_told(void **state)
{
	struct trace_key key[TRACE_KEYS] = { { .number = 1, .teid = 0x04000512, .snap = 60, .window = 9 } };
	struct hold_cell parked = { .handle = { .room = 3, .hint = 0x04000512, .length = 60, .code = LANE_UPLINK },
				    .since_ns = 5 };
	struct trace_cell *cell;

	traces_keys(&traces, key);
	assert_true(trace_enter(&traces, &parked.handle, packet, 1));
	trace_end(&traces, 3, VERDICT_BUFFER);
	trace_give(&traces, trace_pick(&traces));
	parked.handle.code |= LEASE_TRACED;
	trace_void(&traces, &parked, packet, 7);
	trace_end(&traces, 3, VERDICT_BUFFER_DROPPED);
	cell = trace_pick(&traces);
	assert_non_null(cell);
	assert_int_equal(cell->verdict, VERDICT_BUFFER_DROPPED);
	assert_int_equal(cell->came.at_ns, 5);
	assert_int_equal(cell->came.length, 60);
	assert_int_equal(cell->left.length, 0);
	assert_int_equal(cell->seat, PLANE_SEAT_NONE);
	trace_give(&traces, cell);
	traces_keys(&traces, (struct trace_key[TRACE_KEYS]){ { 0 } }); // nobody looks any more
	trace_void(&traces, &parked, packet, 8);
	assert_int_equal(traces.open, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_ends_where_it_waits_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
