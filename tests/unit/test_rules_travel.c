// test_rules_travel.c - rules on their way to another build, gauges that begin anew, and gauges to ctrl.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/rules_stand.h"
#include "workers/courier/usage.h"
#include "workers/loop/picture.h"

// Of another build, whose region has been in use.
static struct plane_view other;

static struct lines lines_there(void)
{
	return (struct lines){ .region = &other.shards[SHARD], .shape = &other.plane->shape, .net = &other.plane->net };
}

// Whether the cell is there as it is here; else not at all, and ctrl sends everything.
static void travels(bool whole)
{
	struct lines there = lines_there();
	struct lines_room was = room_now(), is;
	struct bearer back, bearer = bearer_of();

	assert_int_equal(picture_read(&there, view.image), 0);
	assert_int_equal(lines_read(&there, SLOT, &back) == 0, whole);
	assert_int_equal(there.region->header->seq, whole ? stands : 0);
	if (!whole)
		return;
	assert_memory_equal(&back, &bearer, sizeof(back));
	assert_true(lines_rules_live(&there, SLOT, &is));
	assert_int_equal(is.end, was.end);
	assert_memory_equal(is.sheet, was.sheet, was.end - sizeof(struct ruled));
	assert_int_equal(is.ruled->told, was.ruled->told);
}

static void rules_travel_in_an_image(void **state)
{
	struct lines lines = lines_of();
	struct image_cell *cell = image_cells(view.image, view.plane->shape.rates) + SLOT;
	const struct region_shape *shape = &view.plane->shape;
	struct bearer bearer;
	struct ruled *room;

	fake_plane_make(&other);
	room = image_room(view.image, shape->rates, shape->slots, shape->sheet, SLOT);
	qer_add(1);
	urr_add(1, 1);
	urr_add(2, 7);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	sheets.head.episode = 3;
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer); // into the second room
	gauge_use(1, 12340);
	((struct ruled *)room_now().ruled)->told = 4;
	picture_write(&lines, view.image);
	travels(true);
	room->tokens += 64;
	travels(false);
	room->tokens -= 64;
	((struct sheet *)(room + 1))->pdrs = 255;
	travels(false);
	picture_write(&lines, view.image);
	travels(true);
	((struct sheet_pdr *)((uint64_t *)((struct sheet *)(room + 1) + 1) + 1))->far = 63; // no sheet of ours says so
	room->sum = cell->bearer.sheet_sum = sheet_sum(room + 1, room->bytes);
	travels(false);
	picture_write(&lines, view.image);
	cell->rules += 64;
	travels(false);
	cell->rules = UINT64_MAX;
	travels(false);
	cell->rules = 0; // of a build that knows of no rules
	travels(false);
	fake_plane_free(&other);
}

static void gauges_begin_anew_with_their_session(void **state)
{
	struct bearer bearer;
	uint64_t life;

	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
	gauge_use(0, 500);
	life = rest()->life;
	loop.tenure.stale[SHARD / 64] |= 1ull << SHARD % 64;
	anew_visit(&loop.anew, 1000);
	assert_int_equal(next(REPORT_GAUGE).uplink_bytes, 500);
	assert_int_equal(next(REPORT_FINAL).life, life);
	no_more();
	assert_true(rest()->life > life);
	assert_true(!room_now().gauges[0].bytes[LINE_UPLINK] && room_now().gauges[0].serial == 1);
}

static void usage_tells_gauges(void **state)
{
	struct usage *usage = usage_make(&view.plane->shape);
	static struct feed_usages out;
	struct bearer bearer;

	urr_add(1, 1);
	urr_add(6, 2);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	gauge_use(1, 500);
	out.count = out.gauges = 0;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_int_equal(out.gauges, 0); // nothing has moved
	view.shards[SHARD].uplink[SLOT].packets = 50;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_true(out.count == 1 && out.gauges == 2);
	assert_true(out.gauge[1].urr == 6 && out.gauge[1].serial == 2 && out.gauge[1].teid == bearer.teid);
	assert_true(out.gauge[1].shard == SHARD && out.gauge[1].slot == SLOT && out.gauge[1].life == rest()->life);
	assert_true(out.gauge[1].uplink_packets == 50 && out.gauge[1].uplink_bytes == 500);
	assert_true(out.gauge[1].downlink_bytes == 501);
	assert_true(out.gauge[1].first_ns == view.plane->born_ns + 1000000000 && !out.gauge[1].last_ns);
	view.shards[SHARD].uplink[SLOT].packets = 51;
	((struct ruled *)room_now().ruled)->end++; // as while it is written
	out.count = out.gauges = 0;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_true(!out.count && !out.gauges);
	out.gauges = FEED_BATCH_MAX - SHEET_URRS + 1; // no place for a session's
	assert_false(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_int_equal(out.count, 0);
	usage_free(usage);
}

// What only gauges count has moved, too; and goes on when other rules come.
static void usage_tells_what_no_line_has(void **state)
{
	struct usage *usage = usage_make(&view.plane->shape);
	static struct feed_usages out;
	struct bearer bearer;

	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	out.count = out.gauges = 0;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_int_equal(out.gauges, 0);
	gauge_use(0, 500);
	((struct ruled *)room_now().ruled)->aside++;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_true(out.count == 1 && out.gauges == 1);
	assert_int_equal(out.gauge[0].uplink_bytes, 500);
	urr_add(2, 2);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	assert_int_equal(room_now().ruled->aside, 1);
	out.count = out.gauges = 0;
	assert_true(usage_scan(usage, &view, UINT32_MAX, &out));
	assert_int_equal(out.gauges, 0);
	usage_free(usage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules_travel_in_an_image, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(gauges_begin_anew_with_their_session, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(usage_tells_gauges, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(usage_tells_what_no_line_has, rules_open, rules_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
