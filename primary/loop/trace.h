// trace.h - copies of some sessions' packets for who wants to look at them: each as it came, as it left, and what became of it.
//
// The primary sees both ends of a packet's way, so nobody else has a part in it, and neither a worker's death nor a shard's move makes a
// difference. A traced session's packet is no usual one: it is taken out of a burst at the door and lent with LEASE_TRACED in the
// private book, so it is looked at alone when it comes back. Others' cost is one look at their shard's bit, and where nobody is
// traced not even that.
//
//   rx, trace_enter: a cell, bytes ---> lent, held, lent again ---> tx, trace_back: bytes as they go ---> trace_end: verdict
//                     ^                                                                                       |
//                     +---- back ------------------------- fleet thread <------------------------------ done -+
//
// Bounded: so many cells, of each packet so many bytes, of each trace so many packets a while; what goes by without a cell is counted.
// The loop's, but for trace_pick and trace_give. Allocates at start only.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "primary/edge/address.h"
#include "primary/loop/bits.h"
#include "primary/loop/hold.h"
#include "shared/plane/ring.h"
#include "shared/plane/verdict.h"

#define TRACE_KEYS 8u       // sessions at once
#define TRACE_CELLS 512u    // packets under way or not yet fetched
#define TRACE_SNAP 2048u    // bytes kept of a packet
#define TRACE_WINDOW_MS 50u // packets are limited in such windows
#define TRACE_STEPS 4u      // on its way that are told

struct trace_key {
	uint32_t number; // of the trace, never given twice; 0: nobody's place
	uint32_t teid;   // one of the session's
	uint32_t ipv4;   // the subscriber's; 0: none
	uint64_t ipv6;   // of the /64; 0: none
	uint32_t snap;   // bytes
	uint32_t window; // packets in one
};

struct trace_sight { // a packet as it stood at a port
	uint64_t at_ns;
	bool core;       // by a port towards the data network; else where tunnels lead
	uint16_t length; // 0: it was not there
	uint16_t stored; // bytes of it
	uint8_t bytes[TRACE_SNAP];
};

struct trace_cell {
	uint8_t keys;               // set of the places it is for
	uint32_t whose[TRACE_KEYS]; // once it is done: their numbers, 0 = not this one's
	uint32_t snap;
	uint8_t verdict; // what became of it: a final one, or VERDICT_BUFFER
	uint8_t steps;
	uint8_t step[TRACE_STEPS]; // relay verdicts on its way there
	uint8_t seat;              // which gave it back last; PLANE_SEAT_NONE
	struct trace_sight came, left;
};

struct trace_ring {
	struct ring_index head, tail;
	uint16_t cell[TRACE_CELLS];
};

struct trace_count { // of a place; begins anew with its next number
	_Atomic uint64_t packets, lost;
};

struct traces {
	const struct hold *hold; // numbers rooms
	uint32_t teid_bits;      // that count: a session has TEIDs that differ in others (sheet_tunnel)
	uint32_t place_bits;     // and those that name its place
	bool places;             // which downlink hints do, too
	struct bits shards;      // with sessions that are traced
	struct trace_key key[TRACE_KEYS];
	uint64_t window_ns[TRACE_KEYS]; // when the present one began,
	uint32_t used[TRACE_KEYS];      // and packets in it
	struct trace_count count[TRACE_KEYS];
	uint32_t open; // cells under way
	uint16_t *at;  // by hold_index: 1 and the cell of what lies there; 0 = none
	struct trace_cell *cell;
	uint32_t frees;
	uint16_t free[TRACE_CELLS];
	struct trace_ring done, back;
};

// 0 or -ENOMEM. The hold outlives it. net: its slot_bits and places.
struct plane_net;
int traces_init(struct traces *traces, const struct hold *hold, const struct plane_net *net);
void traces_fini(struct traces *traces);

// Replaces all keys; a place whose number stays goes on. Whether there are any now.
bool traces_keys(struct traces *traces, const struct trace_key key[TRACE_KEYS]);

// Whose packet this is: a set of places. packet: its bytes, from the IP header on.
unsigned trace_whose(const struct traces *traces, const struct lane_handle *lent, const uint8_t *packet);

// A packet on its way to a lane. Whether it is to be marked: it has a cell now, or had one.
bool trace_enter(struct traces *traces, const struct lane_handle *lent, const uint8_t *packet, uint64_t now_ns);

// A marked one came back and has no cell any more (it had been parked): it gets another, for how it leaves.
void trace_again(struct traces *traces, const struct lane_handle *lent, const uint8_t *packet, uint64_t now_ns);

// A marked one will not leave where it is parked, and has no cell: it gets one, and came when it began to wait.
void trace_void(struct traces *traces, const struct hold_cell *parked, const uint8_t *packet, uint64_t now_ns);

// A sound handle has come back, with its packet.
struct trace_return {
	const struct lane_handle *back;
	const uint8_t *packet;
	unsigned seat;
	bool core; // leaves by that side
};
void trace_back(struct traces *traces, const struct trace_return *returned, uint64_t now_ns);

bool trace_there(const struct traces *traces, uint32_t room); // whether what lies there has a cell

// What became of what lies there, if it has a cell.
void trace_end(struct traces *traces, uint32_t room, unsigned verdict);

// Fleet thread: the next one that is done, or null; and its cell is free again.
struct trace_cell *trace_pick(struct traces *traces);
void trace_give(struct traces *traces, const struct trace_cell *cell);
