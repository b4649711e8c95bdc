// test_nest.c - nest words over a real socket pair, and the word the kernel leaves when a sitter dies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/plane/nest.h"

static int pair[2];

static int setup(void **state)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

static int teardown(void **state)
{
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void word_arrives_as_it_was_sent(void **state)
{
	struct nest_word sent = { .verb = NEST_START, .seat = 7, .pid = 42, .generation = 9, .dir = "/huge" };
	struct nest_word got;
	unsigned nfds = 0;

	assert_int_equal(nest_send(pair[0], &sent, NULL, 0), 0);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), 0);
	assert_memory_equal(&sent, &got, sizeof(sent));
	assert_int_equal(nfds, 0);
}

static void nothing_there_is_eagain_and_hang_up_is_reset(void **state)
{
	struct nest_word got;
	unsigned nfds = 0;

	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EAGAIN);
	shutdown(pair[0], SHUT_RDWR);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -ECONNRESET);
}

static void all_bells_travel_and_are_closed_on_exec(void **state)
{
	struct nest_word word = { .verb = NEST_WELCOME }, got;
	int out[NEST_BELLS], in[NEST_BELLS];
	unsigned nfds = NEST_BELLS;

	for (unsigned i = 0; i < NEST_BELLS; i++)
		out[i] = pair[0];
	assert_int_equal(nest_send(pair[0], &word, out, NEST_BELLS), 0);
	assert_int_equal(nest_receive(pair[1], &got, in, &nfds), 0);
	assert_int_equal(nfds, NEST_BELLS);
	for (unsigned i = 0; i < NEST_BELLS; i++) {
		assert_true(fcntl(in[i], F_GETFD) & FD_CLOEXEC);
		close(in[i]);
	}
}

// Descriptors nobody asked for must not pile up in the receiver.
static void unexpected_descriptors_are_closed(void **state)
{
	struct nest_word word = { .verb = NEST_HELLO }, got;
	int free_before = dup(0), free_after;
	unsigned nfds = 0;

	close(free_before);
	assert_int_equal(nest_send(pair[0], &word, pair, 2), 0);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EPROTO);
	free_after = dup(0);
	close(free_after);
	assert_int_equal(free_before, free_after);
}

static void malformed_words_are_refused(void **state)
{
	struct nest_word word = { .verb = NEST_VERBS }, got;
	char longer[sizeof(word) + 1] = { NEST_HELLO };
	unsigned nfds = 0;

	nest_send(pair[0], &word, NULL, 0);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EPROTO);
	word = (struct nest_word){ .verb = NEST_DIED, .seat = PLANE_SEATS };
	nest_send(pair[0], &word, NULL, 0);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EPROTO);
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EPROTO);
	assert_int_equal(send(pair[0], longer, sizeof(longer), 0), sizeof(longer));
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), -EPROTO);
}

static void strings_come_back_terminated(void **state)
{
	struct nest_word word = { .verb = NEST_HELLO }, got;
	unsigned nfds = 0;

	memset(word.dir, 'x', sizeof(word.dir));
	memset(word.build, 'x', sizeof(word.build));
	nest_send(pair[0], &word, NULL, 0);
	assert_int_equal(nest_receive(pair[1], &got, NULL, &nfds), 0);
	assert_int_equal(strlen(got.dir), sizeof(got.dir) - 1);
	assert_int_equal(strlen(got.build), sizeof(got.build) - 1);
}

static void full_socket_is_eagain_and_never_blocks(void **state)
{
	struct nest_word word = { .verb = NEST_START };
	int error = 0;

	for (unsigned i = 0; i < 100000 && !error; i++)
		error = nest_send(pair[0], &word, NULL, 0);
	assert_int_equal(error, -EAGAIN);
}

static void the_kernel_marks_the_seat_of_the_dead(void **state)
{
	struct seat_worker_page *page =
	    mmap(NULL, PLANE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char ready;

	assert_ptr_not_equal(page, MAP_FAILED);

	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int error = seat_sit(page);

		if (write(pair[1], error ? "n" : "y", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pair[0], &ready, 1), 1);
	assert_int_equal(ready, 'y');
	assert_int_equal(atomic_load(&page->life), child);
	assert_int_equal(seat_sit(page), -EBUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(atomic_load(&page->life), SEAT_LIFE_DIED);
	munmap(page, PLANE_PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(word_arrives_as_it_was_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_there_is_eagain_and_hang_up_is_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(all_bells_travel_and_are_closed_on_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(unexpected_descriptors_are_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_words_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_come_back_terminated, setup, teardown),
		cmocka_unit_test_setup_teardown(full_socket_is_eagain_and_never_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(the_kernel_marks_the_seat_of_the_dead, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
