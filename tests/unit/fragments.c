// fragments.c - plays fragments' senders, and the ports and next hops that primary/loop/cut.c needs.
#include "tests/unit/fragments.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "primary/loop/cut.h"
#include "primary/loop/loop.h"
#include "primary/loop/tx.h"
#include "shared/plane/verdict.h"

#define AT 150u // where a frame's IP header lies

struct fragments fragments;
static struct rooms rooms;
static struct loop *loop;
static struct plane_view view;

int fragments_open(void **state)
{
	memset(&fragments, 0, sizeof(fragments));
	fragments.rooms = malloc((size_t)FRAGMENTS_ROOMS * ROOM_STRIDE);
	fragments.send_verdict = VERDICT_FORWARD;
	fragments.now_ns = 5;
	rooms = (struct rooms){ .base = { fragments.rooms }, .count = { FRAGMENTS_ROOMS } };
	view.rooms = rooms;
	loop = calloc(1, sizeof(*loop));
	loop->part.view = &view;
	loop->fate = calloc(FRAGMENTS_ROOMS, 1);
	return join_init(&fragments.join, &rooms, FRAGMENTS_PLACES, 0x1234567);
}

int fragments_close(void **state)
{
	join_fini(&fragments.join);
	free(loop->fate);
	free(loop);
	free(fragments.rooms);
	return 0;
}

static uint32_t room_next(void)
{
	return fragments.next_room++ % FRAGMENTS_ROOMS;
}

void fragments_resum(void)
{
	be16_put(fragments.packet + 10, 0);
	be16_put(fragments.packet + 10, ip_checksum(fragments.packet, IP4_HEADER));
}

void fragments_packet(unsigned family, unsigned length)
{
	uint8_t *ip = fragments.packet;

	fragments.family = family;
	fragments.length = length;
	fragments.header = family == 4 ? IP4_HEADER : IP6_HEADER;
	fragments.id++;
	for (unsigned i = 0; i < length; i++)
		ip[i] = (uint8_t)rand();
	if (family == 4) {
		ip4_put(ip, &(struct ip4_fields){ .source = 0x0a630302,
						  .destination = 0x0a630301,
						  .length = length,
						  .ttl = 9,
						  .protocol = IP_UDP });
		be16_put(ip + 4, (uint16_t)fragments.id);
		fragments_resum();
	} else {
		be32_put(ip, 6u << 28);
		be16_put(ip + 4, (uint16_t)(length - IP6_HEADER));
		ip[6] = IP_UDP;
		memset(ip + 8, 0x20, 32);
	}
}

uint8_t *fragments_room(unsigned piece)
{
	return room_at(&rooms, fragments.piece[piece].room) + fragments.piece[piece].offset;
}

void fragments_sum(unsigned piece)
{
	uint8_t *ip = fragments_room(piece);

	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
}

void fragments_set(unsigned piece, unsigned at, bool more, unsigned bytes)
{
	uint8_t *ip = fragments_room(piece);

	fragments.piece[piece].length = (uint16_t)(bytes + (fragments.family == 4 ? 20 : 48));
	if (fragments.family == 4) {
		be16_put(ip + 2, fragments.piece[piece].length);
		be16_put(ip + 6, (uint16_t)(at / 8 | (more ? 0x2000 : 0)));
		fragments_sum(piece);
	} else {
		be16_put(ip + 4, (uint16_t)(8 + bytes));
		be16_put(ip + 42, (uint16_t)(at | more));
	}
}

void fragments_mark(unsigned piece, unsigned ecn)
{
	uint8_t *ip = fragments_room(piece);

	if (fragments.family == 6) {
		ip[1] = (uint8_t)(ecn << 4);
		return;
	}
	ip[1] = (uint8_t)ecn;
	fragments_sum(piece);
}

unsigned fragments_cut(unsigned step)
{
	unsigned payload = fragments.length - fragments.header, n = 0;

	for (unsigned at = 0; at < payload; at += step, n++) {
		unsigned bytes = payload - at < step ? payload - at : step;
		uint8_t *ip;

		fragments.piece[n] = (struct nic_frame){ .room = room_next(), .offset = AT };
		ip = fragments_room(n);
		memcpy(ip, fragments.packet, fragments.header);
		if (fragments.family == 6) {
			ip[6] = 44;
			be64_put(ip + 40, (uint64_t)IP_UDP << 56 | fragments.id);
			ip += 8;
		}
		memcpy(ip + fragments.header, fragments.packet + fragments.header + at, bytes);
		fragments_set(n, at, at + bytes < payload, bytes);
	}
	fragments.pieces = n;
	return n;
}

void fragments_shuffle(unsigned pieces)
{
	for (unsigned i = pieces; i > 1; i--) {
		unsigned j = (unsigned)rand() % i;
		struct nic_frame held = fragments.piece[j];

		fragments.piece[j] = fragments.piece[i - 1];
		fragments.piece[i - 1] = held;
	}
}

// What is given is padded, as short frames are.
void fragments_give_any(unsigned piece)
{
	struct nic_frame frame = fragments.piece[piece];

	fragments.fate = join_take(&fragments.join, frame, fragments.now_ns);
}

void fragments_give(unsigned piece, unsigned verdict)
{
	fragments_give_any(piece);
	assert_int_equal(fragments.fate.verdict, verdict);
}

void fragments_whole(void)
{
	const struct nic_frame *is = &fragments.fate.packet;
	uint8_t *ip = room_at(&rooms, is->room) + is->offset;

	assert_true(fragments.fate.whole);
	assert_int_equal(fragments.fate.refused, JOIN_NO_ROOM);
	assert_int_equal(is->length, fragments.length);
	if (fragments.family == 4) {
		assert_int_equal(ip_checksum(ip, IP4_HEADER), 0);
		assert_int_equal(be16_get(ip + 6), 0);
		memcpy(ip + 4, fragments.packet + 4, 4);
		memcpy(ip + 10, fragments.packet + 10, 2);
	}
	assert_memory_equal(ip, fragments.packet, fragments.length);
}

unsigned fragments_marked(void)
{
	const struct nic_frame *is = &fragments.fate.packet;
	const uint8_t *ip = room_at(&rooms, is->room) + is->offset;

	if (fragments.family == 4)
		assert_int_equal(ip_checksum(ip, IP4_HEADER), 0);
	return fragments.family == 4 ? ip[1] & 3 : ip[1] >> 4 & 3;
}

void fragments_time_passes(unsigned expired)
{
	unsigned places = 2 * FRAGMENTS_PLACES + expired, n = 0;
	uint32_t room;

	if (expired)
		fragments.now_ns += JOIN_NS;
	while (join_old(&fragments.join, fragments.now_ns, &places, &room))
		n++;
	assert_int_equal(n, expired);
}

// ---- What primary/loop/cut.c is linked with.

int nic_room(struct nic *nic, uint32_t *room)
{
	*room = room_next();
	return fragments.no_rooms ? -ENOBUFS : 0;
}

void nic_free(struct nic *nic, uint32_t room)
{
	fragments.freed++;
}

void tx_end(struct loop *at, uint32_t room, unsigned verdict)
{
	fragments.ended = verdict;
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu)
{
	unsigned fate = loop->fate[frame.room];

	if (fragments.send_verdict != VERDICT_FORWARD)
		return fragments.send_verdict;
	assert_int_equal(fate, fragments.pieces ? LOOP_PIECE : VERDICT_FORWARD);
	fragments.piece[fragments.pieces++] = frame;
	return VERDICT_FORWARD;
}

bool fragments_cut_by_us(unsigned side, unsigned mtu)
{
	const struct lane_handle back = { .room = room_next(),
					  .offset = AT,
					  .length = (uint16_t)fragments.length,
					  .port = (uint8_t)side,
					  .code = VERDICT_FORWARD };

	memcpy(room_at(&rooms, back.room) + AT, fragments.packet, fragments.length);
	fragments.pieces = fragments.freed = fragments.ended = 0;
	return cut_send(loop, &back, mtu);
}
