// test_record_brief.c - rows of which little is read: what is written of them is what would be written of all of it, and what is harmed is no row.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/session/record.h"
#include "tests/unit/measures_stand.h"

#define LIMIT (16u << 20)

static struct arena arena;
static struct measures_session whole;
static const struct count used = { .base = { 1, 2, 3, 4, 5 }, .seen = { 6, 700, 8, 900, 10 }, .life = 11, .at_ms = 12 };

static int setup(void **state)
{
	arena_open(&arena, LIMIT);
	measures_session(&whole);
	whole.session.id = 4711;
	whole.session.front = (ProtobufCBinaryData){ 5, (uint8_t *)"words" };
	whole.session.teid = 0xdeadbeef;
	whole.session.gtpu_ipv4 = 0xc0000201;
	whole.session.shard = 0xef;
	whole.session.slot = 77;
	whole.session.created_ms = 1;
	whole.session.quarantined = true;
	whole.session.inactivity_s = 30;
	whole.ue.ipv4 = 0x0a2d0101;
	return 0;
}

static int teardown(void **state)
{
	arena_close(&arena);
	return 0;
}

static struct store_row session_row(void)
{
	Shoal__Store__Session stored = SHOAL__STORE__SESSION__INIT;
	struct store_row row = { 0 };

	stored.session = &whole.session;
	stored.number = 9;
	assert_int_equal(record_pack(&stored.base, &arena, &row), 0);
	return row;
}

static struct store_row closed_row(Shoal__Oss__Session *session, Shoal__Oss__UsageReport **reports, size_t count)
{
	Shoal__Store__Closed stored = SHOAL__STORE__CLOSED__INIT;
	struct store_row row = { 0 };

	stored.session = session;
	stored.at_ms = 1234567;
	stored.final = stored.correction = count != 0;
	stored.reports = reports;
	stored.n_reports = count;
	assert_int_equal(record_account(&stored, &used, &arena, &row), 0);
	session->usage = NULL;
	return row;
}

// The row's meaning, whatever the order of its fields.
static void assert_same(const struct store_row *a, const struct store_row *b)
{
	struct store_row one = { 0 }, other = { 0 };

	assert_int_equal(record_pack(&record_closed(a, &arena)->base, &arena, &one), 0);
	assert_int_equal(record_pack(&record_closed(b, &arena)->base, &arena, &other), 0);
	assert_int_equal(one.length, other.length);
	assert_memory_equal(one.bytes, other.bytes, one.length);
}

static void what_is_not_read_is_passed_on(void **state)
{
	struct store_row row = session_row(), all, brief;
	Shoal__Oss__Session *session = record_session_brief(&row, &arena);

	memset((uint8_t *)row.bytes, 0xff, row.length); // it is the store's, which gets another
	assert_true(session->id == 4711 && session->teid == 0xdeadbeef && session->gtpu_ipv4 == 0xc0000201);
	assert_true(session->quarantined);
	assert_string_equal(session->owner, "pfcp/a");
	assert_int_equal(session->front.len, 5);
	assert_null(session->identity);
	assert_int_equal(session->n_rules, 0);
	brief = closed_row(session, NULL, 0);
	all = closed_row(&whole.session, NULL, 0);
	assert_same(&all, &brief);
	session->front.len = whole.session.front.len = 2;
	brief = closed_row(session, NULL, 0);
	all = closed_row(&whole.session, NULL, 0);
	assert_same(&all, &brief);
}

// As it goes on: an account that is read and written again and again.
static void an_account_goes_from_hand_to_hand(void **state)
{
	Shoal__Oss__UsageReport report = SHOAL__OSS__USAGE_REPORT__INIT, *reports[2] = { &report, &report };
	struct store_row first, row;
	Shoal__Store__Closed *stored;

	report.measure = 7;
	report.uplink_bytes = 1500;
	first = row = closed_row(&whole.session, reports, 2);
	for (unsigned i = 0; i < 3; i++) {
		stored = record_closed_brief(&row, &arena);
		assert_int_equal(stored->at_ms, 1234567);
		assert_true(stored->final && stored->correction);
		assert_int_equal(stored->n_reports, 2);
		assert_int_equal(stored->reports[1]->uplink_bytes, 1500);
		assert_true(stored->session->id == 4711);
		row = closed_row(stored->session, stored->reports, stored->n_reports);
		assert_same(&first, &row);
	}
}

// What a later build of the API has said of it stays, too.
static void an_unknown_field_stays(void **state)
{
	ProtobufCMessageUnknownField more = { 1000, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 4, (uint8_t *)"\3abc" };
	struct store_row row, all, brief;

	whole.session.base.unknown_fields = &more;
	whole.session.base.n_unknown_fields = 1;
	row = session_row();
	brief = closed_row(record_session_brief(&row, &arena), NULL, 0);
	all = closed_row(&whole.session, NULL, 0);
	assert_same(&all, &brief);
	assert_int_equal(record_closed(&brief, &arena)->session->base.n_unknown_fields, 1);
}

static void what_is_cut_or_harmed_is_no_row(void **state)
{
	Shoal__Oss__UsageReport report = SHOAL__OSS__USAGE_REPORT__INIT, *reports[1] = { &report };
	struct store_row none = { 0 }, row = closed_row(&whole.session, reports, 1);
	uint8_t *bytes;

	assert_null(record_session_brief(&none, &arena));
	assert_null(record_closed_brief(&none, &arena));
	for (size_t length = 0; length < row.length; length++) {
		struct store_row cut = { .length = length, .bytes = bytes = malloc(length ? length : 1) };
		const Shoal__Store__Closed *stored;

		memcpy(bytes, row.bytes, length);
		stored = record_closed_brief(&cut, &arena);
		assert_true(!stored || stored->session->id == 4711); // cut between two fields it is one
		record_session_brief(&cut, &arena);
		for (size_t i = 0; i < length; i += 7) { // whatever becomes of it, nothing outside is read
			bytes[i] ^= 0x55;
			record_closed_brief(&cut, &arena);
			bytes[i] ^= 0x55;
		}
		free(bytes);
		arena_reset(&arena);
		if (!length)
			assert_null(stored);
		row = closed_row(&whole.session, reports, 1);
	}
}

// ---- Sessions that come

struct bytes {
	size_t length;
	uint8_t *at;
};

static struct bytes packed(const ProtobufCMessage *message)
{
	struct store_row row = { 0 };

	assert_int_equal(record_pack(message, &arena, &row), 0);
	return (struct bytes){ row.length, (uint8_t *)row.bytes };
}

static struct bytes joined(struct bytes a, struct bytes b)
{
	struct bytes both = { a.length + b.length, arena_take(&arena, a.length + b.length) };

	memcpy(both.at, a.at, a.length);
	memcpy(both.at + a.length, b.at, b.length);
	return both;
}

// With this for the value of its one field.
static struct bytes inside(unsigned number, struct bytes bytes)
{
	uint8_t *data = arena_take(&arena, bytes.length + 4);
	ProtobufCMessageUnknownField field = { number, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, bytes.length + 2, data };
	Shoal__Oss__WorkerList nothing = SHOAL__OSS__WORKER_LIST__INIT;

	assert_in_range(bytes.length, 1, 16383);
	data[0] = (uint8_t)(bytes.length | 0x80); // the longer way to say it, where it is short
	data[1] = (uint8_t)(bytes.length >> 7);
	memcpy(data + 2, bytes.at, bytes.length);
	nothing.base.unknown_fields = &field;
	nothing.base.n_unknown_fields = 1;
	return packed(&nothing.base);
}

static struct bytes request_of(struct bytes session)
{
	return inside(10, inside(1, session)); // Request.session_create, SessionCreate.session
}

static size_t said(struct bytes request)
{
	return record_said(request.at, request.length, &whole.session, &arena).count;
}

// As ctrl writes it, whose own words are not those of the request.
static void assert_written(struct bytes request)
{
	struct record_pieces pieces = record_said(request.at, request.length, &whole.session, &arena);
	Shoal__Oss__Session lean, *read, none = whole.session;
	Shoal__Store__Session stored = SHOAL__STORE__SESSION__INIT;
	struct store_row row = { 0 };
	struct bytes all, one;

	assert_true(pieces.count);
	stored.session = record_saying(&whole.session, &pieces, &lean);
	assert_int_equal(stored.session->n_rules, 0);
	assert_int_equal(record_pack(&stored.base, &arena, &row), 0);
	read = record_session(&row, &arena)->session;
	one = packed(&read->base);
	all = packed(&none.base);
	assert_int_equal(one.length, all.length);
	assert_memory_equal(one.at, all.at, all.length);
}

static void rules_are_written_as_they_came(void **state)
{
	Shoal__Oss__Session asked = whole.session;

	whole.session.n_measures = asked.n_measures = 2;
	asked.id = asked.teid = asked.shard = 0;
	assert_written(request_of(packed(&asked.base)));
}

// Told in any order, with other things between.
static void rules_may_be_apart(void **state)
{
	Shoal__Oss__Session first = SHOAL__OSS__SESSION__INIT, second = whole.session;
	struct bytes session;

	first.rules = whole.session.rules;
	first.n_rules = 1;
	second.rules++;
	second.n_rules--;
	session = joined(packed(&first.base), packed(&second.base));
	assert_written(request_of(session));
	assert_int_equal(said(request_of(session)), 2);
}

static void what_is_said_twice_is_written_anew(void **state)
{
	struct bytes session = packed(&whole.session.base), create = inside(1, session);
	ProtobufCMessageUnknownField more = { 1000, PROTOBUF_C_WIRE_TYPE_VARINT, 1, (uint8_t *)"\1" };
	struct record_pieces none = { 0 };
	Shoal__Oss__Session lean;

	assert_true(said(request_of(session)));
	assert_false(said(inside(10, joined(create, create))));
	assert_false(said(joined(inside(10, create), inside(10, create))));
	assert_false(said(inside(11, create)));
	assert_false(said(session));
	assert_false(said((struct bytes){ 0 }));
	whole.session.base.unknown_fields = &more;
	whole.session.base.n_unknown_fields = 1;
	assert_false(said(request_of(session)));
	assert_int_equal(record_saying(&whole.session, &none, &lean)->n_rules, 2);
	assert_int_equal(record_saying(&whole.session, NULL, &lean)->base.n_unknown_fields, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_read_is_passed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(an_account_goes_from_hand_to_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_field_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_cut_or_harmed_is_no_row, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_are_written_as_they_came, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_may_be_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_said_twice_is_written_anew, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
