// test_picture_deaths.c - the writer of an image, and its reader, die at every single instruction: it is whole or none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/pictures.h"

enum order { ORDER_WRITE, ORDER_READ };

static pid_t traced_child(enum order order)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (order == ORDER_WRITE)
		picture_write(&old, image);
	else
		picture_read(&new, image);
	_exit(0);
}

// Another process does it one instruction at a time; after each one, had it been the last: `sound` must hold.
static void die_everywhere(enum order order, void (*sound)(void))
{
	pid_t pid = traced_child(order);
	unsigned long steps = 0;
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status)) {
		sound();
		steps++;
	}
	assert_true(WIFEXITED(status));
	print_message("%lu deaths\n", steps);
}

static uint8_t *pictured[2]; // the image before, and what it shall be; of both the part behind the homes

static bool is_picture(const uint8_t *wanted)
{
	return !memcmp(image_rates(image), wanted, image_size - sizeof(*image));
}

// Compared on the way where `whole` changes, and now and then.
static void whole_is_whole(void)
{
	static uint32_t last;
	static unsigned step;
	uint32_t whole = atomic_load(&image->whole);

	if (whole && (whole != last || !(step++ % 64)))
		assert_true(is_picture(pictured[0]) || is_picture(pictured[1]));
	last = whole;
}

static void half_a_picture_is_none(void **state)
{
	size_t bytes = image_size - sizeof(*image);

	pictures_fill(16);
	for (unsigned i = 0; i < 2; i++) {
		pictures_use(16 + 16 * i);
		old.region->rest[16].red_bytes[0] = i;
		picture_write(&old, image);
		pictured[i] = malloc(bytes);
		memcpy(pictured[i], image_rates(image), bytes);
	}
	old.region->rest[16].red_bytes[0] = 0;
	picture_write(&old, image);
	old.region->rest[16].red_bytes[0] = 1;
	die_everywhere(ORDER_WRITE, whole_is_whole);
	assert_int_equal(image->whole, SHARD + 1);
	assert_true(is_picture(pictured[1]));
	free(pictured[0]);
	free(pictured[1]);
}

// A region that says it stands where the image stood has all of it; one that says it stands where it stood, its own.
static void standing_is_standing(void)
{
	static uint64_t last;
	uint64_t seq = atomic_load(&new.region->header->seq);

	if (seq == SEQ && seq != last)
		pictures_assert_equal();
	if (seq > SEQ)
		assert_int_equal(pictures_line(&new, 1, LINE_UPLINK)->packets, 9);
	last = seq;
}

static void half_a_reading_stands_nowhere(void **state)
{
	pictures_fill(16);
	pictures_spoil();
	picture_write(&old, image);
	die_everywhere(ORDER_READ, standing_is_standing);
	assert_int_equal(new.region->header->seq, SEQ);
	pictures_assert_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(half_a_picture_is_none, pictures_open, pictures_close),
		cmocka_unit_test_setup_teardown(half_a_reading_stands_nowhere, pictures_open, pictures_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
