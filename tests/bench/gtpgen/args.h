// args.h - the device arguments of net_gtpgen: one table, from which reading, and what is said of a wrong one, are made.
#pragma once
#include "tests/bench/gtpgen/frame.h"
#include "tests/bench/gtpgen/keys.h"

struct args {
	enum frame_way way;
	struct frame_plan plan; // but for the MACs
	struct keys_plan keys;
	char board[128]; // file to be the port's board (board.h); empty = nobody else's
	uint64_t rate;   // packets a second and queue; 0 = as fast as they are asked for
	uint32_t window; // packets that may be away, of this queue's number and all ports with the same keys; 0 = any
	uint32_t verify; // every how manyth frame is judged; 0 = none
};

// 0, or -errno with one line on stderr. Text as the EAL gives it: "key=value,key=value", or null.
int args_read(const char *text, struct args *args);
