// ruled_pieces.c - finds first pieces by what all pieces of a packet share. Pure but for its table.
#include "workers/pipe/ruled_pieces.h"
#include <string.h>
#include "workers/pipe/pipe_asked.h"

static struct ruled_piece piece_of(const struct ruled_fragment *fragment)
{
	struct ruled_piece piece = { .place = fragment->place, .at = fragment->now };

	if (fragment->ip->version == 4) {
		memcpy(piece.ends, fragment->packet + 12, 8);
		piece.id = be16_get(fragment->packet + 4);
	} else {
		memcpy(piece.ends, fragment->packet + 8, 32);
		piece.id = be32_get(fragment->packet + IP6_HEADER + 4);
	}
	return piece;
}

static struct ruled_piece *piece_place(struct ruled_pieces *pieces, const struct ruled_piece *piece)
{
	uint64_t hash = (uint64_t)piece->place << 32 | piece->id;

	for (unsigned i = 0; i < sizeof(piece->ends); i += 8)
		hash = (hash ^ be64_get(piece->ends + i)) * 0x9e3779b97f4a7c15ull;
	return &pieces->piece[hash >> 56];
}

void ruled_pieces_take(struct ruled_pieces *pieces, const struct ruled_fragment *fragment, struct ruled_key *key)
{
	struct ruled_piece piece = piece_of(fragment), *there = piece_place(pieces, &piece);

	_Static_assert(RULED_PIECES == 256, "a byte of the hash");
	if (key->remote_port != RULED_NO_PORT) {
		piece.remote_port = key->remote_port;
		piece.local_port = key->local_port;
		*there = piece;
		return;
	}
	if (!there->at || fragment->now - there->at >= fragment->life || there->id != piece.id ||
	    there->place != piece.place || memcmp(there->ends, piece.ends, sizeof(piece.ends)) != 0)
		return;
	key->remote_port = there->remote_port;
	key->local_port = there->local_port;
}

void ruled_pieces_ask(const struct pipe_asked *asked, struct ruled_key *key)
{
	const struct pipe *pipe = asked->pipe;
	const struct pipe_user *user = &asked->user;
	const struct line *lines = user->way == LINE_UPLINK ? user->region->uplink : user->region->downlink;
	uint32_t slot = (uint32_t)(user->line - lines), shard = (uint32_t)(user->region - pipe->shard);
	const struct ruled_fragment fragment = { user->packet, &asked->ip, slot << 9 | shard << 1 | user->way,
						 asked->now, pipe->net->clock_hz };

	if (pipe->pieces)
		ruled_pieces_take(pipe->pieces, &fragment, key);
}
