// rates.c - entries found by a chained hash of their parameters.
#include "ctrl/session/rates.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "shared/wire/shard.h"

#define BUCKETS 4096u

struct entry {
	struct bearer_rate rate;
	uint32_t users;             // 0 = free
	uint16_t next;              // in the bucket; 0 = last
	uint64_t told[SHARDS / 64]; // by shard
};

struct rates {
	uint32_t count, used, rover;
	uint16_t bucket[BUCKETS]; // first index; 0 = empty
	struct entry entry[];
};

struct rates *rates_make(uint32_t count)
{
	struct rates *rates = calloc(1, sizeof(*rates) + count * sizeof(rates->entry[0]));

	if (rates)
		rates->count = count;
	return rates;
}

void rates_free(struct rates *rates)
{
	free(rates);
}

static bool rate_equal(const struct bearer_rate *a, const struct bearer_rate *b)
{
	return a->cir_bps == b->cir_bps && a->cbs_bytes == b->cbs_bytes && a->ebs_bytes == b->ebs_bytes;
}

static uint16_t *bucket_of(struct rates *rates, const struct bearer_rate *rate)
{
	uint64_t bursts = (uint64_t)rate->cbs_bytes << 32 | rate->ebs_bytes;

	return &rates->bucket[hash_u64(hash_u64(0, rate->cir_bps), bursts) % BUCKETS];
}

static uint16_t entry_find(struct rates *rates, const struct bearer_rate *rate)
{
	uint16_t index = *bucket_of(rates, rate);

	while (index && !rate_equal(&rates->entry[index].rate, rate))
		index = rates->entry[index].next;
	return index;
}

static void entry_define(struct rates *rates, uint16_t index, const struct bearer_rate *rate)
{
	uint16_t *bucket = bucket_of(rates, rate);

	rates->entry[index] = (struct entry){ .rate = *rate, .users = 1, .next = *bucket };
	*bucket = index;
	rates->used++;
}

int rates_take(struct rates *rates, const struct bearer_rate *rate, uint16_t *index)
{
	*index = entry_find(rates, rate);
	if (*index) {
		rates->entry[*index].users++;
		return 0;
	}
	if (rates->used + 1 >= rates->count)
		return -ENOSPC;
	do
		rates->rover = rates->rover + 1 < rates->count ? rates->rover + 1 : 1;
	while (rates->entry[rates->rover].users);
	*index = (uint16_t)rates->rover;
	entry_define(rates, *index, rate);
	return 0;
}

int rates_take_at(struct rates *rates, const struct bearer_rate *rate, uint16_t index)
{
	if (!index || index >= rates->count)
		return -ERANGE;
	if (!rates->entry[index].users) {
		entry_define(rates, index, rate);
		return 0;
	}
	if (!rate_equal(&rates->entry[index].rate, rate))
		return -EEXIST;
	rates->entry[index].users++;
	return 0;
}

void rates_give(struct rates *rates, uint16_t index)
{
	struct entry *entry = &rates->entry[index];
	uint16_t *link;

	if (!index || --entry->users)
		return;
	link = bucket_of(rates, &entry->rate);
	while (*link != index)
		link = &rates->entry[*link].next;
	*link = entry->next;
	rates->used--;
}

uint32_t rates_users(const struct rates *rates, uint16_t index)
{
	return rates->entry[index].users;
}

const struct bearer_rate *rates_at(const struct rates *rates, uint16_t index)
{
	return &rates->entry[index].rate;
}

bool rates_told(const struct rates *rates, uint16_t index, uint8_t shard)
{
	return rates->entry[index].told[shard / 64] >> shard % 64 & 1;
}

void rates_tell(struct rates *rates, uint16_t index, uint8_t shard)
{
	rates->entry[index].told[shard / 64] |= 1ull << shard % 64;
}

void rates_untell(struct rates *rates, uint8_t shard)
{
	for (uint32_t i = 1; i < rates->count; i++)
		rates->entry[i].told[shard / 64] &= ~(1ull << shard % 64);
}
