// cut.c - headers of fragments, and their rooms. The primary's loop.
//
// All rooms are there before the first byte changes: a packet leaves whole or not at all, as far as that is ours to say.
#include "primary/loop/cut.h"

#include <string.h>

#include "primary/loop/loop.h"
#include "primary/loop/tx.h"
#include "shared/wire/ip.h"

#define IP4_MORE 0x2000u
#define IP6_PIECE 8u // the fragment header
#define IP6_FRAGMENT 44u

// A packet on its way into pieces.
struct cut {
	uint8_t *ip;
	struct nic_frame frame; // of the first one
	unsigned header; // bytes that each has: RFC 8200's unfragmentable part and fragment header, or IPv4's header
	unsigned payload, step; // bytes to be shared out; of each but the last
	unsigned pieces;
	uint32_t id;
	uint16_t flags; // IPv4: where in its own packet it begins, and whether more follows
	uint32_t room[CUT_PIECES];
};

// Whether it may be cut at all: not within options, nor where there is no room for what goes before it.
static bool cut_begin(struct loop *loop, const struct lane_handle *back, unsigned mtu, struct cut *cut)
{
	uint8_t *ip = room_at(&loop->part.view->rooms, back->room) + back->offset;
	bool six = ip[0] >> 4 == 6, ours = back->port == LANE_SIDE_ACCESS;
	unsigned header = six ? IP6_HEADER : IP4_HEADER;

	*cut = (struct cut){ .ip = ip,
			     .frame = { back->room, back->offset, back->length },
			     .header = six ? IP6_HEADER + IP6_PIECE : IP4_HEADER,
			     .payload = back->length - header };
	if (six ? !ours || back->offset < LANE_L2 + IP6_PIECE : ip[0] != 0x45)
		return false;
	if (!six && !ours && be16_get(ip + 6) & IP4_DF)
		return false;
	cut->step = (mtu - cut->header) & ~7u;
	while (cut->pieces * cut->step < cut->payload && cut->pieces <= CUT_PIECES)
		cut->pieces++;
	cut->id = six || ours ? ++loop->cut_id : be16_get(ip + 4);
	cut->flags = !six && !ours ? be16_get(ip + 6) & IP4_FRAGMENT : 0;
	return cut->pieces > 1 && cut->pieces <= CUT_PIECES;
}

static bool cut_rooms(struct loop *loop, struct cut *cut)
{
	for (unsigned i = 1; i < cut->pieces; i++) {
		if (!nic_room(loop->part.nic, &cut->room[i]))
			continue;
		while (--i > 0)
			nic_free(loop->part.nic, cut->room[i]);
		return false;
	}
	return true;
}

// How many bytes of the payload the piece has.
static unsigned cut_share(const struct cut *cut, unsigned piece)
{
	unsigned before = piece * cut->step;

	return cut->payload - before < cut->step ? cut->payload - before : cut->step;
}

static void cut_header4(const struct cut *cut, uint8_t *ip, unsigned piece)
{
	unsigned more = piece + 1 < cut->pieces ? IP4_MORE : cut->flags & IP4_MORE;

	be16_put(ip + 2, (uint16_t)(IP4_HEADER + cut_share(cut, piece)));
	be16_put(ip + 4, (uint16_t)cut->id);
	be16_put(ip + 6, (uint16_t)((cut->flags & ~IP4_MORE) + piece * cut->step / 8 + more));
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, IP4_HEADER));
}

// protocol: of the packet as it was.
static void cut_header6(const struct cut *cut, uint8_t *ip, unsigned piece, uint8_t protocol)
{
	uint8_t *fragment = ip + IP6_HEADER;

	be16_put(ip + 4, (uint16_t)(IP6_PIECE + cut_share(cut, piece)));
	ip[6] = IP6_FRAGMENT;
	be16_put(fragment, (uint16_t)(protocol << 8));
	be16_put(fragment + 2, (uint16_t)(piece * cut->step | (piece + 1 < cut->pieces)));
	be32_put(fragment + 4, cut->id);
}

// Every piece but the first one, from the whole packet.
static struct nic_frame cut_piece(struct loop *loop, const struct cut *cut, unsigned piece)
{
	struct nic_frame frame = { cut->room[piece], ROOM_HEADROOM, (uint16_t)(cut->header + cut_share(cut, piece)) };
	uint8_t *ip = room_at(&loop->part.view->rooms, frame.room) + frame.offset;
	unsigned header = cut->header == IP4_HEADER ? IP4_HEADER : IP6_HEADER;

	memcpy(ip, cut->ip, header);
	memcpy(ip + cut->header, cut->ip + header + piece * cut->step, cut_share(cut, piece));
	if (header == IP4_HEADER)
		cut_header4(cut, ip, piece);
	else
		cut_header6(cut, ip, piece, cut->ip[6]);
	loop->fate[hold_index(&loop->hold, frame.room)] = LOOP_PIECE;
	return frame;
}

// The packet becomes its own first piece.
static void cut_first(struct loop *loop, struct cut *cut)
{
	uint8_t protocol = cut->ip[6];

	if (cut->header == IP4_HEADER) {
		cut_header4(cut, cut->ip, 0);
	} else {
		memmove(cut->ip - IP6_PIECE, cut->ip, IP6_HEADER);
		cut->frame.offset = (uint16_t)(cut->frame.offset - IP6_PIECE);
		cut_header6(cut, cut->ip - IP6_PIECE, 0, protocol);
	}
	cut->frame.length = (uint16_t)(cut->header + cut_share(cut, 0));
	loop->fate[hold_index(&loop->hold, cut->frame.room)] = VERDICT_FORWARD;
}

static void cut_follow(struct loop *loop, unsigned port, struct nic_frame piece)
{
	unsigned mtu;

	loop->own_waiting++;
	if (neigh_send(loop->neigh, port, piece, loop->now_ns, &mtu) == VERDICT_FORWARD)
		return;
	loop->own_waiting--;
	loop->tally.pieces_lost++;
	nic_free(loop->part.nic, piece.room);
}

bool cut_send(struct loop *loop, const struct lane_handle *back, unsigned mtu)
{
	struct nic_frame frame[CUT_PIECES];
	struct cut cut;
	unsigned verdict, none;

	if (!cut_begin(loop, back, mtu, &cut))
		return false;
	if (!cut_rooms(loop, &cut)) {
		tx_end(loop, back->room, VERDICT_NO_ROOM);
		return true;
	}
	for (unsigned i = 1; i < cut.pieces; i++)
		frame[i] = cut_piece(loop, &cut, i);
	cut_first(loop, &cut);
	verdict = neigh_send(loop->neigh, back->port, cut.frame, loop->now_ns, &none);
	if (verdict != VERDICT_FORWARD)
		tx_end(loop, back->room, verdict);
	for (unsigned i = 1; i < cut.pieces; i++) {
		if (verdict == VERDICT_FORWARD)
			cut_follow(loop, back->port, frame[i]);
		else
			nic_free(loop->part.nic, frame[i].room);
	}
	loop->tally.cut += verdict == VERDICT_FORWARD;
	return true;
}
