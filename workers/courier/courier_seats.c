// courier_seats.c - which seats and shards are this courier's, of those that two nests share. State: struct courier; the courier's
// thread. The primary gives a seat to the other nest only when its report ring is empty and nobody sits there; from then on
// its pages have another writer.
#include <string.h>
#include "shared/base/clock.h"
#include "workers/courier/courier_parts.h"

static void seat_resume(struct courier *courier, unsigned seat)
{
	const struct seat_courier_page *page = courier->view->seats[seat].courier;

	courier->change_head[seat] = ring_resume(&page->change_head);
	courier->report_tail[seat] = ring_resume(&page->report_tail);
	unheard_resume(&courier->unheard, seat, courier->report_tail[seat]);
}

// Between two turns nobody but another courier moves the published indices on: the seat was away and is back.
static bool seat_strayed(const struct courier *courier, unsigned seat)
{
	const struct seat_courier_page *page = courier->view->seats[seat].courier;

	return ring_resume(&page->change_head) != courier->change_head[seat] ||
	       (int32_t)(ring_resume(&page->report_tail) - courier->report_tail[seat]) > 0;
}

static void seats_watch(struct courier *courier)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		bool ours = atomic_load(&courier->view->plane->nest[seat]) == courier->kit->nest;

		if (ours && (!courier_has(courier, seat) || seat_strayed(courier, seat)))
			seat_resume(courier, seat);
		courier->seats = (courier->seats & ~(1u << seat)) | (unsigned)ours << seat;
	}
}

unsigned courier_place(const struct courier *courier, unsigned shard)
{
	unsigned seat = atomic_load_explicit(&courier->view->plane->owner[shard], memory_order_acquire);

	if (seat >= PLANE_SEATS)
		return PLANE_SEAT_NONE;
	return courier_has(courier, seat) ? seat : COURIER_ELSEWHERE;
}

unsigned courier_owner(const struct courier *courier, unsigned shard)
{
	unsigned seat = courier_place(courier, shard);

	return seat < PLANE_SEATS && courier->view->shards[shard].header->owner == seat ? seat : PLANE_SEAT_NONE;
}

// A shard may have gone and come back since the last turn, and its changes went elsewhere: so takings are counted as well.
static bool shard_moved(struct courier *courier, unsigned shard)
{
	uint8_t place = (uint8_t)courier_place(courier, shard);
	uint32_t taken = atomic_load_explicit(&courier->view->shards[shard].header->taken, memory_order_acquire);
	bool moved = place != courier->owner[shard] || (place < PLANE_SEATS && taken != courier->taken[shard]);

	courier->owner[shard] = place;
	courier->taken[shard] = taken;
	return moved;
}

void courier_watch(struct courier *courier)
{
	seats_watch(courier);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		if (!shard_moved(courier, shard))
			continue;
		if (courier->owner[shard] != COURIER_ELSEWHERE) {
			doubt_moved(&courier->doubt[shard], clock_ns());
			continue;
		}
		pending_drop(courier->pending, (uint8_t)shard); // its new courier tells ctrl where it stands
		courier->doubt[shard] = (struct doubt){ 0 };
	}
}

static void shards_ours(const struct courier *courier, uint64_t set[SHARDS / 64])
{
	memset(set, 0, SHARDS / 8);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		set[shard / 64] |= (uint64_t)(courier->owner[shard] != COURIER_ELSEWHERE) << shard % 64;
}

void courier_watch_first(struct courier *courier)
{
	seats_watch(courier);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		shard_moved(courier, shard);
	shards_ours(courier, courier->counted);
}

// What has left since the last pass began is looked at once more: nobody else can tell what it counted here. What has come waits
// for the next pass: its counters may have begun a new life, and then the last word about the old one has to be there first.
void courier_choose(struct courier *courier)
{
	usage_choose(courier->usage, courier->counted);
	shards_ours(courier, courier->counted);
}

void courier_choose_all(struct courier *courier)
{
	uint64_t ours[SHARDS / 64];

	shards_ours(courier, ours);
	for (unsigned word = 0; word < SHARDS / 64; word++)
		ours[word] |= courier->counted[word];
	usage_choose(courier->usage, ours);
}
