// test_pfcp_poor.c - session reports that come when there is no memory. Peers, clock, controller and memory are played.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "tests/unit/outbox_play.h"

static bool poor;
void *__libc_calloc(size_t count, size_t size);

// glibc's, as long as there is memory.
void *calloc(size_t count, size_t size)
{
	return poor ? NULL : __libc_calloc(count, size);
}

// The first report of an association: it is listed again, a little later, and so are those behind it.
static void what_there_is_no_memory_for_is_listed_again(void **state)
{
	struct world *world = *state;
	unsigned lists;

	hear(world, ONE_OWNER, 1, 1);
	poor = true;
	hear(world, OTHER_OWNER, 2, 2);
	poor = false;
	assert_int_equal(world->outbox.after, 1);
	lists = world->lists;
	tick(world, 1);
	assert_int_equal(world->lists, lists);
	tick(world, SECOND / 5);
	assert_int_equal(world->lists, lists + 1);
	hear(world, OTHER_OWNER, 2, 2);
	assert_int_equal(world->outbox.after, 2);
	tick(world, 1);
	assert_int_equal(world->asked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_there_is_no_memory_for_is_listed_again, world_open, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
