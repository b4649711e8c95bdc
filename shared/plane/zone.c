// zone.c - makes and finds the plane's memzones. One place knows their names, sizes and order.
//
// Needs an initialised EAL. Called by the primary's main thread at start, and by the nursery's before its first fork; keeps
// no state of its own.
#include "shared/plane/zone.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include "shared/base/log.h"

#define ZONE_PLANE "shoal_plane"

static size_t zone_round(size_t bytes)
{
	return (bytes + PLANE_PAGE - 1) & ~(size_t)(PLANE_PAGE - 1);
}

static size_t zone_rooms_bytes(uint32_t rooms)
{
	return zone_round((size_t)rooms * ROOM_STRIDE);
}

static void zone_rooms_name(char name[RTE_MEMZONE_NAMESIZE], unsigned zone)
{
	snprintf(name, RTE_MEMZONE_NAMESIZE, "shoal_rooms_%u", zone);
}

static void zone_seat_name(char name[RTE_MEMZONE_NAMESIZE], unsigned seat)
{
	snprintf(name, RTE_MEMZONE_NAMESIZE, "shoal_seat_%u", seat);
}

// An aligned zone leaves up to one page unused before it, where the EAL's heap puts its element header; so does the heap itself,
// once.
size_t zone_bytes(const uint32_t rooms[ROOM_ZONES])
{
	const size_t lost = PLANE_PAGE;
	size_t bytes = lost + (PLANE_PAGE + lost) + PLANE_SEATS * (3 * (size_t)PLANE_PAGE + lost);

	for (unsigned z = 0; z < ROOM_ZONES; z++)
		if (rooms[z])
			bytes += zone_rooms_bytes(rooms[z]) + lost;
	return bytes;
}

static void *zone_reserve(const char *name, size_t bytes, int node)
{
	const struct rte_memzone *zone =
	    rte_memzone_reserve_aligned(name, bytes, node, RTE_MEMZONE_2MB | RTE_MEMZONE_IOVA_CONTIG, PLANE_PAGE);

	if (!zone) {
		log_error("zone.reserve", "%s: %zu MiB of hugepages: %s", name, bytes >> 20, rte_strerror(rte_errno));
		return NULL;
	}
	memset(zone->addr, 0, bytes);
	return zone->addr;
}

static void zone_describe(struct plane *plane, const struct region_shape *shape, const uint32_t *rooms)
{
	plane->abi = PLANE_ABI;
	memcpy(plane->build, plane_build, sizeof(plane->build));
	plane->shape = *shape;
	plane->first_shape = (struct plane_first_shape){ shape->slots, shape->foreign, shape->rates, shape->buckets };
	memcpy(plane->rooms, rooms, sizeof(plane->rooms));
	for (unsigned s = 0; s < SHARDS; s++)
		atomic_store_explicit(&plane->owner[s], PLANE_SEAT_NONE, memory_order_relaxed);
	for (unsigned s = 0; s < PLANE_SEATS; s++)
		atomic_store_explicit(&plane->nest[s], PLANE_NEST_NONE, memory_order_relaxed);
	plane->magic = PLANE_MAGIC;
}

static int zone_make_rooms(struct plane_view *view, const uint32_t rooms[ROOM_ZONES])
{
	char name[RTE_MEMZONE_NAMESIZE];

	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		if (!rooms[z])
			continue;
		zone_rooms_name(name, z);
		view->rooms.base[z] = zone_reserve(name, zone_rooms_bytes(rooms[z]), (int)z);
		if (!view->rooms.base[z])
			return -ENOMEM;
		view->rooms.count[z] = rooms[z];
	}
	return 0;
}

static int zone_make_seats(struct plane_view *view)
{
	char name[RTE_MEMZONE_NAMESIZE];

	for (unsigned n = 0; n < PLANE_SEATS; n++) {
		zone_seat_name(name, n);

		void *zone = zone_reserve(name, 3 * (size_t)PLANE_PAGE, SOCKET_ID_ANY);

		if (!zone)
			return -ENOMEM;
		view->seats[n] = seat_at(zone);
	}
	return 0;
}

int zone_make(struct plane_view *view, const struct region_shape *shape, const uint32_t rooms[ROOM_ZONES])
{
	*view = (struct plane_view){ 0 };
	view->plane = zone_reserve(ZONE_PLANE, PLANE_PAGE, SOCKET_ID_ANY);
	if (!view->plane)
		return -ENOMEM;

	int error = zone_make_rooms(view, rooms);

	if (!error)
		error = zone_make_seats(view);
	if (!error)
		zone_describe(view->plane, shape, rooms);
	return error;
}

// A zone of at least `bytes`, or null.
static void *zone_lookup(const char *name, size_t bytes)
{
	const struct rte_memzone *zone = rte_memzone_lookup(name);

	if (zone && zone->len >= bytes)
		return zone->addr;
	log_error("zone.find", "%s: %s", name, zone ? "shorter than the plane says" : "no such zone");
	return NULL;
}

static int zone_check(const struct plane *plane)
{
	if (plane->magic == PLANE_MAGIC && (plane->abi & ~PLANE_ABI_PLACES) == PLANE_ABI)
		return 0;
	log_error("zone.stale", "the plane is of build %.64s, ABI %u; this is build %.64s, ABI %u", plane->build,
		  plane->abi, plane_build, PLANE_ABI);
	return -ESTALE;
}

// The plane of a primary that knows of no rules: nurseries that do say so to their own, all of them the same.
static void zone_shape(struct plane *plane)
{
	const struct plane_first_shape *first = &plane->first_shape;

	if (!plane->shape.slots)
		plane->shape = (struct region_shape){ .slots = first->slots,
						      .foreign = first->foreign,
						      .rates = (uint16_t)first->rates,
						      .buckets = first->buckets };
}

static int zone_find_rooms(struct plane_view *view)
{
	char name[RTE_MEMZONE_NAMESIZE];

	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		uint32_t rooms = view->plane->rooms[z];

		if (!rooms)
			continue;
		zone_rooms_name(name, z);
		view->rooms.base[z] = zone_lookup(name, zone_rooms_bytes(rooms));
		if (!view->rooms.base[z])
			return -ENOENT;
		view->rooms.count[z] = rooms;
	}
	return 0;
}

static int zone_find_seats(struct plane_view *view)
{
	char name[RTE_MEMZONE_NAMESIZE];

	for (unsigned n = 0; n < PLANE_SEATS; n++) {
		zone_seat_name(name, n);

		void *zone = zone_lookup(name, 3 * (size_t)PLANE_PAGE);

		if (!zone)
			return -ENOENT;
		view->seats[n] = seat_at(zone);
	}
	return 0;
}

int zone_find(struct plane_view *view)
{
	*view = (struct plane_view){ 0 };
	view->plane = zone_lookup(ZONE_PLANE, sizeof(struct plane));
	if (!view->plane)
		return -ENOENT;

	int error = zone_check(view->plane);

	if (!error)
		zone_shape(view->plane);
	if (!error)
		error = zone_find_rooms(view);
	if (!error)
		error = zone_find_seats(view);
	return error;
}
