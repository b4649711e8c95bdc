// paths.h - the node's conversation with ctrl about GTP-U paths: what each is, page by page, and again as soon as one has changed.
//
// One thread; one request under way.
#pragma once
#include "ctrl/client/rpc.h"
#include "ctrl/pfcp/node/node.h"

#define PATHS_PLACE 32u // `next` of a list

struct paths {
	struct rpc *rpc;
	struct node *node;
	uint64_t now_ns, due_ns;    // UINT64_MAX: under way
	uint64_t stand;             // of the last list, and
	uint64_t beginning;         // of the one that is being read
	uint8_t after[PATHS_PLACE]; // the page that is read next
	size_t after_bytes;         // 0: the first
	bool again;                 // the first list has been read
	uint64_t (*wall_ms)(void *arg);
};

void paths_open(struct paths *paths, struct rpc *rpc, struct node *node, uint64_t (*wall_ms)(void *arg));
void paths_watch(struct paths *paths, uint64_t now_ns); // to be called when it is due
