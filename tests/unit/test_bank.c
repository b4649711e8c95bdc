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
#include "shared/plane/image.h"

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

static int file_of(uint64_t bytes)
{
	int fd = memfd_create("bank", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

// What the primary has given is believed as far as it is as large as our build's shards are, and an image of them.
static void one_that_is_too_short_is_not_mapped(void **state)
{
	static struct plane plane = { .shape = { .slots = 256, .foreign = 64, .rates = 4, .buckets = 64, .sheet = 1 } };
	const struct region_shape *shape = &plane.shape;
	const uint64_t bytes = bank_bytes(shape), image = image_bytes(shape->slots, shape->rates, shape->sheet);

	for (unsigned shorter = 0; shorter < 3; shorter++) {
		struct plane_view view = { .plane = &plane };
		int bank = file_of(bytes - (shorter == 1)), picture = file_of(image - (shorter == 2));

		assert_int_equal(bank_map(&view, bank, picture), shorter ? -EOVERFLOW : 0);
		for (unsigned s = 0; !shorter && s < SHARDS; s++)
			assert_int_equal((uint8_t *)view.shards[s].header - (uint8_t *)view.shards[0].header,
					 s * region_stride(shape));
		if (!shorter) {
			munmap(view.shards[0].header, bytes);
			munmap(view.image, image);
		}
		close(bank);
		close(picture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_host_has_is_refused_at_once),
		cmocka_unit_test(a_bank_is_zeroed_and_as_large_as_was_asked),
		cmocka_unit_test(one_that_is_too_short_is_not_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
