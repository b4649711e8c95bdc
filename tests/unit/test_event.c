// test_event.c - events at the doors: NNG subscribers hear them, deaf ones cost little, and each door serves what it is for.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include "ctrl/door/caller.h"
#include "ctrl/door/oss.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define PATIENCE_NS 10000000000ull

static const char subscriber[] = "\0SP\0\0\x21\0\0"; // its greeting

static struct conf conf;
static struct oss *oss;
static struct refusals refusals;
static char folder[32];

// Serves until `done` holds; false: it never did.
static bool serve_until(bool (*done)(void *with), void *with)
{
	uint64_t begin = clock_ns();

	while (!done(with)) {
		oss_serve(oss);
		if (clock_ns() - begin > PATIENCE_NS)
			return false;
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	}
	return true;
}

static int setup(void **state)
{
	log_open("test", "error");
	snprintf(folder, sizeof(folder), "/tmp/test-event.XXXXXX");
	assert_non_null(mkdtemp(folder));
	conf = (struct conf){ .oss_urls = 1 };
	snprintf(conf.oss_url[0], sizeof(conf.oss_url[0]), "ipc://%s/oss", folder);
	snprintf(conf.event_url, sizeof(conf.event_url), "ipc://%s/events", folder);
	refusals = (struct refusals){ 0 };
	assert_int_equal(oss_open(&(struct oss_needs){ .conf = &conf, .refusals = &refusals }, &oss), 0);
	return 0;
}

static int teardown(void **state)
{
	oss_close(oss);
	return rmdir(folder);
}

static int connect_raw(const char *url)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, url + 6);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

struct peer {
	int fd;
	char bytes[256];
};

static bool is_closed(void *with)
{
	struct peer *peer = with;
	ssize_t got;

	while ((got = recv(peer->fd, peer->bytes, sizeof(peer->bytes), MSG_DONTWAIT)) > 0)
		;
	return !got || errno == ECONNRESET;
}

static bool is_heard(void *with)
{
	return oss_heard(oss);
}

struct hearing {
	nng_socket sub;
	nng_msg *message;
};

static bool has_heard(void *with)
{
	struct hearing *hearing = with;

	return !nng_recvmsg(hearing->sub, &hearing->message, NNG_FLAG_NONBLOCK);
}

static void events_reach_nng_subscribers(void **state)
{
	struct hearing hearing;

	assert_int_equal(nng_sub0_open(&hearing.sub), 0);
	assert_int_equal(nng_socket_set(hearing.sub, NNG_OPT_SUB_SUBSCRIBE, "shoal.", 6), 0);
	assert_int_equal(nng_dial(hearing.sub, conf.event_url, NULL, NNG_FLAG_NONBLOCK), 0);
	assert_true(serve_until(is_heard, NULL));
	for (unsigned i = 0; i < 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "shoal.%u", i);
		oss_publish(oss, text, strlen(text));
		assert_true(serve_until(has_heard, &hearing));
		assert_int_equal(nng_msg_len(hearing.message), strlen(text));
		assert_memory_equal(nng_msg_body(hearing.message), text, strlen(text));
		nng_msg_free(hearing.message);
	}
	nng_close(hearing.sub);
}

// Who never reads costs at most so many events; then it misses some, and nobody else does.
static void a_deaf_subscriber_costs_little(void **state)
{
	static const char text[1000] = "shoal.";
	struct peer deaf = { .fd = connect_raw(conf.event_url) };

	assert_int_equal(send(deaf.fd, subscriber, 8, 0), 8);
	assert_true(serve_until(is_heard, NULL));
	for (unsigned i = 0; i < 20000; i++) {
		oss_publish(oss, text, sizeof(text));
		oss_serve(oss);
	}
	assert_in_range(refusals.count[REFUSAL_DEAF], 20000 - CALLER_EVENTS_MAX,
			20000 - CALLER_ANSWERS_MAX / sizeof(text));
	assert_int_equal(recv(deaf.fd, deaf.bytes, 8, MSG_WAITALL), 8);
	assert_memory_equal(deaf.bytes, "\0SP\0\0\x20\0\0", 8);
	close(deaf.fd);
	oss_serve(oss);
	assert_false(oss_heard(oss));
}

// Each door serves what it is for, and a subscriber has nothing to say.
static void the_wrong_greeting_is_refused(void **state)
{
	struct peer peer = { .fd = connect_raw(conf.event_url) };

	assert_int_equal(send(peer.fd, "\0SP\0\0\x30\0\0", 8, 0), 8);
	assert_true(serve_until(is_closed, &peer));
	close(peer.fd);
	peer.fd = connect_raw(conf.oss_url[0]);
	assert_int_equal(send(peer.fd, subscriber, 8, 0), 8);
	assert_true(serve_until(is_closed, &peer));
	close(peer.fd);
	assert_int_equal(refusals.count[REFUSAL_NONSENSE], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_reach_nng_subscribers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deaf_subscriber_costs_little, setup, teardown),
		cmocka_unit_test_setup_teardown(the_wrong_greeting_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
