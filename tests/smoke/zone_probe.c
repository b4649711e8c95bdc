// zone_probe.c - the plane's memzones, made and found again; and refused when they are another build's, too short, or absent.
//
//   zone_probe HUGE_DIR
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_eal.h>
#include <rte_memzone.h>
#include "shared/base/log.h"
#include "shared/plane/zone.h"

static const struct region_shape shape = { .slots = 100, .foreign = 10, .rates = 4, .buckets = 4 };
static const uint32_t rooms[ROOM_ZONES] = { 1000 };

static void expect(const char *what, int holds)
{
	printf("%sok: %s\n", holds ? "" : "not ", what);
	if (!holds)
		exit(1);
}

static void start(const char *huge_dir)
{
	static char prefix[64], dir[256], mib[16];
	char *argv[] = { "zone_probe",
			 "--no-telemetry",
			 "--no-pci",
			 "--legacy-mem",
			 "--iova-mode=va",
			 "--lcores=0@0",
			 "--log-level=4",
			 prefix,
			 dir,
			 "-m",
			 mib };

	snprintf(prefix, sizeof(prefix), "--file-prefix=zone_probe_%d", getpid());
	snprintf(dir, sizeof(dir), "--huge-dir=%s", huge_dir);
	snprintf(mib, sizeof(mib), "%zu",
		 zone_bytes(rooms) >> 20); // what it says is enough: the EAL needs a little, too
	expect("EAL", rte_eal_init(sizeof(argv) / sizeof(argv[0]), argv) >= 0);
}

static void made(const struct plane_view *view)
{
	int owned = 0;

	for (unsigned s = 0; s < SHARDS; s++) {
		owned += view->plane->owner[s] != PLANE_SEAT_NONE;
	}
	expect("no shard has an owner", owned == 0);
	expect("rooms begin a page", (uintptr_t)view->rooms.base[0] % PLANE_PAGE == 0);
	expect("there are as many as asked for", view->rooms.count[0] == rooms[0] && !view->rooms.count[1]);
	for (unsigned n = 0; n < PLANE_SEATS; n++)
		if ((uintptr_t)view->seats[n].primary % PLANE_PAGE != 0)
			expect("seats begin a page", 0);
	memset(view->rooms.base[0], 0xff, (size_t)rooms[0] * ROOM_STRIDE); // all of it is ours
}

int main(int argc, char **argv)
{
	struct plane_view view, again;

	if (argc != 2)
		return 2;
	log_open("zone_probe", "error");
	start(argv[1]);
	expect("nothing is found before it is made", zone_find(&again) == -ENOENT);
	expect("all zones are made", zone_make(&view, &shape, rooms) == 0);
	made(&view);
	expect("and found", zone_find(&again) == 0);
	expect("at the same places", memcmp(&view, &again, sizeof(view)) == 0);
	expect("they are made once", zone_make(&again, &shape, rooms) == -ENOMEM);
	view.plane->abi ^= 1;
	expect("another ABI is refused", zone_find(&again) == -ESTALE);
	view.plane->abi ^= 1;
	view.plane->magic++;
	expect("a plane not yet ready is refused", zone_find(&again) == -ESTALE);
	view.plane->magic--;
	view.plane->rooms[0] = 1u << 20;
	expect("a zone shorter than the plane says is refused", zone_find(&again) == -ENOENT);
	rte_eal_cleanup();
	return 0;
}
