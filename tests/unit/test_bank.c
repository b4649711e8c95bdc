// test_bank.c - a bank is promised all its pages, or is none; and nobody waits for that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/plane/bank.h"

static void what_no_host_has_is_refused_at_once(void **state)
{
	static const uint64_t bytes[] = { 1ull << 39, 1ull << 60, 1ull << 63, UINT64_MAX };

	for (unsigned i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		uint64_t start = clock_ns();

		assert_int_equal(bank_make("bank", bytes[i]), -ENOMEM);
		assert_true(clock_ns() - start < 5000000000u); // it would take minutes to zero them
	}
}

static void a_bank_is_zeroed_and_as_large_as_was_asked(void **state)
{
	uint64_t bytes = 2 * PLANE_PAGE;
	int fd = bank_make("bank", bytes);
	struct stat file;
	uint8_t *at;

	if (fd == -ENOMEM)
		skip(); // no hugepages here
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &file), 0);
	assert_int_equal(file.st_size, bytes);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	for (uint64_t i = 0; i < bytes; i += 4096)
		assert_int_equal(at[i], 0);
	memset(at, 1, bytes); // every page is there
	munmap(at, bytes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_host_has_is_refused_at_once),
		cmocka_unit_test(a_bank_is_zeroed_and_as_large_as_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
