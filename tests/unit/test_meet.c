// test_meet.c - what a nursery makes of the primary's first word, whatever that is, and of the descriptors that come with it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "workers/nursery/meet.h"

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

static unsigned descriptors(void)
{
	unsigned open = 0;

	for (int fd = 0; fd < 256; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	return open;
}

static enum met answered(uint32_t verb, int status, unsigned bells, int bell[NEST_BELLS])
{
	struct nest_word said = { .verb = verb, .status = status, .nest = 1, .dir = "why" }, word;
	int fds[NEST_BELLS];
	enum met met;

	for (unsigned i = 0; i < NEST_BELLS; i++)
		fds[i] = pair[0];
	assert_int_equal(nest_send(pair[0], &said, fds, bells), 0);
	met = meet_answer(pair[1], &word, bell);
	assert_int_equal(word.verb, verb);
	assert_string_equal(word.dir, "why");
	return met;
}

static void a_welcome_comes_with_every_bell(void **state)
{
	unsigned before = descriptors();
	int bell[NEST_BELLS];

	assert_int_equal(answered(NEST_WELCOME, 0, NEST_BELLS, bell), MET_WELCOME);
	assert_int_equal(descriptors(), before + NEST_BELLS);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		assert_int_equal(close(bell[i]), 0);
	assert_int_equal(answered(NEST_WELCOME, 0, NEST_BELLS - 1, bell), MET_REFUSED);
	assert_int_equal(answered(NEST_WELCOME, 0, 0, bell), MET_REFUSED);
	assert_int_equal(descriptors(), before);
}

static void nothing_else_is_one(void **state)
{
	static const struct {
		uint32_t verb;
		int status;
		enum met met;
	} word[] = { { NEST_REFUSE, 1, MET_STAND_BY },
		     { NEST_REFUSE, 0, MET_REFUSED },
		     { NEST_REFUSE, 2, MET_REFUSED },
		     { NEST_LEAVE, 1, MET_REFUSED },
		     { NEST_BANK, 1, MET_REFUSED } };
	unsigned before = descriptors();
	int bell[NEST_BELLS];

	for (unsigned i = 0; i < sizeof(word) / sizeof(*word); i++) {
		assert_int_equal(answered(word[i].verb, word[i].status, 0, bell), word[i].met);
		assert_int_equal(answered(word[i].verb, word[i].status, NEST_BELLS, bell), word[i].met);
		assert_int_equal(descriptors(), before);
	}
}

static void one_that_hangs_up_is_dialed_again(void **state)
{
	struct nest_word word;
	int bell[NEST_BELLS];

	assert_int_equal(meet_answer(pair[1], &word, bell), MET_AGAIN); // nothing was said
	shutdown(pair[0], SHUT_RDWR);
	assert_int_equal(meet_answer(pair[1], &word, bell), MET_AGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_welcome_comes_with_every_bell),
		TEST(nothing_else_is_one),
		TEST(one_that_hangs_up_is_dialed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
