// hop_lines.c - what crosses between two cores for a packet and a hop: both sides of a lane by turns in one thread, for a
// trace of their loads and stores that hop_lines.py reads.
//
// usage: hop-lines handles|headers|copy      handles: the worker looks at nothing else; headers: the packet path, and a
// copying driver; copy: 256 bytes of each packet are copied on either side, as no build of ours may
// Prints "mark ADDRESS" (0, 64, 128 bytes from it a store says: primary's turn, worker's turn, neither's) and "shared FROM TO".
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "primary/lane.h"
#include "shared/base/bell.h"
#include "shared/plane/verdict.h"
#include "tests/stand/stand.h"
#include "workers/loop.h"

#define BURSTS 160u // five times around the lane
#define COPY 256u

static _Alignas(64) volatile uint32_t marks[3][16];
static struct stand stand;
static struct plane_view view;
static struct loop loop;
static struct lane lane;
static uint8_t copies[2][COPY]; // each side's own
static struct bearer bearer;

static void *pages(size_t bytes, const char *what)
{
	uint8_t *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		abort();
	printf("%s %p %p\n", what, (void *)at, (void *)(at + bytes));
	return at;
}

static void glance(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		handles[i].code = VERDICT_FORWARD;
}

static void copy(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++)
		memcpy(copies[1], room_at(&stand.rooms, handles[i].room), COPY);
	glance(with, handles, n, now);
}

static void work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	pipe_burst(&stand.pipe, handles, n, now);
}

static void seat_open(void)
{
	struct loop_wires wires = { -1, -1, -1, -1 };

	view.plane = pages(sizeof(*view.plane), "shared");
	view.plane->net = stand.net;
	view.plane->shape = stand.shape;
	view.rooms = stand.rooms;
	view.seats[0] = seat_at(pages(3 * PLANE_PAGE, "shared"));
	loop_open(&loop, &view, 0, &wires);
	lane_init(&lane, view.seats[0], -1);
}

// A frame in its room, as a copying driver leaves it; or nothing, where nobody looks.
static struct lane_handle frame_make(uint32_t room, const char *what)
{
	struct lane_handle handle = { .room = room, .offset = STAND_OFFSET, .length = 128, .code = LANE_UPLINK };

	if (!strcmp(what, "headers"))
		handle = stand_lend_up(&stand, room, bearer.teid, bearer.ue_ipv4, 64);
	else if (!strcmp(what, "copy"))
		memcpy(room_at(&stand.rooms, room), copies[0], COPY);
	return handle;
}

static void lend(const char *what)
{
	if (lane_look(&lane))
		abort();
	for (unsigned i = 0; i < LANE_BURST; i++)
		lane_put(&lane, frame_make((lane.lease.head + i) % STAND_ROOMS, what));
	lane_publish(&lane);
}

// The Ethernet header goes where the packet now begins.
static void take(const char *what)
{
	struct lane_handle back[LANE_BURST];
	int n = lane_take(&lane, back);

	for (int i = 0; i < n; i++) {
		const struct lane_handle *lent = lease_find(&lane.lease, &back[i]);

		if (!lent || back[i].code != VERDICT_FORWARD)
			exit(1);
		if (strcmp(what, "handles"))
			memset(room_at(&stand.rooms, back[i].room) + back[i].offset - 14, 0x02, 14);
		lease_end(&lane.lease, lent);
	}
	if (n != (int)LANE_BURST)
		exit(1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	loop_work *works = !strcmp(what, "handles")   ? glance
			   : !strcmp(what, "headers") ? work
			   : !strcmp(what, "copy")    ? copy
						      : NULL;
	struct lines lines;

	if (!works)
		return 2;
	stand_open(&stand);
	bearer = stand_bearer(&stand, 1, 1);
	lines = stand_lines(&stand, 1);
	if (lines_set(&lines, 1, &bearer))
		return 1;
	printf("mark %p\nshared %p %p\n", (void *)(uintptr_t)marks, (void *)stand.rooms_map,
	       (void *)(stand.rooms_map + stand.rooms_bytes));
	seat_open();
	loop_set_work(&loop, works, NULL);
	fflush(stdout);
	for (unsigned i = 0; i < BURSTS; i++) {
		marks[0][0] = i;
		lend(what);
		marks[1][0] = i;
		loop_turn(&loop);
		marks[0][0] = i;
		take(what);
		marks[2][0] = i;
	}
	return 0;
}
