// place.h - which cell a session gets, and with it which UE addresses.
//
// A pool's address names its cell (shard.h), so a session from a pool gets a free cell of the pool, and its addresses follow.
// Free cells wait in one queue a pool and shard, first in, first out, so that an address rests as long as possible before it
// is given again; shards are served in turn, so that they fill evenly. Addresses from outside the pools live in the foreign rows
// of the shard their hash says.
//
// Who chooses addresses himself (an SMF) knows nothing of cells: the IPv4 address says the cell, and an IPv6 prefix may be any. An address
// that is not its session's cell's own is apart: workers look for it in an index of the shard, as for those from outside, with room for
// two for each foreign row. Its own cell has lent it, and is nobody's to be given with both families. Where pools are of networks both are
// of pools of the session's, and so is its cell, for that says whose the session is: if the own one is taken, another of the same shard.
// Where there are several networks the primary says each one's cell, and nobody looks into the index.
// The main thread owns it.
#pragma once
#include <stdbool.h>
#include "ctrl/session/cell.h"
#include "shared/base/conf.h"

struct place_queue {
	uint32_t first, last; // CELL_NONE = empty
};

struct place {
	struct grid *grid; // the caller's, put here once it knows its size from place_lay
	unsigned pools;
	struct shard_pool pool[SHARD_POOLS_MAX];
	char dnn[SHARD_POOLS_MAX][64];
	bool networks;                     // pools are of networks that don't know of each other,
	bool shared;                       // several, which may have addresses in common (plane_net.places):
	uint8_t domain[SHARD_POOLS_MAX];   // the first pool of the same network, or 0
	uint32_t foreign_first;            // slot where the foreign rows begin
	uint32_t apart[SHARDS];            // addresses of a shard's sessions that are in its index
	uint8_t turn[SHARD_POOLS_MAX + 1]; // shard whose turn it is
	struct place_queue queue[SHARD_POOLS_MAX + 1][SHARDS]; // last: foreign
};

// Lays the pools of the configuration: returns the slots a shard needs, foreign rows included, or -errno with *bad the pool.
int place_lay(struct place *place, const struct conf *conf, unsigned *bad);

// The pool whose place the slot is; pools: it is among those for addresses from outside.
unsigned place_pool(const struct place *place, uint32_t slot);

// After the store is loaded: queues every cell that was never used. The caller then gives the others that are free.
void place_fill(struct place *place);

// First pool of this DNN; "" = the first of all. -1 = no such DNN.
int place_dnn(const struct place *place, const char *dnn);

// What a session asks for, and what it gets.
struct place_wish {
	unsigned dnn;  // as place_dnn says
	uint32_t ipv4; // 0 = from the pool if want_ipv4
	uint64_t ipv6; // 0 = from the pool if want_ipv6
	bool want_ipv4, want_ipv6;
	bool moves;   // it lives: ipv6 is its prefix from now on, 0 = none; what else it has stays
	bool none;    // no address: any place for foreign ones, and a prefix that nobody has
	bool at_home; // where there are networks: workers or the primary know of no address that is apart
};

// Whether this is such a prefix.
static inline bool place_is_nobody(uint64_t ipv6)
{
	return ipv6 && !(ipv6 >> 56);
}

// Finds the cell for a wish and completes the addresses; takes nothing yet. Returns the cell, CELL_NONE with *error:
// -EADDRINUSE (the pool cell of a given address is taken, or lends the one that is wanted), -EXDEV (a given address and a wanted one can't
// meet in one cell; nor two given ones, at_home),
// -ENETUNREACH (a given address is not in a pool of the DNN's network, where there are networks), -EADDRNOTAVAIL (pool exhausted), -ENOSPC (foreign rows, or free cells of the network, or index of the shard full), -EAFNOSUPPORT (no pool of the DNN has the family).
uint32_t place_find(struct place *place, struct place_wish *wish, int *error);

// Whether the session in that cell, which has no prefix, may have the wished one: 0, or -ENETUNREACH, -EXDEV or -ENOSPC as above.
int place_beside(const struct place *place, const struct place_wish *wish, uint32_t cell);

void place_take(struct place *place, uint32_t cell); // out of its queue; undoes place_give
void place_give(struct place *place, uint32_t cell); // to the end of its queue
void place_back(struct place *place, uint32_t cell); // undoes place_take: to the front

// The pool cell of an address in the network of this DNN (as place_dnn says; PLACE_ANY: of any, the first that has it); CELL_NONE = the
// address is foreign there.
#define PLACE_ANY UINT32_MAX
uint32_t place_of_ipv4(const struct place *place, unsigned dnn, uint32_t ipv4);
uint32_t place_of_ipv6(const struct place *place, unsigned dnn, uint64_t ipv6);

// Whether the pool is of the DNN's network; PLACE_ANY: of any.
bool place_in_network(const struct place *place, unsigned pool, unsigned dnn);

// The addresses of a session, or of one that may come to that cell.
struct place_had {
	unsigned dnn;
	uint32_t cell, ipv4;
	uint64_t ipv6;
};

bool place_apart4(const struct place *place, const struct place_had *had); // whether it has one, and it is apart
bool place_apart6(const struct place *place, const struct place_had *had);

// Whether a session that has them may have that cell, as pools are now.
bool place_may(const struct place *place, const struct place_had *had);

// The addresses among them that the primary has to be told of, since it looks for them elsewhere; the others are 0.
struct place_had place_told(const struct place *place, const struct place_had *had);

// What is apart enters the account of its shard, and is lent; and the other way round.
void place_lend(struct place *place, const struct place_had *had);
void place_return(struct place *place, const struct place_had *had);
