// fuzz_rules.c - the packet path of sessions with a sheet, with whatever in their room, and on any bytes. Input: which way; PIECES of the
// room that are not as they were, each two bytes of place and the bits that are turned; the packet. Only the room, the lines and the packet with
// the headroom that encapsulation may write are left open; ASan watches everything else.
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_parts.h"
#include "workers/pipe/ruled_lost.h"
#include "workers/pipe/ruled_tell.h"

#define SHARD 0x35u
#define SLOT 3u
#define ADDRESS 0x0a2d0311u // 10.45.3.17
#define FRONT_MAX (IP6_HEADER + UDP_HEADER + GTPU_HEADER_QFI)
#define ROOM_BYTES (64 * STAND_SHEET_LINES)
#define PIECES 6u
#define BEFORE (1 + 3 * PIECES) // in front of the packet

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct stand stand;
static struct sheets sheets;
static struct ruled_tells tells;
static struct ruled *room;
static uint32_t teid;
static uint8_t as_it_was[ROOM_BYTES];
static size_t as_it_was_bytes; // of it, that are something

static void begin(void)
{
	struct bearer bearer;
	struct lines lines;
	const char *field;

	stand_open_ruled(&stand);
	stand.pipe.gtpu_ipv6[0] = 0x20010db800020000;
	stand.pipe.tells = &tells;
	bearer = stand_bearer(&stand, SHARD, SLOT);
	lines = stand_lines(&stand, SHARD);
	sheets_mixed(&sheets, 1);
	sheets.urr[0].dropped = ++sheets.head.urrs;
	sheets.urr[sheets.head.urrs - 1] = (struct sheet_urr){ .serial = 77 };
	sheets.urr[0].events = ++sheets.head.urrs;
	sheets.urr[0].flags |= SHEET_EVENTS;
	sheets.urr[sheets.head.urrs - 1] = (struct sheet_urr){ .serial = 78, .quota = { 3, 1, UINT64_MAX } };
	sheets_write(&sheets);
	if (sheet_check(sheets.bytes, sheets.head.bytes, &field) || bearer.ue_ipv4 != ADDRESS ||
	    lines_set(&lines, SLOT, &bearer))
		abort();
	teid = bearer.teid;
	room = stand_rules(&stand, SHARD, SLOT, 1, &sheets);
	memcpy(as_it_was, room, ROOM_BYTES);
	as_it_was_bytes = room->end;
	// What lies before it and behind it in the shard, which no packet of the session has to do with.
	ASAN_POISON_MEMORY_REGION((uint8_t *)room - ROOM_BYTES, ROOM_BYTES);
	ASAN_POISON_MEMORY_REGION((uint8_t *)room + ROOM_BYTES, ROOM_BYTES);
}

// Every other piece goes to where counts and offsets stand.
static size_t place_of(const uint8_t *piece)
{
	const size_t heads = sizeof(struct ruled) + sizeof(struct sheet);

	return piece[1] & 0x80 ? piece[0] % heads : (size_t)(piece[0] | piece[1] << 8) % as_it_was_bytes;
}

static void room_spoil(const uint8_t pieces[3 * PIECES])
{
	memcpy(room, as_it_was, ROOM_BYTES);
	for (unsigned i = 0; i < PIECES; i++)
		((uint8_t *)room)[place_of(pieces + 3 * i)] ^= pieces[3 * i + 2];
}

static bool waits(const struct lane_handle *handle)
{
	return handle->code == VERDICT_BUFFER || handle->code == VERDICT_BUFFER_FEW ||
	       handle->code == VERDICT_BUFFER_LONG;
}

// As it came; or somebody counts it should it be dropped, or its rule says how many may wait.
static bool waits_well(const struct lane_handle *handle, const struct lane_handle *lent)
{
	if (handle->code == VERDICT_BUFFER && handle->offset != lent->offset)
		return false;
	if (handle->port == LANE_DROPS)
		return (uint16_t)handle->hint == SLOT && handle->length <= lent->length;
	return handle->hint == SLOT && handle->length == lent->length;
}

static void judge(const struct lane_handle *handle, const struct lane_handle *lent)
{
	const uint8_t *result = stand_bytes(&stand, handle);
	struct tunnel_inside inside;
	enum verdict verdict;
	struct ip_packet ip;

	if (handle->room != lent->room || handle->turn != lent->turn || handle->code >= VERDICT_COUNT)
		abort();
	if (waits(handle) && !waits_well(handle, lent))
		abort();
	if (!waits(handle) && (uint32_t)handle->offset + handle->length > ROOM_STRIDE)
		abort();
	if (handle->code != VERDICT_FORWARD)
		return;
	if (ip_read(&ip, result, handle->length) != IP_SOUND || ip.length != handle->length)
		abort();
	if (handle->port != LANE_SIDE_ACCESS)
		return;
	verdict = tunnel_open(&inside, result, handle->length);
	if (verdict != VERDICT_FORWARD && verdict != VERDICT_END_MARKER)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint8_t kinds[4] = { LANE_DOWNLINK, LANE_UPLINK, LANE_FRAMED, LANE_UPLINK };
	static uint64_t now = STAND_HZ;
	struct lane_handle lent, handle;
	uint8_t *packet;

	if (!stand.zone)
		begin();
	if (length < BEFORE || length - BEFORE > ROOM_STRIDE - FRONT_MAX)
		return 0;
	room_spoil(bytes + 1);
	length -= BEFORE;
	lent = handle = (struct lane_handle){ .room = STAND_ROOMS - 1,
					      .hint = bytes[0] & 3 ? teid : shard_hint(ADDRESS, SHARD),
					      .offset = (uint16_t)(ROOM_STRIDE - length),
					      .length = (uint16_t)length,
					      .turn = 4711,
					      .port = 3,
					      .code = kinds[bytes[0] & 3] };
	packet = stand_bytes(&stand, &handle);
	ASAN_UNPOISON_MEMORY_REGION(stand.rooms.base[0], STAND_ROOMS * ROOM_STRIDE);
	memcpy(packet, bytes + BEFORE, length);
	ASAN_POISON_MEMORY_REGION(stand.rooms.base[0], (size_t)(packet - stand.rooms.base[0]) - FRONT_MAX);
	tells.n = 0;
	stand_burst(&stand, &handle, 1, now += 1000);
	ASAN_UNPOISON_MEMORY_REGION(stand.rooms.base[0], STAND_ROOMS * ROOM_STRIDE);
	if (tells.n > 1)
		abort();
	judge(&handle, &lent);
	lent = (struct lane_handle){ .hint = SHARD | SLOT << 16, .offset = bytes[1], .length = 700, .port = 1 };
	ruled_lost(&stand.pipe.shard[SHARD], &stand.pipe.shape, &lent, now);
	return 0;
}
