// test_short.c - bursts of anything at all come to the same, byte for byte, as their packets one by one on the long way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "shared/wire/ip.h"
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_parts.h"
#include "workers/pipe/pipe_steps.h"

#define SESSIONS 48u // few, so that many a burst has several packets of one
#define BYTES_MAX 400u
#define UNOWNED 7u // shard
#define BURSTS 40000u

static struct stand stand, longer;
static struct bearer bearers[SESSIONS];
static uint64_t state = 0x2545f4914f6cdd1d;

static uint32_t pick(uint32_t below)
{
	return stand_pick(&state, below);
}

static void bearer_plan(unsigned i)
{
	struct bearer *bearer = &bearers[i];

	if (i % 8)
		*bearer = stand_bearer(&stand, i, i);
	else
		*bearer = stand_foreign_bearer(&stand, i, STAND_FIRST_FOREIGN + i, 1);
	bearer->uplink = stand_way_random(&state);
	bearer->downlink = stand_way_random(&state);
	if (i % 3 == 0) {
		bearer->downlink.flags |= BEARER_QFI;
		bearer->qfi = (uint8_t)pick(64);
	}
	bearer->peer_ipv4 += pick(0x10000000);
	if (i % 16 == 15)
		bearer->peer_ipv4 = bearer->peer_teid = 0;
}

static void sheets_give(struct stand *at)
{
	static struct sheets sheets;
	const char *field = "";

	for (unsigned i = 0; i < SESSIONS; i++) {
		sheets_mixed(&sheets, i);
		assert_int_equal(sheet_check(sheets.bytes, sheets.head.bytes, &field), 0);
		if (i % 6) // else it is plain
			stand_rules(at, i, shard_slot_of_teid(bearers[i].teid, at->net.slot_bits), i % 2, &sheets);
	}
}

static void sessions_make(struct stand *at, bool ruled)
{
	if (ruled)
		stand_open_ruled(at);
	else
		stand_open(at);
	at->net.access_mtu = 300;
	at->net.core_mtu = 250;
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct lines lines = stand_lines(at, i);
		uint32_t slot = shard_slot_of_teid(bearers[i].teid, at->net.slot_bits);

		for (uint32_t rate = 1; rate < 3; rate++) // a third is named, but not defined
			assert_int_equal(
			    lines_rate_set(&lines, rate, &(struct bearer_rate){ 1000000 * rate, 3000, 2000 * rate }),
			    0);
		assert_int_equal(lines_set(&lines, slot, &bearers[i]), 0);
		lines.region->uplink[slot].packets = lines.region->downlink[slot].packets = 0x80000000u - i * 16;
	}
	if (ruled)
		sheets_give(at);
	pipe_disown(&at->pipe, UNOWNED);
}

static unsigned user_make(uint8_t *bytes, const struct bearer *bearer, bool up)
{
	static const uint8_t protocols[] = { IP_UDP, IP_TCP, IP_SCTP, IP_ICMP };
	unsigned length = pick(16) ? 48 + pick(240) : 20 + pick(24);
	uint8_t ttl = (uint8_t)(pick(30) ? 2 + pick(254) : pick(2)), tos = (uint8_t)pick(256),
		protocol = protocols[pick(4)];
	uint32_t ends[2] = { pick(UINT32_MAX), pick(UINT32_MAX) };
	struct ip4_fields v4;

	for (unsigned i = 0; i < length; i++)
		bytes[i] = (uint8_t)pick(256);
	if (pick(4)) {
		ends[!up] = bearer->ue_ipv4;
		v4 = (struct ip4_fields){ ends[0], ends[1], (uint16_t)length, tos, ttl, protocol };
		ip4_put(bytes, &v4);
		return length;
	}
	be32_put(bytes, 6u << 28 | (uint32_t)tos << 20 | pick(1 << 20));
	be32_put(bytes + 4, (length - IP6_HEADER) << 16 | (uint32_t)protocol << 8 | ttl);
	be64_put(bytes + (up ? 8 : 24), bearer->ue_ipv6);
	return length;
}

static void repair(uint8_t *header)
{
	be16_put(header + 10, 0);
	be16_put(header + 10, ip_checksum(header, IP4_HEADER));
}

// Every fourth packet or so is not as it should be: a bit, its length, its place, or what the primary says of it. `bytes` has the user's
// IPv4 header at `front`.
static void packet_damage(struct lane_handle *handle, uint8_t *bytes, unsigned front)
{
	switch (pick(24)) {
	case 0:
	case 1:
		bytes[pick(pick(2) ? 64 : 100)] ^= (uint8_t)(1u << pick(8));
		break;
	case 2:
		handle->length = (uint16_t)pick(handle->length + 8u);
		break;
	case 3:
		handle->hint = pick(2) ? handle->hint ^ pick(UINT32_MAX) << pick(9) : pick(SHARDS);
		break;
	case 4:
		if (pick(2))
			handle->length = (uint16_t)pick(60);
		handle->offset = (uint16_t)(pick(4)   ? pick(60)
					    : pick(2) ? ROOM_STRIDE - handle->length - 2 + pick(5)
						      : pick(1 << 16));
		break;
	case 5:
		if (pick(8) == 0)
			handle->room = pick(UINT32_MAX);
		else
			handle->code = (uint8_t)pick(4);
		break;
	case 6: // headers that are whole, but say something else
	case 7:
		front = pick(2) ? front : 0;
		bytes[front + pick(IP4_HEADER)] ^= (uint8_t)(1u << pick(8));
		repair(bytes + front);
	}
}

// Into the same room of both, as much as fits.
static void packet_put(const struct lane_handle *handle, uint32_t room, const uint8_t bytes[BYTES_MAX])
{
	for (unsigned k = 0; k < 2; k++) {
		uint8_t *at = room_at(k ? &longer.rooms : &stand.rooms, room);

		memset(at, 0xa5, ROOM_STRIDE);
		for (unsigned i = 0; i < BYTES_MAX && handle->offset + i < ROOM_STRIDE; i++)
			at[handle->offset + i] = bytes[i];
	}
}

// A gNB's, mostly; or with a bit of it turned.
static void container_close(uint8_t *user, unsigned length, const struct tunnel_ends *ends)
{
	tunnel_close_qfi(user, length, ends, 0);
	gtpu_put_container(user - GTPU_HEADER_QFI, (uint8_t)(GTPU_CONTAINER | pick(128)));
	if (pick(4) == 0)
		user[-1 - (int)pick(16)] ^= (uint8_t)(1u << pick(8));
}

static struct lane_handle packet_make(uint32_t room)
{
	const struct bearer *bearer = &bearers[pick(SESSIONS)];
	bool up = pick(2);
	uint32_t other = pick(2) << (SHARD_BITS + stand.net.slot_bits); // another tunnel of a session with rules
	struct tunnel_ends ends = { pick(UINT32_MAX), STAND_GTPU, bearer->teid ^ other, (uint16_t)pick(1 << 16),
				    (uint8_t)(pick(8) ? pick(64) * 4 : pick(256)) };
	uint8_t bytes[BYTES_MAX] = { 0 };
	unsigned front = !up       ? 0
			 : pick(3) ? TUNNEL_BYTES
				   : TUNNEL_BYTES_QFI,
		 length = user_make(bytes + front, bearer, up);
	struct lane_handle handle = { .room = room,
				      .hint = up        ? bearer->teid
					      : pick(8) ? shard_hint(bearer->ue_ipv4, shard_of_teid(bearer->teid))
							: shard_of_teid(bearer->teid),
				      .offset = STAND_OFFSET,
				      .length = (uint16_t)(length + front),
				      .turn = (uint16_t)room,
				      .port = 2,
				      .code = up ? LANE_UPLINK : LANE_DOWNLINK };

	if (up && front == TUNNEL_BYTES)
		tunnel_close(bytes + front, length, &ends);
	else if (up)
		container_close(bytes + front, length, &ends);
	packet_damage(&handle, bytes, front);
	packet_put(&handle, room, bytes);
	return handle;
}

// Tokens are taken in the order of the lists, each way apart, and before what is in neither.
static void burst_long(struct lane_handle *handles, unsigned n, uint64_t now)
{
	static struct pipe_sorted sorted;
	uint32_t left = UINT32_MAX >> (32 - n);

	pipe_sort(&longer.pipe, handles, n, &sorted);
	pipe_find(&longer.pipe, handles, &sorted);
	for (unsigned way = 0; way < LINE_WAYS; way++)
		for (unsigned k = 0; k < sorted.list[way].n; k++) {
			uint32_t i = sorted.list[way].handle[k];

			assert_true(sorted.way[way] >> i & left >> i & 1);
			left &= ~(1u << i);
			pipe_long(&longer.pipe, &handles[i], now);
		}
	assert_int_equal(left & (sorted.way[LINE_UPLINK] | sorted.way[LINE_DOWNLINK]), 0);
	for (unsigned i = 0; i < n; i++)
		if (left >> i & 1)
			pipe_long(&longer.pipe, &handles[i], now);
}

// The headroom, where nothing was forwarded, is nobody's.
static void same(const struct lane_handle *one, const struct lane_handle *other)
{
	assert_memory_equal(one, other, sizeof(*one));
	if (room_valid(&stand.rooms, one->room) && one->offset + one->length <= (int)ROOM_STRIDE)
		assert_memory_equal(stand_bytes(&stand, one), stand_bytes(&longer, other), one->length);
}

// Into the upper rooms, behind the last of which there is nothing, or the lower ones. Every third burst is whole.
static unsigned burst_make(struct lane_handle handles[LANE_BURST], bool upper)
{
	unsigned n = pick(3) ? 1 + pick(LANE_BURST) : LANE_BURST;

	for (unsigned i = 0; i < n; i++)
		handles[i] = packet_make((upper ? STAND_ROOMS : STAND_ROOMS / 2) - 1 - i);
	return n;
}

// The cells of all sessions, and what heads their shards.
static void cells_same(void)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct region one = stand_lines(&stand, i).region[0], other = stand_lines(&longer, i).region[0];
		uint32_t slot = shard_slot_of_teid(bearers[i].teid, stand.net.slot_bits);

		if (!one.header)
			continue;
		assert_memory_equal(one.header, other.header, sizeof(*one.header));
		assert_memory_equal(one.uplink + slot, other.uplink + slot, sizeof(struct line));
		assert_memory_equal(one.downlink + slot, other.downlink + slot, sizeof(struct line));
		assert_memory_equal(one.rest + slot, other.rest + slot, sizeof(struct rest));
		for (unsigned half = 0; half < 2 && stand.shape.sheet; half++)
			assert_memory_equal(region_room(&one, &stand.shape, slot, half),
					    region_room(&other, &longer.shape, slot, half), STAND_SHEET_LINES * 64);
	}
}

static void come_to_the_same(bool ruled, unsigned bursts)
{
	struct lane_handle handles[2][LANE_BURST]; // the burst, and by turns the next one
	unsigned verdicts[256] = { 0 }, kinds = 0, n[2];
	struct stand *both[] = { &stand, &longer };

	stand_open(&stand); // only to plan
	for (unsigned i = 0; i < SESSIONS; i++)
		bearer_plan(i);
	stand_close(&stand);
	for (unsigned k = 0; k < 2; k++)
		sessions_make(both[k], ruled);
	n[1] = burst_make(handles[1], 1);
	for (uint64_t burst = 1; burst <= bursts; burst++) {
		unsigned hand = burst & 1;
		struct lane_handle twins[LANE_BURST];

		n[!hand] = burst_make(handles[!hand], !hand);
		if (n[!hand] == LANE_BURST)
			stand.pipe.next = handles[!hand];
		memcpy(twins, handles[hand], sizeof(twins));
		pipe_burst(&stand.pipe, handles[hand], n[hand], burst * (STAND_HZ / 20000));
		burst_long(twins, n[hand], burst * (STAND_HZ / 20000));
		for (unsigned i = 0; i < n[hand]; i++) {
			same(&handles[hand][i], &twins[i]);
			verdicts[handles[hand][i].code]++;
		}
	}
	cells_same();
	if (!ruled)
		assert_memory_equal(stand.zone, longer.zone, stand.zone_bytes);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		kinds += verdicts[i] != 0;
	assert_in_range(kinds, 15, VERDICT_COUNT);
	assert_in_range(verdicts[VERDICT_FORWARD], bursts * 3, bursts * 16);
	for (unsigned k = 0; k < 2; k++)
		stand_close(both[k]);
}

static void bursts_come_to_the_same_as_the_long_way(void **unused)
{
	come_to_the_same(false, BURSTS);
}

static void so_do_bursts_of_sessions_with_rules(void **unused)
{
	come_to_the_same(true, BURSTS);
}

static void hinted(uint32_t address, uint32_t hint, uint32_t teid)
{
	for (unsigned alone = 0; alone < 2; alone++) {
		struct lane_handle down = stand_lend_down(&stand, 0, address, 64);

		down.hint = hint;
		if (alone)
			pipe_burst(&stand.pipe, &down, 1, STAND_HZ);
		else
			stand_burst(&stand, &down, 1, STAND_HZ);
		assert_int_equal(down.code, VERDICT_FORWARD);
		assert_int_equal(be32_get(stand_bytes(&stand, &down) + TUNNEL_BYTES - 4), teid);
	}
}

// Of a hint only the shard is believed.
static void whatever_the_hint_says_the_packet_decides(void **unused)
{
	const uint32_t slots[] = { 2, 3, 300 }, strange[] = { 0, UINT32_MAX, 0x0a2e0000, 0x0a2cff00 };
	struct bearer bearer[3];
	struct lines lines;

	stand_open(&stand);
	lines = stand_lines(&stand, 1);
	for (uint32_t i = 0; i < 3; i++) {
		bearer[i] = i < 2 ? stand_bearer(&stand, 1, slots[i]) : stand_foreign_bearer(&stand, 1, slots[i], 1);
		bearer[i].peer_teid = i + 1;
		assert_int_equal(lines_set(&lines, slots[i], &bearer[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 3; k++)
			hinted(bearer[i].ue_ipv4, shard_hint(bearer[k].ue_ipv4, 1), i + 1);
		for (unsigned k = 0; k < 4; k++)
			hinted(bearer[i].ue_ipv4, shard_hint(strange[k], 1), i + 1);
	}
	stand_close(&stand);
}

// Whatever the addresses add up to, and however often that carries over.
static void checksums_hold_for_every_peer(void **unused)
{
	struct bearer bearer;
	struct lines lines;

	stand_open(&stand);
	lines = stand_lines(&stand, 1);
	bearer = stand_bearer(&stand, 1, 2);
	assert_int_equal(lines_set(&lines, 2, &bearer), 0);
	for (uint32_t low = 0; low < 1 << 16; low++) {
		struct lane_handle down = stand_lend_down(&stand, 1, bearer.ue_ipv4, 64);

		lines.region->downlink[2].peer_ipv4 = (STAND_PEER & 0xffff0000) | low;
		stand_burst(&stand, &down, 1, STAND_HZ);
		assert_int_equal(down.code, VERDICT_FORWARD);
		assert_true(ip4_sound(stand_bytes(&stand, &down)));
	}
	stand_close(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_come_to_the_same_as_the_long_way),
		cmocka_unit_test(so_do_bursts_of_sessions_with_rules),
		cmocka_unit_test(whatever_the_hint_says_the_packet_decides),
		cmocka_unit_test(checksums_hold_for_every_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
