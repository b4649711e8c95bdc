// test_guard.c - what each kind of process can still write, tried by writing.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/fake_plane.h"
#include "workers/fork/guard.h"

#define SEAT 3u

static struct plane_view view;
static uint8_t *stranger; // shared memory that is not the plane's, as the EAL's is
static uint8_t private[64];

static int make(void **state)
{
	fake_plane_make(&view);
	stranger = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return stranger == MAP_FAILED ? -1 : 0;
}

static int destroy(void **state)
{
	munmap(stranger, 4096);
	fake_plane_free(&view);
	return 0;
}

static int as_nursery(void)
{
	return guard_trim(&view);
}

static int as_worker(void)
{
	return guard_trim(&view) || guard_worker(&view, SEAT);
}

static int as_courier(void)
{
	return guard_trim(&view) || guard_courier(&view);
}

enum touch { READ, WRITE };

// Whether a fork that has become that process may touch the byte.
static bool may(int (*become)(void), enum touch touch, const void *at)
{
	volatile uint8_t *byte = (volatile uint8_t *)at;
	int status;
	pid_t pid = fork();

	if (!pid) {
		uint8_t value;

		signal(SIGSEGV, SIG_DFL); // the test library's handler would go on with the next test
		if (become())
			_exit(9);
		value = *byte;
		if (touch == WRITE)
			*byte = value;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const void *last_room(void)
{
	return room_at(&view.rooms, FAKE_ROOMS - 1) + ROOM_STRIDE - 1;
}

static void the_nursery_keeps_the_plane_only(void **state)
{
	assert_true(may(as_nursery, WRITE, private));
	assert_false(may(as_nursery, READ, stranger));
	assert_true(may(as_nursery, READ, view.plane));
	assert_false(may(as_nursery, WRITE, view.plane));
	assert_true(may(as_nursery, WRITE, last_room()));
	assert_true(may(as_nursery, WRITE, view.shards[255].header));
	assert_true(may(as_nursery, WRITE, view.seats[15].courier));
}

static void a_worker_writes_rooms_shards_and_its_page(void **state)
{
	assert_true(may(as_worker, WRITE, view.rooms.base[0]));
	assert_true(may(as_worker, WRITE, last_room()));
	assert_true(may(as_worker, WRITE, view.shards[0].header));
	assert_true(may(as_worker, WRITE, view.shards[255].rest + FAKE_SLOTS - 1));
	assert_true(may(as_worker, WRITE, view.seats[SEAT].worker));
	assert_true(may(as_worker, READ, view.seats[SEAT].primary));
	assert_false(may(as_worker, WRITE, view.seats[SEAT].primary));
	assert_true(may(as_worker, READ, view.seats[SEAT].courier));
	assert_false(may(as_worker, WRITE, view.seats[SEAT].courier));
	assert_false(may(as_worker, WRITE, view.plane));
	assert_false(may(as_worker, READ, view.seats[SEAT - 1].courier));
	assert_false(may(as_worker, READ, view.seats[SEAT + 1].primary));
	assert_false(may(as_worker, READ, view.seats[0].worker));
}

static void the_courier_writes_its_pages_only(void **state)
{
	assert_true(may(as_courier, WRITE, view.seats[0].courier));
	assert_true(may(as_courier, WRITE, view.seats[15].courier));
	assert_true(may(as_courier, READ, view.seats[15].worker));
	assert_false(may(as_courier, WRITE, view.seats[15].worker));
	assert_false(may(as_courier, WRITE, view.seats[0].primary));
	assert_true(may(as_courier, READ, view.shards[255].header));
	assert_false(may(as_courier, WRITE, view.shards[255].header));
	assert_false(may(as_courier, READ, view.rooms.base[0]));
	assert_false(may(as_courier, WRITE, view.plane));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_nursery_keeps_the_plane_only),
		TEST(a_worker_writes_rooms_shards_and_its_page),
		TEST(the_courier_writes_its_pages_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
