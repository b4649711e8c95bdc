// ruled_pieces.h - ports of fragments: a user's packet in pieces is one flow's, and only its first piece says which.
//
// What a first piece's ports were is remembered for a second, so that filters see them in those behind it. Those that overtake the first,
// or come after a death or a move of their shard, have none, and match what asks for no ports. A worker's private memory, one thread.
#pragma once
#include "workers/pipe/ruled_key.h"

#define RULED_PIECES 256u // packets; a newer one takes an older one's place

struct ruled_piece {
	uint8_t ends[32]; // both addresses, as they lie in the packet
	uint32_t id, place;
	uint32_t remote_port, local_port;
	uint64_t at; // clock; 0 = none
	uint64_t reserved;
};
_Static_assert(sizeof(struct ruled_piece) == 64, "one line");

struct ruled_pieces {
	struct ruled_piece piece[RULED_PIECES];
};

// A packet that is one, of whose session and way, and how many ticks of the clock it is remembered.
struct ruled_fragment {
	const uint8_t *packet;
	const struct ip_packet *ip;
	uint32_t place;
	uint64_t now, life;
};

static inline bool ruled_is_fragment(const uint8_t *packet, const struct ip_packet *ip)
{
	return ip->version == 4 ? be16_get(packet + 6) & IP4_FRAGMENT
				: ip->protocol == 44 && ip->length >= IP6_HEADER + 8;
}

struct pipe_asked;

// Of a fragment that has got so far, and whose pipe remembers.
void ruled_pieces_ask(const struct pipe_asked *asked, struct ruled_key *key);

// Remembers the ports that `key` has of a first piece, or gives it those of the packet's first one.
void ruled_pieces_take(struct ruled_pieces *pieces, const struct ruled_fragment *fragment, struct ruled_key *key);
