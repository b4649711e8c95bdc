// test_marker.c - an End Marker that goes on into several tunnels: one into each, in order. What leaves is played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/loop/loop.h"
#include "primary/loop/marker.h"
#include "shared/plane/lane_end.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/gtpu.h"

#define AT 214u

static uint8_t room[ROOM_STRIDE];
static struct plane_view view = { .rooms = { .base = { room }, .count = { 1 } } };
static struct loop loop = { .part = { .view = &view } };
static unsigned sent;
static struct lane_end went[LANE_ENDS];

void own_send(struct loop *at, struct own_peer peer, const uint8_t *message, unsigned bytes, uint8_t fate)
{
	assert_int_equal(bytes, MARKER_MESSAGE);
	assert_int_equal(fate, LOOP_MARKER);
	assert_int_equal(be32_get(message), 0x30u << 24 | GTPU_END_MARKER << 16);
	went[sent] = (struct lane_end){ .teid = be32_get(message + 4), .ipv4 = peer.ipv4, .tos = peer.tos };
	memcpy(went[sent++].ipv6, peer.ipv6, 16);
}

bool loop_tell(struct loop *at, struct post_word fact)
{
	return false;
}

static void one_goes_into_each(void **state)
{
	const struct lane_end ends[] = { { .teid = 7, .ipv4 = 0x0a000001, .tos = 0xb8 },
					 { .teid = 7, .ipv4 = 0x0a000002 },
					 { .teid = 8, .ipv6 = { 0x20, 1 } } };
	struct lane_handle back = { .offset = AT, .length = sizeof(ends) };

	memcpy(room + AT, ends, sizeof(ends));
	sent = 0;
	marker_relay(&loop, &back);
	assert_int_equal(sent, 3);
	assert_memory_equal(went, ends, sizeof(ends));
}

static void only_such_rows_are_believed(void **state)
{
	const struct lane_handle up = { .code = LANE_UPLINK }, down = { .code = LANE_DOWNLINK };
	struct lane_handle back = { .length = LANE_ENDS * sizeof(struct lane_end) };

	assert_true(marker_sound(&back, &up));
	assert_false(marker_sound(&back, &down));
	back.length++;
	assert_false(marker_sound(&back, &up));
	back.length = (LANE_ENDS + 1) * sizeof(struct lane_end);
	assert_false(marker_sound(&back, &up));
	back.length = sizeof(struct lane_end) - 1;
	assert_false(marker_sound(&back, &up));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_goes_into_each),
					    cmocka_unit_test(only_such_rows_are_believed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
