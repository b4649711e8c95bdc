// test_picture.c - a shard goes as an image from one region to another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/pictures.h"
#include "workers/lines/foreign.h"

#define GARBAGE_ROUNDS 400u

static void everything_goes_along(void **state)
{
	struct bearer bearer = pictures_bearer(STAND_FIRST_FOREIGN + 8);

	pictures_fill(3);
	assert_int_equal(lines_set(&old, STAND_FIRST_FOREIGN + 8, &bearer), 0); // dual stack, from no pool
	pictures_spoil();
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	pictures_assert_equal();
	assert_int_equal(foreign_find4(new.region, new.shape, bearer.ue_ipv4), STAND_FIRST_FOREIGN + 8);
	assert_int_equal(foreign_find6(new.region, new.shape, bearer.ue_ipv6), STAND_FIRST_FOREIGN + 8);
}

static void a_full_shard_and_an_empty_one(void **state)
{
	pictures_fill(1);
	pictures_spoil();
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, new.shape->slots);
	pictures_assert_equal();
	lines_sweep_begin(&old);
	for (uint32_t slot = 0; slot < old.shape->slots; slot++)
		lines_clear(&old, slot, 0, &(struct lines_count){ 0 });
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, 0);
	pictures_assert_equal();
}

// What a sweep has not seen yet serves on, counts for nothing in the digest, and is cleared by its end.
static void a_sweep_goes_on(void **state)
{
	uint32_t cleared = 0, slot;
	int found;

	pictures_fill(1);
	lines_sweep_begin(&old);
	for (slot = 0; slot < 40; slot++) {
		struct bearer bearer = pictures_bearer(slot);

		assert_int_equal(lines_set(&old, slot, &bearer), 0);
	}
	pictures_spoil();
	picture_write(&old, image);
	assert_int_equal(image->unswept, old.shape->slots - 40);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, 40);
	pictures_assert_equal();
	while ((found = lines_sweep_end(&new, 64, &slot)) != 0)
		cleared += found > 0 && lines_clear(&new, slot, 0, &(struct lines_count){ 0 }) == 1;
	assert_int_equal(cleared, new.shape->slots - 40);
	assert_int_equal(new.region->header->digest, old.region->header->digest);
	assert_true(stand_in_step(&new));
}

// A cell whose check fails is not handed on as if it were sound: ctrl sends the shard again.
static void a_spoilt_line_stays_behind(void **state)
{
	struct bearer bearer;

	pictures_fill(1);
	pictures_line(&old, 9, LINE_DOWNLINK)->peer_ipv4 ^= 1;
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(lines_read(&new, 9, &bearer), -ENOENT);
	assert_int_equal(lines_read(&new, 10, &bearer), 0);
	assert_int_equal(new.region->header->sessions, new.shape->slots - 1);
	assert_int_equal(new.region->header->seq, 0);
	assert_true(stand_in_step(&new));
}

static void a_spoilt_rate_stays_behind(void **state)
{
	pictures_fill(1);
	old.region->rates[1].cbs++;
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->rates[1].cir_bps, 0);
	assert_true(new.region->rates[new.shape->rates - 1].cir_bps > 0);
	assert_int_equal(new.region->header->sessions, new.shape->slots);
	assert_int_equal(new.region->header->seq, 0);
}

static void assert_untouched(void)
{
	size_t bytes = region_stride(&to.shape);
	uint8_t *region = to.zone + SHARD * bytes, *before = malloc(bytes);

	memcpy(before, region, bytes);
	assert_int_equal(picture_read(&new, image), -ENOENT);
	assert_memory_equal(region, before, bytes);
	free(before);
}

static void what_is_not_ours_is_not_read(void **state)
{
	pictures_fill(1);
	pictures_spoil();
	assert_untouched(); // nothing there
	picture_write(&old, image);
	image->magic++;
	assert_untouched();
	image->magic--;
	image->version++;
	assert_untouched();
	image->version--;
	image->shard++;
	assert_untouched();
	image->shard--;
	image->slots--;
	assert_untouched();
	image->slots++;
	image->rates++;
	assert_untouched();
	image->rates--;
	picture_unmake(image, SHARD + 1); // another's
	assert_int_equal(picture_read(&new, image), 0);
	picture_unmake(image, SHARD);
	assert_untouched();
}

// What does not fit is left out, and ctrl sends the shard again.
static void a_bad_cell_is_left_out(void **state)
{
	struct image_cell *cells;
	struct bearer bearer;

	pictures_fill(1);
	picture_write(&old, image);
	cells = image_cells(image, from.shape.rates);
	cells[5].bearer.uplink.mark = BEARER_MARK_COUNT;
	cells[6].bearer.teid ^= 1; // another shard's
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(lines_read(&new, 5, &bearer), -ENOENT);
	assert_int_equal(lines_read(&new, 6, &bearer), -ENOENT);
	assert_int_equal(new.region->rest[6].teid, 0);
	assert_int_equal(lines_read(&new, 7, &bearer), 0);
	assert_int_equal(new.region->header->seq + new.region->header->epoch, 0);
	assert_true(stand_in_step(&new));
	cells[5].bearer.uplink.mark = BEARER_MARK_KEEP; // sound, and not what the digest says
	cells[6].bearer.teid ^= 1;
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->seq, 0);
	picture_write(&old, image);
	image_rates(image)[1].cbs_bytes = BEARER_BURST_MAX + 1;
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->seq, 0);
	assert_int_equal(new.region->rates[1].cir_bps, 0);
}

static void any_bytes_leave_order(void **state)
{
	unsigned kept = 0;

	pictures_fill(1);
	for (unsigned round = 0; round < GARBAGE_ROUNDS; round++) {
		picture_write(&old, image);
		for (unsigned i = 0; i < 1 + round % 50; i++)
			((uint8_t *)image_rates(image))[(size_t)random() % (image_size - sizeof(*image))] ^=
			    (uint8_t)(1 + random() % 255);
		assert_int_equal(picture_read(&new, image), 0);
		assert_true(stand_in_step(&new));
		for (uint32_t slot = 0; slot < new.shape->slots; slot++)
			assert_true(lines_validate_slot(&new, slot));
		kept += new.region->header->seq == SEQ;
	}
	assert_in_range(kept, 1, GARBAGE_ROUNDS - 1); // counters are anybody's guess, bearers are not
}

static void homes(void **state)
{
	assert_true(picture_current(image, SHARD)); // nobody has had it yet
	picture_settle(image, SHARD);
	assert_true(picture_current(image, SHARD));
	atomic_store(&image->home[SHARD], image_home("other lines"));
	assert_false(picture_current(image, SHARD));
	assert_true(picture_current(image, SHARD + 1));
	assert_true(image_home("other lines") != image_home(plane_lines));
}

int main(void)
{
#define ON_BOTH(test) cmocka_unit_test_setup_teardown(test, pictures_open, pictures_close)
	const struct CMUnitTest tests[] = {
		ON_BOTH(everything_goes_along),
		ON_BOTH(a_full_shard_and_an_empty_one),
		ON_BOTH(a_sweep_goes_on),
		ON_BOTH(a_spoilt_line_stays_behind),
		ON_BOTH(a_spoilt_rate_stays_behind),
		ON_BOTH(what_is_not_ours_is_not_read),
		ON_BOTH(a_bad_cell_is_left_out),
		ON_BOTH(any_bytes_leave_order),
		ON_BOTH(homes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
