// test_ruled_marker.c - End Markers out of a session's tunnels: into the tunnels its packets go on into, or no further.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/ruled_play.h"
#include "shared/plane/lane_end.h"
#include "shared/wire/ip.h"
#include "workers/pipe/ruled_room.h"

#define PEER 0xc6336402u

static const uint8_t *tunnel_of(uint32_t teid)
{
	static uint8_t packet[TUNNEL_BYTES];
	const struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, teid, 2152, 0 };

	tunnel_put(packet, sizeof(packet), &ends);
	packet[TUNNEL_BYTES - GTPU_HEADER + 1] = GTPU_END_MARKER;
	return packet;
}

// Into the second tunnel of the session, or that with another TEID.
static struct lane_handle marker(uint32_t teid)
{
	return ruled_worked(stand_lend(&stand, 0, LANE_UPLINK, tunnel_of(teid), TUNNEL_BYTES));
}

// What comes by the second tunnel goes to the radio side, TEID 0xbeef.
static void relay(void)
{
	ruled_core_tunnel();
	ruled_by();
}

static void it_goes_where_packets_go(void **unused)
{
	struct lane_handle handle;
	const uint8_t *bytes;

	relay();
	handle = marker(ruled_core_teid());
	bytes = stand_bytes(&stand, &handle);
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.port, LANE_SIDE_ACCESS);
	assert_int_equal(handle.length, TUNNEL_BYTES);
	assert_true(ip4_sound(bytes));
	assert_int_equal(be32_get(bytes + 12), STAND_GTPU);
	assert_int_equal(be32_get(bytes + 16), PEER);
	assert_int_equal(be32_get(bytes + 28),
			 0x30u << 24 | 254u << 16); // no flags, End Marker, nothing behind the header
	assert_int_equal(be32_get(bytes + 32), 0xbeef);
	assert_int_equal(shard_there->downlink[SLOT].packets, 0); // nobody's use
	handle.code = LANE_UPLINK;                                // lent once more as it lies there now: not for us
	be32_put(stand_bytes(&stand, &handle) + 32, ruled_core_teid());
	assert_int_equal(ruled_worked(handle).code, VERDICT_NOT_OURS);
}

static void over_ipv6_its_checksum_holds(void **unused)
{
	struct tunnel_inside inside;
	struct lane_handle handle;

	sheets.far[1] = (struct sheet_far){ .action = SHEET_FORWARD,
					    .outer = SHEET_OUTER_GTPU6,
					    .flags = SHEET_HAS_PEER,
					    .peer_teid = 7,
					    .peer_ipv6 = { 0x20010db800010000, 2 } };
	relay();
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_END_MARKER); // we have no address for it
	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	handle = marker(ruled_core_teid());
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(handle.length, TUNNEL6_BYTES);
	assert_int_not_equal(be16_get(stand_bytes(&stand, &handle) + IP6_HEADER + 6), 0);
	assert_int_equal(tunnel_open(&inside, stand_bytes(&stand, &handle), handle.length), VERDICT_END_MARKER);
	assert_int_equal(inside.teid, 7);
}

// A longer tunnel begins before the one it came by: at the room's first byte, but not before.
static void its_tunnel_is_in_the_room(void **unused)
{
	const uint32_t longer = TUNNEL6_BYTES - TUNNEL_BYTES;
	struct lane_handle handle;

	sheets.far[1] = (struct sheet_far){ .action = SHEET_FORWARD,
					    .outer = SHEET_OUTER_GTPU6,
					    .flags = SHEET_HAS_PEER,
					    .peer_teid = 7,
					    .peer_ipv6 = { 0x20010db800010000, 2 } };
	relay();
	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	for (uint32_t offset = longer - 1; offset <= longer; offset++) {
		handle = stand_lend(&stand, 0, LANE_UPLINK, tunnel_of(ruled_core_teid()), TUNNEL_BYTES);
		memmove(stand_bytes(&stand, &handle) - handle.offset + offset, stand_bytes(&stand, &handle),
			TUNNEL_BYTES);
		handle.offset = (uint16_t)offset;
		handle = ruled_worked(handle);
		assert_int_equal(handle.code, offset < longer ? VERDICT_NOT_OURS : VERDICT_FORWARD);
	}
	assert_int_equal(handle.offset, 0);
}

static void else_it_ends_here(void **unused)
{
	static const struct sheet_far others[] = {
		{ .action = SHEET_DROP },
		{ .action = SHEET_BUFFER },
		{ .action = SHEET_FORWARD }, // to the core
		{ .action = SHEET_FORWARD, .outer = SHEET_OUTER_GTPU4 },
	};

	assert_int_equal(marker(bearer.teid).code, VERDICT_END_MARKER);            // two lines
	assert_int_equal(marker(bearer.teid ^ 1u << 30).code, VERDICT_END_MARKER); // nobody's is not answered
	relay();
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_FORWARD);
	assert_int_equal(marker(sheet_tunnel_teid(bearer.teid, 2, stand.net.slot_bits)).code, VERDICT_END_MARKER);
	room_there->held_until = NOW + 1; // not before what waits
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_END_MARKER);
	room_there->held_until = 0;
	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++) {
		sheets.far[1] = others[i];
		ruled_by();
		assert_int_equal(marker(ruled_core_teid()).code, VERDICT_END_MARKER);
	}
}

// What goes to the core has no such end; a rule with a filter counts as well as one without.
static void what_leads_into_no_tunnel_does_not_count(void **unused)
{
	relay();
	sheets.tunnel[0] = 0;
	sheets.tunnel[1] = 3;
	sheets.head.way[SHEET_UPLINK] = 3;
	sheets.head.way[SHEET_DOWNLINK] = 0;
	sheets_filter4(&sheets, 0, 1);
	sheets.head.open[0] = sheets.head.open[1] = 2;
	sheets.pdr[1] = sheets.pdr[0];
	sheets.pdr[0].far = 0; // to the core
	ruled_by();
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_FORWARD);
	sheets.head.open[0] = sheets.head.open[1] = 0;
	sheets_filter4(&sheets, 1, 2);
	ruled_by();
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_FORWARD);
	sheets.pdr[1].far = 0;
	ruled_by();
	assert_int_equal(marker(ruled_core_teid()).code, VERDICT_END_MARKER);
}

// The session's second tunnel leads into several: by each of `rules`, far[1 + i] of it.
static void forked(unsigned rules)
{
	relay();
	sheets.head.pdrs = (uint8_t)(rules + 1);
	sheets.head.fars = (uint8_t)(rules + 1);
	sheets.tunnel[0] = 1;
	sheets.tunnel[1] = ((UINT64_C(1) << rules) - 1) << 1;
	sheets.head.way[SHEET_UPLINK] = sheets.tunnel[1];
	sheets.head.way[SHEET_DOWNLINK] = 1;
	sheets.head.open[0] = sheets.head.open[1] = UINT64_MAX >> (63 - rules);
	for (unsigned i = 1; i <= rules; i++) {
		sheets.pdr[i] = sheets.pdr[0];
		sheets.pdr[i].id = (uint16_t)(i + 1);
		sheets.pdr[i].far = (uint8_t)i;
		sheets.far[i] = sheets.far[1];
		sheets.far[i].id = i + 1;
		sheets.far[i].peer_teid = 0x100 + i;
	}
}

static struct lane_end end_at(const struct lane_handle *handle, unsigned i)
{
	struct lane_end end;

	memcpy(&end, stand_bytes(&stand, handle) + i * sizeof(end), sizeof(end));
	return end;
}

// One for each tunnel that differs, of rules with filters and without: behind the headers that came, which stay.
static void into_several_the_primary_sends_it(void **unused)
{
	struct lane_handle handle;

	forked(5);
	sheets.far[2].peer_teid = sheets.far[1].peer_teid; // no other tunnel
	sheets.far[3].peer_teid = sheets.far[1].peer_teid;
	sheets.far[3].peer_ipv4 = PEER + 1;
	sheets.far[3].flags |= SHEET_DSCP;
	sheets.far[3].dscp = 46;
	sheets.far[4] = (struct sheet_far){ .id = 5, .action = SHEET_DROP };
	sheets.far[5].outer = SHEET_OUTER_GTPU6;
	sheets.far[5].peer_ipv6[0] = 0x20010db800010000;
	sheets_filter4(&sheets, 1, 2);
	sheets.head.open[0] = sheets.head.open[1] = 0x3d;
	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	ruled_by();
	handle = marker(ruled_core_teid());
	assert_int_equal(handle.code, VERDICT_END_MARKERS);
	assert_int_equal(handle.length, 3 * sizeof(struct lane_end));
	assert_int_equal(end_at(&handle, 0).ipv4, PEER); // of rule 2, without a filter
	assert_int_equal(end_at(&handle, 0).teid, 0x101);
	assert_int_equal(end_at(&handle, 0).tos, 0);
	assert_int_equal(end_at(&handle, 1).ipv4, PEER + 1);
	assert_int_equal(end_at(&handle, 1).teid, 0x101);
	assert_int_equal(end_at(&handle, 1).tos, 46 << 2);
	assert_int_equal(end_at(&handle, 2).ipv4, 0);
	assert_int_equal(be64_get(end_at(&handle, 2).ipv6), 0x20010db800010000);
	assert_int_equal(end_at(&handle, 2).teid, 0x105);
	handle.offset = (uint16_t)(handle.offset - TUNNEL_BYTES); // lent once more, as after a death
	handle.length = TUNNEL_BYTES;
	handle.code = LANE_UPLINK;
	assert_int_equal(ruled_worked(handle).code, VERDICT_END_MARKERS);
}

static void all_that_a_session_may_have(void **unused)
{
	struct lane_handle handle;

	forked(SHEET_PDRS - 1);
	ruled_by();
	handle = marker(ruled_core_teid());
	assert_int_equal(handle.code, VERDICT_END_MARKERS);
	assert_int_equal(handle.length, (SHEET_PDRS - 1) * sizeof(struct lane_end));
	assert_int_equal(end_at(&handle, SHEET_PDRS - 2).teid, 0x100 + SHEET_PDRS - 1);
	assert_true((unsigned)handle.offset + handle.length <= ROOM_STRIDE);
}

// A primary of an earlier build does not know; and at a room's end there is no place for them: then it goes into one.
static void else_it_goes_into_one(void **unused)
{
	struct lane_handle handle;

	forked(2);
	ruled_by();
	stand.net.verdicts = VERDICT_END_MARKERS;
	handle = marker(ruled_core_teid());
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(be32_get(stand_bytes(&stand, &handle) + 32), 0x101);
	stand.net.verdicts = VERDICT_COUNT;
	handle = marker(ruled_core_teid());
	memmove(room_at(&stand.rooms, handle.room) + ROOM_STRIDE - TUNNEL_BYTES,
		stand_bytes(&stand, &handle) - TUNNEL_BYTES, TUNNEL_BYTES);
	handle.offset = ROOM_STRIDE - TUNNEL_BYTES;
	handle.length = TUNNEL_BYTES;
	handle.code = LANE_UPLINK;
	handle = ruled_worked(handle);
	assert_int_equal(handle.code, VERDICT_FORWARD);
	assert_int_equal(be32_get(stand_bytes(&stand, &handle) + 32), 0x101);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ruled_make, ruled_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_goes_where_packets_go),
		TEST(over_ipv6_its_checksum_holds),
		TEST(its_tunnel_is_in_the_room),
		TEST(else_it_ends_here),
		TEST(what_leads_into_no_tunnel_does_not_count),
		TEST(into_several_the_primary_sends_it),
		TEST(all_that_a_session_may_have),
		TEST(else_it_goes_into_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
