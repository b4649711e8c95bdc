// anew.c - ends the lives of counters that have been overtaken. State: struct anew, the loop thread's.
#include "workers/loop/anew.h"
#include "shared/base/clock.h"
#include "workers/loop/picture.h"

#define ANEW_SPACE 64u // left to others in the report ring

void anew_open(struct anew *anew, struct tenure *tenure, struct reports *reports)
{
	*anew = (struct anew){ tenure, reports, -1, 0 };
}

static void cell_begin(const struct anew *anew, const struct lines *lines, uint32_t slot)
{
	const struct report report = { .kind = REPORT_FINAL,
				       .shard = (uint8_t)lines->region->header->shard,
				       .slot = slot };
	struct lines_count last;
	struct lines_room room;

	if (!lines_count(lines->region, slot, &last))
		return;
	if (lines_rules_live(lines, slot, &room))
		for (unsigned i = 0; i < room.sheet->urrs && i < SHEET_URRS; i++) {
			struct lines_gauge gauge = lines_gauge(&room, i);

			reports_gauge(anew->reports, report, &last, &gauge, anew->tenure->view->plane);
		}
	reports_final(anew->reports, report, &last);
	lines_count_begin(lines, slot, last.teid);
}

static struct lines lines_now(const struct anew *anew, uint8_t shard)
{
	struct lines lines = tenure_lines(anew->tenure, shard);

	lines.life = plane_wall_ns(anew->tenure->view->plane, clock_ticks());
	return lines;
}

// The lowest stale shard, from its first cell if it is another one than before. False: there is none.
static bool shard_find(struct anew *anew)
{
	int shard = tenure_first(anew->tenure->stale);

	if (shard != anew->shard)
		anew->slot = 0;
	anew->shard = shard;
	return shard >= 0;
}

static void shard_done(struct anew *anew)
{
	uint8_t shard = (uint8_t)anew->shard;

	picture_settle(anew->tenure->view->image, shard);
	anew->tenure->stale[shard / 64] &= ~(1ull << shard % 64);
}

static bool has_space(const struct anew *anew, const struct lines *lines)
{
	unsigned gauges = lines->region->rest[anew->slot].ruled ? SHEET_URRS : 0;

	return reports_space(anew->reports) > ANEW_SPACE + gauges;
}

bool anew_visit(struct anew *anew, unsigned cells)
{
	while (shard_find(anew)) {
		struct lines lines = lines_now(anew, (uint8_t)anew->shard);

		for (; cells && anew->slot < lines.shape->slots && has_space(anew, &lines); cells--)
			cell_begin(anew, &lines, anew->slot++);
		if (anew->slot < lines.shape->slots)
			return true;
		shard_done(anew);
	}
	return false;
}
