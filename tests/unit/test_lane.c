// test_lane.c - the usual ones among what came back: those and no others that the book, one by one, says are so; and who is rung for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <poll.h>
#include <unistd.h>
#include "primary/lane/lane_back.h"
#include "shared/base/bell.h"

#define ROOMS 4096u

static struct lane lane;
static struct lane_back back;
static _Alignas(64) uint8_t pages[3 * PLANE_PAGE];
static uint8_t rooms_of[2];
static const struct rooms rooms = { { &rooms_of[0], &rooms_of[1] }, { ROOMS, ROOMS } };

static int setup(void **state)
{
	memset(pages, 0, sizeof(pages));
	lane_init(&lane, seat_at(pages), -1);
	return 0;
}

static struct lane_handle any_packet(void)
{
	return (struct lane_handle){ .room = (uint32_t)(rand() % ROOMS) | (rand() % 64 ? 0 : 1u << ROOM_ZONE_SHIFT),
				     .hint = (uint32_t)rand(),
				     .offset = 130,
				     .length = 100,
				     .code = LANE_UPLINK };
}

static void lend_some(void)
{
	for (unsigned n = 1 + (unsigned)rand() % 24; n > 0 && lane_space(&lane) > 0; n--) {
		struct lane_handle handle = any_packet();
		struct lane_words words;

		if (rand() % 32 == 0)
			handle.code = (uint8_t)(rand() % 2 ? LANE_CUT : LANE_UPLINK | LEASE_SUSPECT);
		else if (rand() % 32 == 0)
			handle.code = (uint8_t)(LANE_DOWNLINK + rand() % 4);
		words = lane_words(&handle);
		if (handle.code < LANE_CUT)
			lane_lend(&lane, &words);
		else
			lane_put_words(&lane, words);
	}
}

static void spoil(struct lane_handle *handle)
{
	switch (rand() % 8) {
	case 0:
		handle->room ^= 1u << rand() % 24;
		break;
	case 1:
		handle->turn ^= (uint16_t)(1u << rand() % 16);
		break;
	case 2:
		handle->port = (uint8_t)rand();
		break;
	case 3:
		handle->code = (uint8_t)rand();
		break;
	case 4:
		handle->offset = (uint16_t)(rand() % 2 ? 16 + rand() % 4 : rand());
		break;
	case 5:
		handle->length = (uint16_t)(rand() % 2 ? 18 + rand() % 4 : rand());
		break;
	case 6:
		handle->length = (uint16_t)(ROOM_STRIDE - handle->offset + rand() % 2);
		break;
	default:
		handle->hint = (uint32_t)rand();
	}
}

// What comes back as most do: in order, forwarded; now and then one is not as it should be, or there are more than were lent.
static void give_back(void)
{
	uint32_t due = lane.lease.due;

	back.n = (unsigned)rand() % (LANE_BURST + 1);
	for (unsigned i = 0; i < back.n; i++) {
		struct lane_handle *handle = &back.handle[i];

		*handle = lane.pages.primary->in[(due + i) % LANE_SLOTS];
		handle->port = (uint8_t)(LANE_SIDE_ACCESS + rand() % 2);
		handle->code = VERDICT_FORWARD;
		if (rand() % 20 == 0)
			spoil(handle);
	}
}

static bool is_usual(unsigned i, uint32_t due, uint32_t zone)
{
	const struct lane_handle *handle = &back.handle[i], *lent = lease_find(&lane.lease, handle);

	return lent && lent == &lane.lease.lent[due % LANE_SLOTS] && lent->turn == (uint16_t)due &&
	       !lease_fence(lent) && !(lent->code & LEASE_SUSPECT) && lent->room >> ROOM_ZONE_SHIFT == zone &&
	       handle->code == VERDICT_FORWARD && handle->port >= LANE_SIDE_ACCESS && handle->offset >= LANE_L2 &&
	       handle->length >= 20 && handle->offset + handle->length <= (int)ROOM_STRIDE;
}

static void look(unsigned first)
{
	uint32_t due = lane.lease.due, zone = lane.lease.lent[due % LANE_SLOTS].room >> ROOM_ZONE_SHIFT, usual;
	unsigned until;

	assert_int_equal(lane_usual_one(&lane, &rooms, &back, first), is_usual(first, due, zone));
	usual = lane_usual(&lane, &rooms, &back, first, &until);
	assert_true(until > first && until <= back.n);
	for (unsigned i = 0; i < LANE_BURST; i++) {
		const struct lane_handle *handle = &back.handle[i];

		assert_int_equal(usual >> i & 1, i >= first && i < until && is_usual(i, due + i - first, zone));
		if (usual >> i & 1)
			assert_ptr_equal(back.packet[i], room_at(&rooms, handle->room) + handle->offset);
	}
}

// Some come back out of their order, most one after the other; forged ones end nothing.
static void take(void)
{
	for (unsigned i = 0; i < back.n; i++) {
		const struct lane_handle *lent;

		look(i);
		lent = lease_find(&lane.lease, &back.handle[i]);
		if (lent == &lane.lease.lent[lane.lease.due % LANE_SLOTS] && rand() % 2)
			lease_end_oldest(&lane.lease, 1);
		else if (lent && rand() % 16)
			lease_end(&lane.lease, lent);
	}
}

static void usual_ones_are_what_the_book_says(void **state)
{
	srand(3);
	for (unsigned round = 0; round < 20000; round++) {
		lend_some();
		give_back();
		take();
		if (rand() % 500 == 0)
			lease_reset(&lane.lease);
	}
}

// Ended together as one by one, and what had come back before them goes along.
static void the_oldest_end_together(void **state)
{
	for (unsigned i = 0; i < 10; i++)
		lane_put(&lane, any_packet());
	lease_end(&lane.lease, &lane.lease.lent[4]);
	lease_end_oldest(&lane.lease, 4);
	assert_int_equal(lane.lease.due, 5);
	assert_int_equal(lane.lease.live, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_null(lease_find(&lane.lease, &lane.lease.lent[i]));
	assert_non_null(lease_find(&lane.lease, &lane.lease.lent[5]));
	lease_end_oldest(&lane.lease, 5);
	assert_int_equal(lane_space(&lane), LANE_SLOTS);
}

// A packet is lent in the book and in the ring alike, whichever way it is lent.
static void both_ways_to_lend_say_the_same(void **state)
{
	for (unsigned i = 0; i < 3 * LANE_SLOTS; i++) {
		struct lane_handle handle = any_packet();
		struct lane_words words = lane_words(&handle);
		uint32_t place = i % LANE_SLOTS;

		if (i % 2)
			lane_lend(&lane, &words);
		else
			lane_put(&lane, handle);
		handle.turn = (uint16_t)i;
		assert_memory_equal(&lane.lease.lent[place], &handle, sizeof(handle));
		assert_memory_equal(&lane.pages.primary->in[place], &handle, sizeof(handle));
		lease_end_oldest(&lane.lease, 1);
	}
}

static bool rung(void)
{
	struct pollfd wait = { .fd = lane.bell, .events = POLLIN };
	bool is = poll(&wait, 1, 0) == 1;

	bell_hush(lane.bell);
	return is;
}

// He is seen when the next turn pays what the burst was spared; what is paid is not paid twice.
static void who_dozes_off_over_a_burst_is_rung_for(void **state)
{
	_Atomic uint32_t *sleeping = &lane.pages.worker->sleeping;

	lane.bell = bell_make();
	lane_put(&lane, any_packet());
	lane_publish(&lane);
	assert_false(rung());
	bell_doze(sleeping);
	lane_publish(&lane);
	assert_true(rung());
	lane_publish(&lane);
	assert_false(rung());
	lane_put(&lane, any_packet());
	lane_publish(&lane);
	assert_true(rung()); // at once, so nothing is owed
	lane_publish(&lane);
	assert_false(rung());
	close(lane.bell);
}

// What is shown before the turn's end is part of the turn: he is not rung for it earlier, and nothing is owed for it twice.
static void what_is_shown_early_is_rung_for_at_the_end(void **state)
{
	_Atomic uint32_t *sleeping = &lane.pages.worker->sleeping;

	lane.bell = bell_make();
	lane_put(&lane, any_packet());
	lane_show(&lane);
	assert_int_equal(ring_ready(0, &lane.pages.primary->in_head, LANE_SLOTS), 1);
	lane_publish(&lane);
	assert_int_equal(lane.rung, 0);
	lane_publish(&lane); // a turn without a burst pays
	assert_int_equal(lane.rung, 1);
	assert_false(rung());
	bell_doze(sleeping);
	lane_put(&lane, any_packet());
	lane_show(&lane);
	assert_false(rung());
	lane_publish(&lane);
	assert_true(rung());
	lane_publish(&lane);
	assert_false(rung());
	close(lane.bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(usual_ones_are_what_the_book_says, setup),
		cmocka_unit_test_setup(the_oldest_end_together, setup),
		cmocka_unit_test_setup(both_ways_to_lend_say_the_same, setup),
		cmocka_unit_test_setup(who_dozes_off_over_a_burst_is_rung_for, setup),
		cmocka_unit_test_setup(what_is_shown_early_is_rung_for_at_the_end, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
