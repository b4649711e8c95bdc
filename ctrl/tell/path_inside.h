// path_inside.h - what the files of paths share. For them alone.
#pragma once
#include "ctrl/tell/path.h"

#define PATH_NONE UINT32_MAX

// The path to a peer, made where there is none yet. Null: there is no place or no memory.
struct path *path_take(struct paths *paths, const struct path_peer *peer, bool used, uint64_t now_ns);
void path_give(struct paths *paths, struct path *path, bool used); // one tunnel less

uint64_t path_hash(const struct paths *paths, const struct path_peer *peer);

// Each tunnel of ours that ends there.
typedef void path_end_visit(struct paths *paths, struct path_end *end, uint64_t now_ns);
unsigned path_ends_visit(struct paths *paths, const struct path *path, uint32_t teid, path_end_visit *visit,
			 uint64_t now_ns); // how many

int path_ends_open(struct paths *paths); // 0 or -ENOMEM
void path_ends_close(struct paths *paths);
