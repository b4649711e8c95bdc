// test_rules.c - sheets into the shards: pieces, what goes on from one sheet to the next, what is told at the end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/rules_stand.h"
#include "shared/base/clock.h"

static void a_sheet_comes_in_pieces(void **state)
{
	struct bearer bearer, back;
	struct lines lines = lines_of();
	struct lines_room room;

	qer_add(9);
	urr_add(4, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	assert_true(sheets.head.bytes > 2 * CHANGE_PART_BYTES);
	sheet_set(&bearer);
	acked(&bearer);
	assert_int_equal(lines_read(&lines, SLOT, &back), 0);
	assert_memory_equal(&back, &bearer, sizeof(back));
	room = room_now();
	assert_memory_equal(room.sheet, sheets.bytes, sheets.head.bytes);
	assert_int_equal(room.ruled->teid, bearer.teid);
	assert_true(room.tokens[0].tc == UINT64_MAX && room.tokens[1].te == UINT64_MAX);
	assert_int_equal(room.gauges[0].serial, 1);
	assert_int_equal(view.shards[SHARD].uplink[SLOT].flags & (LINE_PLAIN4 | LINE_PLAIN6), 0);
	assert_true(lines_validate_slot(&lines, SLOT));
}

static void gap(void)
{
	visits();
	next(REPORT_GAP);
}

static void pieces_must_follow_each_other(void **state)
{
	struct bearer bearer, other;
	struct change part;

	qer_add(1);
	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = other = bearer_of();
	part = part_of(0, CHANGE_PART_BYTES);
	post_set(&bearer); // without any
	gap();
	post_parts(CHANGE_PART_BYTES, sheets.head.bytes); // without the first
	gap();
	post_parts(0, CHANGE_PART_BYTES);
	post_set(&bearer); // without the last
	gap();
	part.slot = SLOT + 1; // of another cell
	post(part);
	post_parts(CHANGE_PART_BYTES, sheets.head.bytes);
	gap();
	post_parts(0, CHANGE_PART_BYTES);
	post_parts(2 * CHANGE_PART_BYTES, sheets.head.bytes); // without the second
	gap();
	other.sheet_sum++;
	post_parts(0, sheets.head.bytes);
	post_set(&other); // another one's
	gap();
	no_more();
	post_parts(0, 2 * CHANGE_PART_BYTES); // some came before
	post_parts(CHANGE_PART_BYTES, sheets.head.bytes);
	post_set(&bearer);
	visits();
	stands++;
	acked(&bearer);
	stands = 0;
	post_parts(0, CHANGE_PART_BYTES); // late: the shard has gone on
	visits();
	next(REPORT_ACK);
	stands = 5;
	post_parts(0, CHANGE_PART_BYTES);
	gap();
	no_more();
}

static void pieces_are_of_one_moment(void **state)
{
	struct bearer bearer = bearer_of(), plain = fake_bearer(&view, SHARD, SLOT);

	sheet_set(&bearer);
	acked(&bearer);
	post_parts(0, sheets.head.bytes);
	plain.teid += 1u << (8 + view.plane->net.slot_bits);
	post_set(&plain); // and not this one's
	visits();
	next(REPORT_FINAL);
	stands++;
	acked(&plain);
	post_set(&bearer); // the pieces are of before
	gap();
}

static void what_has_no_room_or_no_sense_is_refused(void **state)
{
	struct bearer bearer;
	struct change part = part_of(0, CHANGE_PART_BYTES);

	part.part.offset = (uint16_t)(view.plane->shape.sheet * 64 - CHANGE_PART_BYTES + 1);
	post(part);
	visits();
	next(REPORT_REFUSED);
	sheets.pdr[0].far = 5;
	sheets_write(&sheets);
	bearer = bearer_of();
	post_parts(0, sheets.head.bytes);
	post_set(&bearer);
	visits();
	next(REPORT_REFUSED);
	sheets.pdr[0].far = 0;
	for (unsigned i = 1; i <= SHEET_URRS; i++) // their gauges pass the room
		urr_add(i, 1);
	sheets_filter4(&sheets, 0, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	assert_true(sheets.head.bytes < view.plane->shape.sheet * 64);
	post_parts(0, sheets.head.bytes);
	post_set(&bearer);
	visits();
	next(REPORT_REFUSED);
	no_more();
	assert_int_equal(rest()->ruled, 0);
	assert_int_equal(region_room(&view.shards[SHARD], &view.plane->shape, SLOT, 0)->turn, 0); // nor was any begun
}

static void tokens_and_gauges_go_on(void **state)
{
	struct bearer bearer;
	struct lines_room room;
	struct report gauge;

	qer_add(1);
	qer_add(2);
	urr_add(1, 1);
	urr_add(2, 1);
	urr_add(3, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
	for (unsigned i = 0; i < 3; i++)
		gauge_use(i, 1000 * (i + 1));
	room = room_now();
	room.tokens[1 * LINE_WAYS + LINE_DOWNLINK] = (struct ruled_tokens){ 77, 78, 79, 0 };
	((struct ruled *)room.ruled)->told = 12;

	sheets.head.qers = sheets.head.urrs = 0;
	qer_add(2);
	urr_add(3, 1);
	urr_add(2, 2); // another life of it
	urr_add(5, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	gauge = next(REPORT_GAUGE);
	assert_int_equal(gauge.urr, 1);
	assert_int_equal(gauge.serial, 1);
	assert_int_equal(gauge.uplink_packets, 100);
	assert_int_equal(gauge.uplink_bytes, 1000);
	assert_int_equal(gauge.downlink_bytes, 1001);
	assert_int_equal(gauge.teid, bearer.teid);
	assert_int_equal(gauge.slot, SLOT);
	assert_true(gauge.life == rest()->life && gauge.life);
	assert_true(gauge.first_ns == view.plane->born_ns + 1000000000 && !gauge.last_ns);
	gauge = next(REPORT_GAUGE);
	assert_true(gauge.urr == 2 && gauge.serial == 1 && gauge.uplink_bytes == 2000);
	acked(&bearer);
	room = room_now();
	assert_int_equal(room.ruled->told, 12);
	assert_int_equal(room.tokens[LINE_DOWNLINK].at, 77);
	assert_int_equal(room.tokens[LINE_DOWNLINK].te, 79);
	assert_int_equal(room.gauges[0].bytes[LINE_UPLINK], 3000);
	assert_true(!room.gauges[1].bytes[LINE_UPLINK] && room.gauges[1].serial == 2);
	assert_true(!room.gauges[2].bytes[LINE_UPLINK] && room.gauges[2].serial == 1);
}

// Its URRs begin with the session's first sheet: what its lines had counted is told first, and once.
static void lines_tell_what_they_had_counted(void **state)
{
	struct bearer bearer, plain = fake_bearer(&view, SHARD, SLOT);
	struct lines lines = lines_of();
	struct lines_count count;
	struct report ways;

	post_set(&plain);
	visits();
	stands++;
	acked(&plain);
	assert_true(lines_count(lines.region, SLOT, &count));
	count.packets[LINE_UPLINK] = 3;
	count.bytes[LINE_UPLINK] = 300;
	count.packets[LINE_DOWNLINK] = 4;
	count.bytes[LINE_DOWNLINK] = 4000;
	lines_count_restore(&lines, SLOT, &count);
	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	ways = next(REPORT_GAUGE);
	assert_true(!ways.serial && !ways.urr && ways.teid == plain.teid && ways.life == count.life);
	assert_true(ways.uplink_packets == 3 && ways.uplink_bytes == 300);
	assert_true(ways.downlink_packets == 4 && ways.downlink_bytes == 4000);
	acked(&bearer);
	assert_int_equal(room_now().gauges[0].bytes[LINE_UPLINK], 0);
	urr_add(2, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer); // another sheet, and no more words
}

static void last_counts_are_told_before_the_final(void **state)
{
	struct bearer bearer, other;
	struct change clear = { .epoch = 1, .shard = SHARD, .slot = SLOT, .verb = CHANGE_CLEAR };
	struct report gauge;

	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = other = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
	gauge_use(0, 500);
	other.teid = shard_teid(2, SLOT, SHARD, view.plane->net.slot_bits);
	sheet_set(&other);
	gauge = next(REPORT_GAUGE);
	assert_true(gauge.teid == bearer.teid && gauge.uplink_bytes == 500);
	assert_int_equal(next(REPORT_FINAL).life, gauge.life);
	acked(&other);
	assert_int_equal(room_now().gauges[0].bytes[LINE_UPLINK], 0);
	gauge_use(0, 600);
	for (unsigned i = 0; i < 2; i++) { // and again, if it is ordered again
		clear.prev = stands++;
		clear.seq = stands;
		post(clear);
		visits();
		gauge = next(REPORT_GAUGE);
		assert_true(gauge.teid == other.teid && gauge.uplink_bytes == 600);
		next(REPORT_FINAL);
		next(REPORT_ACK);
	}
	no_more();
}

static void rules_give_way_to_plain_lines(void **state)
{
	struct bearer bearer, plain = fake_bearer(&view, SHARD, SLOT);

	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
	post_set(&plain);
	visits();
	stands++;
	next(REPORT_GAUGE);
	acked(&plain);
	assert_int_equal(rest()->ruled, 0);
	assert_true(view.shards[SHARD].downlink[SLOT].flags & LINE_PLAIN4);
}

static void packets_are_held_when_waiting_ends(void **state)
{
	struct bearer bearer;

	sheets.far[1].action = SHEET_BUFFER;
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	assert_int_equal(room_now().ruled->held_until, 0);
	sheets.far[1].action = SHEET_FORWARD;
	sheets.head.episode++;
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	assert_true(room_now().ruled->held_until > clock_ticks() + view.plane->net.clock_hz / 2);
	sheets.far[1].action = SHEET_BUFFER;
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	assert_int_equal(room_now().ruled->held_until, 0);
}

static void spoilt_rules_end_a_life(void **state)
{
	struct bearer bearer;
	struct lines lines = lines_of();
	uint64_t life;

	urr_add(1, 1);
	sheets_write(&sheets);
	bearer = bearer_of();
	sheet_set(&bearer);
	acked(&bearer);
	gauge_use(0, 500);
	life = rest()->life;
	((struct sheet *)room_now().sheet)->open[0] ^= 1;
	audit_round(&loop.audit);
	assert_int_equal(next(REPORT_LOST).digest, LOST_CELL);
	assert_false(lines_valid(&lines, SLOT));
	sheet_set(&bearer);
	next(REPORT_FINAL);
	acked(&bearer);
	assert_true(rest()->life > life);
	assert_int_equal(room_now().gauges[0].bytes[LINE_UPLINK], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sheet_comes_in_pieces, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(pieces_must_follow_each_other, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(pieces_are_of_one_moment, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(what_has_no_room_or_no_sense_is_refused, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(tokens_and_gauges_go_on, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(lines_tell_what_they_had_counted, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(last_counts_are_told_before_the_final, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(rules_give_way_to_plain_lines, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(packets_are_held_when_waiting_ends, rules_open, rules_close),
		cmocka_unit_test_setup_teardown(spoilt_rules_end_a_life, rules_open, rules_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
