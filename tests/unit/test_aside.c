// test_aside.c - what becomes of uplink packets that do not go on: when a missing session is told, and what golden/advert_golden.py does
// not ask about router solicitations.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/stand/stand.h"
#include "workers/pipe/tunnel.h"

#define SHARD 7u
#define QUESTION_BYTES (TUNNEL_BYTES + IP6_HEADER + 8u)
#define NOW (1000 * STAND_HZ)

static struct stand stand;
static struct bearer bearer;

static int make(void **state)
{
	struct lines lines;

	stand_open(&stand);
	lines = stand_lines(&stand, SHARD);
	bearer = stand_bearer(&stand, SHARD, 3);
	if (lines_set(&lines, 3, &bearer))
		return -1;
	stand.pipe.shard[SHARD].header->seq = 1;
	return 0;
}

static int destroy(void **state)
{
	stand_close(&stand);
	return 0;
}

static struct lane_handle stray(void)
{
	return stand_lend_up(&stand, 0, bearer.teid + 256, bearer.ue_ipv4, 64); // of an empty cell
}

// A router solicitation from fe80::5.
static struct lane_handle question(void)
{
	uint8_t bytes[QUESTION_BYTES] = { 0 }, *ip = bytes + TUNNEL_BYTES, *icmp = ip + IP6_HEADER;
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, bearer.teid, 2152, 0 };
	struct lane_handle handle;

	ip[0] = 0x60;
	ip[5] = 8;
	ip[6] = IP_ICMP6;
	ip[7] = 255;
	ip[8] = 0xfe, ip[9] = 0x80, ip[23] = 5;
	ip[24] = 0xff, ip[25] = 2, ip[39] = 2;
	icmp[0] = 133;
	be16_put(icmp + 2, ip6_checksum_upper(ip, IP_ICMP6, icmp, 8));
	tunnel_close(ip, IP6_HEADER + 8, &ends);
	handle = stand_lend(&stand, 0, LANE_UPLINK, bytes, sizeof(bytes));
	handle.hint = bearer.teid;
	return handle;
}

static uint8_t verdict_of(struct lane_handle handle, uint64_t now)
{
	pipe_burst(&stand.pipe, &handle, 1, now);
	assert_int_equal(handle.hint, 0);
	return handle.code;
}

static void a_missing_session_is_told(void **state)
{
	struct lane_handle handle = stray(), before = handle;

	pipe_burst(&stand.pipe, &handle, 1, NOW);
	assert_int_equal(handle.code, VERDICT_TO_SLOW_NO_SESSION);
	assert_int_equal(handle.offset, before.offset);
	assert_int_equal(handle.length, before.length);
	assert_int_equal(handle.port, before.port);
}

static void not_before_all_sessions_are_there(void **state)
{
	struct region_header *header = stand.pipe.shard[SHARD].header;

	header->seq = 0; // nothing heard yet
	assert_int_equal(verdict_of(stray(), NOW), VERDICT_NO_SESSION);
	header->seq = 9;
	header->sweep = 1; // a snapshot has begun,
	header->sweep_next = 0;
	assert_int_equal(verdict_of(stray(), NOW), VERDICT_NO_SESSION);
	header->sweep_next = stand.shape.slots - 1;
	assert_int_equal(verdict_of(stray(), NOW), VERDICT_NO_SESSION);
	header->sweep_next = stand.shape.slots; // and is done
	assert_int_equal(verdict_of(stray(), NOW), VERDICT_TO_SLOW_NO_SESSION);
}

static void a_known_session_is_never_denied(void **state)
{
	struct lane_handle spoofed = stand_lend_up(&stand, 0, bearer.teid, bearer.ue_ipv4 + 1, 64);

	assert_int_equal(verdict_of(spoofed, NOW), VERDICT_SPOOFED);
	assert_int_equal(verdict_of(stand_lend_down(&stand, 0, bearer.ue_ipv4 + 1, 64), NOW), VERDICT_NO_SESSION);
}

static void an_older_primary_hears_what_it_knows(void **state)
{
	stand.net.verdicts = 0;
	assert_int_equal(verdict_of(stray(), NOW), VERDICT_NO_SESSION);
	assert_int_equal(verdict_of(question(), NOW), VERDICT_SPOOFED);
}

static void a_question_stays_as_it_came(void **state)
{
	struct lane_handle handle = question(), again = handle;
	uint8_t asked[QUESTION_BYTES], answer[256];
	unsigned bytes;

	memcpy(asked, stand_bytes(&stand, &handle), sizeof(asked));
	pipe_burst(&stand.pipe, &handle, 1, NOW);
	assert_int_equal(handle.code, VERDICT_ANSWERED);
	assert_int_equal(handle.port, LANE_SIDE_ACCESS);
	bytes = handle.length;
	memcpy(answer, stand_bytes(&stand, &handle), bytes);
	assert_memory_equal(asked, stand_bytes(&stand, &again), sizeof(asked));
	pipe_burst(&stand.pipe, &again, 1, NOW + STAND_HZ); // lent again after a death
	assert_int_equal(again.code, VERDICT_ANSWERED);
	assert_int_equal(again.length, bytes);
	assert_memory_equal(answer, stand_bytes(&stand, &again), bytes);
}

static void answers_are_rare_and_no_use(void **state)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < 1000; i++) // two seconds
		answered += verdict_of(question(), NOW + i * (STAND_HZ / 500)) == VERDICT_ANSWERED;
	assert_in_range(answered, 10, 20);
	assert_int_equal(stand.pipe.shard[SHARD].uplink[3].packets, 0);
	assert_int_equal(stand.pipe.shard[SHARD].downlink[3].packets, 0);
}

static void without_place_or_peer_no_answer(void **state)
{
	struct lane_handle handle = question();
	uint8_t bytes[QUESTION_BYTES];

	memcpy(bytes, stand_bytes(&stand, &handle), sizeof(bytes));
	handle.offset = (uint16_t)(ROOM_STRIDE - QUESTION_BYTES);
	memcpy(stand_bytes(&stand, &handle), bytes, sizeof(bytes));
	assert_int_equal(verdict_of(handle, NOW), VERDICT_LINK_LOCAL);
	stand.pipe.shard[SHARD].downlink[3].peer_ipv4 = 0;
	assert_int_equal(verdict_of(question(), NOW + STAND_HZ), VERDICT_NO_PEER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_missing_session_is_told),       TEST(not_before_all_sessions_are_there),
		TEST(a_known_session_is_never_denied), TEST(an_older_primary_hears_what_it_knows),
		TEST(a_question_stays_as_it_came),     TEST(answers_are_rare_and_no_use),
		TEST(without_place_or_peer_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
