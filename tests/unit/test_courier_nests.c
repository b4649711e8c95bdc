// test_courier_nests.c - two couriers over one plane, one a nest: each has its own seats, and the shards that are there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "tests/unit/fake_plane.h"
#include "workers/courier/courier_parts.h"
#include "workers/loop/loop.h"

#define WAIT_NS 20000000000u
#define SEATS 3u // seats 0 and 2 are nest 0's, seat 1 is nest 1's

static struct plane_view view;
static char folder[64];
static struct loop loops[SEATS];
static struct {
	struct kit kit;
	struct courier courier;
	nng_socket ctrl;
	uint64_t acked[SHARDS];
	unsigned hellos, gaps[SHARDS], refusals, usages;
	struct feed_stand stand[SHARDS];
	struct feed_usage usage;
} nest[PLANE_NESTS];
static struct feed_word word;

static void ctrl_open(unsigned n)
{
	char url[128];

	snprintf(url, sizeof(url), "ipc://%s/" FEED_SOCKET, folder, n);
	assert_int_equal(nng_pair0_open(&nest[n].ctrl), 0);
	assert_int_equal(nng_listen(nest[n].ctrl, url, NULL, 0), 0);
}

static void ctrl_say(unsigned n)
{
	static uint8_t bytes[FEED_BYTES_MAX];
	int length = feed_encode(&word, bytes, sizeof(bytes));

	assert_true(length > 0);
	assert_int_equal(nng_send(nest[n].ctrl, bytes, (size_t)length, 0), 0);
}

static void reports_hear(unsigned n, const struct feed_reports *reports)
{
	for (uint32_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->report[i];

		nest[n].gaps[report->shard] += report->kind == REPORT_GAP;
		nest[n].refusals += report->kind == REPORT_REFUSED;
		if (report->kind == REPORT_ACK)
			nest[n].acked[report->shard] = report->seq;
	}
}

static void ctrl_hear(unsigned n)
{
	static struct feed_word heard;
	const char *fault = NULL;
	nng_msg *message;

	while (!nng_recvmsg(nest[n].ctrl, &message, NNG_FLAG_NONBLOCK)) {
		assert_int_equal(feed_decode(&heard, nng_msg_body(message), nng_msg_len(message), &fault), 0);
		nng_msg_free(message);
		nest[n].hellos += heard.kind == FEED_HELLO;
		if (heard.kind == FEED_HELLO)
			memcpy(nest[n].stand, heard.hello.stand, sizeof(nest[n].stand));
		if (heard.kind == FEED_REPORTS)
			reports_hear(n, &heard.reports);
		if (heard.kind == FEED_USAGE && heard.usages.count)
			nest[n].usage = heard.usages.usage[0];
		if (heard.kind == FEED_USAGE)
			nest[n].usages += heard.usages.count;
	}
}

static void turn(void)
{
	for (unsigned seat = 0; seat < SEATS; seat++)
		loop_turn(&loops[seat]);
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		courier_turn(&nest[n].courier);
		ctrl_hear(n);
	}
}

static void turns(unsigned times)
{
	while (times--)
		turn();
}

#define UNTIL(condition) \
	do { \
		uint64_t end = clock_ns() + WAIT_NS; \
		while (!(condition) && clock_ns() < end) \
			turn(); \
		assert_true(condition); \
	} while (0)

// The other courier sleeps meanwhile.
#define UNTIL_WITHOUT(n, condition) \
	do { \
		uint64_t end = clock_ns() + WAIT_NS; \
		while (!(condition) && clock_ns() < end) { \
			loop_turn(&loops[2]); \
			courier_turn(&nest[!(n)].courier); \
			ctrl_hear(!(n)); \
		} \
		assert_true(condition); \
	} while (0)

static void own(unsigned seat, uint8_t shard)
{
	for (unsigned other = 0; other < SEATS; other++)
		tenure_give(&loops[other].tenure, shard, false);
	tenure_take(&loops[seat].tenure, shard, false);
	atomic_store(&view.plane->owner[shard], (uint8_t)seat);
}

// ctrl n sends a SET of one cell, as change `seq` of the shard.
static void say_set(unsigned n, uint8_t shard, uint64_t seq)
{
	struct change *change = &word.batch.change[0];

	word.kind = FEED_BATCH;
	word.batch.epoch = 3;
	word.batch.count = 1;
	*change = (struct change){ .epoch = 3, .prev = seq - 1, .seq = seq, .slot = (uint32_t)seq, .shard = shard };
	change->verb = CHANGE_SET;
	change->bearer = fake_bearer(&view, shard, (uint32_t)seq);
	ctrl_say(n);
}

static int make(void **state)
{
	static const struct loop_wires no_wires = { -1, -1, -1, -1 };

	memset(nest, 0, sizeof(nest));
	strcpy(folder, "/tmp/couriers.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	fake_plane_make(&view);
	memset((void *)view.plane->nest, PLANE_NEST_NONE, sizeof(view.plane->nest));
	for (unsigned seat = 0; seat < SEATS; seat++)
		loop_open(&loops[seat], &view, seat, &no_wires);
	for (unsigned seat = 0; seat < SEATS; seat++) {
		atomic_store(&view.plane->nest[seat], seat % 2);
		own(seat, (uint8_t)(10 + seat));
	}
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		nest[n].kit = (struct kit){ .view = view, .nest = n };
		for (unsigned i = 0; i < NEST_BELLS; i++)
			nest[n].kit.bell[i] = bell_make();
		ctrl_open(n);
		if (courier_open(&nest[n].courier, &nest[n].kit, folder))
			return -1;
	}
	return 0;
}

static int destroy(void **state)
{
	char path[128];

	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		courier_close(&nest[n].courier);
		nng_close(nest[n].ctrl);
		for (unsigned i = 0; i < NEST_BELLS; i++)
			close(nest[n].kit.bell[i]);
		snprintf(path, sizeof(path), "%s/" FEED_SOCKET, folder, n);
		unlink(path);
	}
	fake_plane_free(&view);
	return rmdir(folder);
}

static void welcome(void)
{
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		UNTIL(nest[n].hellos == 1);
		word.kind = FEED_WELCOME;
		word.welcome = (struct feed_welcome){ 3, 10 };
		ctrl_say(n);
		UNTIL(nest[n].courier.welcomed);
	}
}

static void each_speaks_for_its_own_shards(void **state)
{
	welcome();
	assert_int_equal(nest[0].stand[10].seat, 0);
	assert_int_equal(nest[0].stand[11].seat, PLANE_SEAT_NONE);
	assert_int_equal(nest[0].stand[12].seat, 2);
	assert_int_equal(nest[1].stand[10].seat, PLANE_SEAT_NONE);
	assert_int_equal(nest[1].stand[11].seat, 1);
	assert_int_equal(nest[1].stand[20].seat, PLANE_SEAT_NONE); // nobody's
	say_set(0, 10, 1);
	say_set(1, 11, 1);
	UNTIL(nest[0].acked[10] == 1 && nest[1].acked[11] == 1);
	assert_int_equal(nest[0].acked[11] + nest[1].acked[10], 0);
	view.shards[10].uplink[1].packets = 9;
	view.shards[11].uplink[1].packets = 8;
	UNTIL(nest[0].usages && nest[1].usages);
	turns(1000);
	assert_int_equal(nest[0].usages + nest[1].usages, 2);
	assert_int_equal(nest[0].usage.count.uplink_packets, 9);
	assert_int_equal(nest[1].usage.count.uplink_packets, 8);
}

static void what_comes_to_the_wrong_courier_is_dropped(void **state)
{
	uint32_t head = ring_resume(&view.seats[1].courier->change_head);

	welcome();
	say_set(0, 11, 1);
	say_set(0, 10, 1);
	UNTIL(nest[0].acked[10] == 1);
	turns(100);
	assert_int_equal(pending_count(nest[0].courier.pending), 0);
	assert_int_equal(ring_resume(&view.seats[1].courier->change_head), head);
	assert_int_equal(nest[0].gaps[11] + nest[0].refusals, 0);
	say_set(1, 11, 1);
	UNTIL(nest[1].acked[11] == 1);
}

// The one it leaves says nothing, the one it comes to says where it stands.
static void a_shard_goes_to_the_other_nest_and_comes_back(void **state)
{
	welcome();
	say_set(0, 10, 1);
	UNTIL(nest[0].acked[10] == 1);
	view.shards[10].uplink[1].packets = 9;
	own(1, 10);
	UNTIL(nest[1].gaps[10] == 1);
	say_set(1, 10, 2);
	UNTIL(nest[1].acked[10] == 2);
	assert_int_equal(nest[0].gaps[10], 0);
	UNTIL(nest[0].usage.count.uplink_packets == 9); // what it counted there is told
	own(2, 10);
	UNTIL(nest[0].gaps[10] == 1);
	say_set(0, 10, 3);
	UNTIL(nest[0].acked[10] == 3);
	assert_int_equal(nest[1].gaps[10], 1);
}

static void what_waits_for_a_shard_that_leaves_is_dropped(void **state)
{
	welcome();
	tenure_give(&loops[0].tenure, 10, false); // on its way
	say_set(0, 10, 1);
	UNTIL(pending_count(nest[0].courier.pending) == 1);
	own(1, 10);
	UNTIL(nest[1].gaps[10] == 1);
	assert_int_equal(pending_count(nest[0].courier.pending), 0);
	assert_int_equal(nest[0].gaps[10], 0);
	assert_int_equal(loops[1].apply.applied, 0);
}

// Courier 0 sleeps while the shard is away: its owner is the same as before, and yet ctrl must hear of it.
static void forth_and_back_is_not_missed(void **state)
{
	welcome();
	own(1, 10);
	own(0, 10);
	UNTIL(nest[0].gaps[10] == 1);
	turns(100);
	assert_int_equal(nest[0].gaps[10], 1);
	assert_int_equal(nest[1].gaps[10], 0);
}

// Its rings have gone on under the other courier.
static void a_seat_goes_to_the_other_nest_and_comes_back(void **state)
{
	welcome();
	for (uint64_t seq = 1; seq < 6; seq++) {
		say_set(0, 12, seq);
		UNTIL(nest[0].acked[12] == seq);
	}
	for (unsigned n = 1; n < 4; n++) {
		uint8_t to = n % 2;

		UNTIL(ring_resume(&view.seats[2].courier->report_tail) ==
		      ring_resume(&view.seats[2].worker->report_head));
		atomic_store(&view.plane->nest[2], to);
		own(2, (uint8_t)(20 + n));
		UNTIL(nest[to].gaps[20 + n] == 1);
		for (uint64_t seq = 1; seq < 6; seq++) {
			say_set(to, (uint8_t)(20 + n), seq);
			UNTIL(nest[to].acked[20 + n] == seq);
		}
	}
}

// The same, so quickly that courier 0 sees nothing of it but the indices.
static void a_seat_that_was_away_unseen_goes_on_where_its_rings_stand(void **state)
{
	welcome();
	say_set(0, 12, 1);
	UNTIL(nest[0].acked[12] == 1);
	UNTIL(ring_resume(&view.seats[2].courier->report_tail) == ring_resume(&view.seats[2].worker->report_head));
	atomic_store(&view.plane->nest[2], 1);
	UNTIL_WITHOUT(0, nest[1].gaps[12] == 1);
	say_set(1, 12, 2);
	UNTIL_WITHOUT(0, nest[1].acked[12] == 2);
	atomic_store(&view.plane->nest[2], 0);
	say_set(0, 12, 3);
	UNTIL(nest[0].acked[12] == 3);
	assert_int_equal(loops[2].apply.applied, 3);
	assert_int_equal(nest[0].gaps[12], 0);
}

static void an_unknown_verb_is_refused(void **state)
{
	welcome();
	word.kind = FEED_BATCH;
	word.batch.epoch = 3;
	word.batch.count = 1;
	word.batch.change[0] = (struct change){ .epoch = 3, .seq = 1, .shard = 10, .verb = CHANGE_VERBS + 9 };
	ctrl_say(0);
	UNTIL(nest[0].refusals == 1);
	say_set(0, 10, 1);
	UNTIL(nest[0].acked[10] == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_speaks_for_its_own_shards),
		TEST(what_comes_to_the_wrong_courier_is_dropped),
		TEST(a_shard_goes_to_the_other_nest_and_comes_back),
		TEST(what_waits_for_a_shard_that_leaves_is_dropped),
		TEST(forth_and_back_is_not_missed),
		TEST(a_seat_goes_to_the_other_nest_and_comes_back),
		TEST(a_seat_that_was_away_unseen_goes_on_where_its_rings_stand),
		TEST(an_unknown_verb_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
