// rx.c - takes frames from the ports, asks steer where they go, and lends them. The primary's loop.
#include "primary/loop/rx.h"

#include "primary/loop/look.h"
#include "primary/loop/loop.h"
#include "primary/loop/tx.h"

// The seat that packets of the list go to, as far as the shard's state says; PLANE_SEAT_NONE.
static inline unsigned rx_seat(const struct loop *loop, unsigned list)
{
	return list == HOLD_SLOW ? PLANE_SEAT_SLOW : loop->map.feeds[list];
}

// Whether the seat may be lent packets now, if there is space. Nobody has the number that PLANE_SEAT_NONE is cut to.
static inline bool rx_open(const struct loop *loop, unsigned seat)
{
	_Static_assert(PLANE_SEAT_NONE % 32 >= PLANE_SEATS, "no seat's bit");
	return loop->fed >> seat % 32 & 1;
}

// Whether something is in front.
static inline bool rx_waits(const struct loop *loop, unsigned list)
{
	return loop->hold.total > 0 && !hold_empty(&loop->hold, list);
}

// As builds want it whose downlink hint is the shard alone.
static struct lane_words rx_plain(struct lane_words words)
{
	if ((words.rest >> LANE_WORD_CODE & LEASE_KIND) == LANE_DOWNLINK)
		words.place &= UINT32_MAX | (uint64_t)UINT8_MAX << 32;
	return words;
}

static inline void rx_lend(struct loop *loop, unsigned seat, struct lane_words words)
{
	struct tally_seat *tally = &loop->tally.seat[seat];

	if (loop->plain >> seat & 1)
		words = rx_plain(words);
	tally->in_packets++;
	tally->in_bytes += (uint16_t)(words.rest >> LANE_WORD_LENGTH);
	lane_put_words(&loop->lane[seat], words);
}

static void rx_lend_next(struct loop *loop, unsigned seat, unsigned list)
{
	struct lane_handle handle = hold_pop(&loop->hold, list);

	handle.turn = 0;
	rx_lend(loop, seat, lane_words(&handle));
}

static uint32_t rx_limit(const struct loop *loop, unsigned list)
{
	if (list != HOLD_SLOW)
		return loop->hold_limit;
	return loop->crew[PLANE_SEAT_SLOW].wanted ? LANE_SLOTS : 0;
}

static unsigned rx_refusal(const struct loop *loop, unsigned list)
{
	if (list == HOLD_SLOW)
		return VERDICT_SLOW_FULL;
	return loop->map.shard[list].state == MAP_HOMELESS ? VERDICT_NO_WORKER : VERDICT_LANE_FULL;
}

// Not at once: it waits behind what waits, or is refused.
static void rx_later(struct loop *loop, unsigned list, struct lane_words words)
{
	struct lane_handle handle = lane_handle(words);

	if (hold_counted(&loop->hold, loop->hold.list[list].payer) < rx_limit(loop, list))
		hold_push(&loop->hold, list, &handle);
	else
		tx_end(loop, handle.room, rx_refusal(loop, list));
}

static inline void rx_give(struct loop *loop, unsigned list, struct lane_words words)
{
	unsigned seat = rx_seat(loop, list);

	if (rx_open(loop, seat) && !rx_waits(loop, list) && lane_space(&loop->lane[seat]) > 0)
		rx_lend(loop, seat, words);
	else
		rx_later(loop, list, words);
}

void rx_pass(struct loop *loop, unsigned list, struct lane_handle handle)
{
	handle.turn = 0;
	if (loop->looks | loop->traces.open)
		handle.code |= look_inside(loop, &handle);
	rx_give(loop, list, lane_words(&handle));
}

void rx_refuse(struct loop *loop, uint32_t room, struct steer_result to)
{
	if (to.code == VERDICT_QUARANTINED)
		quarantine_count(&loop->quarantine, to.hint);
	tx_end(loop, room, to.code);
}

// ARP and ND: the primary speaks for itself.
static void rx_neigh(struct loop *loop, unsigned port, struct nic_frame frame, uint8_t *bytes)
{
	unsigned length = frame.length;
	unsigned verdict = neigh_input(loop->neigh, port, bytes, &length, loop->now_ns);

	if (verdict != VERDICT_ANSWERED || !length) { // refused, or an answer we had asked for
		tx_end(loop, frame.room, verdict);
		return;
	}
	frame.length = (uint16_t)length;
	tx_frame(loop, port, frame, VERDICT_ANSWERED);
}

// Offset and length without the first bytes, as they stand in a handle: both at once.
static inline uint32_t rx_behind(struct nic_frame frame, unsigned bytes)
{
	return (frame.offset | (uint32_t)frame.length << LANE_WORD_LENGTH) + bytes - (bytes << LANE_WORD_LENGTH);
}

// A G-PDU that has been put together, from its IP header on.
static void rx_whole(struct loop *loop, unsigned port, struct nic_frame frame)
{
	uint8_t *ip = room_at(&loop->part.view->rooms, frame.room) + frame.offset;
	struct steer_result to = steer_packet(loop->steer, (struct steer_side){ CONF_ACCESS, 0 }, ip, frame.length);
	struct lane_handle handle = { .room = frame.room,
				      .hint = to.hint,
				      .offset = frame.offset,
				      .length = frame.length,
				      .port = (uint8_t)port,
				      .code = to.kind };

	if (to.code != STEER_TO_LANE) {
		rx_refuse(loop, frame.room, to);
		return;
	}
	if (to.kind == LANE_UPLINK && loop->looks & LOOK_ALIASES)
		steer_claim(ip, to.hint);
	rx_pass(loop, to.kind == LANE_LOCAL ? HOLD_SLOW : to.shard, handle);
}

static void rx_join(struct loop *loop, unsigned port, struct nic_frame frame, unsigned l3)
{
	struct nic_frame fragment = { frame.room, (uint16_t)(frame.offset + l3), (uint16_t)(frame.length - l3) };
	struct join_fate fate = join_take(&loop->join, fragment, loop->now_ns);

	if (fate.refused != JOIN_NO_ROOM)
		tx_end(loop, fate.refused, VERDICT_FRAGMENT_BAD);
	if (fate.verdict != VERDICT_FORWARD)
		tx_end(loop, frame.room, fate.verdict);
	if (fate.whole)
		rx_whole(loop, port, fate.packet);
}

// Any frame, by the whole rule.
static void rx_frame(struct loop *loop, unsigned port, struct nic_frame frame, uint8_t *bytes)
{
	struct steer_result to = steer_frame(loop->steer, port, bytes, frame.length);

	port = to.port;
	if (to.code == STEER_TO_LANE) {
		struct lane_words words = {
			.place = frame.room | (uint64_t)to.hint << 32,
			.rest = rx_behind(frame, to.l3) | (uint64_t)port << LANE_WORD_PORT |
				(uint64_t)to.kind << LANE_WORD_CODE,
		};

		if (loop->looks)
			words = look_frame(loop, words, bytes + to.l3);
		rx_give(loop, to.kind == LANE_LOCAL ? HOLD_SLOW : to.shard, words);
	} else if (to.code == STEER_NEIGH) {
		rx_neigh(loop, port, frame, bytes);
	} else if (to.code == STEER_JOIN) {
		rx_join(loop, port, frame, to.l3);
	} else {
		rx_refuse(loop, frame.room, to);
	}
}

// Lends the usual ones from the i-th on, as long as nothing waits and there is space, and returns which is the next.
static inline unsigned rx_run(struct loop *loop, const struct steer_burst *to, unsigned i, unsigned end)
{
	const uint32_t open = loop->fed & ~loop->plain;

	if (loop->hold.total > 0)
		return i;
	for (; i < end; i++) {
		size_t seat = loop->map.feeds[to->shard[i]];
		struct tally_seat *tally;
		struct lane *lane;

		if (!(open >> seat % 32 & 1))
			break;
		lane = &loop->lane[seat];
		tally = &loop->tally.seat[seat];
		if (lane_space(lane) == 0)
			break;
		tally->in_packets++;
		tally->in_bytes += (uint16_t)(to->words[i].rest >> LANE_WORD_LENGTH);
		lane_lend(lane, &to->words[i]);
	}
	return i;
}

unsigned rx_port(struct loop *loop, unsigned port)
{
	struct nic_burst in;
	struct steer_burst to;
	unsigned found = nic_rx(loop->part.nic, port, &in, loop->tally.verdict);
	uint64_t usual;

	found += in.n;
	if (found == 0)
		return 0;
	loop->tally.rx += found;
	usual = steer_usual(loop->steer, port, &in, &to);
	if (loop->looks)
		usual = look_burst(loop, &in, &to, usual);
	for (unsigned i = 0; i < in.n; i++) {
		i = rx_run(loop, &to, i, i + (unsigned)__builtin_ctzll(~(usual >> i)));
		if (usual >> i & 1)
			rx_give(loop, to.shard[i], to.words[i]);
		else if (i < in.n)
			rx_frame(loop, port, in.frame[i], in.bytes[i]);
	}
	return found;
}

// A packet whose session has been set apart while it waited goes no further. True: the list's first one was.
static bool rx_apart(struct loop *loop, unsigned list)
{
	const struct lane_handle *first = hold_peek(&loop->hold, list);
	struct quarantine_suspect suspect;
	uint32_t index;

	if (quarantine_empty(&loop->quarantine))
		return false;
	suspect =
	    quarantine_whose(&loop->quarantine, first, room_at(&loop->part.view->rooms, first->room) + first->offset);
	index = quarantine_find(&loop->quarantine, &suspect);
	if (index == QUARANTINE_NONE)
		return false;
	quarantine_count(&loop->quarantine, index);
	tx_end(loop, hold_pop(&loop->hold, list).room, VERDICT_QUARANTINED);
	return true;
}

// Lends the first packets of a list.
static unsigned rx_resume_list(struct loop *loop, unsigned list, unsigned seat)
{
	struct lane *lane = &loop->lane[seat];
	unsigned n = 0;

	while (n < LANE_BURST && lane_space(lane) > 0 && !hold_empty(&loop->hold, list)) {
		if (!rx_apart(loop, list))
			rx_lend_next(loop, seat, list);
		n++;
	}
	return n;
}

// The shards of one seat take turns, a burst each, starting behind the one that was last.
static unsigned rx_resume_seat(struct loop *loop, unsigned seat)
{
	struct bits wait = bits_both(&loop->hold.waiting, &loop->map.of[seat]);
	unsigned start = loop->resume_from[seat];
	unsigned n = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		unsigned end = pass ? start : SHARDS;

		for (unsigned i = bits_next(&wait, pass ? 0 : start); i < end; i = bits_next(&wait, i + 1)) {
			if (lane_space(&loop->lane[seat]) == 0)
				return n;
			if (!rx_open(loop, rx_seat(loop, i)))
				continue;
			n += rx_resume_list(loop, i, seat);
			loop->resume_from[seat] = (i + 1) % SHARDS;
		}
	}
	return n;
}

// The list of this seat whose first packet is a suspect that may be lent; HOLD_LISTS: none.
static unsigned rx_suspect(const struct loop *loop, unsigned seat)
{
	if (seat == PLANE_SEAT_SLOW)
		return loop->hold.list[HOLD_SLOW].suspects > 0 ? HOLD_SLOW : HOLD_LISTS;
	for (unsigned i = bits_next(&loop->hold.waiting, 0); i < BITS_END; i = bits_next(&loop->hold.waiting, i + 1))
		if (loop->hold.list[i].suspects > 0 && loop->map.shard[i].seat == seat && map_fed(&loop->map, i))
			return i;
	return HOLD_LISTS;
}

// Should the worker die of a suspect, there must be no doubt which one it was: so each is lent alone, and nothing else is.
static unsigned rx_resume_alone(struct loop *loop, unsigned seat)
{
	unsigned list;

	if (!(loop->seated >> seat & 1) || !crew_eats(loop, seat) || loop->lane[seat].lease.live > 0)
		return 0;
	list = rx_suspect(loop, seat);
	if (list == HOLD_LISTS)
		return 0;
	if (!rx_apart(loop, list) && lane_space(&loop->lane[seat]) > 0)
		rx_lend_next(loop, seat, list);
	return 1;
}

void rx_alone(struct loop *loop)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		bool alone = loop->hold.suspect[seat] + loop->lane[seat].lease.suspects > 0;

		if (alone == (loop->alone >> seat & 1))
			continue;
		loop->alone ^= 1u << seat;
		crew_feed(loop, seat);
	}
}

unsigned rx_resume(struct loop *loop)
{
	unsigned n = 0;

	for (uint32_t seats = loop->alone; seats; seats &= seats - 1)
		n += rx_resume_alone(loop, (unsigned)__builtin_ctz(seats));
	for (uint32_t seats = loop->fed; seats; seats &= seats - 1) {
		unsigned seat = (unsigned)__builtin_ctz(seats);

		if (loop->hold.count[seat] == 0 || lane_space(&loop->lane[seat]) == 0)
			continue;
		if (seat == PLANE_SEAT_SLOW)
			n += rx_resume_list(loop, HOLD_SLOW, seat);
		else
			n += rx_resume_seat(loop, seat);
	}
	return n;
}
