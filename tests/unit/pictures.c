// pictures.c - two regions of different builds, and the image between them; for tests.
#include "tests/unit/pictures.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>

struct stand from, to;
struct lines old, new;
struct image *image;
size_t image_size;

int pictures_open(void **state)
{
	stand_open(&from);
	stand_open(&to);
	old = stand_lines(&from, SHARD);
	new = stand_lines(&to, SHARD);
	image_size = image_bytes(from.shape.slots, from.shape.rates, from.shape.sheet);
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
	return image == MAP_FAILED ? -1 : 0;
}

int pictures_close(void **state)
{
	munmap(image, image_size);
	stand_close(&from);
	stand_close(&to);
	return 0;
}

struct line *pictures_line(const struct lines *lines, uint32_t slot, unsigned way)
{
	return (way == LINE_UPLINK ? lines->region->uplink : lines->region->downlink) + slot;
}

// Every field differs from cell to cell, and from direction to direction. Half turns: noted for one, about to be for the other.
void pictures_use(uint32_t slot)
{
	struct rest *rest = &old.region->rest[slot];

	for (unsigned way = 0; way < LINE_WAYS; way++) {
		struct line *line = pictures_line(&old, slot, way);

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

struct bearer pictures_bearer(uint32_t slot)
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
	bearer.uplink.flags = slot % BEARER_SHEET;
	bearer.downlink.rate = (uint16_t)(2 - slot % 3);
	bearer.downlink.mark = BEARER_MARK_EF;
	bearer.downlink.flags = BEARER_RED_REMARK | BEARER_COLOUR_AWARE;
	return bearer;
}

void pictures_fill(uint32_t step)
{
	struct bearer_rate slow = { 1000000, 3000, 0 }, fast = { BEARER_CIR_MAX, 1, BEARER_BURST_MAX - 1 };

	assert_int_equal(lines_rate_set(&old, 1, &slow), 0);
	assert_int_equal(lines_rate_set(&old, old.shape->rates - 1, &fast), 0);
	for (uint32_t slot = 0; slot < old.shape->slots; slot += step) {
		struct bearer bearer = pictures_bearer(slot);

		assert_int_equal(lines_set(&old, slot, &bearer), 0);
		pictures_use(slot);
	}
	atomic_store(&old.region->header->epoch, EPOCH);
	atomic_store(&old.region->header->seq, SEQ);
}

// The new region was used before, and everything in it is old.
void pictures_spoil(void)
{
	struct bearer_rate rate = { 5, 5, 5 };

	assert_int_equal(lines_rate_set(&new, 2, &rate), 0);
	for (uint32_t slot = 1; slot < new.shape->slots; slot += 2) {
		struct bearer bearer = slot < STAND_FIRST_FOREIGN ? stand_bearer(&to, SHARD, slot)
								  : stand_foreign_bearer(&to, SHARD, slot + 64, 1);

		bearer.teid = shard_teid(1, slot, SHARD, to.net.slot_bits);
		assert_int_equal(lines_set(&new, slot, &bearer), 0);
		pictures_line(&new, slot, LINE_UPLINK)->packets = 9;
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
		const struct line *was = pictures_line(&old, slot, way), *is = pictures_line(&new, slot, way);

		assert_true(is->tokens_at == was->tokens_at && is->tc == was->tc && is->te == was->te);
		assert_int_equal(is->packets, was->packets);
	}
}

void pictures_assert_equal(void)
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
