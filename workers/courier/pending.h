// pending.h - changes that wait for their shard's owner: one bounded store, one list a shard.
//
// A shard without an owner, or with a stuck one, holds up nobody else. Owned by the courier's thread.
#pragma once
#include <stdbool.h>
#include "proto/feed_codec.h"

// Room for all a ctrl may have under way that keeps to FEED_WINDOW, and for one batch more.
#define PENDING_MAX (SHARDS * FEED_WINDOW + FEED_BATCH_MAX)

struct pending;

struct pending *pending_make(void); // null: no memory
void pending_free(struct pending *pending);

unsigned pending_count(const struct pending *pending);
bool pending_has_room(const struct pending *pending, unsigned changes);
void pending_put(struct pending *pending, const struct change *change); // room was asked for

// The shard's oldest change, or null; pending_take forgets it.
const struct change *pending_first(const struct pending *pending, uint8_t shard);
void pending_take(struct pending *pending, uint8_t shard);

void pending_drop(struct pending *pending, uint8_t shard); // all of one shard: ctrl will send them again
void pending_drop_all(struct pending *pending);
