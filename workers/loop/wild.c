// wild.c - stray writes, by lot. For test builds only. State: what can be written, found before the sandbox; the loop thread's.
#include "workers/loop/wild.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/faults.h"
#include "workers/loop/loop.h"

#define STRETCHES 128u
#define EVERY 4u // bursts between two fits

struct stretch {
	uint64_t *words;
	uint64_t count;
};

static struct {
	bool ours; // our seat is one of those
	unsigned bursts;
	uint64_t lot;
	unsigned own, all; // stretches: first those that are ours alone
	struct stretch stretch[STRETCHES];
} wild;

static uint64_t draw(void)
{
	wild.lot ^= wild.lot << 13;
	wild.lot ^= wild.lot >> 7;
	wild.lot ^= wild.lot << 17;
	return wild.lot;
}

static bool holds(const struct stretch *stretch, const void *at)
{
	return (const uint64_t *)at >= stretch->words && (const uint64_t *)at < stretch->words + stretch->count;
}

static bool is_common(const struct loop *loop, const struct stretch *stretch)
{
	const struct plane_view *view = loop->view;
	bool common = holds(stretch, view->shards[0].header) || holds(stretch, view->image);

	for (unsigned z = 0; z < ROOM_ZONES; z++)
		common |= view->rooms.base[z] && holds(stretch, view->rooms.base[z]);
	return common;
}

static bool stretch_read(const char *line, struct stretch *stretch)
{
	unsigned long from, to;
	char rights[5] = "";

	if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[1] != 'w' || strstr(line, "faults"))
		return false;
	*stretch = (struct stretch){ (uint64_t *)from, (to - from) / sizeof(uint64_t) };
	return true;
}

static void stretches_find(const struct loop *loop, bool common)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct stretch stretch;
	char line[512];

	while (maps && wild.all < STRETCHES && fgets(line, sizeof(line), maps))
		if (stretch_read(line, &stretch) && is_common(loop, &stretch) == common)
			wild.stretch[wild.all++] = stretch;
	if (maps)
		fclose(maps);
}

void wild_open(const struct loop *loop, unsigned seat)
{
	const char *seats = getenv("SHOAL_WILD_SEATS"), *seed = getenv("SHOAL_WILD_SEED");
	uint64_t lot;

	wild.ours = seats && seat < strtoul(seats, NULL, 10);
	lot = (seed ? strtoull(seed, NULL, 10) : 0) << 32 |
	      (uint64_t)atomic_load(&loop->seat.primary->generation) << 8 | (seat + 1);
	wild.lot = 0x9e3779b97f4a7c15ull * lot;
	stretches_find(loop, false);
	wild.own = wild.all;
	stretches_find(loop, true);
}

static void scribble(unsigned stretches)
{
	const struct stretch *stretch = &wild.stretch[draw() % stretches];
	volatile uint64_t *word = &stretch->words[draw() % stretch->count];

	switch (draw() % 4) {
	case 0:
		*word = draw();
		break;
	case 1:
		*word ^= 1ull << draw() % 64;
		break;
	case 2:
		*word = 0;
		break;
	default:
		*(volatile uint32_t *)word = (uint32_t)draw();
	}
}

// Handles nobody lent, and indices that never were.
static void forge(struct loop *loop)
{
	struct seat_worker_page *page = loop->seat.worker;
	unsigned n = (unsigned)(draw() % 8);

	for (unsigned i = 0; i < n; i++) {
		uint64_t words[2] = { draw(), draw() };

		if (draw() % 2) // nearly right is worse than quite wrong
			words[0] &= 0xffff;
		memcpy(&page->out[(loop->out_head + i) % LANE_SLOTS], words, sizeof(words));
	}
	ring_publish(&page->out_head, draw() % 4 ? loop->out_head + n : (uint32_t)draw());
}

void wild_turn(struct loop *loop)
{
	unsigned long count;
	char whose[16];

	if (!wild.ours || ++wild.bursts % EVERY || !faults_wished("wild", &count, whose))
		return;
	for (unsigned long i = 0; i < count; i++) {
		faults_count_wild();
		scribble(strcmp(whose, "all") ? wild.own : wild.all);
	}
	if (draw() % 4 == 0)
		forge(loop);
}
