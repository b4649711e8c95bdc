// test_courier.c - the courier's turns over a real socket, with this test as ctrl and as two workers. It is
// longer than the house allows because every story needs both ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "tests/stand/sheets.h"
#include "tests/unit/fake_plane.h"
#include "workers/courier/courier_parts.h"
#include "workers/loop/loop.h"

#define WAIT_NS 20000000000u

static struct kit kit;
static struct plane_view *view = &kit.view;
static struct courier courier;
static struct loop loops[2];
static char folder[64];
static nng_socket ctrl;
static struct feed_word heard; // by ctrl
static struct feed_word word;  // to be said by ctrl
static unsigned hellos, acks, gaps, refusals, usages;
static struct report last; // report of the kind counted last
static struct feed_usage usage;
static uint64_t acked[SHARDS];
static uint64_t numbered; // last message of this connection
static unsigned finals, gauges;

static void ctrl_open(void)
{
	char url[128];

	snprintf(url, sizeof(url), "ipc://%s/" FEED_SOCKET, folder, 0u);
	assert_int_equal(nng_pair0_open(&ctrl), 0);
	assert_int_equal(nng_listen(ctrl, url, NULL, 0), 0);
}

static void ctrl_say(void)
{
	static uint8_t bytes[FEED_BYTES_MAX];
	int length = feed_encode(&word, bytes, sizeof(bytes));

	assert_true(length > 0);
	assert_int_equal(nng_send(ctrl, bytes, (size_t)length, 0), 0);
}

static void report_hear(const struct report *report)
{
	acks += report->kind == REPORT_ACK;
	gaps += report->kind == REPORT_GAP;
	refusals += report->kind == REPORT_REFUSED;
	finals += report->kind == REPORT_FINAL;
	gauges += report->kind == REPORT_GAUGE;
	if (report->kind == REPORT_ACK)
		acked[report->shard] = report->seq;
	else
		last = *report;
}

static void ctrl_hear(void)
{
	const char *fault = NULL;
	nng_msg *message;

	while (!nng_recvmsg(ctrl, &message, NNG_FLAG_NONBLOCK)) {
		assert_int_equal(feed_decode(&heard, nng_msg_body(message), nng_msg_len(message), &fault), 0);
		nng_msg_free(message);
		hellos += heard.kind == FEED_HELLO;
		if (heard.kind == FEED_HELLO)
			numbered = 0;
		else
			assert_int_equal(heard.kind == FEED_USAGE ? heard.usages.number : heard.reports.number,
					 ++numbered);
		if (heard.kind == FEED_USAGE && heard.usages.count) {
			usages += heard.usages.count;
			usage = heard.usages.usage[0];
		}
		for (unsigned i = 0; heard.kind == FEED_REPORTS && i < heard.reports.count; i++)
			report_hear(&heard.reports.report[i]);
	}
}

// One round of everybody.
static void turn(void)
{
	courier_turn(&courier);
	loop_turn(&loops[0]);
	loop_turn(&loops[1]);
	ctrl_hear();
}

#define UNTIL(condition) \
	do { \
		uint64_t end = clock_ns() + WAIT_NS; \
		while (!(condition) && clock_ns() < end) \
			turn(); \
		assert_true(condition); \
	} while (0)

static void own(unsigned seat, uint8_t shard)
{
	tenure_take(&loops[seat].tenure, shard, false);
	atomic_store(&view->plane->owner[shard], (uint8_t)seat);
}

static void welcome(void)
{
	UNTIL(hellos == 1);
	word.kind = FEED_WELCOME;
	word.welcome = (struct feed_welcome){ 3, 10 };
	ctrl_say();
	UNTIL(courier.welcomed);
}

static void batch_begin(void)
{
	word.kind = FEED_BATCH;
	word.batch.epoch = 3;
	word.batch.count = 0;
}

static void batch_set(uint8_t shard, uint32_t slot, uint64_t prev, uint64_t seq)
{
	struct change *change = &word.batch.change[word.batch.count++];

	*change = (struct change){ .epoch = 3, .prev = prev, .seq = seq, .slot = slot, .shard = shard };
	change->verb = CHANGE_SET;
	change->bearer = fake_bearer(view, shard, slot % FAKE_POOL_ROWS);
}

static int make(void **state)
{
	static const struct loop_wires no_wires = { -1, -1, -1, -1 };

	hellos = acks = gaps = refusals = usages = finals = gauges = 0;
	memset(acked, 0, sizeof(acked));
	memset(&last, 0, sizeof(last));
	strcpy(folder, "/tmp/courier.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	fake_plane_make(view);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		kit.bell[i] = bell_make();
	for (unsigned seat = 0; seat < 2; seat++)
		loop_open(&loops[seat], view, seat, &no_wires);
	own(0, 10);
	own(1, 11);
	ctrl_open();
	return courier_open(&courier, &kit, folder);
}

static int destroy(void **state)
{
	char path[128];

	courier_close(&courier);
	nng_close(ctrl);
	for (unsigned i = 0; i < NEST_BELLS; i++)
		close(kit.bell[i]);
	fake_plane_free(view);
	snprintf(path, sizeof(path), "%s/" FEED_SOCKET, folder, 0u);
	unlink(path);
	return rmdir(folder);
}

static void hello_tells_where_shards_stand(void **state)
{
	atomic_store(&view->shards[10].header->seq, 77);
	atomic_store(&view->shards[10].header->epoch, 2);
	UNTIL(hellos == 1);
	assert_int_equal(heard.hello.nest, 0);
	assert_int_equal(heard.hello.slots, FAKE_SLOTS);
	assert_int_equal(heard.hello.slot_bits, view->plane->net.slot_bits);
	assert_int_equal(heard.hello.pools, 1);
	assert_int_equal(heard.hello.stand[10].seq, 77);
	assert_int_equal(heard.hello.stand[10].epoch, 2);
	assert_int_equal(heard.hello.stand[10].seat, 0);
	assert_int_equal(heard.hello.stand[11].seat, 1);
	assert_int_equal(heard.hello.stand[12].seat, PLANE_SEAT_NONE);
}

static void changes_reach_the_owner_and_acks_ctrl(void **state)
{
	welcome();
	batch_begin();
	for (uint32_t slot = 0; slot < 50; slot++) {
		batch_set(10, slot, slot, slot + 1);
		batch_set(11, slot, slot, slot + 1);
	}
	ctrl_say();
	UNTIL(acked[10] == 50 && acked[11] == 50);
	assert_int_equal(atomic_load(&view->shards[10].header->sessions), 50);
	assert_int_equal(loops[0].apply.applied, 50);
	assert_int_equal(loops[1].apply.applied, 50);
	assert_int_equal(pending_count(courier.pending), 0);
}

static void what_is_out_of_range_is_refused_by_name(void **state)
{
	welcome();
	batch_begin();
	batch_set(10, 0, 0, 1);
	word.batch.change[0].bearer.teid = 0;
	ctrl_say();
	UNTIL(refusals == 1);
	assert_int_equal(last.shard, 10);
	assert_int_equal(last.seq, 1);
	batch_begin();
	batch_set(10, FAKE_SLOTS, 0, 1);
	ctrl_say();
	UNTIL(refusals == 2);
	assert_int_equal(atomic_load(&view->shards[10].header->seq), 0);
	assert_int_equal(loops[0].apply.refused, 0); // it never got there
}

static void a_gap_is_told_and_replayed(void **state)
{
	welcome();
	batch_begin();
	batch_set(10, 1, 1, 2); // 0 -> 1 is missing
	ctrl_say();
	UNTIL(gaps == 1);
	assert_int_equal(last.shard, 10);
	assert_int_equal(last.seq, 0);
	batch_begin();
	batch_set(10, 0, 0, 1);
	batch_set(10, 1, 1, 2);
	ctrl_say();
	UNTIL(acked[10] == 2);
}

// A shard without an owner waits; nobody else does. Its new owner is told of with a gap, and ctrl sends again.
static void a_shard_without_owner_holds_up_nobody(void **state)
{
	welcome();
	batch_begin();
	for (uint32_t slot = 0; slot < FAKE_POOL_ROWS; slot++)
		batch_set(12, slot, slot, slot + 1);
	ctrl_say();
	batch_begin();
	batch_set(10, 0, 0, 1);
	ctrl_say();
	UNTIL(acked[10] == 1);
	assert_int_equal(pending_count(courier.pending), FAKE_POOL_ROWS);
	atomic_store(&view->plane->owner[12], 1); // on its way: the seat has not taken it yet
	for (unsigned i = 0; i < 100; i++)
		turn();
	assert_int_equal(gaps, 0);
	own(1, 12);
	UNTIL(gaps == 1);
	assert_int_equal(last.shard, 12);
	assert_int_equal(pending_count(courier.pending), 0);
	assert_int_equal(loops[1].apply.applied, 0); // what had waited is not what counts
	batch_begin();
	for (uint32_t slot = 0; slot < FAKE_POOL_ROWS; slot++)
		batch_set(12, slot, slot, slot + 1);
	ctrl_say();
	UNTIL(acked[12] == FAKE_POOL_ROWS);
}

// Seat 0 does not turn at all; seat 1 gets all of its changes.
static void a_stuck_worker_stops_nobody(void **state)
{
	uint64_t deadline = clock_ns() + WAIT_NS;

	welcome();
	own(0, 14);
	UNTIL(gaps == 1);                  // it has changed hands
	for (unsigned i = 0; i < 6; i++) { // more than the ring holds: the window of a few shards
		batch_begin();
		for (uint32_t n = 0; n < FEED_BATCH_MAX; n++)
			batch_set(14, n % FAKE_POOL_ROWS, i * FEED_BATCH_MAX + n, i * FEED_BATCH_MAX + n + 1);
		ctrl_say();
	}
	batch_begin();
	batch_set(11, 0, 0, 1);
	ctrl_say();
	while (acked[11] != 1 && clock_ns() < deadline) {
		courier_turn(&courier);
		loop_turn(&loops[1]);
		ctrl_hear();
	}
	assert_int_equal(acked[11], 1);
	assert_true(pending_count(courier.pending) > 0);
	UNTIL(acked[14] == 6 * FEED_BATCH_MAX); // it wakes up
}

static void usage_is_told(void **state)
{
	welcome();
	batch_begin();
	batch_set(10, 5, 0, 1);
	ctrl_say();
	UNTIL(acked[10] == 1);
	view->shards[10].uplink[5].packets = 9;
	view->shards[10].uplink[5].bytes = 900;
	UNTIL(usages == 1);
	assert_int_equal(usage.shard, 10);
	assert_int_equal(usage.slot, 5);
	assert_int_equal(usage.count.uplink_packets, 9);
	assert_int_equal(usage.count.uplink_bytes, 900);
}

static void hear(void)
{
	word.kind = FEED_HEARD;
	word.heard.number = numbered;
	ctrl_say();
}

// The ring is the only place where they are: neither side's death may lose them.
static void last_counters_are_told_until_they_are_heard(void **state)
{
	const struct ring_index *tail = &view->seats[0].courier->report_tail,
				*head = &view->seats[0].worker->report_head;
	struct change *change;

	welcome();
	batch_begin();
	batch_set(10, 5, 0, 1);
	ctrl_say();
	UNTIL(acked[10] == 1);
	UNTIL(ring_resume(tail) == 1); // an acknowledgement waits for nobody
	view->shards[10].uplink[5].bytes = 900;
	batch_begin();
	change = &word.batch.change[word.batch.count++];
	*change = (struct change){ .prev = 1, .seq = 2, .slot = 5, .shard = 10, .verb = CHANGE_CLEAR };
	ctrl_say();
	UNTIL(finals == 1 && acked[10] == 2);
	assert_int_equal(last.uplink_bytes, 900);
	courier_close(&courier);
	assert_int_equal(courier_open(&courier, &kit, folder), 0);
	UNTIL(hellos == 2);
	word.kind = FEED_WELCOME;
	word.welcome = (struct feed_welcome){ 3, 10 };
	ctrl_say();
	UNTIL(finals == 2); // the next courier tells it
	nng_close(ctrl);
	UNTIL(!courier.welcomed);
	ctrl_open();
	hellos = 0;
	welcome();
	UNTIL(finals == 3); // the next ctrl is told
	for (unsigned i = 0; i < 100; i++)
		turn();
	assert_int_equal(ring_resume(tail), 1);
	assert_int_equal(finals, 3);
	hear();
	UNTIL(ring_resume(tail) == ring_resume(head));
}

static void batch_part(const struct sheets *sheets, unsigned offset)
{
	struct change *change = &word.batch.change[word.batch.count++];
	unsigned left = sheets->head.bytes - offset;

	*change = (struct change){ .epoch = 3, .slot = 5, .shard = 10, .verb = CHANGE_PART };
	change->part.offset = (uint16_t)offset;
	change->part.bytes = (uint16_t)(left < CHANGE_PART_BYTES ? left : CHANGE_PART_BYTES);
	memcpy(change->part.data, sheets->bytes + offset, change->part.bytes);
}

// Pieces go before the session they are for; what its URRs have counted comes with its own counters, and last counts are kept.
static void sheets_go_there_and_gauges_come_back(void **state)
{
	static struct sheets sheets;
	const struct ring_index *tail = &view->seats[0].courier->report_tail,
				*head = &view->seats[0].worker->report_head;
	struct bearer *bearer;

	sheets_plain(&sheets);
	sheets.urr[sheets.head.urrs++] = (struct sheet_urr){ .id = 3, .serial = 4 };
	sheets_write(&sheets);
	welcome();
	assert_int_equal(heard.hello.sheet, view->plane->shape.sheet);
	batch_begin();
	for (unsigned offset = 0; offset < sheets.head.bytes; offset += CHANGE_PART_BYTES)
		batch_part(&sheets, offset);
	bearer = &word.batch.change[word.batch.count].bearer;
	batch_set(10, 5, 0, 1);
	bearer->uplink.flags = bearer->downlink.flags = BEARER_SHEET;
	bearer->sheet_bytes = sheets.head.bytes;
	bearer->sheet_sum = sheet_sum(sheets.bytes, sheets.head.bytes);
	ctrl_say();
	UNTIL(acked[10] == 1 && ring_resume(tail) == 1);
	view->shards[10].uplink[5].packets = 9;
	UNTIL(usages == 1);
	assert_int_equal(heard.usages.gauges, 1);
	assert_true(heard.usages.gauge[0].urr == 3 && heard.usages.gauge[0].serial == 4);
	batch_begin();
	batch_set(10, 5, 1, 2); // without rules
	ctrl_say();
	UNTIL(gauges == 1 && acked[10] == 2);
	for (unsigned i = 0; i < 100; i++)
		turn();
	assert_int_equal(ring_resume(tail), 1); // the gauge's last count is nowhere else
	hear();
	UNTIL(ring_resume(tail) == ring_resume(head));
	batch_begin();
	batch_part(&sheets, 0);
	word.batch.change[0].part.offset = (uint16_t)(view->plane->shape.sheet * 64);
	ctrl_say();
	UNTIL(refusals == 1);
}

static void a_dead_plane_is_read_out(void **state)
{
	welcome();
	batch_begin();
	batch_set(10, 5, 0, 1);
	ctrl_say();
	UNTIL(acked[10] == 1);
	courier.usage_interval_ns = courier.usage_at_ns = UINT64_MAX / 2;
	view->shards[10].uplink[5].packets = 9;
	courier_leave(&courier);
	assert_false(courier_left(&courier));
	UNTIL(usages == 1);
	assert_int_equal(usage.count.uplink_packets, 9);
	for (unsigned i = 0; i < 100; i++)
		turn();
	assert_false(courier_left(&courier)); // told, but not heard
	hear();
	UNTIL(courier_left(&courier));
}

static void a_new_courier_goes_on_where_the_rings_stand(void **state)
{
	welcome();
	batch_begin();
	batch_set(10, 0, 0, 1);
	ctrl_say();
	UNTIL(acked[10] == 1);
	courier_close(&courier);
	assert_int_equal(courier_open(&courier, &kit, folder), 0);
	UNTIL(hellos == 2);
	assert_int_equal(heard.hello.stand[10].seq, 1);
	word.kind = FEED_WELCOME;
	word.welcome = (struct feed_welcome){ 3, 10 };
	ctrl_say();
	batch_begin();
	batch_set(10, 1, 1, 2);
	ctrl_say();
	UNTIL(acked[10] == 2);
	assert_int_equal(acks, 2); // no report came twice
}

static void a_new_ctrl_hears_hello_again(void **state)
{
	welcome();
	nng_close(ctrl);
	UNTIL(!courier.welcomed);
	ctrl_open();
	UNTIL(hellos == 2);
	assert_false(courier.welcomed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hello_tells_where_shards_stand),
		TEST(changes_reach_the_owner_and_acks_ctrl),
		TEST(what_is_out_of_range_is_refused_by_name),
		TEST(a_gap_is_told_and_replayed),
		TEST(a_shard_without_owner_holds_up_nobody),
		TEST(a_stuck_worker_stops_nobody),
		TEST(usage_is_told),
		TEST(last_counters_are_told_until_they_are_heard),
		TEST(sheets_go_there_and_gauges_come_back),
		TEST(a_dead_plane_is_read_out),
		TEST(a_new_courier_goes_on_where_the_rings_stand),
		TEST(a_new_ctrl_hears_hello_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
