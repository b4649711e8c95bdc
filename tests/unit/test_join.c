// test_join.c - fragments in any order come to their packet, and to nothing else: overlaps, contradictions, floods, senders that fall
// silent. What primary/loop/cut.c cuts is put together here, byte for byte.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/loop/cut.h"
#include "primary/loop/loop.h"
#include "shared/plane/verdict.h"
#include "tests/unit/fragments.h"

static void pieces_in_any_order(void **state)
{
	for (unsigned n = 0; n < 20000; n++) {
		unsigned family = n & 1 ? 4 : 6, pieces;

		fragments_packet(family, 400 + (unsigned)rand() % 1600);
		pieces = fragments_cut(8 * (1 + (unsigned)rand() % 60));
		fragments_shuffle(pieces);
		for (unsigned i = 0; i + 1 < pieces; i++)
			fragments_give(i, i ? VERDICT_JOINED : VERDICT_FORWARD);
		assert_true(pieces == 1 || !fragments.fate.whole);
		fragments_give(pieces - 1, pieces > 1 ? VERDICT_JOINED : VERDICT_FORWARD);
		fragments_whole();
		assert_int_equal(fragments.join.total, 0);
	}
}

static void twice_is_once(void **state)
{
	fragments_packet(4, 1000);
	fragments_cut(400);
	fragments_give(1, VERDICT_FORWARD);
	fragments_give(1, VERDICT_FRAGMENT);
	fragments_give(0, VERDICT_JOINED);
	fragments_give(2, VERDICT_JOINED);
	fragments_whole();
}

// RFC 5722: nothing of it is believed any more.
static void what_overlaps_takes_all_along(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		fragments_packet(family, 1000);
		fragments_cut(400);
		fragments_give(0, VERDICT_FORWARD);
		fragments_set(1, 392, true, 400);
		fragments_give(1, VERDICT_FRAGMENT_BAD);
		assert_int_equal(fragments.fate.refused, fragments.piece[0].room);
		assert_int_equal(fragments.join.total, 0);
		fragments_give(2, VERDICT_FORWARD); // waits in vain
		fragments_time_passes(1);
	}
}

static void ends_that_do_not_agree(void **state)
{
	fragments_packet(4, 1000);
	fragments_cut(400);
	fragments_give(2, VERDICT_FORWARD); // the end is at 980
	fragments_set(1, 800, false, 200);  // another one
	fragments_give(1, VERDICT_FRAGMENT_BAD);
	fragments_cut(400);
	fragments_give(2, VERDICT_FORWARD);
	fragments_set(1, 976, true, 8); // more behind the end
	fragments_give(1, VERDICT_FRAGMENT_BAD);
	fragments_cut(400);
	fragments_give(1, VERDICT_FORWARD);
	fragments_set(0, 0, false, 8); // an end before what is there
	fragments_give(0, VERDICT_FRAGMENT_BAD);
	assert_int_equal(fragments.join.total, 0);
}

static void what_can_be_no_piece(void **state)
{
	fragments_packet(4, 1000);
	fragments_cut(400);
	fragments_set(0, 0, true, 396); // not of eights
	fragments_give(0, VERDICT_FRAGMENT_BAD);
	fragments_set(0, 0, true, 0);
	fragments_give(0, VERDICT_FRAGMENT_BAD);
	fragments_set(0, JOIN_MOST - 392, false, 393);
	fragments_give(0, VERDICT_FRAGMENT_FULL);
	fragments_set(0, 65528, false, 8);
	fragments_give(0, VERDICT_FRAGMENT_FULL);
	fragments_packet(4, 1000);
	fragments_cut(400);
	fragments_room(1)[9] = IP_TCP;
	fragments_sum(1);
	fragments_give(1, VERDICT_FRAGMENT_BAD);
	fragments_room(2)[10] ^= 1;
	fragments_give(2, VERDICT_BAD_IP);
	fragments.piece[0].length = 19;
	fragments_give(0, VERDICT_SHORT);
	fragments_packet(6, 1000);
	fragments_cut(400);
	be16_put(fragments_room(0) + 4, 7);
	fragments_give(0, VERDICT_SHORT);
	assert_int_equal(fragments.join.total, 0);
}

static void congestion_is_told(void **state)
{
	for (unsigned family = 4; family <= 6; family += 2)
		for (unsigned others = 0; others < 4; others++) {
			fragments_packet(family, 1000);
			fragments_cut(600);
			fragments_mark(0, others);
			fragments_mark(1, 3);
			fragments_give(0, VERDICT_FORWARD);
			fragments_give(1, VERDICT_JOINED);
			assert_int_equal(fragments.fate.whole, others != 0);
			assert_int_equal(fragments.fate.refused, others ? JOIN_NO_ROOM : fragments.piece[0].room);
			if (others)
				assert_int_equal(fragments_marked(), 3);
		}
}

static void the_rest_comes_too_late(void **state)
{
	fragments_packet(4, 1000);
	fragments_cut(600);
	fragments_give(0, VERDICT_FORWARD);
	fragments.now_ns += JOIN_NS - 1;
	fragments_time_passes(0);
	fragments.now_ns += 1;
	fragments_time_passes(1);
	fragments_give(1, VERDICT_FORWARD); // begins anew
	fragments.now_ns += JOIN_NS;
	fragments_time_passes(1);
	assert_int_equal(fragments.join.total, 0);
}

// One sender leaves half of the places to others, whatever identifications it makes up.
static void a_flood_leaves_places(void **state)
{
	unsigned kept = 0;

	for (unsigned id = 0; id < 10 * FRAGMENTS_PLACES; id++) {
		fragments_packet(4, 200);
		fragments_cut(96);
		be16_put(fragments_room(0) + 4, (uint16_t)id);
		fragments_sum(0);
		fragments_give_any(0);
		kept += fragments.fate.verdict == VERDICT_FORWARD;
		assert_true(fragments.fate.verdict == VERDICT_FORWARD ||
			    fragments.fate.verdict == VERDICT_FRAGMENT_FULL);
	}
	assert_int_equal(kept, FRAGMENTS_PLACES / 2);
	kept = 0;
	for (unsigned source = 1; source < 200; source++) {
		fragments_packet(4, 200);
		fragments_cut(96);
		be32_put(fragments_room(0) + 12, 0x0a000000 + source);
		fragments_sum(0);
		fragments_give_any(0);
		kept += fragments.fate.verdict == VERDICT_FORWARD;
	}
	assert_int_equal(kept, FRAGMENTS_PLACES / 2); // and then all are taken
	fragments.now_ns += JOIN_NS;
	fragments_time_passes(FRAGMENTS_PLACES);
}

// The room that is cut, and what was sent of it.
static void what_is_cut_can_be_joined(void **state)
{
	for (unsigned n = 0; n < 20000; n++) {
		unsigned family = n & 1 ? 4 : 6, mtu = 1280 + (unsigned)rand() % 200,
			 length = mtu + 1 + (unsigned)rand() % 500;

		fragments_packet(family, length);
		fragments_cut_by_us(LANE_SIDE_ACCESS, mtu);
		assert_int_equal(fragments.pieces, 2);
		for (unsigned i = 0; i < 2; i++)
			assert_in_range(fragments.piece[i].length, 21, mtu);
		if (n & 2)
			fragments_shuffle(2);
		fragments_give(0, VERDICT_FORWARD);
		fragments_give(1, VERDICT_JOINED);
		fragments_whole();
	}
}

static void only_what_may_be_cut_is(void **state)
{
	fragments_packet(4, 1500);
	assert_false(fragments_cut_by_us(LANE_SIDE_CORE, 1400)); // DF
	be16_put(fragments.packet + 6, 0);
	fragments_resum();
	assert_true(fragments_cut_by_us(LANE_SIDE_CORE, 1400));
	assert_int_equal(be16_get(fragments_room(0) + 4), be16_get(fragments.packet + 4)); // its sender's
	assert_int_equal(be16_get(fragments_room(0) + 6), 0x2000);
	assert_int_equal(be16_get(fragments_room(1) + 6), 1376 / 8);
	be16_put(fragments.packet + 6, 0x2001); // a piece already
	fragments_resum();
	assert_true(fragments_cut_by_us(LANE_SIDE_CORE, 1400));
	assert_int_equal(be16_get(fragments_room(0) + 6), 0x2001);
	assert_int_equal(be16_get(fragments_room(1) + 6), 0x2001 + 1376 / 8);
	fragments_packet(6, 1500);
	assert_false(fragments_cut_by_us(LANE_SIDE_CORE, 1400));
}

static void without_rooms_nothing_leaves(void **state)
{
	fragments_packet(4, 1500);
	fragments.no_rooms = true;
	assert_true(fragments_cut_by_us(LANE_SIDE_ACCESS, 1400));
	assert_int_equal(fragments.pieces, 0);
	assert_int_equal(fragments.ended, VERDICT_NO_ROOM);
	fragments.no_rooms = false;
	fragments.send_verdict = VERDICT_NEIGHBOUR_FULL;
	assert_true(fragments_cut_by_us(LANE_SIDE_ACCESS, 1400));
	assert_int_equal(fragments.ended, VERDICT_NEIGHBOUR_FULL);
	assert_int_equal(fragments.freed, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fragments_open, fragments_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(pieces_in_any_order),           CASE(twice_is_once),
		CASE(what_overlaps_takes_all_along), CASE(ends_that_do_not_agree),
		CASE(what_can_be_no_piece),          CASE(congestion_is_told),
		CASE(the_rest_comes_too_late),       CASE(a_flood_leaves_places),
		CASE(what_is_cut_can_be_joined),     CASE(only_what_may_be_cut_is),
		CASE(without_rooms_nothing_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
