// ruled_play.c - one session with a sheet. State: the test's.
#include "tests/unit/ruled_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

struct stand stand;
struct sheets sheets;
struct bearer bearer;
struct ruled_tells tells;
const struct region *shard_there;
struct ruled *room_there;

int ruled_make(void **unused)
{
	struct lines lines;

	stand_open_ruled(&stand);
	bearer = stand_bearer(&stand, SHARD, SLOT);
	lines = stand_lines(&stand, SHARD);
	shard_there = &stand.pipe.shard[SHARD];
	tells.n = 0;
	stand.pipe.tells = &tells;
	sheets_plain(&sheets);
	return lines_set(&lines, SLOT, &bearer);
}

int ruled_destroy(void **unused)
{
	stand_close(&stand);
	return 0;
}

void ruled_by(void)
{
	const char *field = "";

	sheets_write(&sheets);
	if (sheet_check(sheets.bytes, sheets.head.bytes, &field))
		fail_msg("the sheet is wrong: %s", field);
	room_there = stand_rules(&stand, SHARD, SLOT, 0, &sheets);
}

struct ruled_gauge *ruled_gauge_at(unsigned i)
{
	return (struct ruled_gauge *)((uint8_t *)room_there + room_there->gauges) + i;
}

struct ruled_tokens *ruled_tokens_at(unsigned qer, unsigned way)
{
	return (struct ruled_tokens *)((uint8_t *)room_there + room_there->tokens) + qer * LINE_WAYS + way;
}

struct lane_handle ruled_lend_up(uint32_t teid, uint8_t container, uint32_t source)
{
	uint8_t bytes[TUNNEL_BYTES_QFI + STAND_USER_BYTES];
	unsigned front = container ? TUNNEL_BYTES_QFI : TUNNEL_BYTES;
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, teid, 2152, 0 };
	struct lane_handle handle;

	stand_user_packet(bytes + front, source, STAND_SERVER, 64);
	tunnel_put(bytes, front + STAND_USER_BYTES, &ends);
	if (container)
		gtpu_put_container(bytes + front - GTPU_HEADER_QFI, container);
	handle = stand_lend(&stand, 0, LANE_UPLINK, bytes, front + STAND_USER_BYTES);
	handle.hint = teid;
	return handle;
}

struct lane_handle ruled_worked(struct lane_handle handle)
{
	stand_burst(&stand, &handle, 1, NOW);
	return handle;
}

struct lane_handle ruled_up(void)
{
	return ruled_worked(ruled_lend_up(bearer.teid, 0, bearer.ue_ipv4));
}

struct lane_handle ruled_down(void)
{
	return ruled_worked(stand_lend_down(&stand, 0, bearer.ue_ipv4, 64));
}

void ruled_verdicts(enum verdict expected_up, enum verdict expected_down)
{
	assert_string_equal(verdict_name(ruled_up().code), verdict_name(expected_up));
	assert_string_equal(verdict_name(ruled_down().code), verdict_name(expected_down));
}

uint8_t ruled_tos(struct lane_handle handle, unsigned front)
{
	return stand_bytes(&stand, &handle)[front + 1];
}

void ruled_urr_add(unsigned i, uint32_t flags)
{
	sheets.head.urrs = (uint8_t)(i + 1);
	sheets.urr[i] = (struct sheet_urr){
		.id = i + 1, .serial = i + 1, .flags = flags, .quota = { UINT64_MAX, UINT64_MAX, UINT64_MAX }
	};
	for (unsigned pdr = 0; pdr < 2; pdr++)
		sheets.pdr[pdr].urrs |= (uint16_t)(1u << i);
}

void ruled_core_tunnel(void)
{
	sheets.head.tunnels = 2;
	sheets.tunnel[1] = 1;
	sheets.tunnel[0] = 2;
	sheets.pdr[0].flags = SHEET_ANY_SOURCE | SHEET_FROM_CORE;
	sheets.pdr[0].far = 1;
}

uint32_t ruled_core_teid(void)
{
	return sheet_tunnel_teid(bearer.teid, 1, stand.net.slot_bits);
}
