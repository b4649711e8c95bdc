// test_slow.c - what golden/slow_golden.py does not ask: handles that lie, addresses we do not have, clocks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "shared/wire/gtpu.h"
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/slow/signal.h"
#include "workers/slow/slow.h"

static struct stand stand;
static struct slow slow;

static int make(void **state)
{
	stand_open(&stand);
	stand.net.icmp_ipv4 = 0xc63364fe;
	slow_open(&slow, &stand.net, &stand.rooms);
	return 0;
}

static int destroy(void **state)
{
	stand_close(&stand);
	return 0;
}

// A packet of 28 bytes that ran out of hops.
static struct lane_handle hopeless(void)
{
	uint8_t bytes[28] = { 0 };
	const struct ip4_fields fields = { 0xcb007109, 0x0a2d0311, sizeof(bytes), 0, 1, IP_UDP };

	ip4_put(bytes, &fields);
	return stand_lend(&stand, 0, LANE_TTL, bytes, sizeof(bytes));
}

static uint8_t verdict_of(struct lane_handle handle, uint64_t now)
{
	slow_work(&slow, &handle, 1, now);
	assert_int_equal(handle.hint, 0);
	return handle.code;
}

// Whose a question is changes no answer.
static void whose_it_is_changes_nothing(void **state)
{
	uint8_t bytes[28] = { 0 };
	const struct ip4_fields fields = { 0x0a2d0311, 0xcb007109, sizeof(bytes), 0, 9, IP_ICMP };
	struct lane_handle handle;

	ip4_put(bytes, &fields);
	bytes[IP4_HEADER] = 8; // echo
	be16_put(bytes + IP4_HEADER + 2, 0xf7ff);
	handle = stand_lend(&stand, 0, LANE_LOCAL, bytes, sizeof(bytes));
	handle.port = LANE_SIDE_ACCESS;
	handle.hint = 3u << LANE_POOL;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_STEER_AGAIN);
	handle = hopeless();
	handle.hint = 3u << LANE_POOL;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_ANSWERED);
}

// Ports 1 and 3 are of two networks, whose pools are the stand's and its like.
static uint32_t speaker(uint8_t port, uint32_t hint, uint32_t source)
{
	static struct plane plane = { .owns = 3, .voice = { 2, 4 } };
	uint8_t bytes[28] = { 0 };
	const struct ip4_fields fields = { source, 0xcb007109, sizeof(bytes), 0, 1, IP_UDP };
	struct lane_handle handle;

	plane.own[0] = (struct plane_address){ .bytes = { 10, 1, 0, 1 }, .family = 4, .port = 1 };
	plane.own[1] = (struct plane_address){ .bytes = { 0x20 }, .family = 6, .port = 3 };
	plane.own[2] = (struct plane_address){ .bytes = { 10, 3, 0, 1 }, .family = 4, .port = 3 };
	slow_speaks(&slow, &plane);
	ip4_put(bytes, &fields);
	handle = stand_lend(&stand, 0, LANE_TTL, bytes, sizeof(bytes));
	handle.port = port;
	handle.hint = hint;
	slow_work(&slow, &handle, 1, STAND_HZ);
	return be32_get(stand_bytes(&stand, &handle) + 12);
}

static void errors_speak_with_the_address_they_concern(void **state)
{
	const uint32_t subscriber = 0x0a2d0311, host = 0xc0000207;

	assert_int_equal(speaker(1, 0, host), 0x0a010001); // by the port it came by
	assert_int_equal(speaker(3, 0, host), 0x0a030001);
	assert_int_equal(speaker(2, 0, host), 0xc63364fe);                      // which has none
	assert_int_equal(speaker(LANE_SIDE_ACCESS, 0, subscriber), 0x0a010001); // by his pool
	assert_int_equal(speaker(LANE_SIDE_ACCESS, 2u << LANE_POOL, subscriber), 0x0a030001);
	assert_int_equal(speaker(LANE_SIDE_ACCESS, 0, host), 0xc63364fe); // of none
	assert_int_equal(speaker(LANE_SIDE_ACCESS, 0xffffu << LANE_POOL, subscriber), 0xc63364fe);
}

// Over IPv6 the same, but not with an address that means something on one link alone.
static void errors_over_ipv6_speak_with_one_that_can_be_answered(void **state)
{
	static struct plane plane = { .owns = 3, .voice = { 2 } };
	uint8_t bytes[IP6_HEADER + 8] = {
		0x60, [5] = 8, [6] = IP_UDP, [7] = 1, [8] = 0x20, [23] = 7, [24] = 0x20, [39] = 9
	};
	struct lane_handle handle = stand_lend(&stand, 0, LANE_TTL, bytes, sizeof(bytes));

	plane.own[0] = (struct plane_address){ .bytes = { 0xfe, 0x80, [15] = 1 }, .family = 6, .port = 1 };
	plane.own[1] = (struct plane_address){ .bytes = { 10, 1, 0, 1 }, .family = 4, .port = 1 };
	plane.own[2] = (struct plane_address){ .bytes = { 0xfe, 0xc0, [15] = 2 }, .family = 6, .port = 1 };
	slow_speaks(&slow, &plane);
	handle.port = 1;
	slow_work(&slow, &handle, 1, STAND_HZ);
	assert_int_equal(handle.code, VERDICT_ANSWERED);
	assert_memory_equal(stand_bytes(&stand, &handle) + 8, plane.own[2].bytes, 16);
}

static void handles_that_lie_touch_nothing(void **state)
{
	struct lane_handle handle = hopeless();

	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_ANSWERED);
	handle.room = STAND_ROOMS;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle = hopeless();
	handle.offset = SLOW_HEADROOM - 1; // no place for the error's headers
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle.offset = ROOM_STRIDE - 27;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle.length = 20;
	handle.offset = ROOM_STRIDE - SIGNAL_BYTES + 1; // no place behind it for an answer that is longer
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle.offset--;
	assert_int_not_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	handle = hopeless();
	for (unsigned kind = 0; kind < 256; kind++) {
		handle.code = (uint8_t)kind;
		if (kind != LANE_LOCAL && kind != LANE_TTL && kind != LANE_BIG)
			assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
	}
}

static void a_short_packet_is_refused(void **state)
{
	struct lane_handle handle = hopeless();

	for (handle.length = 0; handle.length < 28; handle.length++)
		assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_BAD_IP);
}

static void without_an_address_no_error(void **state)
{
	stand.net.icmp_ipv4 = 0;
	assert_int_equal(verdict_of(hopeless(), STAND_HZ), VERDICT_SLOW_REFUSED);
}

static void the_limit_is_a_rate(void **state)
{
	uint64_t now = 1ull << 62; // idle for years
	unsigned answered = 0;

	for (unsigned i = 0; i < 20000; i++) { // two seconds at ten times the limit
		answered += verdict_of(hopeless(), now) == VERDICT_ANSWERED;
		now += STAND_HZ / 10000;
	}
	assert_in_range(answered, 2 * SLOW_ERRORS_PER_SECOND + SLOW_LIMIT_BURST - 2,
			2 * SLOW_ERRORS_PER_SECOND + SLOW_LIMIT_BURST);
}

// What a peer at `from` says to us, over UDP; the message in hex.
static struct lane_handle message(uint32_t from, const char *hex)
{
	uint8_t bytes[128] = { 0 };
	uint32_t length = 0, whole;

	for (; hex[2 * length]; length++) {
		unsigned byte;

		assert_int_equal(sscanf(hex + 2 * length, "%2x", &byte), 1);
		bytes[IP4_HEADER + UDP_HEADER + length] = (uint8_t)byte;
	}
	whole = IP4_HEADER + UDP_HEADER + length;
	ip4_put(bytes, &(struct ip4_fields){ from, 0x0a630301, whole, 0, 64, IP_UDP });
	udp_put(bytes + IP4_HEADER, 40000, GTPU_PORT, UDP_HEADER + length);
	return stand_lend(&stand, 0, LANE_LOCAL, bytes, whole);
}

#define GNB 0x0a630302u
#define ERROR_OF(elements_length, elements) "321a" elements_length "0000000000000000" elements

static uint8_t heard_of(uint32_t from, const char *hex)
{
	slow.hears = LANE_BURST;
	stand.net.verdicts = VERDICT_COUNT;
	return verdict_of(message(from, hex), STAND_HZ);
}

static void an_echo_response_is_told(void **state)
{
	assert_int_equal(heard_of(GNB, "3202000600000000beef00000e00"), VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heards, 1);
	assert_int_equal(slow.heard[0].kind, REPORT_ECHO);
	assert_int_equal(slow.heard[0].seq, 0xbeef);
	assert_int_equal(slow.heard[0].family, 4);
	assert_int_equal(be32_get(slow.heard[0].peer), GNB);
}

static void an_error_indication_is_told(void **state)
{
	assert_int_equal(heard_of(GNB, ERROR_OF("0010", "100000700185"
							"00040a630302")),
			 VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heards, 1);
	assert_int_equal(slow.heard[0].kind, REPORT_TUNNEL);
	assert_int_equal(slow.heard[0].teid, 0x7001);
	assert_int_equal(be32_get(slow.heard[0].peer), GNB);
	// With a UDP Port extension header, a Recovery before and a private extension behind, as some send.
	assert_int_equal(heard_of(GNB, "361a001b000000000000004001303900"
				       "0e00"
				       "100000700185"
				       "00040a630302"
				       "ff0002002a"),
			 VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heard[0].teid, 0x7001);
}

#define ERROR_4 \
	"100000700185" \
	"00040a630302"
#define ERROR_6 \
	"100000700185" \
	"001020010db8000000000000000000000007"

// A node may have several addresses, of both families: the elements name the tunnel.
static void from_elsewhere_it_is_told_as_such(void **state)
{
	static const uint8_t there[16] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };

	assert_int_equal(heard_of(GNB, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heard[0].elsewhere, 0);
	assert_int_equal(heard_of(GNB + 1, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heards, 1);
	assert_int_equal(slow.heard[0].elsewhere, 1);
	assert_int_equal(slow.heard[0].teid, 0x7001);
	assert_int_equal(slow.heard[0].family, 4);
	assert_int_equal(be32_get(slow.heard[0].peer), GNB);
	assert_int_equal(heard_of(GNB, ERROR_OF("001c", ERROR_6)), VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heard[0].elsewhere, 1);
	assert_int_equal(slow.heard[0].family, 6);
	assert_memory_equal(slow.heard[0].peer, there, 16);
	assert_int_equal(heard_of(GNB, ERROR_OF("001c", "100000700185"
							"00100a630302000000000000000000000000")),
			 VERDICT_GTPU_HEARD);
	assert_int_equal(slow.heard[0].elsewhere, 1); // the same digits, another family
}

// Who says too much from elsewhere is not listened to, but takes nothing from tunnels' ends, nor from others.
static void from_elsewhere_no_more_than_a_share(void **state)
{
	unsigned told = 0;

	for (unsigned i = 0; i < 2 * SLOW_ELSEWHERE_BURST_OF_ONE; i++)
		told += heard_of(GNB + 1, ERROR_OF("0010", ERROR_4)) == VERDICT_GTPU_HEARD;
	assert_in_range(told, SLOW_ELSEWHERE_BURST_OF_ONE - 1, SLOW_ELSEWHERE_BURST_OF_ONE);
	assert_int_equal(heard_of(GNB + 1, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_FORGED);
	assert_int_equal(slow.heards, 0);
	assert_int_equal(heard_of(GNB + 2, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_HEARD);
	for (unsigned i = 0; i < 2 * SLOW_ELSEWHERE_BURST; i++)
		heard_of(GNB + 3 + i, ERROR_OF("0010", ERROR_4));
	assert_int_equal(heard_of(GNB + 99, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_FORGED);
	assert_int_equal(heard_of(GNB, ERROR_OF("0010", ERROR_4)), VERDICT_GTPU_HEARD);
	assert_int_equal(heard_of(GNB + 1, "3202000600000000beef00000e00"), VERDICT_GTPU_HEARD);
}

static void errors_about_nothing_are_refused(void **state)
{
	static const char *const bad[] = {
		ERROR_OF("0004", ""),               // nothing
		ERROR_OF("0009", "1000007001"),     // no address
		ERROR_OF("000b", "8500040a630302"), // no TEID
		ERROR_OF("000f", "1000007001"
				 "8500030a6303"), // an address of three bytes
		ERROR_OF("0010", "1000007001"
				 "8500050a630302"), // longer than there is
		ERROR_OF("0007", "100000"),         // cut
		ERROR_OF("0015", "1000007001"
				 "1000007002"
				 "8500040a630302"), // two tunnels
		ERROR_OF("0017", "1000007001"
				 "8500040a630302"
				 "8500040a630302"), // two addresses
		ERROR_OF("0012", "0511"
				 "1000007001"
				 "8500040a630302"), // nobody knows how long that is
		ERROR_OF("0011", "1000007001"
				 "8500040a630302"
				 "85"), // no length
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (heard_of(GNB, bad[i]) != VERDICT_BAD_GTPU)
			fail_msg("case %u is not refused", i);
		assert_int_equal(slow.heards, 0);
	}
}

// What a worker could not place is user data, or a lie.
static void signalling_is_no_stray(void **state)
{
	struct lane_handle handle = message(GNB, "320100040000000000010000");

	handle.hint = LANE_NO_SESSION;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_NOT_OURS);
}

static void as_many_at_once_as_was_said(void **state)
{
	struct slow_limit limit = { .step = 10, .depth = 30 };

	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(slow_admit(&limit, 1000), i < 3);
	assert_false(slow_admit(&limit, 1009));
	assert_true(slow_admit(&limit, 1010));
	assert_false(slow_admit(&limit, 1010));
}

// Through a tunnel everybody could be a gNB.
static void subscribers_are_no_peers(void **state)
{
	struct lane_handle handle = message(GNB, "3202000600000000beef00000e00");

	slow.hears = LANE_BURST;
	handle.port = LANE_SIDE_ACCESS;
	assert_int_equal(verdict_of(handle, STAND_HZ), VERDICT_GTPU_TYPE);
	assert_int_equal(slow.heards, 0);
}

static void who_says_too_much_is_not_told(void **state)
{
	unsigned told = 0;

	for (unsigned i = 0; i < 2 * SLOW_TALK_BURST_OF_ONE; i++)
		told += heard_of(GNB, "3202000600000000beef00000e00") == VERDICT_GTPU_HEARD;
	assert_in_range(told, SLOW_TALK_BURST_OF_ONE - 1, SLOW_TALK_BURST_OF_ONE);
	assert_int_equal(heard_of(GNB + 1, "3202000600000000beef00000e00"), VERDICT_GTPU_HEARD); // another is
	slow.hears = 0; // the report ring is full
	assert_int_equal(verdict_of(message(GNB + 1, "3202000600000000beef00000e00"), STAND_HZ), VERDICT_SLOW_REFUSED);
	assert_int_equal(slow.heards, 0);
}

static void an_older_primary_gets_a_verdict_it_knows(void **state)
{
	slow.hears = LANE_BURST;
	stand.net.verdicts = VERDICT_GTPU_HEARD;
	assert_int_equal(verdict_of(message(GNB, "3202000600000000beef00000e00"), STAND_HZ), VERDICT_GTPU_TYPE);
	assert_int_equal(slow.heards, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whose_it_is_changes_nothing),
		TEST(errors_speak_with_the_address_they_concern),
		TEST(errors_over_ipv6_speak_with_one_that_can_be_answered),
		TEST(signalling_is_no_stray),
		TEST(as_many_at_once_as_was_said),
		TEST(handles_that_lie_touch_nothing),
		TEST(a_short_packet_is_refused),
		TEST(without_an_address_no_error),
		TEST(the_limit_is_a_rate),
		TEST(an_echo_response_is_told),
		TEST(an_error_indication_is_told),
		TEST(from_elsewhere_it_is_told_as_such),
		TEST(from_elsewhere_no_more_than_a_share),
		TEST(errors_about_nothing_are_refused),
		TEST(subscribers_are_no_peers),
		TEST(who_says_too_much_is_not_told),
		TEST(an_older_primary_gets_a_verdict_it_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
