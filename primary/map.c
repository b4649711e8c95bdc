// map.c - decides where shards live. Pure; the primary's loop only.
#include "primary/map.h"

#include <errno.h>
#include <string.h>

#define MAP_STEP 159u // SHARDS / 1.618, odd: visits each shard once

void map_init(struct map *map)
{
	memset(map, 0, sizeof(*map));
	for (unsigned i = 0; i < SHARDS; i++)
		map->shard[i] = (struct map_shard){ MAP_HOMELESS, PLANE_SEAT_NONE, PLANE_SEAT_NONE };
	map->homeless = SHARDS;
}

static bool map_alive(const struct map *map, unsigned seat)
{
	return seat < PLANE_SEATS && (map->live >> seat & 1);
}

// Where the shard will be once its move is done.
static unsigned map_destination(const struct map_shard *shard)
{
	return shard->state == MAP_LEAVING || shard->state == MAP_CUT ? shard->target : shard->seat;
}

// The one place that changes a shard: keeps the sets and counts in step.
static void map_set(struct map *map, unsigned i, struct map_shard now)
{
	struct map_shard *shard = &map->shard[i];
	unsigned from = map_destination(shard), to = map_destination(&now);

	if (from < PLANE_SEATS)
		map->load[from]--;
	if (to < PLANE_SEATS)
		map->load[to]++;
	if (shard->seat != now.seat) {
		if (shard->seat < PLANE_SEATS)
			bits_clear(&map->of[shard->seat], i);
		if (now.seat < PLANE_SEATS)
			bits_set(&map->of[now.seat], i);
		bits_set(&map->changed, i);
	}
	map->homeless += now.state == MAP_HOMELESS;
	map->homeless -= shard->state == MAP_HOMELESS;
	if (now.state == MAP_TAKING || now.state == MAP_LEAVING)
		bits_set(&map->asks, i);
	else
		bits_clear(&map->asks, i);
	*shard = now;
}

static unsigned map_least(const struct map *map)
{
	unsigned best = PLANE_SEAT_NONE;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (map_alive(map, seat) && (best == PLANE_SEAT_NONE || map->load[seat] < map->load[best]))
			best = seat;
	return best;
}

static void map_take(struct map *map, unsigned i, unsigned seat)
{
	if (!map_alive(map, seat))
		seat = map_least(map);

	uint8_t state = seat == PLANE_SEAT_NONE ? MAP_HOMELESS : MAP_TAKING;

	map_set(map, i, (struct map_shard){ state, (uint8_t)seat, PLANE_SEAT_NONE });
}

static void map_leave(struct map *map, unsigned i, unsigned target)
{
	map_set(map, i, (struct map_shard){ MAP_LEAVING, map->shard[i].seat, (uint8_t)target });
}

int map_move(struct map *map, unsigned shard, unsigned seat)
{
	const struct map_shard *now = &map->shard[shard];

	if (!map_alive(map, seat))
		return -ENOENT;
	if (map_destination(now) == seat)
		return 0;
	if (now->state != MAP_SERVED)
		return -EBUSY;
	map_leave(map, shard, seat);
	return 0;
}

static unsigned map_most(const struct map *map)
{
	unsigned best = PLANE_SEAT_NONE;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (map_alive(map, seat) && (best == PLANE_SEAT_NONE || map->load[seat] > map->load[best]))
			best = seat;
	return best;
}

// The next shard that could go from a seat, or SHARDS. *step goes round all shards in steps of the golden section, so that
// those that go and those that stay both lie evenly: neighbouring shards fill alike.
static unsigned map_pick(const struct map *map, unsigned seat, unsigned *step)
{
	for (unsigned tries = 0; tries < SHARDS; tries++) {
		unsigned i = (*step)++ * MAP_STEP % SHARDS;
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat && (now->state == MAP_SERVED || now->state == MAP_TAKING))
			return i;
	}
	return SHARDS;
}

// Evens the loads out with as few moves as there can be: each takes a shard from the fullest to the emptiest.
static void map_level(struct map *map)
{
	unsigned step = 0;

	for (;;) {
		unsigned most = map_most(map), least = map_least(map), i;

		if (most == PLANE_SEAT_NONE || map->load[most] <= map->load[least] + 1)
			return;
		i = map_pick(map, most, &step);
		if (i == SHARDS)
			return;
		if (map->shard[i].state == MAP_SERVED)
			map_leave(map, i, least);
		else
			map_take(map, i, least); // it has not been told yet
	}
}

void map_join(struct map *map, unsigned seat)
{
	map->live |= 1u << seat;
	for (unsigned i = 0; i < SHARDS && map->homeless > 0; i++)
		if (map->shard[i].state == MAP_HOMELESS)
			map_take(map, i, seat);
	map_level(map);
}

// Shards on their way to a seat that won't be there go elsewhere, or stay.
static void map_retarget(struct map *map, unsigned i)
{
	struct map_shard now = map->shard[i];

	if (now.state == MAP_LEAVING && map_alive(map, now.seat)) {
		now.state = MAP_SERVED;
		now.target = PLANE_SEAT_NONE;
	} else {
		now.target = (uint8_t)map_least(map);
	}
	map_set(map, i, now);
}

void map_part(struct map *map, unsigned seat)
{
	map->live &= ~(1u << seat);
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat && now->state == MAP_SERVED)
			map_leave(map, i, map_least(map));
		else if (now->seat == seat && now->state == MAP_TAKING)
			map_take(map, i, PLANE_SEAT_NONE); // it has not been told yet
		else if (now->seat != PLANE_SEAT_NONE && map_destination(now) == seat)
			map_retarget(map, i);
	}
}

void map_close(struct map *map)
{
	map->live = 0;
}

void map_lost(struct map *map, unsigned seat)
{
	map->live &= ~(1u << seat);
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat)
			map_take(map, i, now->target);
		else if (now->seat != PLANE_SEAT_NONE && map_destination(now) == seat)
			map_retarget(map, i);
	}
}

void map_fenced(struct map *map, unsigned shard)
{
	struct map_shard now = map->shard[shard];

	now.state = now.state == MAP_LEAVING ? MAP_CUT : MAP_SERVED;
	map_set(map, shard, now);
}

void map_cut(struct map *map, unsigned shard)
{
	if (map->shard[shard].state == MAP_CUT)
		map_take(map, shard, map->shard[shard].target);
}
