// guard.c - takes away and write-protects memory a process of ours has no business with. No state.
#include "workers/fork/guard.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

#define KEPT_MAX (3 + ROOM_ZONES + PLANE_SEATS)

struct stretch {
	uintptr_t from, to;
};

static struct stretch stretch_of(const void *at, size_t bytes)
{
	uintptr_t from = (uintptr_t)at;

	return (struct stretch){ from, (from + bytes + PLANE_PAGE - 1) & ~(uintptr_t)(PLANE_PAGE - 1) };
}

static struct stretch rooms_of(const struct plane_view *view, unsigned zone)
{
	return stretch_of(view->rooms.base[zone], (size_t)view->rooms.count[zone] * ROOM_STRIDE);
}

static struct stretch shards_of(const struct plane_view *view)
{
	return stretch_of(view->shards[0].header, SHARDS * region_stride(&view->plane->shape));
}

static struct stretch image_of(const struct plane_view *view)
{
	const struct region_shape *shape = &view->plane->shape;

	return stretch_of(view->image, image_bytes(shape->slots, shape->rates, shape->sheet));
}

static unsigned stretches_kept(const struct plane_view *view, struct stretch kept[KEPT_MAX])
{
	unsigned n = 0;

	kept[n++] = stretch_of(view->plane, PLANE_PAGE);
	kept[n++] = shards_of(view);
	kept[n++] = image_of(view);
	for (unsigned z = 0; z < ROOM_ZONES; z++)
		if (view->rooms.base[z])
			kept[n++] = rooms_of(view, z);
	for (unsigned s = 0; s < PLANE_SEATS; s++)
		kept[n++] = stretch_of(view->seats[s].primary, 3 * (size_t)PLANE_PAGE);
	return n;
}

static bool touches(struct stretch a, const struct stretch *kept, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (a.from < kept[i].to && kept[i].from < a.to)
			return true;
	return false;
}

// A line of /proc/self/maps; true if it is a shared mapping.
static bool map_read(const char *line, struct stretch *map)
{
	unsigned long from, to;
	char rights[5] = "";

	if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3)
		return false;
	*map = (struct stretch){ from, to };
	return rights[3] == 's';
}

int guard_trim(const struct plane_view *view)
{
	struct stretch kept[KEPT_MAX];
	unsigned n = stretches_kept(view, kept);
	FILE *maps = fopen("/proc/self/maps", "re");
	struct stretch map;
	size_t bytes = 0;
	char *line = NULL;
	int error = 0;

	if (!maps)
		return -errno;
	while (!error && getline(&line, &bytes, maps) > 0)
		if (map_read(line, &map) && !touches(map, kept, n) && munmap((void *)map.from, map.to - map.from))
			error = -errno;
	free(line);
	fclose(maps);
	if (!error && mprotect(view->plane, PLANE_PAGE, PROT_READ))
		error = -errno;
	return error;
}

static void populate(struct stretch stretch)
{
	// A kernel that does not know it takes the faults later: slower, not wrong.
	madvise((void *)stretch.from, stretch.to - stretch.from, MADV_POPULATE_WRITE);
}

int guard_worker(const struct plane_view *view, unsigned seat)
{
	int failed = 0;

	for (unsigned s = 0; s < PLANE_SEATS; s++)
		if (s != seat)
			failed |= munmap(view->seats[s].primary, 3 * (size_t)PLANE_PAGE);
	for (unsigned z = 0; z < ROOM_ZONES; z++)
		if (view->rooms.base[z])
			populate(rooms_of(view, z));
	populate(shards_of(view));
	populate(image_of(view));
	failed |= mprotect(view->seats[seat].primary, PLANE_PAGE, PROT_READ);
	failed |= mprotect(view->seats[seat].courier, PLANE_PAGE, PROT_READ);
	return failed ? -errno : 0;
}

int guard_courier(const struct plane_view *view)
{
	struct stretch shards = shards_of(view);
	int failed = mprotect((void *)shards.from, shards.to - shards.from, PROT_READ);

	failed |= munmap(view->image, image_of(view).to - image_of(view).from);

	for (unsigned z = 0; z < ROOM_ZONES; z++)
		if (view->rooms.base[z])
			failed |= munmap(view->rooms.base[z], rooms_of(view, z).to - rooms_of(view, z).from);
	for (unsigned s = 0; s < PLANE_SEATS; s++)
		failed |= mprotect(view->seats[s].primary, 2 * (size_t)PLANE_PAGE, PROT_READ);
	return failed ? -errno : 0;
}
