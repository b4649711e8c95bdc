// test_porter.c - NNG sockets whose peers go away in the middle of the greeting: broken, noticed, and opened anew.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include "proto/porter.h"

#define SECOND_NS 1000000000ull
#define MESSAGE_MAX 4096u
#define DOORS_BREAK (NNG_MAJOR_VERSION == 1 && NNG_MINOR_VERSION < 6) // 1.5 does, 1.10 does not

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static char url[128];

static int setup(void **state)
{
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/test-porter.%d", (int)getpid());
	snprintf(url, sizeof(url), "ipc://%s", address.sun_path);
	unlink(address.sun_path);
	return 0;
}

static int teardown(void **state)
{
	unlink(address.sun_path);
	return 0;
}

// What a SIGKILL in the middle of the greeting looks like.
static void come_and_go(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static bool asks_and_hears(nng_socket rep)
{
	nng_socket req;
	char word[8] = "";
	size_t length = sizeof(word);
	bool heard;

	assert_int_equal(nng_req0_open(&req), 0);
	nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, 300);
	nng_socket_set_ms(rep, NNG_OPT_RECVTIMEO, 300);
	heard = !nng_dial(req, url, NULL, NNG_FLAG_NONBLOCK) && !nng_send(req, "word", 5, 0) &&
		!nng_recv(rep, word, &length, 0) && !strcmp(word, "word");
	nng_close(req);
	return heard;
}

static void a_broken_door_is_opened_anew(void **state)
{
	struct porter porter;
	struct stat stat_of;
	nng_socket rep;
	uint64_t now_ns;

	assert_int_equal(nng_rep0_open(&rep), 0);
	assert_int_equal(porter_listen(&porter, rep, url, MESSAGE_MAX), 0);
	assert_int_equal(stat(address.sun_path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	for (uint64_t s = 1; s < 50; s++)
		assert_false(porter_look_listener(&porter, s * SECOND_NS)); // a sound door stays as it is
	assert_true(asks_and_hears(rep));
	for (now_ns = 60 * SECOND_NS; !porter.renewed; now_ns += SECOND_NS) { // not every time breaks it
		if (now_ns >= 160 * SECOND_NS)
			break;
		come_and_go();
		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
		porter_look_listener(&porter, now_ns);
	}
	assert_int_equal(porter.renewed > 0, DOORS_BREAK);
	assert_true(asks_and_hears(rep));
	assert_false(porter_look_listener(&porter, now_ns));
	nng_close(rep);
}

static bool is_connected(nng_socket req)
{
	bool sent;

	nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, 500);
	sent = !nng_send(req, "x", 2, 0);
	return sent;
}

static void a_broken_dialer_dials_anew(void **state)
{
	struct porter porter;
	nng_socket req, rep;
	int door = socket(AF_UNIX, SOCK_STREAM, 0), caller;

	assert_int_equal(bind(door, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(door, 1), 0);
	assert_int_equal(nng_req0_open(&req), 0);
	assert_int_equal(porter_dial(&porter, req, url, MESSAGE_MAX), 0);
	caller = accept(door, NULL, NULL);
	assert_true(caller >= 0);
	close(caller); // before any greeting
	close(door);
	unlink(address.sun_path);
	assert_int_equal(nng_rep0_open(&rep), 0);
	assert_int_equal(nng_listen(rep, url, NULL, 0), 0);
	assert_false(porter_look_dialer(&porter, false, 10 * SECOND_NS));
	assert_false(porter_look_dialer(&porter, false, 11 * SECOND_NS));
	assert_true(porter_look_dialer(&porter, false, 13 * SECOND_NS));
	assert_true(is_connected(req));
	assert_false(porter_look_dialer(&porter, true, 20 * SECOND_NS));
	assert_false(porter_look_dialer(&porter, true, 30 * SECOND_NS));
	nng_close(req);
	nng_close(rep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_broken_door_is_opened_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_dialer_dials_anew, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
