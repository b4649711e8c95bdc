// keys.h - the sessions that net_gtpgen's packets belong to, drawn at random in advance.
//
// A table look-up per packet would cost the generator a cold line, which is what a gateway is measured by. So sessions are drawn
// once, uniformly and with replacement, into a long list that is read in order: eight draws a line, fetched ahead by the
// processor. Two ports with the same sessions and seed share one list, so that one can judge what the other made.
// Made and dropped by the thread that probes devices; read-only afterwards.
#pragma once
#include <stdint.h>

#define KEYS_PORTS 16u
#define KEYS_LISTS 8u // of different numbers of sessions, chosen while packets flow

struct key {
	uint32_t teid;    // uplink, network order
	uint32_t address; // of the UE, network order
};

struct keys_plan {
	char file[256];                    // lines "teid,ipv4[,peer_teid]", numbers decimal; empty = by formula
	uint32_t count;                    // by formula: session i has these plus i
	uint32_t teid, address, peer_teid; // host order
	uint64_t seed;
	uint32_t subset[KEYS_LISTS]; // a list of draws from the first so many sessions, each; all 0 = one of all
};

struct keys_list {
	struct key *key;
	uint32_t *peer_teid; // downlink TEID of the same draw, network order: only looked at when a frame is judged
	uint32_t draws;      // four for each session, at least KEYS_DRAWS_MIN
};

struct board;

struct keys {
	struct board *board[KEYS_PORTS]; // of the ports that share them
	unsigned ports;
	struct keys_list list[KEYS_LISTS];
	unsigned lists;
	struct keys_plan plan;
	unsigned users;
	struct keys *next;
};

#define KEYS_DRAWS_MIN (1u << 16)
#define KEYS_SESSIONS_MAX (1u << 26)

// 0 or -errno, with the line number of the file at fault in *line (0: none).
int keys_take(const struct keys_plan *plan, struct keys **keys, unsigned *line);
void keys_drop(struct keys *keys);

// A port comes, and goes before its keys are dropped. -ENOSPC: there are too many.
int keys_join(struct keys *keys, struct board *board);
void keys_leave(struct keys *keys, const struct board *board);
