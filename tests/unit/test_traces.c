// test_traces.c - traces in the controller: who is ordered, what is kept until it is read, how one ends.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ctrl/tell/trace_side.h"
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "tests/unit/ctrl_stand.h"

#define MS 1000000ull

static struct ctrl_stand *stand;
static struct traces *traces;
static struct ctrl_session session;
static uint64_t now_ns;
static bool away; // there is no primary
static unsigned orders, keys;
static struct {
	uint32_t place, number, teid, ipv4, snap, per_second;
} key[TRACES_MAX];

static bool ordered(void *with, const Shoal__Fleet__Order *order)
{
	if (away)
		return false;
	assert_int_equal(order->body_case, SHOAL__FLEET__ORDER__BODY_TRACES);
	orders++;
	for (keys = 0; keys < order->traces->n_keys; keys++) {
		const Shoal__Fleet__TraceKey *from = order->traces->keys[keys];

		key[keys].place = from->place, key[keys].number = from->number, key[keys].teid = from->teid;
		key[keys].ipv4 = from->ipv4, key[keys].snap = from->snap, key[keys].per_second = from->per_second;
	}
	return true;
}

static int setup(void **state)
{
	static struct ctrl_stand one;

	stand = &one;
	ctrl_stand_open(stand);
	traces = &stand->traces;
	traces->order = ordered;
	traces->starts = 7;
	traces->quiet = true;
	now_ns = clock_ns(); // what a reader does is dated by the clock
	away = false;
	orders = keys = 0;
	ctrl_session_init(&session, 1);
	assert_int_equal(ctrl_stand_create(stand, &session), 0);
	session.session.id = stand->answer->session->session->id;
	return 0;
}

static int teardown(void **state)
{
	for (unsigned i = 0; i < TRACES_MAX; i++)
		trace_forget(&traces->trace[i], UINT64_MAX);
	memset(traces, 0, sizeof(*traces));
	ctrl_stand_close(stand);
	return 0;
}

static struct trace *start(const char *name)
{
	struct trace_wish wish = { session.session.id, 64, 100, (const uint8_t *)name, strlen(name) };

	return traces_start(traces, &wish, now_ns);
}

static void pass(uint64_t ms)
{
	now_ns += ms * MS;
	traces_turn(traces, now_ns);
}

// The primary's answer: so many packets of this trace, of so many bytes each.
static void answer(uint32_t number, unsigned packets, size_t bytes, uint64_t told)
{
	static uint8_t filled[TRACES_SNAP];
	Shoal__Fleet__TracedSight sight = SHOAL__FLEET__TRACED_SIGHT__INIT;
	Shoal__Fleet__TracedPacket packet = SHOAL__FLEET__TRACED_PACKET__INIT, *list[1000];
	Shoal__Fleet__TraceCount count = SHOAL__FLEET__TRACE_COUNT__INIT, *counts = &count;
	Shoal__Fleet__Traced traced = SHOAL__FLEET__TRACED__INIT;
	Shoal__Fleet__Answer whole = SHOAL__FLEET__ANSWER__INIT;

	sight.length = (uint32_t)bytes;
	sight.bytes = (ProtobufCBinaryData){ bytes, filled };
	packet.numbers = &number;
	packet.n_numbers = 1;
	packet.verdict = VERDICT_NO_ROUTE;
	packet.came = &sight;
	for (unsigned i = 0; i < packets; i++)
		list[i] = &packet;
	traced.packets = list;
	traced.n_packets = packets;
	count.number = number;
	count.packets = told + 3;
	count.lost = 3;
	count.told = told;
	traced.counts = &counts;
	traced.n_counts = 1;
	whole.body_case = SHOAL__FLEET__ANSWER__BODY_TRACED;
	whole.traced = &traced;
	assert_true(traces->asked);
	traces_answered(traces, &whole);
}

static const Shoal__Oss__Response *ask(Shoal__Oss__Request__BodyCase what, uint64_t id, uint64_t after)
{
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	Shoal__Oss__TraceRead read = SHOAL__OSS__TRACE_READ__INIT;
	Shoal__Oss__TraceStop stop = SHOAL__OSS__TRACE_STOP__INIT;

	read.trace = stop.trace = id;
	read.after = after;
	request.body_case = what;
	if (what == SHOAL__OSS__REQUEST__BODY_TRACE_READ)
		request.trace_read = &read;
	else
		request.trace_stop = &stop;
	return ctrl_stand_ask(stand, &request);
}

static const Shoal__Oss__Response *read_after(uint64_t id, uint64_t after)
{
	return ask(SHOAL__OSS__REQUEST__BODY_TRACE_READ, id, after);
}

static void nobody_is_ordered_while_nobody_looks(void **state)
{
	pass(1000);
	assert_int_equal(orders, 0);
}

static void the_primary_is_told_whose(void **state)
{
	struct trace *trace = start("a");

	pass(50);
	assert_int_equal(orders, 1);
	assert_int_equal(keys, 1);
	assert_int_equal(key[0].number, trace->number);
	assert_int_equal(key[0].teid, session_by_id(&stand->truth.sessions, session.session.id)->bearer.teid);
	assert_int_equal(key[0].snap, TRACE_SIDE_BYTES);
	assert_int_equal(key[0].per_second, 100);
	pass(500); // one at a time
	assert_int_equal(orders, 1);
	answer(trace->number, 0, 0, 0);
	pass(10); // long due
	assert_int_equal(orders, 2);
	answer(trace->number, 0, 0, 0);
	pass(40);
	assert_int_equal(orders, 2);
	pass(10);
	assert_int_equal(orders, 3);
	assert_int_equal(trace->id >> 32, 7);
}

static void a_start_that_comes_again_is_the_same(void **state)
{
	struct trace *trace = start("a");

	assert_ptr_equal(start("a"), trace);
	assert_ptr_not_equal(start("b"), trace);
	assert_int_equal(traces_count(traces), 2);
}

static void there_are_eight_at_most(void **state)
{
	char name[8];

	for (unsigned i = 0; i < TRACES_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_non_null(start(name));
	}
	assert_null(start("more"));
	pass(50);
	assert_int_equal(keys, TRACES_MAX);
}

static void packets_are_kept_until_they_are_read(void **state)
{
	struct trace *trace = start("a");
	const Shoal__Oss__Response *response;

	pass(50);
	answer(trace->number, 5, 64, 5);
	response = read_after(trace->id, 0);
	assert_int_equal(response->trace->n_packets, 5);
	assert_string_equal(response->trace->packets[4]->verdict, "no_route");
	assert_int_equal(response->trace->packets[4]->came->bytes.len, 64);
	assert_null(response->trace->packets[4]->left);
	assert_int_equal(response->trace->seen, 8);
	assert_int_equal(response->trace->lost, 3);
	response = read_after(trace->id, 3); // the answer was lost behind the third
	assert_int_equal(response->trace->n_packets, 2);
	assert_int_equal(response->trace->packets[0]->number, 4);
	assert_null(read_after(trace->id, 5)); // waits
	pass(50);
	answer(trace->number, 1, 64, 6);
	desk_traces(&stand->desk);
	assert_int_equal(stand->answer->trace->n_packets, 1);
}

static void what_does_not_come_is_counted(void **state)
{
	struct trace *trace = start("a");

	pass(50);
	answer(trace->number, 2, 64, 10);
	assert_int_equal(trace_lost(trace), 3 + 8);
	pass(50);
	answer(trace->number, 1, 64, 1); // another primary
	assert_int_equal(trace_lost(trace), 3 + 8 + 3 - 3);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct trace *trace = start("a");
	uint64_t told = 0;

	trace->snap = TRACES_SNAP;
	for (unsigned i = 0; i < 4; i++) {
		pass(50);
		told += 1000;
		answer(trace->number, 1000, TRACES_SNAP, told);
	}
	assert_true(trace->bytes <= TRACES_BYTES);
	assert_true(trace->dropped > 2000);
	assert_int_equal(trace_lost(trace), 3 + trace->dropped);
}

static void one_that_nobody_reads_ends(void **state)
{
	struct trace *trace = start("a");
	uint64_t id = trace->id;

	pass(50);
	answer(trace->number, 0, 0, 0);
	now_ns += TRACES_PATIENCE_NS;
	pass(0);
	assert_null(traces_find(traces, id));
	assert_int_equal(keys, 0); // and the primary is told
	assert_int_equal(orders, 2);
	traces_answered(traces, NULL);
	pass(1000);
	assert_int_equal(orders, 2);
}

static void it_ends_with_its_session(void **state)
{
	struct trace *trace = start("a");

	assert_int_equal(ctrl_stand_delete(stand, session.session.id), 0);
	pass(50);
	assert_int_equal(keys, 0);
	assert_string_equal(read_after(trace->id, 0)->trace->ended, "the session was deleted");
	traces_answered(traces, NULL);
	pass(50);
	assert_int_equal(traces_count(traces), 0);
	assert_int_equal(read_after(trace->id, 0)->status->code, SHOAL__OSS__CODE__NOT_FOUND);
}

// The last packets come with the answer to the order that stops it.
static void a_stop_waits_for_the_last_packets(void **state)
{
	struct trace *trace = start("a");
	const Shoal__Oss__Response *response;
	uint64_t id = trace->id;

	pass(50);
	answer(trace->number, 0, 0, 0);
	response = ask(SHOAL__OSS__REQUEST__BODY_TRACE_STOP, id, 0);
	assert_int_equal(response->status->code, 0);
	assert_string_equal(response->trace->ended, "");
	pass(50);
	assert_int_equal(keys, 0);
	answer(trace->number, 2, 64, 2);
	response = read_after(id, 0);
	assert_int_equal(response->trace->n_packets, 2);
	assert_string_equal(response->trace->ended, "stopped");
	response = read_after(id, 2);
	assert_int_equal(response->trace->n_packets, 0);
	assert_string_equal(response->trace->ended, "stopped");
	pass(50);
	assert_null(traces_find(traces, id));
}

static void without_a_primary_a_stop_is_a_stop(void **state)
{
	struct trace *trace = start("a");

	away = true;
	ask(SHOAL__OSS__REQUEST__BODY_TRACE_STOP, trace->id, 0);
	pass(50);
	assert_string_equal(trace->ended, "stopped");
}

static void a_primary_that_does_not_know_how_ends_it(void **state)
{
	Shoal__Fleet__Answer refused = SHOAL__FLEET__ANSWER__INIT;
	struct trace *trace = start("a");

	refused.error = EBADMSG;
	refused.message = (char *)"not an order";
	pass(50);
	traces_answered(traces, &refused);
	assert_string_equal(trace->ended, "the primary refuses: not an order");
}

static void wishes_have_bounds(void **state)
{
	const struct {
		uint64_t session;
		uint32_t snap, rate;
		const char *field;
		int code;
	} wrong[] = {
		{ 0, 2049, 0, "snap", SHOAL__OSS__CODE__INVALID_FIELD },
		{ 0, 0, 20001, "rate", SHOAL__OSS__CODE__INVALID_FIELD },
		{ 77777, 0, 0, "session", SHOAL__OSS__CODE__NOT_FOUND },
		{ 0, 0, 0, "", SHOAL__OSS__CODE__UNAVAILABLE }, // there is no primary here
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		Shoal__Oss__TraceStart body = SHOAL__OSS__TRACE_START__INIT;
		const Shoal__Oss__Response *response;

		body.session = wrong[i].session ? wrong[i].session : session.session.id;
		body.snap = wrong[i].snap;
		body.rate = wrong[i].rate;
		request.body_case = SHOAL__OSS__REQUEST__BODY_TRACE_START;
		request.trace_start = &body;
		response = ctrl_stand_ask(stand, &request);
		assert_int_equal(response->status->code, wrong[i].code);
		assert_string_equal(response->status->field, wrong[i].field);
		assert_int_equal(traces_count(traces), 0);
	}
	assert_int_equal(read_after(12345, 0)->status->code, SHOAL__OSS__CODE__NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_ordered_while_nobody_looks),
		TEST(the_primary_is_told_whose),
		TEST(a_start_that_comes_again_is_the_same),
		TEST(there_are_eight_at_most),
		TEST(packets_are_kept_until_they_are_read),
		TEST(what_does_not_come_is_counted),
		TEST(what_finds_no_room_is_counted),
		TEST(one_that_nobody_reads_ends),
		TEST(it_ends_with_its_session),
		TEST(a_stop_waits_for_the_last_packets),
		TEST(without_a_primary_a_stop_is_a_stop),
		TEST(a_primary_that_does_not_know_how_ends_it),
		TEST(wishes_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
