// test_feed.c - ctrl's socket to the courier, against a courier made by hand: hello, refusals, batches, other callers.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include "ctrl/feed/feed.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/plane/build.h"
#include "tests/unit/ctrl_stand.h"

#define PATIENCE_NS 10000000000ull

static struct ctrl_stand stand;
static struct feed *feed, *feed_next; // of nests 0 and 1
static struct feed_needs needs;
static struct feed_word word;
static uint64_t used;
static struct hearing_progress progress;

static void on_usage(void *with, const struct feed_usage *usage)
{
	used += usage->count.uplink_bytes;
}

static void on_gauge(void *with, const struct feed_gauge *gauge)
{
	used += gauge->downlink_bytes;
}

static void serve(void)
{
	feed_serve(feed);
	feed_serve(feed_next);
}

static int setup(void **state)
{
	ctrl_stand_open(&stand);
	log_open("test", "none of it");
	snprintf(stand.conf.run_dir, sizeof(stand.conf.run_dir), "%s", stand.conf.store_dir);
	stand.conf.usage_interval_ms = 777;
	progress = (struct hearing_progress){ .taken = 1 }; // nothing is heard unasked
	needs = (struct feed_needs){ 1,           &stand.conf, &stand.truth.place, &stand.truth.grid,
				     &stand.push, on_usage,    on_gauge,           &progress,
				     NULL };
	assert_int_equal(feed_open(&needs, &feed_next), 0);
	needs.link = 0;
	assert_int_equal(feed_open(&needs, &feed), 0);
	return 0;
}

static int teardown(void **state)
{
	feed_close(feed);
	feed_close(feed_next);
	ctrl_stand_close(&stand);
	return 0;
}

static struct feed_hello *hello_fill(void)
{
	struct feed_hello *hello = &word.hello;

	memset(&word, 0, sizeof(word));
	word.kind = FEED_HELLO;
	hello->version = FEED_VERSION;
	strcpy(hello->build, plane_build);
	hello->slots = stand.truth.grid.slots;
	hello->slot_bits = stand.truth.grid.slot_bits;
	hello->foreign = stand.conf.foreign_slots;
	hello->rates = stand.conf.rates;
	hello->sheet = stand.conf.rules_bytes / 64;
	hello->gtpu_ipv4 = stand.conf.gtpu_address;
	hello->pools = stand.truth.place.pools;
	memcpy(hello->pool, stand.truth.place.pool, sizeof(hello->pool));
	return hello;
}

static nng_socket dial_nest(unsigned nest)
{
	nng_socket pair;
	char url[300];

	snprintf(url, sizeof(url), "ipc://%s/feed-%u.ipc", stand.conf.run_dir, nest);
	assert_int_equal(nng_pair0_open(&pair), 0);
	assert_int_equal(nng_dial(pair, url, NULL, NNG_FLAG_NONBLOCK), 0); // it comes when it is let in
	return pair;
}

static nng_socket dial(void)
{
	return dial_nest(0);
}

static void say(nng_socket pair)
{
	static uint8_t bytes[FEED_BYTES_MAX];
	int length = feed_encode(&word, bytes, sizeof(bytes));
	uint64_t begin = clock_ns();

	assert_true(length > 0);
	while (nng_send(pair, bytes, (size_t)length, NNG_FLAG_NONBLOCK) && clock_ns() - begin < PATIENCE_NS)
		serve();
}

// What ctrl says next; FEED_NONE: nothing for a while.
static enum feed_kind hear(nng_socket pair)
{
	uint64_t begin = clock_ns();
	const char *fault;
	nng_msg *message;

	word.kind = FEED_NONE;
	while (clock_ns() - begin < PATIENCE_NS) {
		serve();
		if (nng_recvmsg(pair, &message, NNG_FLAG_NONBLOCK)) {
			nanosleep(&(struct timespec){ 0, 100000 }, NULL);
			continue;
		}
		assert_int_equal(feed_decode(&word, nng_msg_body(message), nng_msg_len(message), &fault), 0);
		nng_msg_free(message);
		break;
	}
	return word.kind;
}

// What it has said, if anything.
static enum feed_kind hear_now(nng_socket pair)
{
	const char *fault;
	nng_msg *message;

	serve();
	if (nng_recvmsg(pair, &message, NNG_FLAG_NONBLOCK))
		return FEED_NONE;
	assert_int_equal(feed_decode(&word, nng_msg_body(message), nng_msg_len(message), &fault), 0);
	nng_msg_free(message);
	return word.kind;
}

static bool wait_connected(unsigned link, bool wanted)
{
	uint64_t begin = clock_ns();

	while (stand.push.connected[link] != wanted && clock_ns() - begin < PATIENCE_NS) {
		serve();
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	}
	return stand.push.connected[link] == wanted;
}

static bool wait_used(uint64_t wanted)
{
	uint64_t begin = clock_ns();

	while (used != wanted && clock_ns() - begin < PATIENCE_NS)
		serve();
	return used == wanted;
}

static void welcomes_and_sends(void **state)
{
	struct ctrl_session session;
	nng_socket pair = dial();

	ctrl_session_init(&session, 1);
	assert_int_equal(ctrl_stand_create(&stand, &session), 0);
	hello_fill();
	say(pair);
	assert_int_equal(hear(pair), FEED_WELCOME);
	assert_int_equal(word.welcome.usage_interval_ms, 777);
	assert_true(word.welcome.epoch == stand.push.epoch);
	feed_pump(feed);
	assert_int_equal(hear(pair), FEED_BATCH);
	assert_int_equal(word.batch.count, 1);
	assert_int_equal(word.batch.change[0].verb, CHANGE_SET);
	word.kind = FEED_USAGE;
	word.usages = (struct feed_usages){ .number = 1,
					    .count = 1,
					    .usage = { { .teid = 5, .count = { .uplink_bytes = 99 } } } };
	say(pair);
	ctrl_session_init(&session, 2);
	assert_int_equal(ctrl_stand_create(&stand, &session), 0);
	feed_pump(feed);
	assert_int_equal(hear(pair), FEED_BATCH);
	assert_true(wait_used(99));
	nng_close(pair);
	assert_true(wait_connected(0, false));
}

static void usage_say(nng_socket pair, uint64_t number)
{
	word.kind = FEED_USAGE;
	word.usages = (struct feed_usages){ .number = number, .count = 1, .usage = { { .teid = 5, .count = { 1 } } } };
	say(pair);
}

static void heard_is_told_once_it_is_durable(void **state)
{
	nng_socket pair = dial();

	hello_fill();
	say(pair);
	assert_int_equal(hear(pair), FEED_WELCOME);
	progress.taken = 3; // of another link's
	for (uint64_t number = 1; number <= 2; number++) {
		usage_say(pair, number);
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
		serve();
	}
	for (unsigned i = 0; i < 20; i++) {
		feed_pump(feed);
		assert_int_equal(hear_now(pair), FEED_NONE);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	progress.durable = 3;
	for (unsigned i = 0; i < 10000 && (hear_now(pair) != FEED_HEARD || word.heard.number < 2); i++) {
		feed_pump(feed);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	assert_int_equal(word.kind, FEED_HEARD);
	assert_int_equal(word.heard.number, 2);
	nng_close(pair);
	assert_true(wait_connected(0, false));
}

static void on_end(nng_pipe pipe, nng_pipe_ev event, void *with)
{
	atomic_store((atomic_bool *)with, true);
}

// The courier dials again at once, so ctrl itself may hardly notice that it was gone.
static void a_lost_message_ends_the_connection(void **state)
{
	static atomic_bool ended;
	uint64_t begin = clock_ns();
	nng_socket pair = dial();

	hello_fill();
	say(pair);
	assert_int_equal(hear(pair), FEED_WELCOME);
	nng_pipe_notify(pair, NNG_PIPE_EV_REM_POST, on_end, &ended);
	usage_say(pair, 1);
	usage_say(pair, 3);
	while (!atomic_load(&ended) && clock_ns() - begin < PATIENCE_NS)
		serve();
	assert_true(atomic_load(&ended));
	nng_close(pair);
}

// A second caller waits at the door, and does not end the conversation with the first.
static void others_do_not_disturb(void **state)
{
	nng_socket pair = dial(), second;
	struct ctrl_session session;
	char url[300];

	hello_fill();
	say(pair);
	assert_int_equal(hear(pair), FEED_WELCOME);
	snprintf(url, sizeof(url), "ipc://%s/feed-0.ipc", stand.conf.run_dir);
	assert_int_equal(nng_pair0_open(&second), 0);
	nng_dial(second, url, NULL, NNG_FLAG_NONBLOCK);
	for (unsigned i = 0; i < 200; i++) {
		serve();
		assert_true(stand.push.connected[0]);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	nng_close(second);
	ctrl_session_init(&session, 1);
	assert_int_equal(ctrl_stand_create(&stand, &session), 0);
	feed_pump(feed);
	assert_int_equal(hear(pair), FEED_BATCH);
	assert_true(stand.push.connected[0]);
	nng_close(pair);
}

static void refuses_strangers(void **state)
{
	struct feed_refuse refuse;
	struct feed_hello *hello = hello_fill();
	nng_socket pair;

	assert_null(feed_judge(&needs, hello, &refuse));
#define TRY(change, words) \
	do { \
		hello = hello_fill(); \
		change; \
		assert_non_null(feed_judge(&needs, hello, &refuse)); \
		assert_non_null(strstr(refuse.reason, words)); \
	} while (0)
	TRY(hello->version++, "version");
	TRY(hello->nest++, "nest");
	TRY(hello->slots++, "slots");
	TRY(hello->slot_bits++, "slots");
	TRY(hello->foreign++, "foreign");
	TRY(hello->rates++, "rates");
	TRY(hello->sheet = 1, "rules_bytes");
	TRY(hello->gtpu_ipv4++, "gtpu_address");
	TRY(hello->pools--, "pools");
	TRY(hello->pool[1].ipv6 += 1ull << 32, "pools");
#undef TRY
	pair = dial();
	hello = hello_fill();
	hello->slots++;
	say(pair);
	assert_int_equal(hear(pair), FEED_REFUSE);
	assert_non_null(strstr(word.refuse.reason, "slots"));
	assert_false(stand.push.connected[0]);
	nng_send(pair, "\xff\xff\xff", 3, 0); // not a word at all
	hello_fill();
	say(pair);
	assert_int_equal(hear(pair), FEED_WELCOME);
	nng_close(pair);
}

// Two builds side by side: each courier hears of the shards that it says its workers hold, and of no others.
static void each_nest_has_its_own(void **state)
{
	struct ctrl_session session;
	nng_socket home = dial(), guest = dial_nest(1);
	struct feed_hello *hello;

	hello = hello_fill();
	for (unsigned i = 0; i < SHARDS; i++)
		hello->stand[i].seat = i % 2 ? PLANE_SEAT_NONE : 3;
	say(home);
	assert_int_equal(hear(home), FEED_WELCOME);
	hello = hello_fill();
	hello->nest = 1;
	strcpy(hello->build, "another one");
	for (unsigned i = 0; i < SHARDS; i++)
		hello->stand[i].seat = i % 2 ? 4 : PLANE_SEAT_NONE;
	say(guest);
	assert_int_equal(hear(guest), FEED_WELCOME);
	for (unsigned i = 0; i < 8; i++) {
		nng_socket pair;

		ctrl_session_init(&session, i);
		assert_int_equal(ctrl_stand_create(&stand, &session), 0);
		pair = stand.answer->session->session->shard % 2 ? guest : home;
		feed_pump(feed);
		feed_pump(feed_next);
		assert_int_equal(hear(pair), FEED_BATCH);
		assert_int_equal(word.batch.count, 1);
		assert_int_equal(word.batch.change[0].shard, stand.answer->session->session->shard);
	}
	nng_close(guest);
	assert_true(wait_connected(1, false));
	assert_true(stand.push.connected[0]);
	nng_close(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(welcomes_and_sends, setup, teardown),
		cmocka_unit_test_setup_teardown(heard_is_told_once_it_is_durable, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_message_ends_the_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(others_do_not_disturb, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(each_nest_has_its_own, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
