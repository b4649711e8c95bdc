// test_gauge.c - the gauge sees what it is there to see: in its own loop-back, with a gateway played by a few lines, each
// kind of harm is done once and must be counted, once, where it belongs. One thread.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <rte_byteorder.h>
#include <string.h>
#include "tests/chaos/account.h"
#include "tests/chaos/gauge.h"
#include "tests/chaos/report.h"

#define SESSIONS 512u
#define HZ 1000000000ull // a tick is a nanosecond

static struct gauge_session session[SESSIONS];
static const struct gauge_book book = { session,
					SESSIONS,
					{ RTE_STATIC_BSWAP32(0x0a630302), RTE_STATIC_BSWAP32(0x0a630301),
					  RTE_STATIC_BSWAP32(0x0a630602) } };
static struct gauge_template template[GAUGE_WAYS];
static struct account account;
static struct account_time now;

struct frame {
	uint8_t bytes[256];
	unsigned length;
	enum gauge_way way;
};

static int start(void **state)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		session[i] =
		    (struct gauge_session){ htonl(0x100000 + i), htonl(0x0a2d0000 + i), htonl(0x77000000 + i) };
	for (unsigned way = 0; way < GAUGE_WAYS; way++)
		frame_template(&template[way], way, &book.ends);
	now = (struct account_time){ 1000000, 0 };
	return account_open(&account, &book, now.ticks);
}

static int stop(void **state)
{
	account_close(&account);
	return 0;
}

// The gauge sends: the frame as it enters the gateway.
static struct frame sends(uint32_t who, enum gauge_way way)
{
	struct gauge_load load = { .session = who,
				   .seq = account_flow(&account, who, way)->next,
				   .sent = now.ticks,
				   .stalled = now.stalled,
				   .span = account.now->number,
				   .way = way };
	struct frame frame = { .length = template[way].length, .way = way };

	account_sent(&account, &load);
	frame_build(frame.bytes, &template[way], &session[who], &load);
	return frame;
}

// The gateway: takes the tunnel off, or puts one on.
static struct frame through(struct frame in)
{
	struct frame out = { .way = in.way };
	uint8_t *inner = in.bytes + in.length - GAUGE_INNER, *to = out.bytes + sizeof(struct rte_ether_hdr);

	memcpy(out.bytes, in.bytes, sizeof(struct rte_ether_hdr));
	if (in.way == GAUGE_DOWN) {
		const struct gauge_load up = { .way = GAUGE_UP };
		uint8_t tunnel[GAUGE_FRAME_MAX];
		struct rte_ipv4_hdr *ip;
		uint32_t who, target;

		memcpy(&target, inner + 16, 4);
		who = ntohl(target) - 0x0a2d0000;
		frame_build(tunnel, &template[GAUGE_UP], &session[who], &up);
		memcpy(to, tunnel + sizeof(struct rte_ether_hdr), GAUGE_OUTER);
		memcpy(to + GAUGE_OUTER - 4, &session[who].peer_teid, 4);
		ip = (void *)to;
		ip->src_addr = book.ends.gtpu;
		ip->dst_addr = book.ends.gnb;
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		to += GAUGE_OUTER;
	}
	memcpy(to, inner, GAUGE_INNER);
	out.length = (unsigned)(to - out.bytes) + GAUGE_INNER;
	return out;
}

static void comes(const struct frame *frame)
{
	struct gauge_load load;

	account_seen(&account, frame_read(frame->bytes, frame->length, frame->way, &book, &load), &load, now);
}

static void passes(uint32_t who, enum gauge_way way)
{
	struct frame frame = through(sends(who, way));

	comes(&frame);
}

static struct account_tally sum(void)
{
	struct account_tally all = { 0 };

	for (unsigned shard = 0; shard < ACCOUNT_SHARDS; shard++)
		account_join(&all, &account.now->tally[shard]);
	return all;
}

static void test_all_is_well(void **state)
{
	for (unsigned turn = 0; turn < 300; turn++) {
		for (unsigned way = 0; way < GAUGE_WAYS; way++)
			passes(turn, way);
	}
	assert_int_equal(sum().sent, 600);
	assert_int_equal(sum().received, 600);
	assert_int_equal(sum().arrived, 600);
	assert_int_equal(sum().duplicated + sum().reordered + sum().stale + sum().damaged + sum().stray, 0);
	assert_int_equal(account.now->broken + account.now->foreign, 0);
	assert_true(account_landed(&account, 0, 1));
}

static void test_one_is_dropped(void **state)
{
	passes(7, GAUGE_UP);
	sends(7, GAUGE_UP);
	passes(7, GAUGE_UP);
	assert_int_equal(sum().sent - sum().received, 1);
	assert_int_equal(account.now->tally[7].sent - account.now->tally[7].received, 1);
	assert_false(account_landed(&account, 0, 1));
}

static void test_one_comes_twice(void **state)
{
	struct frame frame = through(sends(7, GAUGE_DOWN));

	comes(&frame);
	passes(7, GAUGE_DOWN);
	comes(&frame);
	assert_int_equal(sum().received, 2);
	assert_int_equal(sum().duplicated, 1);
	assert_int_equal(sum().reordered, 0);
}

static void test_two_are_swapped(void **state)
{
	struct frame first = through(sends(7, GAUGE_DOWN)), second = through(sends(7, GAUGE_DOWN));

	comes(&second);
	comes(&first);
	assert_int_equal(sum().received, 2);
	assert_int_equal(sum().reordered, 1);
	assert_int_equal(sum().duplicated, 0);
}

static void test_the_window_has_an_end(void **state)
{
	struct frame frame = through(sends(7, GAUGE_UP));

	for (unsigned n = 0; n < ACCOUNT_WINDOW - 1; n++)
		passes(7, GAUGE_UP);
	comes(&frame);
	assert_int_equal(sum().reordered, 1);
	frame = through(sends(7, GAUGE_UP));
	for (unsigned n = 0; n < ACCOUNT_WINDOW; n++)
		passes(7, GAUGE_UP);
	comes(&frame);
	assert_int_equal(sum().reordered, 1);
	assert_int_equal(sum().stale, 1);
	assert_int_equal(sum().sent - sum().received, 1);
}

// What the ring refuses was never sent: the next packet gets its number.
static void test_what_is_refused_is_not_lost(void **state)
{
	struct gauge_load load = { .session = 3, .seq = account_flow(&account, 3, GAUGE_UP)->next };

	account_sent(&account, &load);
	account_unsent(&account, &load);
	passes(3, GAUGE_UP);
	assert_int_equal(account_flow(&account, 3, GAUGE_UP)->next, 1);
	assert_int_equal(sum().sent, 1);
	assert_int_equal(sum().received, 1);
}

// But for the outer UDP header's source port, which is free, and its checksum, which may be left out.
static void test_every_flipped_bit_shows(void **state)
{
	for (unsigned way = 0; way < GAUGE_WAYS; way++) {
		struct frame whole = through(sends(9, way));

		for (unsigned bit = 0; bit < (whole.length - sizeof(struct rte_ether_hdr)) * 8; bit++) {
			unsigned at = bit / 8;
			struct frame frame = whole;
			struct gauge_load load;

			if (way == GAUGE_DOWN && (at == 20 || at == 21 || at == 26 || at == 27))
				continue;
			frame.bytes[sizeof(struct rte_ether_hdr) + at] ^= (uint8_t)(1 << bit % 8);
			if (frame_read(frame.bytes, frame.length, way, &book, &load) == GAUGE_GOOD)
				fail_msg("way %u: byte %u, bit %u", way, at, bit % 8);
		}
	}
}

static void test_a_wrong_tunnel_is_a_stray(void **state)
{
	struct frame frame = through(sends(9, GAUGE_DOWN));

	memcpy(frame.bytes + sizeof(struct rte_ether_hdr) + GAUGE_OUTER - 4, &session[10].peer_teid, 4);
	comes(&frame);
	assert_int_equal(sum().stray, 1);
	assert_int_equal(sum().received, 0);
}

static void test_a_wrong_side_is_a_stray(void **state)
{
	struct frame frame = sends(9, GAUGE_DOWN);

	frame.way = GAUGE_UP;
	comes(&frame);
	assert_int_equal(sum().stray, 1);
}

// A packet counts for the span it was sent in, its gap for the one it ended in; what the gauge stood still is not the gateway's.
static void test_spans_gaps_and_own_stalls(void **state)
{
	struct frame late;
	uint32_t mark;
	uint64_t shards[4];
	json_t *report;

	passes(5, GAUGE_UP);
	late = through(sends(5, GAUGE_UP));
	now.ticks += 5000000;
	mark = account_mark(&account, now);
	now.ticks += 5000000;
	now.stalled += 4000000;
	comes(&late);
	account_mark(&account, now);
	assert_int_equal(account_span(&account, 0)->tally[5].received, 2);
	assert_int_equal(account_span(&account, 0)->tally[5].shard_gap, 5000000);
	assert_int_equal(account_span(&account, mark)->tally[5].arrived, 1);
	assert_int_equal(account_span(&account, mark)->tally[5].shard_gap, 6000000);
	assert_int_equal(account_span(&account, 0)->tally[5].delay, 6000000);

	assert_true(report_shards("0,4-6", shards));
	report = report_make(&account, &(struct report_ask){ 0, 2, { shards[0] }, HZ, 1000 });
	assert_non_null(report);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "set"), "sent")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "others"), "sent")), 0);
	json_decref(report);
	assert_null(report_make(&account, &(struct report_ask){ 0, 3, { 0 }, HZ, 1000 }));
	assert_false(report_shards("1,x", shards));
}

// Within a turn that stands still, too: what comes or leaves behind the standstill is stamped with it.
static void test_a_standstill_counts_at_once(void **state)
{
	struct gauge gauge = { .stall_ticks = 100, .stalled = 1000, .turn_at = 5000 };

	assert_int_equal(gauge_time(&gauge, 5100).stalled, 1000);
	assert_int_equal(gauge_time(&gauge, 5101).stalled, 1101);
	assert_int_equal(gauge_time(&gauge, 5101).ticks, 5101);
	gauge.turn_at = 0; // the first turn has none behind it
	assert_int_equal(gauge_time(&gauge, 5101).stalled, 1000);
}

static void test_old_spans_are_summed(void **state)
{
	for (unsigned n = 0; n < 2 * ACCOUNT_SPANS; n++) {
		passes(n, GAUGE_UP);
		now.ticks += 1000;
		account_mark(&account, now);
	}
	assert_int_equal(account_past(&account)->tally[0].received, 1);
	assert_int_equal(account_past(&account)->tally[2 * ACCOUNT_SPANS - 1].received, 0);
	assert_ptr_equal(account_span(&account, 1), account_past(&account));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)
	static const struct CMUnitTest tests[] = {
		TEST(all_is_well),
		TEST(one_is_dropped),
		TEST(one_comes_twice),
		TEST(two_are_swapped),
		TEST(the_window_has_an_end),
		TEST(what_is_refused_is_not_lost),
		TEST(every_flipped_bit_shows),
		TEST(a_wrong_tunnel_is_a_stray),
		TEST(a_wrong_side_is_a_stray),
		TEST(spans_gaps_and_own_stalls),
		TEST(a_standstill_counts_at_once),
		TEST(old_spans_are_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
