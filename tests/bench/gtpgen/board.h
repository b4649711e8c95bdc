// board.h - what a port tells and is told while packets flow: a lever and counters, in a page that may be a file's.
//
// So a benchmark reads every contestant's packets with the same instrument, at a moment of its own choice, and says what is sent.
// The lever is the benchmark's to write; a queue's counters are written by the thread that polls it, without read-modify-write.
#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "tests/bench/gtpgen/frame.h"

#define BOARD_QUEUES 16u

struct board_queue {
	_Alignas(64) _Atomic uint64_t rx_packets;
	_Atomic uint64_t rx_bytes, roomless;
	_Alignas(64) _Atomic uint64_t tx_packets;
	_Atomic uint64_t tx_bytes, bad;
	_Atomic uint64_t found[FRAME_FOUND];
};

struct board {
	_Alignas(
	    64) _Atomic char lever; // '1' to '8': this list of keys is sent; else nothing. Begins as '1' if it is 0
	struct board_queue queue[BOARD_QUEUES];
};

// Benchmarks read it as a file.
_Static_assert(offsetof(struct board, queue) == 64 && sizeof(struct board_queue) == 192, "known outside");
_Static_assert(offsetof(struct board_queue, tx_packets) == 64 && offsetof(struct board_queue, found) == 88,
	       "known outside");

// Maps the file, made as long as a board is; null path: memory of its own. 0 or -errno.
int board_open(const char *path, struct board **board);
void board_close(struct board *board);
