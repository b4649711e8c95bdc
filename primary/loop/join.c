// join.c - fragments find their packet, and their place in it. The primary's loop.
#include "primary/loop/join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/plane/verdict.h"

#define IP4_MORE 0x2000u
#define IP6_PIECE 8u
#define CE 3u
#define NOT_ECT 0u

// A fragment as its header tells it.
struct join_piece {
	struct join_key key;
	const uint8_t *ip;
	const uint8_t *payload;
	uint32_t at, bytes; // where in the packet, how many
	uint16_t header;    // of the IP header alone
	uint8_t ecn;
	bool last, udp;
};

int join_init(struct join *join, const struct rooms *rooms, uint32_t places, uint64_t seed)
{
	*join = (struct join){ .rooms = rooms, .places = places, .buckets = 1, .seed = seed | 1, .free = JOIN_NONE };
	while (join->buckets < places)
		join->buckets *= 2;
	join->bucket = malloc(join->buckets * sizeof(*join->bucket));
	join->place = calloc(places + 1, sizeof(*join->place));
	if (!join->bucket || !join->place)
		return -ENOMEM;
	memset(join->bucket, 0xff, join->buckets * sizeof(*join->bucket)); // JOIN_NONE
	for (uint32_t i = places; i-- > 0; join->free = (uint16_t)i)
		join->place[i].next = join->free;
	return 0;
}

void join_fini(struct join *join)
{
	free(join->bucket);
	free(join->place);
}

// Nobody outside knows the seed, so nobody can have all his packets in one bucket.
static uint64_t join_hash(const struct join *join, const struct join_key *key)
{
	uint64_t hash = be64_get(key->source) * join->seed ^ be64_get(key->source + 8);

	hash = (hash ^ hash >> 29 ^ ((uint64_t)key->family << 32 | key->id)) * join->seed;
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
}

static uint16_t *join_bucket(const struct join *join, const struct join_key *key)
{
	return &join->bucket[join_hash(join, key) >> 32 & (join->buckets - 1)];
}

static uint16_t *join_share(struct join *join, const struct join_key *key)
{
	uint64_t hash = (be64_get(key->source) * join->seed ^ be64_get(key->source + 8)) * 0x9e3779b97f4a7c15ull;

	return &join->share[hash >> 56];
}

static uint16_t join_find(const struct join *join, const struct join_key *key)
{
	uint16_t i = *join_bucket(join, key);

	while (i != JOIN_NONE && memcmp(&join->place[i].key, key, sizeof(*key)))
		i = join->place[i].next;
	return i;
}

static uint16_t join_open(struct join *join, const struct join_piece *piece, uint32_t room, uint64_t now_ns)
{
	uint16_t i = join->free, *bucket = join_bucket(join, &piece->key), *share = join_share(join, &piece->key);

	if (i == JOIN_NONE || *share >= (join->places + 1) / 2)
		return JOIN_NONE;
	join->free = join->place[i].next;
	join->place[i] =
	    (struct join_place){ .key = piece->key, .since_ns = now_ns, .room = room, .next = *bucket, .used = true };
	*bucket = i;
	join->total++;
	++*share;
	return i;
}

static void join_close(struct join *join, uint16_t i)
{
	struct join_place *place = &join->place[i];
	uint16_t *link = join_bucket(join, &place->key);

	while (*link != i)
		link = &join->place[*link].next;
	*link = place->next;
	--*join_share(join, &place->key);
	place->used = false;
	place->next = join->free;
	join->free = i;
	join->total--;
}

static unsigned read4(struct join_piece *piece, const struct ip_packet *ip)
{
	uint16_t flags = be16_get(piece->ip + 6);

	memcpy(piece->key.source, piece->ip + 12, 4);
	piece->key.id = be16_get(piece->ip + 4);
	piece->at = (flags & 0x1fffu) * 8;
	piece->last = !(flags & IP4_MORE);
	piece->udp = ip->protocol == IP_UDP;
	piece->payload = piece->ip + ip->header;
	piece->bytes = ip->length - ip->header;
	return VERDICT_FORWARD;
}

static unsigned read6(struct join_piece *piece, const struct ip_packet *ip)
{
	const uint8_t *fragment = piece->ip + IP6_HEADER;

	if (ip->length < IP6_HEADER + IP6_PIECE)
		return VERDICT_SHORT;
	memcpy(piece->key.source, piece->ip + 8, 16);
	piece->key.id = be32_get(fragment + 4);
	piece->at = be16_get(fragment + 2) & 0xfff8u;
	piece->last = !(fragment[3] & 1);
	piece->udp = fragment[0] == IP_UDP;
	piece->payload = fragment + IP6_PIECE;
	piece->bytes = ip->length - IP6_HEADER - IP6_PIECE;
	return VERDICT_FORWARD;
}

static unsigned piece_read(struct join_piece *piece, const uint8_t *bytes, uint32_t left)
{
	struct ip_packet ip;
	enum ip_fault fault = ip_read(&ip, bytes, left);

	if (fault != IP_SOUND)
		return fault == IP_SHORT ? VERDICT_SHORT : VERDICT_BAD_IP;
	*piece = (struct join_piece){ .key = { .family = ip.version },
				      .ip = bytes,
				      .header = (uint16_t)(ip.version == 4 ? ip.header : IP6_HEADER),
				      .ecn = ip.tos & 3 };
	return ip.version == 4 ? read4(piece, &ip) : read6(piece, &ip);
}

// Whether it can be a piece of anything that a room takes: all but the last are of eight bytes each (RFC 791 3.2).
static unsigned piece_check(const struct join_piece *piece)
{
	if (!piece->udp || !piece->bytes || (!piece->last && piece->bytes % 8))
		return VERDICT_FRAGMENT_BAD;
	return piece->at + piece->bytes > JOIN_MOST ? VERDICT_FRAGMENT_FULL : VERDICT_FORWARD;
}

enum overlap { APART, REPEATS, OVERLAPS };

// How the units from first to end lie with those that are there.
static enum overlap overlap(const struct join_place *place, uint32_t first, uint32_t end)
{
	uint32_t there = 0;

	for (uint32_t i = first; i < end; i++)
		there += place->got[i / 64] >> i % 64 & 1;
	return !there ? APART : there == end - first ? REPEATS : OVERLAPS;
}

static bool beyond(const struct join_place *place, uint32_t units)
{
	return units < JOIN_UNITS && overlap(place, units, JOIN_UNITS) != APART;
}

// Whether it agrees with what is known of the packet.
static unsigned place_check(const struct join_place *place, const struct join_piece *piece)
{
	uint32_t end = piece->at + piece->bytes, units = (end + 7) / 8;

	if (place->total && (piece->last ? end != place->total : end >= place->total))
		return VERDICT_FRAGMENT_BAD;
	if (piece->last && !place->total && beyond(place, units))
		return VERDICT_FRAGMENT_BAD;
	switch (overlap(place, piece->at / 8, units)) {
	case APART:
		return VERDICT_JOINED;
	case REPEATS:
		return VERDICT_FRAGMENT;
	default:
		return VERDICT_FRAGMENT_BAD;
	}
}

static void place_put(const struct join *join, struct join_place *place, const struct join_piece *piece)
{
	uint8_t *to = room_at(join->rooms, place->room) + JOIN_AT;
	uint8_t header[60]; // its own room may be the one

	memcpy(header, piece->ip, piece->header);
	memmove(to + piece->at, piece->payload, piece->bytes);
	for (uint32_t i = piece->at / 8; i < (piece->at + piece->bytes + 7) / 8; i++)
		place->got[i / 64] |= UINT64_C(1) << i % 64;
	place->ecn |= (uint8_t)(1u << piece->ecn);
	if (piece->last)
		place->total = (uint16_t)(piece->at + piece->bytes);
	if (piece->at)
		return;
	memcpy(to - piece->header, header, piece->header);
	place->header = piece->header;
}

static bool place_whole(const struct join_place *place)
{
	unsigned there = 0;

	for (unsigned i = 0; i < JOIN_UNITS / 64; i++)
		there += (unsigned)__builtin_popcountll(place->got[i]);
	return place->total && there == (place->total + 7u) / 8;
}

// The packet's header, as if it had never been cut. False: congestion was met by a packet that can't have said so (RFC 3168 5.3).
static bool header_put(const struct join_place *place, uint8_t *ip)
{
	bool met = place->ecn >> CE & 1;

	if (met && place->ecn >> NOT_ECT & 1)
		return false;
	if (place->key.family == 6) {
		be16_put(ip + 4, place->total);
		ip[6] = IP_UDP;
		ip[1] |= met ? CE << 4 : 0;
		return true;
	}
	ip[1] |= met ? CE : 0;
	be16_put(ip + 2, (uint16_t)(place->header + place->total));
	be16_put(ip + 6, 0);
	be16_put(ip + 10, 0);
	be16_put(ip + 10, ip_checksum(ip, place->header));
	return true;
}

// The last one has come.
static void place_finish(struct join *join, uint16_t i, struct join_fate *fate)
{
	const struct join_place *place = &join->place[i];
	struct nic_frame packet = { place->room, (uint16_t)(JOIN_AT - place->header),
				    (uint16_t)(place->header + place->total) };

	fate->whole = header_put(place, room_at(join->rooms, packet.room) + packet.offset);
	fate->packet = packet;
	if (!fate->whole)
		fate->refused = packet.room;
	join_close(join, i);
}

// One with others of its packet there.
static struct join_fate join_further(struct join *join, uint16_t i, const struct join_piece *piece)
{
	struct join_fate fate = { .verdict = place_check(&join->place[i], piece), .refused = JOIN_NO_ROOM };

	if (fate.verdict == VERDICT_FRAGMENT_BAD) {
		fate.refused = join->place[i].room;
		join_close(join, i);
	}
	if (fate.verdict != VERDICT_JOINED)
		return fate;
	place_put(join, &join->place[i], piece);
	if (place_whole(&join->place[i]))
		place_finish(join, i, &fate);
	return fate;
}

struct join_fate join_take(struct join *join, struct nic_frame frame, uint64_t now_ns)
{
	struct join_fate fate = { .verdict = VERDICT_FRAGMENT, .refused = JOIN_NO_ROOM };
	struct join_piece piece;
	uint16_t i;

	if (join->places)
		fate.verdict = piece_read(&piece, room_at(join->rooms, frame.room) + frame.offset, frame.length);
	if (fate.verdict == VERDICT_FORWARD)
		fate.verdict = piece_check(&piece);
	if (fate.verdict != VERDICT_FORWARD)
		return fate;
	i = join_find(join, &piece.key);
	if (i != JOIN_NONE)
		return join_further(join, i, &piece);
	i = join_open(join, &piece, frame.room, now_ns);
	if (i == JOIN_NONE) {
		fate.verdict = VERDICT_FRAGMENT_FULL;
		return fate;
	}
	place_put(join, &join->place[i], &piece);
	if (place_whole(&join->place[i])) // IPv6 calls a packet a fragment that is its only one
		place_finish(join, i, &fate);
	return fate;
}

bool join_old(struct join *join, uint64_t now_ns, unsigned *places, uint32_t *room)
{
	for (; *places > 0 && join->total > 0; (*places)--) {
		struct join_place *place = &join->place[join->walk];

		if (place->used && now_ns - place->since_ns >= JOIN_NS) {
			*room = place->room;
			join_close(join, (uint16_t)join->walk);
			return true;
		}
		join->walk = join->walk + 1 < join->places ? join->walk + 1 : 0;
	}
	return false;
}
