// map.c - decides where shards live. Pure; the primary's loop only.
#include "primary/loop/map.h"

#include <errno.h>
#include <string.h>

#define MAP_STEP 159u // SHARDS / 1.618, odd: visits each shard once

void map_init(struct map *map)
{
	memset(map, 0, sizeof(*map));
	for (unsigned i = 0; i < SHARDS; i++) {
		map->shard[i] = (struct map_shard){ MAP_HOMELESS, PLANE_SEAT_NONE, PLANE_SEAT_NONE };
		map->feeds[i] = map->pin[i] = PLANE_SEAT_NONE;
		map->lines[i] = MAP_NO_BANK;
	}
	map->homeless = SHARDS;
	map->image.shard = MAP_NO_SHARD;
}

static bool map_alive(const struct map *map, unsigned seat)
{
	return seat < PLANE_SEATS && (map->live >> seat & 1);
}

static uint32_t map_regulars(const struct map *map)
{
	return map->live & ~map->guests;
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
	map->feeds[i] = (uint8_t)map_feeder(map, i);
}

static unsigned map_least(const struct map *map, uint32_t among)
{
	unsigned best = PLANE_SEAT_NONE;

	for (; among; among &= among - 1) {
		unsigned seat = (unsigned)__builtin_ctz(among);

		if (best == PLANE_SEAT_NONE || map->load[seat] < map->load[best])
			best = seat;
	}
	return best;
}

static unsigned map_most(const struct map *map, uint32_t among)
{
	unsigned best = PLANE_SEAT_NONE;

	for (; among; among &= among - 1) {
		unsigned seat = (unsigned)__builtin_ctz(among);

		if (best == PLANE_SEAT_NONE || map->load[seat] > map->load[best])
			best = seat;
	}
	return best;
}

// Who takes a shard over: a regular where its lines are, any regular, whoever is there.
static unsigned map_heir(const struct map *map, unsigned shard)
{
	uint32_t regulars = map_regulars(map), near = 0;

	for (uint32_t seats = regulars; seats; seats &= seats - 1)
		if (map->bank[__builtin_ctz(seats)] == map->lines[shard])
			near |= seats & -seats;
	return map_least(map, near ? near : regulars ? regulars : map->live);
}

static void map_take(struct map *map, unsigned i, unsigned seat)
{
	if (!map_alive(map, seat))
		seat = map_heir(map, i);

	uint8_t state = seat == PLANE_SEAT_NONE ? MAP_HOMELESS : MAP_TAKING;

	map_set(map, i, (struct map_shard){ state, (uint8_t)seat, PLANE_SEAT_NONE });
}

static void map_leave(struct map *map, unsigned i, unsigned target)
{
	map_set(map, i, (struct map_shard){ MAP_LEAVING, map->shard[i].seat, (uint8_t)target });
}

// Whether what the shard is doing can end at this seat instead. Not once its CUT is out; and what was cut to stay in its bank has no
// image with which to leave it.
static bool map_may_send(const struct map *map, unsigned i, unsigned seat)
{
	const struct map_shard *now = &map->shard[i];

	if (now->state == MAP_TAKING && map->image.shard != i && map->bank[now->seat] == map->lines[i])
		return seat < PLANE_SEATS && map->bank[seat] == map->lines[i];
	return now->state != MAP_CUT;
}

// Sends a shard to a seat from wherever it is. One that can't go now ends its move first.
static void map_send(struct map *map, unsigned i, unsigned seat)
{
	const struct map_shard *now = &map->shard[i];

	if (map_destination(now) == seat || !map_may_send(map, i, seat))
		return;
	if (now->state == MAP_LEAVING && now->seat == seat)
		map_set(map, i, (struct map_shard){ MAP_SERVED, now->seat, PLANE_SEAT_NONE });
	else if (now->state == MAP_SERVED || now->state == MAP_LEAVING)
		map_leave(map, i, seat);
	else
		map_take(map, i, seat); // its seat has not been told yet
}

// Where a shard belongs that is at this seat, or on its way there.
static unsigned map_place(const struct map *map, unsigned i, unsigned seat)
{
	bool stays = map_alive(map, seat) && (!(map->guests >> seat & 1) || !map_regulars(map));

	if (bits_has(&map->pinned, i))
		return map->pin[i];
	return stays ? seat : map_heir(map, i);
}

static void map_release(struct map *map)
{
	map->image = (struct map_image){ .shard = MAP_NO_SHARD };
}

static void map_pin(struct map *map, unsigned i, unsigned seat)
{
	map->pin[i] = (uint8_t)seat;
	if (seat == PLANE_SEAT_NONE)
		bits_clear(&map->pinned, i);
	else
		bits_set(&map->pinned, i);
}

static void map_loosen(struct map *map, unsigned seat)
{
	for (unsigned i = 0; i < SHARDS; i++)
		if (map->pin[i] == seat)
			map_pin(map, i, PLANE_SEAT_NONE);
}

// The next shard that could go from a seat to another, or SHARDS. *step goes round all shards in steps of the golden section, so that
// those that go and those that stay both lie evenly: neighbouring shards fill alike.
static unsigned map_pick(const struct map *map, unsigned seat, unsigned to, unsigned *step)
{
	for (unsigned tries = 0; tries < SHARDS; tries++) {
		unsigned i = (*step)++ * MAP_STEP % SHARDS;
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat && (now->state == MAP_SERVED || now->state == MAP_TAKING) &&
		    !bits_has(&map->pinned, i) && map_may_send(map, i, to))
			return i;
	}
	return SHARDS;
}

// Evens the regulars' loads out with as few moves as there can be: each takes a shard from the fullest to the emptiest.
static void map_even(struct map *map)
{
	uint32_t regulars = map_regulars(map), full = regulars;
	unsigned step = 0;

	for (;;) {
		unsigned most = map_most(map, full), least = map_least(map, regulars), i;

		if (most == PLANE_SEAT_NONE || map->load[most] <= map->load[least] + 1)
			return;
		i = map_pick(map, most, least, &step);
		if (i < SHARDS) {
			map_send(map, i, least);
		} else {
			full &= ~(1u << most); // what is left there is pinned, or still to come: later
			map->uneven = true;
		}
	}
}

static void map_even_again(struct map *map)
{
	if (!map->uneven)
		return;
	map->uneven = false;
	map_even(map);
}

// Each shard to where it belongs, then the regulars among themselves.
static void map_level(struct map *map)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		unsigned to = map_destination(&map->shard[i]);

		if (to != PLANE_SEAT_NONE)
			map_send(map, i, map_place(map, i, to));
	}
	map_even(map);
}

int map_move(struct map *map, unsigned shard, unsigned seat)
{
	if (!map_alive(map, seat))
		return -ENOENT;
	map_pin(map, shard, seat);
	map_send(map, shard, seat);
	return 0;
}

void map_unpin(struct map *map, unsigned shard)
{
	map_pin(map, shard, PLANE_SEAT_NONE);
	map_level(map);
}

void map_join(struct map *map, unsigned seat, unsigned bank)
{
	map->live |= 1u << seat;
	map->bank[seat] = (uint8_t)bank;
	for (unsigned i = 0; i < SHARDS && map->homeless > 0; i++)
		if (map->shard[i].state == MAP_HOMELESS)
			map_take(map, i, seat);
	map_level(map);
}

int map_stand(struct map *map, unsigned seat, bool guest)
{
	uint32_t bit = 1u << seat;

	if (!guest) {
		map->guests &= ~bit;
	} else if (map_regulars(map) == bit) {
		return -EBUSY;
	} else if (!(map->guests & bit)) {
		map->guests |= bit;
		map_loosen(map, seat);
	}
	map_level(map);
	return 0;
}

// Shards on their way to a seat that won't be there go elsewhere, or stay.
static void map_retarget(struct map *map, unsigned i)
{
	struct map_shard now = map->shard[i];

	if (now.state == MAP_LEAVING) {
		map_set(map, i, (struct map_shard){ MAP_SERVED, now.seat, PLANE_SEAT_NONE });
		map_send(map, i, map_place(map, i, now.seat));
	} else {
		now.target = (uint8_t)map_heir(map, i);
		map_set(map, i, now);
	}
}

// Its seat has not been told yet. But who was cut to stay in its bank, and has nobody else there, is taken first, and leaves with an image.
static void map_untake(struct map *map, unsigned i)
{
	unsigned heir = map_heir(map, i);

	if (heir == PLANE_SEAT_NONE || map_may_send(map, i, heir))
		map_take(map, i, heir);
}

void map_part(struct map *map, unsigned seat)
{
	map->live &= ~(1u << seat);
	map_loosen(map, seat);
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat && now->state == MAP_SERVED)
			map_leave(map, i, map_heir(map, i));
		else if (now->seat == seat && now->state == MAP_TAKING)
			map_untake(map, i);
		else if (now->seat != PLANE_SEAT_NONE && map_destination(now) == seat)
			map_retarget(map, i);
	}
}

void map_close(struct map *map)
{
	map->live = 0;
}

// The image of a shard is lost with who was writing it; one that its reader died of is not read again.
static void map_image_lost(struct map *map, unsigned seat)
{
	const struct map_image *image = &map->image;

	if (image->shard != MAP_NO_SHARD && map->shard[image->shard].seat == seat && (!image->whole || image->taken))
		map_release(map);
}

void map_lost(struct map *map, unsigned seat)
{
	map->live &= ~(1u << seat);
	map_loosen(map, seat);
	map_image_lost(map, seat);
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct map_shard *now = &map->shard[i];

		if (now->seat == seat)
			map_take(map, i, now->target);
		else if (now->seat != PLANE_SEAT_NONE && map_destination(now) == seat)
			map_retarget(map, i);
	}
}

enum map_fence map_fence(const struct map *map, unsigned shard)
{
	const struct map_shard *now = &map->shard[shard];
	const struct map_image *image = &map->image;

	if (now->state == MAP_TAKING)
		return image->shard == shard && map->bank[now->seat] != image->bank ? MAP_IMAGE : MAP_PLAIN;
	if (now->target == PLANE_SEAT_NONE || map->bank[now->target] == map->bank[now->seat])
		return MAP_PLAIN;
	return image->shard == MAP_NO_SHARD ? MAP_IMAGE : MAP_WAIT;
}

static void map_fenced_own(struct map *map, unsigned shard)
{
	struct map_shard now = map->shard[shard];

	map->lines[shard] = map->bank[now.seat];
	if (map->image.shard == shard && map->bank[now.seat] == map->image.bank)
		map_release(map); // back where it was written
	else if (map->image.shard == shard)
		map->image.taken = true;
	now.state = MAP_SERVED;
	map_set(map, shard, now);
	map_send(map, shard, map_place(map, shard, now.seat));
}

void map_fenced(struct map *map, unsigned shard)
{
	struct map_shard now = map->shard[shard];

	if (now.state == MAP_TAKING) {
		map_fenced_own(map, shard);
		return;
	}
	if (map_fence(map, shard) == MAP_IMAGE)
		map->image = (struct map_image){ .shard = (uint16_t)shard, .bank = map->bank[now.seat] };
	now.state = MAP_CUT;
	map_set(map, shard, now);
}

void map_cut(struct map *map, unsigned shard)
{
	unsigned from = map->shard[shard].seat, to = map->shard[shard].target;

	if (map->shard[shard].state != MAP_CUT)
		return;
	if (map->image.shard == shard)
		map->image.whole = true;
	to = map_alive(map, to) ? to : map_heir(map, shard);
	// It was to stay in its bank and now can't: back, to be cut again with an image.
	if (to != PLANE_SEAT_NONE && map->bank[to] != map->bank[from] && map->image.shard != shard)
		map_set(map, shard, (struct map_shard){ MAP_TAKING, (uint8_t)from, PLANE_SEAT_NONE });
	else
		map_take(map, shard, to);
	map_even_again(map);
}

void map_owned(struct map *map, unsigned shard)
{
	if (map->image.shard == shard && map->image.taken)
		map_release(map);
	map_even_again(map);
}
