// burst.h - net_gtpgen's packet path: what rx_burst makes and tx_burst takes back.
//
// A queue belongs to the thread that polls it. What links its two directions is a slot for one answer to ARP: the sender fills it, the
// receiver empties it.
#pragma once
#include <stdatomic.h>
#include <rte_mbuf.h>
#include "tests/bench/gtpgen/args.h"
#include "tests/bench/gtpgen/board.h"

#define BURST_ARP 42u // bytes of an answer, padded to 60

struct burst_rate {
	uint64_t per_tick_q32; // packets; 0 = not limited
	uint64_t due_q32;
	uint64_t last; // clock tick
};

// What was sent and has not come back. What nobody has brought back for a while is lost, and not waited for.
struct burst_window {
	uint32_t size; // 0 = not limited
	uint16_t queue;
	uint64_t lost, back;     // packets; how many were back when it became full
	uint64_t full, patience; // clock tick since when, ticks
};

struct burst_rx {
	_Alignas(64) struct rte_mempool *pool;
	const struct frame_template *template; // of FRAME_UP; FRAME_DOWN's follows
	const struct keys *keys;
	struct burst_tx *tx; // whose ARP requests this queue answers
	const struct board *board;
	struct board_queue *counters;
	uint32_t draw[KEYS_LISTS];
	enum frame_way way;
	uint64_t flags; // of a packet
	uint16_t port;
	struct burst_rate rate;
	struct burst_window window;
};

struct burst_tx {
	_Alignas(64) const struct frame_plan *plan;
	const struct keys *keys;
	uint32_t verify, countdown;
	struct board_queue *counters;
	_Atomic uint32_t asked; // an answer lies here
	uint8_t answer[60];
};

uint16_t burst_rx(void *queue, struct rte_mbuf **mbufs, uint16_t most);
uint16_t burst_tx(void *queue, struct rte_mbuf **mbufs, uint16_t count);

void burst_rate_set(struct burst_rate *rate, uint64_t packets_per_second, uint64_t clock_hz);
