// session_drop.h - all sessions of an owner, deleted in the background; for session.c alone.
#pragma once
#include <stdint.h>
#include <sys/queue.h>

struct drop;
struct sessions;
TAILQ_HEAD(drop_list, drop);

void drops_tick(struct sessions *sessions);
uint64_t drops_due(const struct sessions *sessions); // UINT64_MAX: nothing to do
void drops_close(struct sessions *sessions);
