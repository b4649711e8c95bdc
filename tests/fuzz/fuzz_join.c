// fuzz_join.c - fragments of anything, given to join: each room is somebody's, what is joined is a sound packet, and all that is kept ends.
//
// Input: a frame after the other: a byte of what the harness does with it, two of its length, then its bytes.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include "primary/loop/join.h"
#include "shared/plane/verdict.h"

#define ROOMS 24u
#define PLACES 16u
#define AT 130u

enum { SUMMED = 1, LATER = 2, OLD = 4, ALIKE = 8 };
enum { FREE, KEPT };

static uint8_t *memory;
static uint8_t state[ROOMS];
static struct rooms rooms;
static struct join join;
static uint64_t now;

static void must(bool held)
{
	if (!held)
		abort();
}

static void room_give(uint32_t room)
{
	must(room < ROOMS && state[room] == KEPT);
	state[room] = FREE;
	__asan_poison_memory_region(room_at(&rooms, room), ROOM_STRIDE);
}

static uint32_t room_take(void)
{
	for (uint32_t i = 0; i < ROOMS; i++)
		if (state[i] == FREE) {
			state[i] = KEPT;
			__asan_unpoison_memory_region(room_at(&rooms, i), ROOM_STRIDE);
			return i;
		}
	abort();
}

static uint32_t kept(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ROOMS; i++)
		n += state[i] == KEPT;
	return n;
}

// So that nearly all inputs get as far as their fragments.
static void likely(uint8_t *ip, uint32_t length, uint8_t how)
{
	if (length < IP6_HEADER + 8)
		return;
	if (how & ALIKE)
		memset(ip + (ip[0] >> 4 == 6 ? 8 : 12), 7, ip[0] >> 4 == 6 ? 16 : 4);
	if (!(how & SUMMED))
		return;
	if (ip[0] & 1) {
		ip[0] = 0x60;
		ip[6] = 44;
		ip[IP6_HEADER] = IP_UDP;
		be16_put(ip + 4, (uint16_t)(length - IP6_HEADER));
		return;
	}
	ip[0] = 0x45;
	ip[9] = IP_UDP;
	be16_put(ip + 2, (uint16_t)length);
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
}

static void old_go(unsigned most)
{
	unsigned places = most;
	uint32_t room;

	while (join_old(&join, now, &places, &room))
		room_give(room);
}

static void whole(const struct nic_frame *packet)
{
	struct ip_packet ip;
	const uint8_t *bytes = room_at(&rooms, packet->room) + packet->offset;

	must(packet->offset >= ROOM_HEADROOM && packet->offset + packet->length <= (int)ROOM_STRIDE);
	must(ip_read(&ip, bytes, packet->length) == IP_SOUND);
	must(ip.length == packet->length && ip.protocol == IP_UDP);
	must(ip.version == 6 || !(be16_get(bytes + 6) & IP4_FRAGMENT));
	room_give(packet->room);
}

static void frame_give(const uint8_t *bytes, uint32_t length, uint8_t how)
{
	uint32_t room = room_take();
	const struct nic_frame frame = { room, (uint16_t)(how & LATER ? ROOM_STRIDE - length : AT), (uint16_t)length };
	struct join_fate fate;

	memcpy(room_at(&rooms, room) + frame.offset, bytes, length);
	likely(room_at(&rooms, room) + frame.offset, length, how);
	fate = join_take(&join, frame, now);
	must(fate.verdict == VERDICT_FORWARD || verdict_final(fate.verdict));
	if (fate.refused != JOIN_NO_ROOM)
		room_give(fate.refused);
	if (fate.verdict != VERDICT_FORWARD)
		room_give(room);
	if (fate.whole)
		whole(&fate.packet);
	must(kept() == join.total && join.total <= PLACES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!memory) {
		memory = malloc((size_t)ROOMS * ROOM_STRIDE);
		__asan_poison_memory_region(memory, (size_t)ROOMS * ROOM_STRIDE);
		rooms = (struct rooms){ .base = { memory }, .count = { ROOMS } };
	}
	must(!join_init(&join, &rooms, PLACES, 77));
	while (size > 3) {
		uint32_t length = be16_get(data + 1) % (ROOM_STRIDE - AT);
		uint8_t how = data[0];

		data += 3;
		size -= 3;
		length = length < size ? length : (uint32_t)size;
		frame_give(data, length, how);
		data += length;
		size -= length;
		now += how & OLD ? JOIN_NS / 2 : 1;
		old_go(how >> 4);
	}
	now += JOIN_NS;
	old_go(2 * PLACES + 1);
	must(kept() == 0);
	join_fini(&join);
	return 0;
}
