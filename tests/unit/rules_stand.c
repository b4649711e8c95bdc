// rules_stand.c - the courier's part in the tests of rules. One thread.
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/rules_stand.h"

struct plane_view view;
struct loop loop;
struct seat_courier_page *courier;
struct seat_worker_page *worker;
static uint32_t change_head;
uint32_t report_tail;
uint64_t stands;
struct sheets sheets;

void loop_sit(void)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };

	loop_open(&loop, &view, SEAT, &wires);
	tenure_take(&loop.tenure, SHARD, false);
}

int rules_open(void **state)
{
	fake_plane_make(&view);
	courier = view.seats[SEAT].courier;
	worker = view.seats[SEAT].worker;
	change_head = report_tail = 0;
	stands = 0;
	sheets = (struct sheets){ 0 };
	sheets_plain(&sheets);
	sheets_write(&sheets);
	loop_sit();
	return 0;
}

int rules_close(void **state)
{
	fake_plane_free(&view);
	return 0;
}

struct lines lines_of(void)
{
	return tenure_lines(&loop.tenure, SHARD);
}

struct rest *rest(void)
{
	return &view.shards[SHARD].rest[SLOT];
}

void post(struct change change)
{
	courier->changes[change_head++ % CHANGE_SLOTS] = change;
	ring_publish(&courier->change_head, change_head);
}

struct change part_of(unsigned offset, unsigned bytes)
{
	struct change change = { .epoch = 1, .prev = stands, .seq = stands, .shard = SHARD, .slot = SLOT };

	change.verb = CHANGE_PART;
	change.part.offset = (uint16_t)offset;
	change.part.bytes = (uint16_t)bytes;
	memcpy(change.part.data, sheets.bytes + offset, bytes);
	return change;
}

void post_parts(unsigned from, unsigned to)
{
	for (unsigned offset = from; offset < to; offset += CHANGE_PART_BYTES)
		post(part_of(offset, to - offset < CHANGE_PART_BYTES ? to - offset : CHANGE_PART_BYTES));
}

struct bearer bearer_of(void)
{
	struct bearer bearer = fake_bearer(&view, SHARD, SLOT);

	bearer.uplink.flags = bearer.downlink.flags = BEARER_SHEET;
	bearer.sheet_bytes = sheets.head.bytes;
	bearer.sheet_sum = sheet_sum(sheets.bytes, sheets.head.bytes);
	return bearer;
}

void post_set(const struct bearer *bearer)
{
	struct change change = { .epoch = 1, .prev = stands, .seq = stands + 1, .shard = SHARD, .slot = SLOT };

	change.verb = CHANGE_SET;
	change.bearer = *bearer;
	post(change);
}

void visits(void)
{
	while (apply_visit(&loop.apply))
		;
}

struct report next(uint8_t kind)
{
	struct report report;

	assert_int_not_equal(ring_resume(&worker->report_head), report_tail);
	report = worker->reports[report_tail++ % REPORT_SLOTS];
	ring_publish(&courier->report_tail, report_tail);
	assert_int_equal(report.kind, kind);
	return report;
}

void no_more(void)
{
	assert_int_equal(ring_resume(&worker->report_head), report_tail);
}

// A bearer with the sheet as it stands in `sheets`; the ack says what the digest is then.
void sheet_set(const struct bearer *bearer)
{
	post_parts(0, sheets.head.bytes);
	post_set(bearer);
	visits();
	stands++;
}

void acked(const struct bearer *bearer)
{
	struct report ack = next(REPORT_ACK);

	assert_int_equal(ack.seq, stands);
	assert_true(ack.digest == bearer_digest(SLOT, bearer));
	no_more();
}

struct lines_room room_now(void)
{
	struct lines lines = lines_of();
	struct lines_room room;

	assert_true(lines_rules_live(&lines, SLOT, &room));
	return room;
}

void qer_add(uint32_t id)
{
	sheets.qer[sheets.head.qers++] =
	    (struct sheet_qer){ .id = id, .cir_bps = { 1000, 1000 }, .cbs_bytes = { 1, 1 } };
	for (unsigned i = 0; i < 2; i++)
		sheets.pdr[i].qers = (uint8_t)((1u << sheets.head.qers) - 1);
}

void urr_add(uint32_t id, uint32_t serial)
{
	sheets.urr[sheets.head.urrs++] = (struct sheet_urr){ .id = id, .serial = serial };
	for (unsigned i = 0; i < 2; i++)
		sheets.pdr[i].urrs = (uint16_t)((1u << sheets.head.urrs) - 1);
}

void gauge_use(unsigned i, uint64_t bytes)
{
	struct lines_room room = room_now();

	room.gauges[i].packets[LINE_UPLINK] = bytes / 10;
	room.gauges[i].bytes[LINE_UPLINK] = bytes;
	room.gauges[i].bytes[LINE_DOWNLINK] = bytes + 1;
	room.gauges[i].first = view.plane->born_ticks + view.plane->net.clock_hz;
}
