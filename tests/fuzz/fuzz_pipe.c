// fuzz_pipe.c - the whole packet path on any bytes. The first byte says which way, for whose session, and what else the primary says;
// the rest is the packet. Only the packet and the headroom that encapsulation may write are left readable; ASan watches everything
// else.
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct stand stand, longer;
static const uint32_t addresses[2] = { 0x0a2d0311, 0x0a2d09c8 }; // 10.45.3.17 and 10.45.9.200
static const unsigned shards[2] = { 0x35, 0xe6 };                // theirs

static void sessions_open(struct stand *at)
{
	struct bearer plain = stand_bearer(at, shards[0], 3), flow = stand_bearer(at, shards[1], 9);
	struct lines first = stand_lines(at, shards[0]), second = stand_lines(at, shards[1]);
	struct bearer_rate rate = { 64000, 1500, 3000 };

	flow.downlink = (struct bearer_way){ 1, BEARER_MARK_AF3, BEARER_QFI | BEARER_COLOUR_AWARE };
	flow.uplink = (struct bearer_way){ 1, BEARER_MARK_AF1, BEARER_RED_REMARK };
	if (lines_set(&first, 3, &plain) || lines_rate_set(&second, 1, &rate) || lines_set(&second, 9, &flow))
		abort();
}

// Downlink, the hint says the shard alone or the address too, be it true or not.
static uint32_t hint_make(uint8_t said)
{
	uint32_t address = said & 4 ? addresses[said >> 3 & 1] : 0;

	return said & 1 ? 0 : shard_hint(address, (uint8_t)shards[said >> 1 & 1]);
}

static struct lane_handle handle_make(const uint8_t *bytes, size_t length)
{
	return (struct lane_handle){ .room = STAND_ROOMS - 1,
				     .hint = hint_make(bytes[0]),
				     .offset = (uint16_t)(ROOM_STRIDE - length + 1),
				     .length = (uint16_t)(length - 1),
				     .turn = 4711,
				     .port = 3,
				     .code = bytes[0] & 1 ? LANE_UPLINK : LANE_DOWNLINK };
}

static void judge(const struct lane_handle *handle, const struct lane_handle *lent)
{
	const uint8_t *result = stand_bytes(&stand, handle);
	struct tunnel_inside inside;
	enum verdict verdict;
	struct ip_packet ip;

	if (handle->room != lent->room || handle->turn != lent->turn || handle->code >= VERDICT_COUNT)
		abort();
	if ((uint32_t)handle->offset + handle->length > ROOM_STRIDE)
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

static bool cell_same(unsigned shard, uint32_t slot)
{
	const struct region *a = &stand.pipe.shard[shard], *b = &longer.pipe.shard[shard];

	return !memcmp(a->uplink + slot, b->uplink + slot, sizeof(struct line)) &&
	       !memcmp(a->downlink + slot, b->downlink + slot, sizeof(struct line)) &&
	       !memcmp(a->rest + slot, b->rest + slot, sizeof(struct rest));
}

// The long way makes the same of it, on a plane of its own.
static void judge_long(const struct lane_handle *lent, const uint8_t *bytes, const struct lane_handle *handle,
		       uint64_t now)
{
	struct lane_handle twin = *lent;

	memcpy(stand_bytes(&longer, &twin), bytes, lent->length);
	pipe_long(&longer.pipe, &twin, now);
	if (memcmp(&twin, handle, sizeof(twin)) ||
	    memcmp(stand_bytes(&longer, &twin), stand_bytes(&stand, handle), twin.length))
		abort();
	if (!cell_same(shards[0], 3) || !cell_same(shards[1], 9))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static uint64_t now = STAND_HZ;
	struct lane_handle lent, handle;
	uint8_t *packet;

	if (!stand.zone) {
		stand_open(&stand);
		stand_open(&longer);
		sessions_open(&stand);
		sessions_open(&longer);
	}
	if (length < 1 || length - 1 > ROOM_STRIDE - TUNNEL_BYTES_QFI)
		return 0;
	lent = handle = handle_make(bytes, length);
	packet = stand_bytes(&stand, &handle);
	ASAN_UNPOISON_MEMORY_REGION(stand.rooms.base[0], STAND_ROOMS * ROOM_STRIDE);
	memcpy(packet, bytes + 1, length - 1);
	ASAN_POISON_MEMORY_REGION(stand.rooms.base[0], (size_t)(packet - stand.rooms.base[0]) -
							   (handle.code == LANE_DOWNLINK ? TUNNEL_BYTES_QFI : 0));
	stand_burst(&stand, &handle, 1, now += 1000);
	ASAN_UNPOISON_MEMORY_REGION(stand.rooms.base[0], STAND_ROOMS * ROOM_STRIDE);
	judge(&handle, &lent);
	judge_long(&lent, bytes + 1, &handle, now);
	return 0;
}
