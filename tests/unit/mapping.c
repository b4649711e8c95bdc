// mapping.c - plays the loop for a map that is tested.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/mapping.h"

struct map map;
unsigned images;

int setup(void **state)
{
	map_init(&map);
	return 0;
}

unsigned fence_all(void)
{
	unsigned cuts = 0;

	for (unsigned i = bits_next(&map.asks, 0); i < BITS_END; i = bits_next(&map.asks, i + 1)) {
		enum map_fence fence = map_fence(&map, i);

		if (fence == MAP_WAIT)
			continue;
		cuts += map.shard[i].state == MAP_LEAVING;
		images += fence == MAP_IMAGE;
		map_fenced(&map, i);
	}
	return cuts;
}

unsigned settle(void)
{
	unsigned cuts = 0;

	while (bits_any(&map.asks)) {
		cuts += fence_all();
		for (unsigned i = 0; i < SHARDS; i++) {
			map_cut(&map, i);
			map_owned(&map, i);
		}
	}
	return cuts;
}

void consistent(void)
{
	unsigned load[PLANE_SEATS] = { 0 }, homeless = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *shard = &map.shard[i];
		bool moving = shard->state == MAP_LEAVING || shard->state == MAP_CUT;
		unsigned to = moving ? shard->target : shard->seat;

		homeless += shard->state == MAP_HOMELESS;
		assert_int_equal(shard->state == MAP_HOMELESS, shard->seat == PLANE_SEAT_NONE);
		assert_int_equal(bits_has(&map.asks, i), shard->state == MAP_TAKING || shard->state == MAP_LEAVING);
		for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
			assert_int_equal(bits_has(&map.of[seat], i), shard->seat == seat);
		if (to < PLANE_SEATS)
			load[to]++;
	}
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		assert_int_equal(map.load[seat], load[seat]);
	assert_int_equal(map.homeless, homeless);
}

void sound(void)
{
	const struct map_image *image = &map.image;

	for (unsigned i = 0; i < SHARDS; i++) {
		assert_int_equal(bits_has(&map.pinned, i), map.pin[i] != PLANE_SEAT_NONE);
		if (map.pin[i] != PLANE_SEAT_NONE)
			assert_true(map.live >> map.pin[i] & 1);
		if (map.shard[i].state == MAP_TAKING && !(map.live >> map.shard[i].seat & 1))
			assert_int_equal(map.bank[map.shard[i].seat], map.lines[i]);
	}
	if (image->shard == MAP_NO_SHARD)
		return;
	if (!image->whole)
		assert_int_equal(map.shard[image->shard].state, MAP_CUT);
	if (image->whole && !image->taken)
		assert_true(map.shard[image->shard].state == MAP_TAKING ||
			    map.shard[image->shard].state == MAP_HOMELESS);
}

void two_seats(unsigned bank0, unsigned bank1)
{
	map_join(&map, 0, bank0);
	settle();
	map_join(&map, 1, bank1);
	settle();
	images = 0;
}
