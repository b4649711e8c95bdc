// fuzz_edge.c - a link's whole life from any bytes: frames arrive, packets leave, time passes. Each room ends once; whatever
// steer calls a lane has the bytes that lane will read; ASan watches the rest.
#include <stdlib.h>
#include <string.h>
#include "primary/edge/neigh.h"
#include "primary/edge/steer.h"
#include "shared/plane/lane.h"
#include "shared/plane/verdict.h"
#include "shared/wire/cursor.h"
#include "shared/wire/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define ROOMS 256u

static uint8_t rooms[ROOMS][ROOM_STRIDE];
static bool taken[ROOMS];
static unsigned out;

static int room_take(void *with, uint32_t *room)
{
	for (*room = 0; *room < ROOMS; ++*room)
		if (!taken[*room]) {
			taken[*room] = true;
			out++;
			return 0;
		}
	return -1;
}

static uint8_t *room_bytes(void *with, uint32_t room)
{
	return rooms[room];
}

static void room_end(uint32_t room)
{
	if (room >= ROOMS || !taken[room])
		abort();
	taken[room] = false;
	out--;
}

static void sent(void *with, unsigned port, struct nic_frame frame)
{
	if (port > 1 || frame.offset + frame.length > ROOM_STRIDE || frame.length < 14)
		abort();
	room_end(frame.room);
}

static void dropped(void *with, struct nic_frame frame, unsigned verdict)
{
	room_end(frame.room);
}

static const struct neigh_out world = { NULL, room_take, room_bytes, sent, dropped };
static struct conf conf;
static struct plane plane;
static struct neigh *neigh;
static struct steer *steer;

static void own(unsigned port, const struct conf_address *address)
{
	struct plane_address *a = &plane.own[plane.owns++];

	conf.port[port].address[conf.port[port].addresses++] = *address;
	*a = (struct plane_address){ .family = address->family,
				     .port = (uint8_t)port,
				     .prefix_len = address->prefix_len };
	memcpy(a->bytes, address->bytes, 16);
}

static void configure(void)
{
	conf.ports = 2;
	conf.port[0] = (struct conf_port){ .role = CONF_ACCESS, .mtu = 1500 };
	conf.port[1] = (struct conf_port){ .role = CONF_CORE, .mtu = 1500, .vlan = 7, .gateway4 = 0x0a0202fe };
	own(0, &(struct conf_address){ { 10, 1, 1, 1 }, 4, 24 });
	own(1, &(struct conf_address){ { 10, 2, 2, 1 }, 4, 24 });
	own(1, &(struct conf_address){ { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, 6, 64 });
	plane.net.gtpu_ipv4 = 0x0a010101;
}

// Makes the checksum of an ICMPv6 message right, so that more is looked at than that.
static void mend(uint8_t *frame, unsigned length)
{
	unsigned l3 = length >= 18 && be16_get(frame + 12) == 0x8100 ? 18 : 14;
	uint8_t *ip = frame + l3;

	if (length < l3 + IP6_HEADER + 4 || length < l3 + IP6_HEADER + be16_get(ip + 4) || be16_get(ip + 4) < 4)
		return;
	be16_put(ip + IP6_HEADER + 2, 0);
	be16_put(ip + IP6_HEADER + 2, ip6_checksum_upper(ip, IP_ICMP6, ip + IP6_HEADER, be16_get(ip + 4)));
}

// What goes the short way goes where the whole rule says.
static void steered_alike(unsigned port, uint8_t *exact, unsigned length, struct steer_result to)
{
	struct nic_burst in = { .n = 1, .frame[0] = { 7, 128, (uint16_t)length }, .bytes[0] = exact };
	struct steer_burst out;
	struct lane_handle handle;

	if (!steer_usual(steer, port, &in, &out))
		return;
	handle = lane_handle(out.words[0]);
	if (to.code != STEER_TO_LANE || handle.code != to.kind || handle.hint != to.hint || out.shard[0] != to.shard ||
	    handle.room != 7 || handle.offset != 128 + to.l3 || handle.length != length - to.l3 || handle.port != port)
		abort();
}

// A frame in a block of its own size, or of the answer's where that is longer.
static void arrives(unsigned verb, const uint8_t *bytes, unsigned length, uint64_t now)
{
	uint8_t *exact = malloc(length + 1), *frame = calloc(1, length > NEIGH_ANSWER ? length : NEIGH_ANSWER);
	struct steer_result to;
	unsigned left = length, port = verb & 1;

	memcpy(exact, bytes, length);
	memcpy(frame, bytes, length);
	if (verb & 8)
		mend(frame, length);
	to = steer_frame(steer, port, exact, length);
	steered_alike(port, exact, length, to);
	if (to.code == STEER_TO_LANE && (to.kind == LANE_NONE || to.l3 + 20u > length))
		abort();
	if (to.kind == LANE_UPLINK && (to.l3 + 36u > length || to.shard != (uint8_t)to.hint))
		abort();
	if (to.code == STEER_NEIGH && neigh_input(neigh, port, frame, &left, now) == VERDICT_ANSWERED &&
	    left > (length > NEIGH_ANSWER ? length : NEIGH_ANSWER))
		abort();
	free(exact);
	free(frame);
}

// The same packet three times in a row: all or none are ready, and the first of those is sent as it is.
static unsigned ready(unsigned side, uint32_t room, unsigned length)
{
	struct lane_back back = { .n = 3 };
	struct nic_frames out;

	for (unsigned i = 0; i < 3; i++) {
		back.handle[i] = (struct lane_handle){ room, 0, 128, (uint16_t)length, 0, (uint8_t)side, 0 };
		back.packet[i] = rooms[room] + 128;
	}
	neigh_ready(neigh, &back, 0, 3, &out);
	if (out.n && (out.n != 3 || memcmp(&out.frame[0], &out.frame[2], sizeof(out.frame[0]))))
		abort();
	if (out.n)
		sent(NULL, out.port, out.frame[0]);
	return out.n;
}

static void leaves(unsigned side, const uint8_t *bytes, unsigned length, uint64_t now)
{
	struct nic_frame frame = { .offset = 128, .length = (uint16_t)length };
	unsigned mtu;

	if (room_take(NULL, &frame.room))
		return;
	memcpy(rooms[frame.room] + 128, bytes, length);
	if (length >= IP4_HEADER && ready(side, frame.room, length))
		return;
	if (neigh_send(neigh, side, frame, now, &mtu) != VERDICT_FORWARD)
		room_end(frame.room);
}

// One step: a byte that says what, one that says how many bytes are its own.
static void step(struct cursor *in, uint64_t *now)
{
	unsigned verb = in->at[0], length = in->at[1];

	cursor_skip(in, 2);
	length = length < in->left ? length : in->left;
	if (verb & 4)
		neigh_tick(neigh, *now += (uint64_t)(verb >> 3) * 250000000);
	else if (verb & 2)
		leaves(verb & 1 ? LANE_SIDE_CORE : LANE_SIDE_ACCESS, in->at, length, *now);
	else
		arrives(verb, in->at, length, *now);
	cursor_skip(in, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct cursor in = cursor_over(bytes, (uint32_t)length);
	uint64_t now = 1000000000000;

	if (!conf.ports)
		configure();
	steer = steer_make(&conf, &plane);
	neigh = neigh_make(&conf, &world);
	for (unsigned port = 0; port < conf.ports; port++) {
		steer_mac(steer, port, mac);
		neigh_mac(neigh, port, mac);
	}
	neigh_announce(neigh, now);
	while (in.left >= 2)
		step(&in, &now);
	for (unsigned i = 0; i < 4; i++) // nobody answers any more: all that waits is given up
		neigh_tick(neigh, now += 1000000000);
	if (out || neigh_waiting(neigh))
		abort();
	neigh_free(neigh);
	steer_free(steer);
	return 0;
}
