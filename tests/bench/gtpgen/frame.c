// frame.c - templates, and the judge. Pure; called by any thread.
#include "tests/bench/gtpgen/frame.h"
#include <arpa/inet.h>
#include <stdbool.h>

#define FRAME_IP 20u
#define FRAME_UDP 8u
#define FRAME_GTPU_PORT 2152u
#define FRAME_GTPU_E 0x04u
#define FRAME_GTPU_OPTIONS 0x07u

static const uint8_t frame_magic[2] = { 'g', 'p' };

static uint32_t sum(const uint8_t *bytes, uint32_t length)
{
	uint32_t total = 0;
	uint16_t half;

	for (uint32_t i = 0; i + 1 < length; i += 2) {
		memcpy(&half, bytes + i, 2);
		total += half;
	}
	if (length & 1)
		total += bytes[length - 1]; // memory order is little-endian here: the missing byte is the upper one
	return total;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sums are taken in memory order");

// Addresses, protocol and length, as a UDP checksum covers them.
static uint32_t sum_pseudo(const uint8_t *ip, uint16_t udp_length)
{
	return sum(ip + 12, 8) + htons(17) + htons(udp_length);
}

static void put16(uint8_t *to, uint32_t value)
{
	uint16_t word = htons((uint16_t)value);

	memcpy(to, &word, 2);
}

static void put32(uint8_t *to, uint32_t value)
{
	value = htonl(value);
	memcpy(to, &value, 4);
}

static uint16_t get16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static void put_ip(uint8_t *to, uint32_t length, uint32_t from, uint32_t dest)
{
	memcpy(to, "\x45\0\0\0\0\0\x40\0\x40\x11", 10); // no options, not to be fragmented, 64 hops, UDP
	put16(to + 2, length);
	put32(to + 12, from);
	put32(to + 16, dest);
}

static void put_udp(uint8_t *to, uint16_t from, uint16_t dest, uint32_t length)
{
	put16(to, from);
	put16(to + 2, dest);
	put16(to + 4, length);
}

static uint8_t *put_ether(struct frame_template *template, const struct frame_plan *plan)
{
	memcpy(template->bytes, plan->gateway_mac, 6);
	memcpy(template->bytes + 6, plan->peer_mac, 6);
	put16(template->bytes + 12, 0x0800);
	return template->bytes + FRAME_ETHER;
}

static uint8_t *put_tunnel(struct frame_template *template, const struct frame_plan *plan, uint8_t *at)
{
	uint16_t checksum;

	put_ip(at, plan->size + FRAME_OUTER, plan->radio, plan->gateway);
	checksum = frame_fold(sum(at, FRAME_IP));
	memcpy(at + 10, &checksum, 2);
	put_udp(at + FRAME_IP, FRAME_GTPU_PORT, FRAME_GTPU_PORT, plan->size + FRAME_UDP + FRAME_UDP);
	memcpy(at + FRAME_IP + FRAME_UDP, "\x30\xff", 2); // version 1, GTP, no options; G-PDU
	put16(at + FRAME_IP + FRAME_UDP + 2, plan->size);
	template->teid = (uint16_t)(at + FRAME_IP + FRAME_UDP + 4 - template->bytes);
	return at + FRAME_OUTER;
}

// Where there is no TEID, it is written to where the address will be.
void frame_template_make(struct frame_template *template, const struct frame_plan *plan, enum frame_way way)
{
	struct frame_mark mark = { .way = (uint8_t)way };
	uint8_t *at = put_ether(template, plan), *ip;
	uint16_t udp_length = (uint16_t)(plan->size - FRAME_IP);

	memset(at, 0, sizeof(template->bytes) - FRAME_ETHER);
	memcpy(mark.magic, frame_magic, sizeof(mark.magic));
	ip = way == FRAME_UP ? put_tunnel(template, plan, at) : at;
	put_ip(ip, plan->size, way == FRAME_UP ? 0 : plan->host, way == FRAME_UP ? plan->host : 0);
	put_udp(ip + FRAME_IP, 40000, 40001, udp_length);
	memcpy(ip + FRAME_IP + FRAME_UDP, &mark, sizeof(mark));
	for (uint32_t i = FRAME_INNER; i < plan->size; i++)
		ip[i] = (uint8_t)i;
	template->address_sum = sum(ip, FRAME_IP);
	template->mark_sum = sum_pseudo(ip, udp_length) + sum(ip + FRAME_IP, udp_length);
	template->length = (uint16_t)(ip + plan->size - template->bytes);
	template->address = (uint16_t)(ip + (way == FRAME_UP ? 12 : 16) - template->bytes);
	template->address_check = (uint16_t)(ip + 10 - template->bytes);
	template->udp_check = (uint16_t)(ip + FRAME_IP + 6 - template->bytes);
	template->mark = (uint16_t)(ip + FRAME_IP + FRAME_UDP - template->bytes);
	if (way == FRAME_DOWN)
		template->teid = template->address;
}

// ---- The judge

struct view {
	const uint8_t *at;
	uint32_t length;
};

static bool view_skip(struct view *view, uint32_t bytes)
{
	if (bytes > view->length)
		return false;
	view->at += bytes;
	view->length -= bytes;
	return true;
}

// An IPv4 header without options that carries UDP; what follows the packet is cut off.
static bool ip_good(struct view *view)
{
	uint32_t length = view->length < FRAME_IP ? 0 : get16(view->at + 2);

	if (length < FRAME_IP + FRAME_UDP || length > view->length || view->at[0] != 0x45 || view->at[9] != 17)
		return false;
	view->length = length;
	return frame_fold(sum(view->at, FRAME_IP)) == 0;
}

static bool udp_good(const struct view *ip)
{
	const uint8_t *udp = ip->at + FRAME_IP;
	uint16_t length = get16(udp + 4);

	if (length != ip->length - FRAME_IP)
		return false;
	return !get16(udp + 6) || frame_fold(sum_pseudo(ip->at, length) + sum(udp, length)) == 0;
}

// Moves to the packet inside; its TEID in network order.
static bool gtpu_open(struct view *view, uint32_t *teid)
{
	const uint8_t *header = view->at;
	uint8_t next, flags;

	if (!view_skip(view, 8) || (header[0] & 0xf0) != 0x30 || header[1] != 0xff || get16(header + 2) != view->length)
		return false;
	memcpy(teid, header + 4, 4);
	flags = header[0];
	if (!(flags & FRAME_GTPU_OPTIONS))
		return true;
	if (!view_skip(view, 4))
		return false;
	next = flags & FRAME_GTPU_E ? view->at[-1] : 0;
	while (next) {
		uint32_t bytes = view->length ? 4u * view->at[0] : 0;

		if (!bytes || !view_skip(view, bytes))
			return false;
		next = view->at[-1];
	}
	return true;
}

static bool mark_read(const struct view *ip, const struct keys *keys, struct frame_mark *mark)
{
	if (ip->length < FRAME_INNER)
		return false;
	memcpy(mark, ip->at + FRAME_IP + FRAME_UDP, sizeof(*mark));
	return mark->list < keys->lists && mark->draw < keys->list[mark->list].draws && mark->way < FRAME_WAYS &&
	       !memcmp(mark->magic, frame_magic, sizeof(frame_magic));
}

static bool word_is(const uint8_t *at, uint32_t value)
{
	uint32_t word;

	memcpy(&word, at, 4);
	return word == value;
}

// Uplink as it was made comes from the radio side; a tunnel that a gateway made goes there.
static bool tunnel_good(const uint8_t *ip, uint32_t teid, const struct frame_plan *plan, const struct keys *keys,
			const struct frame_mark *mark)
{
	uint32_t from = htonl(mark->way == FRAME_UP ? plan->radio : plan->gateway);
	uint32_t dest = htonl(mark->way == FRAME_UP ? plan->gateway : plan->radio);
	const struct keys_list *list = &keys->list[mark->list];
	uint32_t wanted = mark->way == FRAME_UP ? list->key[mark->draw].teid : list->peer_teid[mark->draw];

	return teid == wanted && word_is(ip + 12, from) && word_is(ip + 16, dest);
}

static enum frame_finding judge_inner(struct view *ip, const struct keys *keys, struct frame_mark *mark)
{
	if (!ip_good(ip))
		return FRAME_BAD_IP;
	if (!udp_good(ip))
		return FRAME_BAD_UDP;
	if (!mark_read(ip, keys, mark))
		return FRAME_BAD_MARK;
	if (!word_is(ip->at + (mark->way == FRAME_UP ? 12 : 16), keys->list[mark->list].key[mark->draw].address))
		return FRAME_BAD_ADDRESS;
	return mark->way == FRAME_UP ? FRAME_UP_PLAIN : FRAME_DOWN_PLAIN;
}

enum frame_finding frame_judge(const uint8_t *frame, uint32_t length, const struct frame_plan *plan,
			       const struct keys *keys)
{
	struct view view = { frame, length }, outer;
	struct frame_mark mark;
	enum frame_finding found;
	uint32_t teid = 0;

	if (!view_skip(&view, FRAME_ETHER) || get16(frame + 12) != 0x0800)
		return FRAME_FOREIGN;
	if (!ip_good(&view))
		return FRAME_BAD_IP;
	if (get16(view.at + FRAME_IP + 2) != FRAME_GTPU_PORT)
		return judge_inner(&view, keys, &mark);
	outer = view;
	if (!udp_good(&view))
		return FRAME_BAD_UDP;
	view_skip(&view, FRAME_IP + FRAME_UDP);
	if (!gtpu_open(&view, &teid))
		return FRAME_BAD_GTPU;
	found = judge_inner(&view, keys, &mark);
	if (found >= FRAME_BAD)
		return found;
	if (!tunnel_good(outer.at, teid, plan, keys, &mark))
		return FRAME_BAD_TUNNEL;
	return mark.way == FRAME_UP ? FRAME_UP_TUNNEL : FRAME_DOWN_TUNNEL;
}
