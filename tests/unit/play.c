// play.c - the port, the steering and the next hop that the primary's loop is linked with in its tests.
#include "tests/unit/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct world *w;

uint64_t draw(uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

bool chance(unsigned per_mille)
{
	return draw(1000) < per_mille;
}

struct packet *packet_at(uint32_t room, uint32_t offset)
{
	return (struct packet *)(void *)(room_at(&w->view.rooms, room) + offset);
}

// ---- The port

unsigned nic_ports(const struct nic *nic)
{
	return PORTS;
}

const uint8_t *nic_mac(const struct nic *nic, unsigned port)
{
	static const uint8_t mac[6] = { 2 };

	return mac;
}

int nic_room(struct nic *nic, uint32_t *room)
{
	if (w->free_rooms == 0)
		return -ENOBUFS;
	*room = w->free_room[--w->free_rooms];
	assert_false(w->out[*room]);
	w->out[*room] = true;
	w->published[*room] = false;
	return 0;
}

void nic_free(struct nic *nic, uint32_t room)
{
	assert_true(w->out[room]);
	w->out[room] = false;
	w->free_room[w->free_rooms++] = room;
}

static void packet_make(struct nic_frame *frame)
{
	uint32_t shard = (uint32_t)draw(w->few ? w->few : SHARDS + 8); // the last eight are for the slow lane

	uint16_t cell = w->sheets ? (uint16_t)draw(CELLS) : 0;

	*packet_at(frame->room, START + SHIFT) =
	    (struct packet){ shard < SHARDS ? w->next_seq[shard][cell]++ : 0, shard, cell, 0, 0x5a5a5a5a, false };
	frame->offset = START - 14;
	frame->length = 200;
}

// The first port has some of what is offered, the second the rest; between them the workers live on.
unsigned nic_rx(struct nic *nic, unsigned port, struct nic_burst *burst, uint64_t *verdicts)
{
	unsigned most = port == 0 ? (unsigned)draw(NIC_BURST + 1) : NIC_BURST;

	if (port > 0 && w->between)
		crew_works();
	for (burst->n = 0; burst->n < most && w->offered > 0; burst->n++) {
		struct nic_frame *frame = &burst->frame[burst->n];

		if (nic_room(nic, &frame->room))
			break;
		packet_make(frame);
		burst->bytes[burst->n] = room_at(&w->view.rooms, frame->room) + frame->offset;
		w->offered--;
	}
	return 0;
}

static void packet_leaves(struct nic_frame frame)
{
	struct packet packet = { 0 }; // copied: a liar's offset is not aligned

	if (marker_leaves(frame))
		return;
	assert_true(frame.offset + frame.length <= (int)ROOM_STRIDE);
	if (frame.length >= sizeof(packet))
		memcpy(&packet, room_at(&w->view.rooms, frame.room) + frame.offset, sizeof(packet));
	assert_true(packet.mark == 0x5a5a5a5a || w->wild);
	if (packet.mark != 0x5a5a5a5a) {
		w->garbage++;
	} else if (packet.shard >= SHARDS) {
		w->slow_sent++;
	} else {
		uint64_t *sent_seq = &w->sent_seq[packet.shard][packet.cell % CELLS];

		assert_true(packet.tunnel >= w->rule[packet.shard][packet.cell % CELLS].ended || w->wild);
		w->sent++;
		if (packet.belied && packet.seq < *sent_seq) {
			w->lost--;
		} else {
			assert_true(packet.seq >= *sent_seq); // neither twice nor out of order
			w->lost += packet.seq - *sent_seq;
			*sent_seq = packet.seq + 1;
		}
	}
	nic_free(NULL, frame.room);
}

unsigned nic_tx(struct nic *nic, const struct nic_frames *frames)
{
	for (unsigned i = 0; i < frames->n; i++)
		packet_leaves(frames->frame[i]);
	return 0;
}

unsigned nic_flush(struct nic *nic, unsigned port)
{
	return 0;
}

void nic_room_count(struct nic *nic, uint64_t *all, uint64_t *idle, uint64_t *out)
{
	*all = ROOMS;
	*idle = w->free_rooms;
	*out = ROOMS - w->free_rooms;
}

unsigned nic_wait_fds(const struct nic *nic, int *fds, unsigned max, int *complete)
{
	*complete = 1;
	return 0;
}

// ---- Steering and next hops

struct steer *steer_make(const struct conf *conf, const struct plane *plane)
{
	return (struct steer *)w;
}

void steer_free(struct steer *steer)
{
}

void steer_mac(struct steer *steer, unsigned port, const uint8_t mac[6])
{
}

int steer_exceptions(struct steer *steer, const struct steer_exception *list, unsigned count)
{
	return 0;
}

void steer_quarantine(struct steer *steer, struct quarantine *quarantine)
{
	w->quarantine = quarantine;
}

static struct steer_result steer_to(const struct packet *packet, uint8_t l3)
{
	uint32_t index = quarantine_teid(w->quarantine, 0xabcd0000 | packet->shard);

	if (index != QUARANTINE_NONE)
		return (struct steer_result){ .code = VERDICT_QUARANTINED, .hint = index };
	if (packet->shard >= SHARDS)
		return (struct steer_result){ LANE_LOCAL, STEER_TO_LANE, 0, l3, 0, 0 };
	return (struct steer_result){ packet->shard % 4 == 3 && w->poison != (0xabcd0000 | packet->shard)
					  ? LANE_DOWNLINK
					  : LANE_UPLINK,
				      STEER_TO_LANE,
				      (uint8_t)packet->shard,
				      l3,
				      0xabcd0000 | packet->shard,
				      0 };
}

struct steer_result steer_frame(const struct steer *steer, unsigned port, const uint8_t *frame, unsigned length)
{
	struct steer_result to = steer_to((const struct packet *)(const void *)(frame + 14 + SHIFT), 14);

	to.port = (uint8_t)port;
	return to;
}

// Some of them, and it is all the same which.
uint32_t steer_usual(const struct steer *steer, unsigned port, const struct nic_burst *in, struct steer_burst *out)
{
	uint32_t usual = 0;

	for (unsigned i = 0; i < in->n; i++) {
		struct nic_frame frame = in->frame[i];
		struct steer_result to = steer_frame(steer, port, in->bytes[i], frame.length);
		struct lane_handle handle = { frame.room, to.hint,   (uint16_t)(frame.offset + to.l3),
					      0,          .port = 0, .code = to.kind };

		if (to.code != STEER_TO_LANE || to.kind == LANE_LOCAL || frame.room % 8 == 0)
			continue;
		handle.length = (uint16_t)(frame.length - to.l3);
		out->shard[i] = to.shard;
		out->words[i] = lane_words(&handle);
		usual |= 1u << i;
	}
	return usual;
}

int steer_alias(struct steer *steer, const struct alias *list, unsigned count)
{
	return 0;
}

bool steer_aliased(const struct steer *steer)
{
	return false;
}

struct steer_result steer_packet(const struct steer *steer, struct steer_side side, const uint8_t *packet,
				 unsigned length)
{
	struct packet copy; // wherever a liar says it lies; no mark is where a forwarded one is looked for

	memcpy(&copy, packet + SHIFT, sizeof(copy));
	if (length < SHIFT + sizeof(copy) || copy.mark != 0x5a5a5a5a)
		return (struct steer_result){ .code = VERDICT_NOT_OURS };
	return steer_to(&copy, 0);
}

static struct neigh_out hop;

struct neigh *neigh_make(const struct conf *conf, const struct neigh_out *out)
{
	hop = *out;
	return (struct neigh *)w;
}

void neigh_free(struct neigh *neigh)
{
}

void neigh_mac(struct neigh *neigh, unsigned port, const uint8_t mac[6])
{
}

void neigh_announce(struct neigh *neigh, uint64_t now_ns)
{
}

unsigned neigh_input(struct neigh *neigh, unsigned port, uint8_t *frame, unsigned *length, uint64_t now_ns)
{
	return VERDICT_NOT_IP;
}

// Some of them, and it is all the same how many. No L2 header: play finds a packet where it lies.
void neigh_ready(struct neigh *neigh, const struct lane_back *back, unsigned first, unsigned n, struct nic_frames *out)
{
	out->n = n < w->sent % 8 ? n : w->sent % 8;
	out->port = 0;
	for (unsigned i = 0; i < out->n; i++) {
		const struct lane_handle *handle = &back->handle[first + i];

		out->frame[i] = (struct nic_frame){ handle->room, handle->offset, handle->length };
	}
}

unsigned neigh_send(struct neigh *neigh, unsigned side, struct nic_frame frame, uint64_t now_ns, unsigned *mtu)
{
	hop.send(hop.with, 0, frame);
	return VERDICT_FORWARD;
}

void neigh_tick(struct neigh *neigh, uint64_t now_ns)
{
}

unsigned neigh_waiting(const struct neigh *neigh)
{
	return 0;
}
