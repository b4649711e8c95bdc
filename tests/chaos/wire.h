// wire.h - the gauge's two ports: frames out, frames in, and the gateway's neighbour on both sides (it answers every ARP).
//
// Port GAUGE_UP is the radio side, GAUGE_DOWN the network side: packets of a way are sent into the port of that name and come
// out of the other. A peer that goes away and comes back is found again. One thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "tests/chaos/frame.h"

#define WIRE_BURST 64u

struct rte_mbuf;

struct wire_burst {
	struct rte_mbuf *mbuf[WIRE_BURST];
	unsigned count;
};

// Configures ports 0 and 1 of an EAL that is up. own: our address on each side, network order; far: the gateway's.
int wire_open(const uint32_t own[GAUGE_WAYS], const uint32_t far[GAUGE_WAYS]);

// Looks after links and neighbours; about every millisecond. True while both sides can be sent to.
bool wire_tend(uint64_t now_ns);

// Up to n frames of so many bytes to be filled, in burst->count; then sent. Returns how many the ring took, from the first.
void wire_blank(struct wire_burst *burst, unsigned n, unsigned bytes);
unsigned wire_send(enum gauge_way way, struct wire_burst *burst);

// What came into a port, ARP taken out. The burst is given back by wire_done.
void wire_receive(enum gauge_way port, struct wire_burst *burst);
void wire_done(struct wire_burst *burst);

void *wire_frame(const struct wire_burst *burst, unsigned i, unsigned *bytes);
