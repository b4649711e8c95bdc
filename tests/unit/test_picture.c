// test_picture.c - a shard goes as an image from one region to another, whole or not at all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/stand/stand.h"
#include "workers/foreign.h"
#include "workers/picture.h"

#define SHARD 7u
#define EPOCH 3u
#define SEQ 4711u
#define GARBAGE_ROUNDS 400u

static struct stand from, to; // the one build's regions, and the other's
static struct lines old, new;
static struct image *image;
static size_t image_size;

static int open_both(void **state)
{
	stand_open(&from);
	stand_open(&to);
	old = stand_lines(&from, SHARD);
	new = stand_lines(&to, SHARD);
	image_size = image_bytes(from.shape.slots, from.shape.rates);
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	return image == MAP_FAILED ? -1 : 0;
}

static int close_both(void **state)
{
	munmap(image, image_size);
	stand_close(&from);
	stand_close(&to);
	return 0;
}

static struct line *line_at(const struct lines *lines, uint32_t slot, unsigned way)
{
	return (way == LINE_UPLINK ? lines->region->uplink : lines->region->downlink) + slot;
}

// Every field differs from cell to cell, and from direction to direction. Half turns: noted for one, about to be for the other.
static void cell_use(uint32_t slot)
{
	struct rest *rest = &old.region->rest[slot];

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		struct line *line = line_at(&old, slot, way);

		line->packets = slot % 3 ? 5 + slot : 0x80000005u + slot;
		rest->half_turns[way] = slot % 3 ? 2 * slot : 2 * slot + way;
		line->bytes = (1ull << 40) + slot * 2 + way;
		line->tokens_at = 1000 + slot;
		line->tc = (1ull << 50) + slot + way;
		line->te = slot % 5 ? (1ull << 45) + slot + way : UINT64_MAX;
		rest->red_packets[way] = 100 + slot + way;
		rest->red_bytes[way] = 10000 + slot + way;
	}
	rest->life = 77000 + slot;
}

static struct bearer cell_bearer(uint32_t slot)
{
	bool foreign = slot >= STAND_FIRST_FOREIGN;
	struct bearer bearer = foreign ? stand_foreign_bearer(&from, SHARD, slot, 2) : stand_bearer(&from, SHARD, slot);

	if (slot % 4 == 1)
		bearer.ue_ipv4 = 0;
	if (slot % 4 == 2)
		bearer.ue_ipv6 = 0;
	if (slot % 7 == 0)
		bearer.peer_ipv4 = bearer.peer_teid = 0;
	bearer.qfi = slot % 64;
	bearer.uplink.rate = (uint16_t)(slot % 3);
	bearer.uplink.mark = (uint8_t)(slot % BEARER_MARK_COUNT);
	bearer.uplink.flags = slot % (BEARER_FLAGS + 1);
	bearer.downlink.rate = (uint16_t)(2 - slot % 3);
	bearer.downlink.mark = BEARER_MARK_EF;
	bearer.downlink.flags = BEARER_RED_REMARK | BEARER_COLOUR_AWARE;
	return bearer;
}

static void fill(uint32_t step)
{
	struct bearer_rate slow = { 1000000, 3000, 0 }, fast = { BEARER_CIR_MAX, 1, BEARER_BURST_MAX - 1 };

	assert_int_equal(lines_rate_set(&old, 1, &slow), 0);
	assert_int_equal(lines_rate_set(&old, old.shape->rates - 1, &fast), 0);
	for (uint32_t slot = 0; slot < old.shape->slots; slot += step) {
		struct bearer bearer = cell_bearer(slot);

		assert_int_equal(lines_set(&old, slot, &bearer), 0);
		cell_use(slot);
	}
	atomic_store(&old.region->header->epoch, EPOCH);
	atomic_store(&old.region->header->seq, SEQ);
}

// The new region was used before, and everything in it is old.
static void spoil(void)
{
	struct bearer_rate rate = { 5, 5, 5 };

	assert_int_equal(lines_rate_set(&new, 2, &rate), 0);
	for (uint32_t slot = 1; slot < new.shape->slots; slot += 2) {
		struct bearer bearer = slot < STAND_FIRST_FOREIGN ? stand_bearer(&to, SHARD, slot)
								  : stand_foreign_bearer(&to, SHARD, slot + 64, 1);

		bearer.teid = shard_teid(1, slot, SHARD, to.net.slot_bits);
		assert_int_equal(lines_set(&new, slot, &bearer), 0);
		line_at(&new, slot, LINE_UPLINK)->packets = 9;
		new.region->rest[slot].red_bytes[LINE_DOWNLINK] = 9;
	}
	new.region->header->pending = 3;
	new.region->header->sweep = 12;
	new.region->header->sweep_next = 5;
	atomic_store(&new.region->header->epoch, EPOCH - 1);
	atomic_store(&new.region->header->seq, SEQ + 1000);
}

static void assert_cell_equal(uint32_t slot)
{
	struct lines_count counted = { 0 }, count = { 0 };
	struct bearer bearer, back;
	int there = lines_read(&old, slot, &bearer);

	assert_int_equal(lines_read(&new, slot, &back), there);
	if (there)
		return;
	assert_memory_equal(&back, &bearer, sizeof(back));
	assert_true(lines_count(old.region, slot, &counted));
	assert_true(lines_count(new.region, slot, &count));
	assert_memory_equal(&count, &counted, sizeof(count));
	assert_true(lines_validate_slot(&new, slot));
	for (unsigned way = 0; way < LINE_WAYS; way++) {
		const struct line *was = line_at(&old, slot, way), *is = line_at(&new, slot, way);

		assert_true(is->tokens_at == was->tokens_at && is->tc == was->tc && is->te == was->te);
		assert_int_equal(is->packets, was->packets);
	}
}

static void assert_equal_regions(void)
{
	assert_true(stand_in_step(&old) && stand_in_step(&new));
	assert_int_equal(new.region->header->epoch, old.region->header->epoch);
	assert_int_equal(new.region->header->seq, old.region->header->seq);
	assert_int_equal(new.region->header->digest, old.region->header->digest);
	assert_int_equal(new.region->header->sessions, old.region->header->sessions);
	assert_int_equal(new.region->header->foreign_used, old.region->header->foreign_used);
	assert_memory_equal(new.region->rates, old.region->rates, old.shape->rates * sizeof(*old.region->rates));
	for (uint32_t slot = 0; slot < old.shape->slots; slot++)
		assert_cell_equal(slot);
}

static void everything_goes_along(void **state)
{
	struct bearer bearer = cell_bearer(STAND_FIRST_FOREIGN + 8);

	fill(3);
	assert_int_equal(lines_set(&old, STAND_FIRST_FOREIGN + 8, &bearer), 0); // dual stack, from no pool
	spoil();
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_equal_regions();
	assert_int_equal(foreign_find4(new.region, new.shape, bearer.ue_ipv4), STAND_FIRST_FOREIGN + 8);
	assert_int_equal(foreign_find6(new.region, new.shape, bearer.ue_ipv6), STAND_FIRST_FOREIGN + 8);
}

static void a_full_shard_and_an_empty_one(void **state)
{
	fill(1);
	spoil();
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, new.shape->slots);
	assert_equal_regions();
	lines_sweep_begin(&old);
	for (uint32_t slot = 0; slot < old.shape->slots; slot++)
		lines_clear(&old, slot, 0, &(struct lines_count){ 0 });
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, 0);
	assert_equal_regions();
}

// What a sweep has not seen yet serves on, counts for nothing in the digest, and is cleared by its end.
static void a_sweep_goes_on(void **state)
{
	uint32_t cleared = 0, slot;
	int found;

	fill(1);
	lines_sweep_begin(&old);
	for (slot = 0; slot < 40; slot++) {
		struct bearer bearer = cell_bearer(slot);

		assert_int_equal(lines_set(&old, slot, &bearer), 0);
	}
	spoil();
	picture_write(&old, image);
	assert_int_equal(image->unswept, old.shape->slots - 40);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(new.region->header->sessions, 40);
	assert_equal_regions();
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

	fill(1);
	line_at(&old, 9, LINE_DOWNLINK)->peer_ipv4 ^= 1;
	picture_write(&old, image);
	assert_int_equal(picture_read(&new, image), 0);
	assert_int_equal(lines_read(&new, 9, &bearer), -ENOENT);
	assert_int_equal(lines_read(&new, 10, &bearer), 0);
	assert_int_equal(new.region->header->sessions, new.shape->slots - 1);
	assert_int_equal(new.region->header->seq, 0);
	assert_true(stand_in_step(&new));
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
	fill(1);
	spoil();
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

	fill(1);
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

	fill(1);
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

	fill(16);
	for (unsigned i = 0; i < 2; i++) {
		cell_use(16 + 16 * i);
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
		assert_equal_regions();
	if (seq > SEQ)
		assert_int_equal(line_at(&new, 1, LINE_UPLINK)->packets, 9);
	last = seq;
}

static void half_a_reading_stands_nowhere(void **state)
{
	fill(16);
	spoil();
	picture_write(&old, image);
	die_everywhere(ORDER_READ, standing_is_standing);
	assert_int_equal(new.region->header->seq, SEQ);
	assert_equal_regions();
}

int main(void)
{
#define ON_BOTH(test) cmocka_unit_test_setup_teardown(test, open_both, close_both)
	const struct CMUnitTest tests[] = {
		ON_BOTH(everything_goes_along),
		ON_BOTH(a_full_shard_and_an_empty_one),
		ON_BOTH(a_sweep_goes_on),
		ON_BOTH(a_spoilt_line_stays_behind),
		ON_BOTH(what_is_not_ours_is_not_read),
		ON_BOTH(a_bad_cell_is_left_out),
		ON_BOTH(any_bytes_leave_order),
		ON_BOTH(homes),
		ON_BOTH(half_a_picture_is_none),
		ON_BOTH(half_a_reading_stands_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
