// table_hash.c - rte_hash, lock-free readers (T3): values are replaced by pointer, and used again once every reader has been
// quiet since (QSBR RCU). Shared; one writer.
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/table.h"

#define SPARES 4096u // values that nobody points to while every session is there

struct value {
	_Alignas(64) uint64_t words[TABLE_WORDS];
};

struct shared {
	struct rte_hash *hash;
	struct rte_rcu_qsbr *quiet;
	// w: writer. A queue of values to be used again, each once every reader was quiet after `token`.
	struct spare {
		struct value *value;
		uint64_t token; // 0: nobody ever saw it
	} * spares;
	uint32_t oldest, newest, mask;
};

static void fill(struct value *value, uint64_t word)
{
	for (unsigned i = 0; i < TABLE_WORDS; i++)
		value->words[i] = word;
}

static void need(bool good)
{
	if (good)
		return;
	fprintf(stderr, "bench-fig12: rte_hash failed\n");
	exit(1);
}

static void rcu_make(struct shared *shared)
{
	struct rte_hash_rcu_config config = { .mode = RTE_HASH_QSBR_MODE_DQ, .dq_size = SPARES };

	shared->quiet = pages_take(rte_rcu_qsbr_get_memsize(TABLE_READERS));
	need(!rte_rcu_qsbr_init(shared->quiet, TABLE_READERS));
	config.v = shared->quiet;
	need(!rte_hash_rcu_qsbr_add(shared->hash, &config));
	for (unsigned reader = 0; reader < TABLE_READERS; reader++)
		need(!rte_rcu_qsbr_thread_register(shared->quiet, reader));
}

static void spares_make(struct shared *shared, struct value *values, uint32_t sessions)
{
	uint32_t room = 1;

	while (room < sessions + SPARES)
		room *= 2;
	shared->mask = room - 1;
	shared->spares = pages_take(room * sizeof(*shared->spares));
	for (; shared->newest < SPARES; shared->newest++)
		shared->spares[shared->newest].value = values++;
}

static void *make(const struct table_site *site)
{
	struct shared *shared = pages_take(sizeof(*shared));
	struct value *values = pages_take((site->sessions + SPARES) * sizeof(*values));
	struct rte_hash_parameters wish = { .name = "fig12",
					    .entries = site->sessions + site->sessions / 8,
					    .key_len = sizeof(uint32_t),
					    .hash_func = rte_hash_crc,
					    .socket_id = site->socket,
					    .extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF };

	shared->hash = rte_hash_create(&wish);
	need(shared->hash);
	rcu_make(shared);
	for (uint32_t n = 0; n < site->sessions; n++) {
		uint32_t key = estate_pool_address(n);

		fill(&values[n], table_word(key, 1));
		need(!rte_hash_add_key_data(shared->hash, &key, &values[n]));
	}
	spares_make(shared, values + site->sessions, site->sessions);
	return shared;
}

static void begin(void *at, unsigned reader)
{
	rte_rcu_qsbr_thread_online(((struct shared *)at)->quiet, reader);
}

static void end(void *at, unsigned reader)
{
	rte_rcu_qsbr_thread_offline(((struct shared *)at)->quiet, reader);
}

static void read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	struct shared *shared = at;
	struct value *found[TABLE_BATCH];
	const void *pointers[TABLE_BATCH];
	uint64_t mask = 0;

	for (unsigned i = 0; i < TABLE_BATCH; i++)
		pointers[i] = &keys[i];
	rte_hash_lookup_bulk_data(shared->hash, pointers, TABLE_BATCH, &mask, (void **)found);
	for (uint64_t left = mask; left; left &= left - 1)
		__builtin_prefetch(found[__builtin_ctzll(left)]);
	tally->missed += TABLE_BATCH - (unsigned)__builtin_popcountll(mask);
	for (uint64_t left = mask; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		uint64_t words[TABLE_WORDS];

		memcpy(words, found[i]->words, sizeof(words));
		table_check(words, keys[i], tally);
	}
	rte_rcu_qsbr_quiescent(shared->quiet, reader);
}

static struct value *spare_take(struct shared *shared)
{
	struct spare *spare = &shared->spares[shared->oldest++ & shared->mask];

	if (spare->token)
		rte_rcu_qsbr_check(shared->quiet, spare->token, true);
	return spare->value;
}

static void spare_give(struct shared *shared, struct value *value)
{
	shared->spares[shared->newest++ & shared->mask] = (struct spare){ value, rte_rcu_qsbr_start(shared->quiet) };
}

static bool change(void *at, const struct table_change *change)
{
	struct shared *shared = at;
	struct value *old = NULL;

	if (change->verb != TABLE_INSERT)
		need(rte_hash_lookup_data(shared->hash, &change->key, (void **)&old) >= 0);
	if (change->verb == TABLE_DELETE) {
		need(rte_hash_del_key(shared->hash, &change->key) >= 0);
	} else {
		struct value *fresh = spare_take(shared);

		fill(fresh, table_word(change->key, change->version));
		need(!rte_hash_add_key_data(shared->hash, &change->key, fresh));
	}
	if (old)
		spare_give(shared, old);
	return true;
}

const struct table table_hash = {
	.name = "hash", .make = make, .begin = begin, .read = read, .end = end, .change = change
};
