// rates.h - the rate table: sessions with equal srTCM parameters share an index.
//
// One table serves all shards. An index lives as long as a session uses it; each entry also remembers which shards' owners
// have been told its present meaning (the feed's business). The main thread owns it.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "shared/wire/bearer.h"

struct rates;

struct rates *rates_make(uint32_t count); // indexes 1..count-1; null: no memory
void rates_free(struct rates *rates);

// An index for this rate, used once more. -ENOSPC: all indexes have other meanings.
int rates_take(struct rates *rates, const struct bearer_rate *rate, uint16_t *index);

// The same with a given index, at start. -EEXIST: it means something else; -ERANGE.
int rates_take_at(struct rates *rates, const struct bearer_rate *rate, uint16_t index);

void rates_give(struct rates *rates, uint16_t index); // index 0: nothing
uint32_t rates_users(const struct rates *rates, uint16_t index);
const struct bearer_rate *rates_at(const struct rates *rates, uint16_t index);

bool rates_told(const struct rates *rates, uint16_t index, uint8_t shard);
void rates_tell(struct rates *rates, uint16_t index, uint8_t shard);
void rates_untell(struct rates *rates, uint8_t shard); // the shard's owner may know none
