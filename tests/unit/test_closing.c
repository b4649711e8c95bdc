// test_closing.c - accounts of deleted sessions, where counters come at an awkward moment; and what others hear of who comes and goes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/ctrl_stand.h"

static struct ctrl_stand stand;

static int setup(void **state)
{
	ctrl_stand_open(&stand);
	return 0;
}

static int teardown(void **state)
{
	ctrl_stand_close(&stand);
	return 0;
}

static void confirm(uint32_t teid)
{
	uint32_t slot = shard_slot_of_teid(teid, stand.truth.grid.slot_bits);
	struct cell *cell = &stand.truth.grid.cells[cell_at(&stand.truth.grid, shard_of_teid(teid), slot)];
	struct session *session = cell->departed;

	cell->departed = session->departed;
	stand.push.departed--;
	closing_confirm(&stand.truth.books.closing, session, stand.now_ns);
}

// A session that is deleted, and its worker has done it; its TEID.
static uint32_t deleted(unsigned n)
{
	struct ctrl_session wanted;
	uint64_t id;
	uint32_t teid;

	ctrl_session_init(&wanted, n);
	assert_int_equal(ctrl_stand_create(&stand, &wanted), 0);
	id = stand.answer->session->session->id;
	teid = stand.answer->session->session->teid;
	assert_int_equal(ctrl_stand_delete(&stand, id), 0);
	confirm(teid);
	return teid;
}

static void finish(uint32_t teid, uint64_t packets)
{
	const struct report report = { .kind = REPORT_FINAL, .teid = teid, .life = 10, .uplink_packets = packets };

	books_final(&stand.truth.books, &report, 8);
}

static const Shoal__Oss__ClosedListAnswer *closed(void)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__ClosedList list = SHOAL__OSS__CLOSED_LIST__INIT;

	request.body_case = SHOAL__OSS__REQUEST__BODY_CLOSED_LIST;
	request.closed_list = &list;
	assert_int_equal(ctrl_stand_ask(&stand, &request)->status->code, 0);
	return stand.answer->closed_list;
}

// What comes while the record is being written is in the next one, also if it comes twice.
static void what_comes_between_is_not_lost(void **state)
{
	struct closing *closing = &stand.truth.books.closing;
	uint32_t teid = deleted(1);
	struct batch batch;

	finish(teid, 6);
	batch_open(&batch);
	assert_int_equal(closing_fill(closing, &batch), 0);
	finish(teid, 9);
	finish(teid, 9);
	assert_int_equal(batch_write(&batch, &stand.truth.store), 0);
	closing_settle(closing, true);
	batch_close(&batch);
	ctrl_stand_keep(&stand);
	assert_int_equal(closed()->n_closed, 2);
	assert_int_equal(stand.answer->closed_list->closed[0]->session->usage->uplink_packets, 6);
	assert_int_equal(stand.answer->closed_list->closed[1]->session->usage->uplink_packets, 9);
	assert_true(stand.answer->closed_list->closed[1]->correction);
}

// The last word of lines that were taken away from a session that lives is its usage.
static void who_lives_is_not_settled(void **state)
{
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	assert_int_equal(ctrl_stand_create(&stand, &wanted), 0);
	finish(stand.answer->session->session->teid, 9);
	ctrl_stand_keep(&stand);
	assert_int_equal(ctrl_stand_get(&stand, 1)->usage->uplink_packets, 9);
	assert_int_equal(stand.settled, 0);
	assert_int_equal(closed()->n_closed, 0);
}

// Whose two addresses hash apart the primary is told, each time one comes or goes.
static void the_primary_hears_of_addresses_that_hash_apart(void **state)
{
	struct ledger *ledger = &stand.truth.ledger;
	struct ctrl_session wanted;

	ctrl_session_init(&wanted, 1);
	wanted.ue.want_ipv4 = false;
	wanted.ue.ipv4 = 0x0b000001;
	wanted.ue.ipv6_prefix = 0x20010db8aaaa0000;
	assert_int_not_equal(shard_of_ipv4(wanted.ue.ipv4), shard_of_ipv6(wanted.ue.ipv6_prefix));
	ledger->exceptions_changed = false;
	assert_int_equal(ctrl_stand_create(&stand, &wanted), 0);
	assert_true(ledger->exceptions_changed);
	assert_int_equal(ledger->exceptions, 1);
	ledger->exceptions_changed = false;
	assert_int_equal(ctrl_stand_delete(&stand, 1), 0);
	assert_true(ledger->exceptions_changed);
	assert_int_equal(ledger->exceptions, 0);
}

// A record that goes takes no later one's TEID along.
static void a_correction_is_found_when_the_record_before_it_is_forgotten(void **state)
{
	struct closing *closing = &stand.truth.books.closing;
	uint32_t teid = deleted(1);

	ctrl_stand_keep(&stand);
	finish(teid, 9);
	ctrl_stand_keep(&stand);
	assert_int_equal(closing_number(closing, teid), 2);
	closing->max = 2;
	deleted(2);
	ctrl_stand_keep(&stand);
	assert_int_equal(closed()->closed[0]->number, 2); // the first has gone
	assert_int_equal(closing_number(closing, teid), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_between_is_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(who_lives_is_not_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(the_primary_hears_of_addresses_that_hash_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(a_correction_is_found_when_the_record_before_it_is_forgotten, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
