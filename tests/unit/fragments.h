// fragments.h - a packet, its fragments each in a room, and what join and cut make of them. One world at a time.
#pragma once
#include <stdbool.h>
#include "primary/loop/join.h"

#define FRAGMENTS_PLACES 64u
#define FRAGMENTS_ROOMS 512u
#define FRAGMENTS_MOST 300u

extern struct fragments {
	uint8_t packet[ROOM_STRIDE]; // as it was
	unsigned family, length, header;
	uint32_t id;
	struct nic_frame piece[FRAGMENTS_MOST];
	unsigned pieces;
	struct join join;
	struct join_fate fate; // the last one's
	uint64_t now_ns;
	uint8_t *rooms;
	uint32_t next_room;
	bool no_rooms;         // for cut
	unsigned send_verdict; // what neigh says
	unsigned ended, freed; // by cut
} fragments;

int fragments_open(void **state);
int fragments_close(void **state);

// A UDP packet of that length with chance in it, and an identification of its own.
void fragments_packet(unsigned family, unsigned length);
void fragments_resum(void); // its IPv4 header's sum, anew

// In pieces of so many bytes, a multiple of eight; the world's cut, not ours. Returns how many.
unsigned fragments_cut(unsigned step);
bool fragments_cut_by_us(unsigned side, unsigned mtu);
void fragments_shuffle(unsigned pieces);

uint8_t *fragments_room(unsigned piece); // its IP header
void fragments_set(unsigned piece, unsigned at, bool more, unsigned bytes);
void fragments_mark(unsigned piece, unsigned ecn);
void fragments_sum(unsigned piece);

// Gives a copy of it to join.
void fragments_give_any(unsigned piece);
void fragments_give(unsigned piece, unsigned verdict);
void fragments_whole(void);      // what came out is what went in
unsigned fragments_marked(void); // its ECN
void fragments_time_passes(unsigned expired);
