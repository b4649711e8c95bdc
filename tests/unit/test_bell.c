// test_bell.c - doorbells: a ring is seen, an awake side is not rung for, and no order of sleeper and poster misses a post.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>
#include "shared/base/bell.h"

#define POSTS 200000u
#define PATIENCE_MS 10000
#define DAWDLES 1500u

static bool rung(int fd, int patience_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, patience_ms) == 1;
}

static void a_ring_is_seen_until_hushed(void **unused)
{
	int fd = bell_make();

	assert_true(fd >= 0);
	assert_false(rung(fd, 0));
	bell_ring(fd);
	bell_ring(fd);
	assert_true(rung(fd, 0));
	bell_hush(fd);
	assert_false(rung(fd, 0));
	bell_hush(fd); // of a silent bell: returns at once
	close(fd);
}

static void only_a_dozing_side_is_rung_for(void **unused)
{
	_Atomic uint32_t sleeping = 0;
	int fd = bell_make();

	bell_ring_if(&sleeping, fd);
	assert_false(rung(fd, 0));
	bell_doze(&sleeping);
	bell_ring_if(&sleeping, fd);
	assert_true(rung(fd, 0));
	bell_rise(&sleeping);
	bell_hush(fd);
	bell_ring_if(&sleeping, fd);
	assert_false(rung(fd, 0));
	close(fd);
}

struct street {
	_Atomic uint32_t sleeping;
	_Atomic uint32_t posted; // free-running count of posts
	_Atomic uint32_t taken;
	_Atomic bool over;
	bool spares; // the poster spares itself fences while it has more to post
	int fd;
};

static bool posts_left(struct street *street, uint32_t i)
{
	return i <= POSTS && !atomic_load_explicit(&street->over, memory_order_relaxed);
}

// Posts one by one, each only after the one before was taken, so that the sleeper dozes as often as can be.
static void *post(void *with)
{
	struct street *street = with;

	for (uint32_t i = 1; posts_left(street, i); i++) {
		bool rang;

		atomic_store_explicit(&street->posted, i, memory_order_relaxed);
		rang = street->spares && bell_dozes(&street->sleeping);
		if (rang)
			bell_ring(street->fd);
		else
			bell_ring_if(&street->sleeping, street->fd);
		while (posts_left(street, i) && atomic_load_explicit(&street->taken, memory_order_acquire) != i)
			;
	}
	return NULL;
}

// A moment that differs every time, so that sooner or later both sides look at each other at once.
static void dawdle(uint32_t turn)
{
	for (uint32_t i = turn % DAWDLES; i; i--)
		atomic_signal_fence(memory_order_seq_cst);
}

static bool posts_come(struct street *street, uint32_t taken)
{
	return atomic_load_explicit(&street->posted, memory_order_acquire) != taken;
}

// Waits until there is a post; false if it lay there and nobody rang.
typedef bool sleeper(struct street *street, uint32_t taken);

static bool dozes_each_time(struct street *street, uint32_t taken)
{
	bool woken = true;

	bell_doze(&street->sleeping);
	if (!posts_come(street, taken))
		woken = rung(street->fd, PATIENCE_MS);
	bell_rise(&street->sleeping);
	bell_hush(street->fd);
	return woken;
}

static bool goes_on_dozing(struct street *street, uint32_t taken)
{
	if (taken == 0)
		bell_doze(&street->sleeping);
	while (!posts_come(street, taken)) {
		if (!rung(street->fd, PATIENCE_MS))
			return false;
		bell_hush(street->fd);
	}
	return true;
}

static void no_post_is_missed_by(sleeper *sleeps, bool spares)
{
	struct street street = { .fd = bell_make(), .spares = spares };
	pthread_t poster;
	uint32_t taken = 0;
	bool woken = true;

	assert_int_equal(pthread_create(&poster, NULL, post, &street), 0);
	while (woken && taken != POSTS) {
		dawdle(taken);
		woken = sleeps(&street, taken);
		taken = atomic_load_explicit(&street.posted, memory_order_acquire);
		atomic_store_explicit(&street.taken, taken, memory_order_release);
	}
	atomic_store_explicit(&street.over, true, memory_order_relaxed);
	pthread_join(poster, NULL);
	assert_true(woken);
	close(street.fd);
}

static void no_post_is_missed(void **unused)
{
	no_post_is_missed_by(dozes_each_time, false);
	no_post_is_missed_by(dozes_each_time, true);
}

static void nor_by_one_that_goes_on_dozing(void **unused)
{
	no_post_is_missed_by(goes_on_dozing, false);
	no_post_is_missed_by(goes_on_dozing, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_is_seen_until_hushed),
		cmocka_unit_test(only_a_dozing_side_is_rung_for),
		cmocka_unit_test(no_post_is_missed),
		cmocka_unit_test(nor_by_one_that_goes_on_dozing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
