// test_ruled_pieces.c - later pieces of a packet have the ports of its first one, for a while, and of no other packet's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"
#include "workers/pipe/ruled_pieces.h"

#define LIFE 1000u

static struct ruled_pieces pieces;

// How the key of a piece comes out. ports: 0 = a later one.
static uint32_t taken(const uint8_t *packet, uint32_t place, uint64_t now, uint32_t ports)
{
	struct ruled_key key = { .remote_port = ports ? ports >> 16 : RULED_NO_PORT,
				 .local_port = ports ? ports & 0xffff : RULED_NO_PORT };
	struct ip_packet ip = { 100, packet[0] >> 4 == 4 ? 20 : 40,    packet[0] >> 4, 0,
				9,   packet[0] >> 4 == 4 ? IP_UDP : 44 };

	assert_true(ruled_is_fragment(packet, &ip));
	ruled_pieces_take(&pieces, &(struct ruled_fragment){ packet, &ip, place, now, LIFE }, &key);
	return key.remote_port == RULED_NO_PORT ? 0 : key.remote_port << 16 | key.local_port;
}

static void the_first_tells_the_others(void **unused)
{
	static const uint32_t ports = 4000 << 16 | 53;

	for (unsigned version = 4; version <= 6; version += 2) {
		uint8_t packet[100] = { (uint8_t)(version << 4 | 5) }, other[100];

		memset(&pieces, 0, sizeof(pieces));
		packet[6] = version == 4 ? 0x20 : 44;
		packet[version == 4 ? 5 : 47] = 77;          // identification
		assert_int_equal(taken(packet, 3, 1, 0), 0); // it overtook the first one
		assert_int_equal(taken(packet, 3, 1, ports), ports);
		assert_int_equal(taken(packet, 3, 1 + LIFE - 1, 0), ports);
		assert_int_equal(taken(packet, 3, 1 + LIFE, 0), 0);
		for (uint32_t place = 4; place < 4000;
		     place++) // other sessions', many of which fall into the same place
			assert_int_equal(taken(packet, place, 2, 0), 0);
		for (unsigned at = version == 4 ? 12 : 8; at < (version == 4 ? 20 : 40); at++) {
			memcpy(other, packet, sizeof(other));
			other[at] ^= 1;
			assert_int_equal(taken(other, 3, 2, 0), 0);
		}
		for (unsigned id = 1; id < 4000; id++) {
			memcpy(other, packet, sizeof(other));
			be16_put(other + (version == 4 ? 4 : 46), (uint16_t)(77 + id));
			assert_int_equal(taken(other, 3, 2, 0), 0);
		}
		assert_int_equal(taken(packet, 3, 2, 0), ports);
	}
}

static enum verdict piece_down(unsigned flags, uint16_t id)
{
	struct lane_handle handle = stand_lend_down(&stand, 0, bearer.ue_ipv4, 9);
	uint8_t *ip = stand_bytes(&stand, &handle);

	if (flags & 0x1fff)
		memset(ip + IP4_HEADER, 0xee, 8); // what lies where ports would
	be16_put(ip + 4, id);
	be16_put(ip + 6, (uint16_t)flags);
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
	return ruled_worked(handle).code;
}

// A rule for one port drops, another one lets everything pass.
static void a_rule_for_ports_takes_all_pieces(void **unused)
{
	memset(&pieces, 0, sizeof(pieces));
	sheets.head.pdrs = 3;
	sheets.pdr[2] = sheets.pdr[1];
	sheets.pdr[2].id = 3;
	sheets.pdr[1].far = 0; // dropped
	sheets.far[0].action = SHEET_DROP;
	sheets.head.way[SHEET_DOWNLINK] = 6;
	sheets.head.open[0] = sheets.head.open[1] = 4;
	sheets_filter4(&sheets, 0, 2);
	sheets.filters4[0].remote_ports[0] = 4000 << 16 | 4000;
	ruled_by();
	assert_int_equal(piece_down(0x2000, 5), VERDICT_RULE_DROP);
	assert_int_equal(piece_down(0x2004, 5), VERDICT_FORWARD); // nobody remembers
	stand.pipe.pieces = &pieces;
	assert_int_equal(piece_down(0x2000, 5), VERDICT_RULE_DROP);
	assert_int_equal(piece_down(0x2004, 5), VERDICT_RULE_DROP);
	assert_int_equal(piece_down(0x0008, 5), VERDICT_RULE_DROP);
	assert_int_equal(piece_down(0x0008, 6), VERDICT_FORWARD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_tells_the_others),
		cmocka_unit_test_setup_teardown(a_rule_for_ports_takes_all_pieces, ruled_make, ruled_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
