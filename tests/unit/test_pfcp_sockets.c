// test_pfcp_sockets.c - what is sent together arrives as it was given: each datagram for itself, in order, at the peer it is for; on the
// loopback of this machine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ctrl/pfcp/sockets.h"
#include "shared/base/conf.h"

#define PEERS 2u
#define LONG 1400u      // does not go with others
#define COUNT 75u       // of datagrams: more than a system call takes
#define OWN 0x7f425801u // 127.66.88.1

struct play {
	struct sockets sockets;
	uint64_t sent, unsent;
	int peer[PEERS];
	struct remote to[PEERS];
};

static int peer_open(struct remote *remote)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(OWN + 1) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*remote = (struct remote){ .family = 4, .port = ntohs(address.sin_port) };
	memcpy(remote->bytes, &address.sin_addr, 4);
	return fd;
}

static int open_all(void **state)
{
	static struct conf conf;
	struct play *play = calloc(1, sizeof(*play));
	uint32_t own = htonl(OWN);

	conf.pfcp_listens = 1;
	conf.pfcp_listen[0].family = 4;
	memcpy(conf.pfcp_listen[0].bytes, &own, sizeof(own));
	play->sockets.sent = &play->sent;
	play->sockets.unsent = &play->unsent;
	assert_int_equal(sockets_open(&play->sockets, &conf), 0);
	for (unsigned i = 0; i < PEERS; i++)
		play->peer[i] = peer_open(&play->to[i]);
	*state = play;
	return 0;
}

static int close_all(void **state)
{
	struct play *play = *state;

	for (unsigned i = 0; i < PEERS; i++)
		close(play->peer[i]);
	sockets_close(&play->sockets);
	free(play);
	return 0;
}

// Runs of one length, shorter and longer ones after them, empty and long ones in between.
static size_t length_of(unsigned i)
{
	static const size_t lengths[] = { 80, 80, 80, 60, 60, 90, 90, 90, 90, 0, 90, LONG, LONG, 1000, 1000, 1 };

	return lengths[i % (sizeof(lengths) / sizeof(*lengths))];
}

static unsigned peer_of(unsigned i)
{
	return i / 5 % PEERS;
}

static void fill(uint8_t *bytes, unsigned i)
{
	for (size_t at = 0; at < length_of(i); at++)
		bytes[at] = (uint8_t)(i * 7 + at);
}

static void all_send(struct play *play)
{
	uint8_t bytes[LONG];

	for (unsigned i = 0; i < COUNT; i++) {
		fill(bytes, i);
		sockets_send(&play->sockets, &play->to[peer_of(i)], bytes, length_of(i));
	}
	sockets_flush(&play->sockets);
}

static void all_come(const struct play *play)
{
	uint8_t bytes[2 * LONG], wanted[LONG];

	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(recv(play->peer[peer_of(i)], bytes, sizeof(bytes), 0), length_of(i));
		fill(wanted, i);
		assert_memory_equal(bytes, wanted, length_of(i));
	}
	for (unsigned i = 0; i < PEERS; i++)
		assert_int_equal(recv(play->peer[i], bytes, sizeof(bytes), 0), -1);
}

static void test_each_arrives_as_it_was_given(void **state)
{
	struct play *play = *state;

	all_send(play);
	all_come(play);
	assert_int_equal(play->sent, COUNT);
	assert_int_equal(play->unsent, 0);
	assert_false(play->sockets.alone[0]);
}

// The longest that go with others, as many as wait at most.
static void test_all_that_wait_may_be_one_message(void **state)
{
	struct play *play = *state;
	uint8_t bytes[LONG] = { 0 };
	const size_t length = 1000;

	for (unsigned i = 0; i < SOCKETS_TOGETHER; i++) {
		bytes[0] = (uint8_t)i;
		sockets_send(&play->sockets, &play->to[0], bytes, length);
	}
	sockets_flush(&play->sockets);
	for (unsigned i = 0; i < SOCKETS_TOGETHER; i++) {
		assert_int_equal(recv(play->peer[0], bytes, sizeof(bytes), 0), length);
		assert_int_equal(bytes[0], i);
	}
	assert_int_equal(play->sent, SOCKETS_TOGETHER);
	assert_false(play->sockets.alone[0]);
}

// The kernel cuts nothing that has no checksum.
static void test_where_nothing_can_be_cut_each_goes_alone(void **state)
{
	struct play *play = *state;
	const int yes = 1;

	assert_int_equal(setsockopt(play->sockets.fd[0], SOL_SOCKET, SO_NO_CHECK, &yes, sizeof(yes)), 0);
	all_send(play);
	all_come(play);
	assert_int_equal(play->sent, COUNT);
	assert_int_equal(play->unsent, 0);
	assert_true(play->sockets.alone[0]);
}

static void test_what_cannot_leave_is_counted_and_keeps_nobody(void **state)
{
	struct play *play = *state;
	struct remote nobody = { .family = 6, .socket = SOCKETS_MAX };
	struct remote broadcast = play->to[0];

	memset(broadcast.bytes, 0xff, 4); // forbidden
	sockets_send(&play->sockets, &nobody, (const uint8_t *)"no", 2);
	assert_int_equal(play->unsent, 1);
	for (unsigned i = 0; i < 3; i++)
		sockets_send(&play->sockets, &broadcast, (const uint8_t *)"no", 2);
	all_send(play);
	all_come(play);
	assert_int_equal(play->unsent, 4);
	assert_int_equal(play->sent, COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_arrives_as_it_was_given, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_all_that_wait_may_be_one_message, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_where_nothing_can_be_cut_each_goes_alone, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_what_cannot_leave_is_counted_and_keeps_nobody, open_all,
						close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
