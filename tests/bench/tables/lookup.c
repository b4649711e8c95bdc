// lookup.c - finding a session's line: slot = key and the bucket index, beside the memory's own limit and rte_hash.
//
//   bench-lookup own|foreign|foreign-dual SESSIONS ROUNDS        SESSIONS: a multiple of 256
//
// Foreign sessions have one address each, or two; rte_hash holds the same keys as our index. Each variant ends with the same work on
// the line it found: two counters. Slices of LOOKUPS look-ups after as many that are not measured, fresh random keys for every slice,
// one thread. Prints a line a slice: round,variant,value,switched,hot,bytes; value is ns a look-up, switched says that the kernel took
// the processor away meanwhile, hot is what packets touch of a session, bytes is what the shards' memory comes to. Ends with 1 if a
// look-up found nothing.
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_spinlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "shared/base/clock.h"
#include "tests/bench/tables/alone.h"
#include "tests/bench/tables/chance.h"
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/foreign_query.h"

#define LOOKUPS (1u << 14)
#define BATCH 32u
#define STEPS 4u   // of a look-up by foreign address
#define BYTES 100u // of a packet that was not there

static struct estate estate;
static struct line *flat; // as many lines as sessions, one after another
static struct rte_hash *plain, *lockless, *shared;
static rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
static uint32_t drawn[2 * LOOKUPS + STEPS * BATCH]; // half to warm up, half to measure; more to look ahead
static const uint32_t *keys = drawn;
static volatile uint64_t sink;

static inline void count(struct line *line)
{
	line->packets++;
	line->bytes += BYTES;
}

static inline struct line *line_of_number(uint32_t key)
{
	return flat + key;
}

static inline bool any_line(const struct line *line, uint32_t key)
{
	return true;
}

static inline struct line *line_of_teid(uint32_t key)
{
	const struct region *region = &estate.view.shards[shard_of_teid(key)];

	return region->uplink + shard_slot_of_teid(key, estate.view.plane->net.slot_bits);
}

static inline bool teid_good(const struct line *line, uint32_t key)
{
	return line->flags & LINE_VALID && line->teid == key;
}

static inline struct line *line_of_address(uint32_t key)
{
	const struct region *region = &estate.view.shards[shard_of_ipv4(key)];

	return region->downlink + shard_pool_slot4(&estate.view.plane->net.pool[0], key);
}

static inline bool address_good(const struct line *line, uint32_t key)
{
	return line->flags & LINE_VALID && line->ue_ipv4 == key;
}

// A batch ahead of the look-up, one prefetch for each: what the packet path does, and what the limit is measured with.
#define AHEAD(name, locate, good) \
	static uint64_t name(void) \
	{ \
		struct line *ahead[BATCH]; \
		uint64_t found = 0; \
\
		for (unsigned i = 0; i < BATCH; i++) { \
			ahead[i] = locate(keys[i]); \
			__builtin_prefetch(ahead[i], 1); \
		} \
		for (unsigned i = 0; i < LOOKUPS; i++) { \
			struct line *line = ahead[i % BATCH]; \
\
			ahead[i % BATCH] = locate(keys[i + BATCH]); \
			__builtin_prefetch(ahead[i % BATCH], 1); \
			if (!good(line, keys[i])) \
				continue; \
			count(line); \
			found++; \
		} \
		return found; \
	}

AHEAD(run_limit, line_of_number, any_line)
AHEAD(run_teid, line_of_teid, teid_good)
AHEAD(run_address, line_of_address, address_good)

// The same without writing: what the memory gives at best.
static uint64_t run_read(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		__builtin_prefetch(flat + keys[i + BATCH]);
		sum += flat[keys[i]].bytes;
	}
	sink = sum;
	return LOOKUPS;
}

static void lines_count_all(struct line *const *lines, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		count(lines[i]);
}

// The lines of one batch are on their way while the next is looked up.
static uint64_t run_bulk(const struct rte_hash *hash)
{
	struct line *found[2][BATCH];
	const void *pointers[BATCH];
	uint64_t hits = 0, mask;

	for (unsigned b = 0; b < LOOKUPS / BATCH; b++) {
		for (unsigned i = 0; i < BATCH; i++)
			pointers[i] = &keys[b * BATCH + i];
		rte_hash_lookup_bulk_data(hash, pointers, BATCH, &mask, (void **)found[b % 2]);
		if (mask != UINT32_MAX)
			return 0;
		for (unsigned i = 0; i < BATCH; i++)
			__builtin_prefetch(found[b % 2][i], 1);
		if (b)
			lines_count_all(found[(b + 1) % 2], BATCH);
		hits += BATCH;
	}
	lines_count_all(found[(LOOKUPS / BATCH - 1) % 2], BATCH);
	return hits;
}

static uint64_t run_hash(void)
{
	return run_bulk(plain);
}

static uint64_t run_lockless(void)
{
	return run_bulk(lockless);
}

// Under rte_hash's own lock of readers and writers, once a batch.
static uint64_t run_shared(void)
{
	return run_bulk(shared);
}

static uint64_t run_locked(void)
{
	uint64_t hits = 0;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		void *line;

		rte_spinlock_lock(&lock);
		if (rte_hash_lookup_data(plain, &keys[i], &line) >= 0) {
			count(line);
			hits++;
		}
		rte_spinlock_unlock(&lock);
	}
	return hits;
}

// The steps of a look-up, each a batch after the one before.
static struct block {
	struct foreign_query queries[BATCH];
	uint32_t late; // bits of those that wait for their second bucket
} blocks[STEPS];

static inline bool answer(const struct foreign_query *query, const struct region_shape *shape, uint32_t address)
{
	struct line *line = foreign_answer4(query, shape, address);

	if (!line)
		return false;
	count(line);
	return true;
}

// Steps first..last, of block n, n - 1, ... Returns how many were found.
static inline __attribute__((always_inline)) uint64_t steps(unsigned n, const struct region_shape *shape,
							    unsigned first, unsigned last)
{
	struct block *ask = &blocks[n % STEPS], *expect = &blocks[(n - 1) % STEPS], *again = &blocks[(n - 2) % STEPS];
	struct block *tell = &blocks[(n - 3) % STEPS];
	const uint32_t *address = keys + n * BATCH, *told = address - 3 * BATCH;
	uint8_t shard[BATCH];
	uint64_t hits = 0;

	for (unsigned i = 0; i < BATCH; i++)
		shard[i] = shard_of_ipv4(address[i]);
	expect->late = 0;
	for (unsigned i = 0; i < BATCH; i++) {
		if (first == 0)
			foreign_ask4(&ask->queries[i], &estate.view.shards[shard[i]], shape, address[i]);
		if (first <= 1 && last >= 1 && !foreign_expect(&expect->queries[i], shape))
			expect->late |= 1u << i;
		if (last >= 3)
			hits += answer(&tell->queries[i], shape, told[i]);
	}
	for (; first <= 2 && last >= 2 && again->late; again->late &= again->late - 1)
		foreign_expect_again(&again->queries[__builtin_ctz(again->late)], shape);
	return hits;
}

static uint64_t run_steps(void)
{
	const struct region_shape shape = estate.view.plane->shape;
	const unsigned end = LOOKUPS / BATCH;
	uint64_t hits = 0;

	steps(0, &shape, 0, 0);
	steps(1, &shape, 0, 1);
	steps(2, &shape, 0, 2);
	for (unsigned n = 3; n < end; n++)
		hits += steps(n, &shape, 0, 3);
	hits += steps(end, &shape, 1, 3);
	hits += steps(end + 1, &shape, 2, 3);
	return hits + steps(end + 2, &shape, 3, 3);
}

static uint64_t run_single(void)
{
	uint64_t hits = 0;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		const struct region *region = &estate.view.shards[shard_of_ipv4(keys[i])];
		uint32_t slot = foreign_find4(region, &estate.view.plane->shape, keys[i]);

		if (slot == FOREIGN_NONE)
			continue;
		count(region->downlink + slot);
		hits++;
	}
	return hits;
}

enum key_kind { KEY_NUMBER, KEY_TEID, KEY_ADDRESS };

struct variant {
	const char *name;
	uint64_t (*run)(void);
	enum key_kind kind;
};

static const struct variant own[] = {
	{ "limit", run_limit, KEY_NUMBER },
	{ "limit, reading", run_read, KEY_NUMBER },
	{ "own", run_teid, KEY_TEID },
	{ "own again", run_teid, KEY_TEID },
	{ "own, downlink", run_address, KEY_ADDRESS },
	{ "rte_hash bulk", run_hash, KEY_TEID },
	{ "rte_hash lock-free bulk", run_lockless, KEY_TEID },
	{ "rte_hash bulk, locked", run_shared, KEY_TEID },
	{ "rte_hash single, locked", run_locked, KEY_TEID },
};

static const struct variant foreign[] = {
	{ "limit", run_limit, KEY_NUMBER },         { "own", run_steps, KEY_ADDRESS },
	{ "own again", run_steps, KEY_ADDRESS },    { "own, one by one", run_single, KEY_ADDRESS },
	{ "rte_hash bulk", run_hash, KEY_ADDRESS }, { "rte_hash lock-free bulk", run_lockless, KEY_ADDRESS },
};

static uint32_t key_of(uint32_t number, enum key_kind kind)
{
	struct bearer bearer;

	if (kind == KEY_NUMBER)
		return number;
	bearer = estate_bearer(&estate, number, 1);
	return kind == KEY_TEID ? bearer.teid : bearer.ue_ipv4;
}

static void hash_add(struct rte_hash *hash, uint32_t key, struct line *line)
{
	if (!rte_hash_add_key_data(hash, &key, line))
		return;
	fprintf(stderr, "bench-lookup: rte_hash is full\n");
	exit(1);
}

// Holds the keys that the index holds, or TEIDs. Made for an eighth more than that; rte_hash rounds it up to a power of two.
static struct rte_hash *hash_make(const char *name, int socket, uint8_t flags)
{
	uint32_t keys_most = estate.sessions * (estate.foreign > 1 ? 2 : 1);
	struct rte_hash_parameters wish = { .name = name,
					    .entries = keys_most + keys_most / 8,
					    .key_len = sizeof(uint32_t),
					    .hash_func = rte_hash_crc,
					    .socket_id = socket,
					    .extra_flag = flags };
	struct rte_hash *hash = rte_hash_create(&wish);

	if (!hash) {
		fprintf(stderr, "bench-lookup: no rte_hash\n");
		exit(1);
	}
	for (uint32_t n = 0; n < estate.sessions; n++) {
		const struct region *region = &estate.view.shards[n % SHARDS];
		struct line *line = (estate.foreign ? region->downlink : region->uplink) + n / SHARDS;
		struct bearer bearer = estate_bearer(&estate, n, 1);

		hash_add(hash, estate.foreign ? bearer.ue_ipv4 : bearer.teid, line);
		if (estate.foreign > 1)
			hash_add(hash, foreign_key6(bearer.ue_ipv6), line);
	}
	return hash;
}

static void tables_make(uint32_t sessions, unsigned foreign_addresses)
{
	// bucket, key and free slot of each entry, buckets rounded up to a power of two; for each table, and some air
	int socket = pages_socket((size_t)sessions * (foreign_addresses > 1 ? 224 : 168) + (64u << 20));

	estate_make(&estate, sessions, foreign_addresses);
	estate_fill(&estate);
	flat = pages_take((size_t)sessions * sizeof(*flat));
	plain = hash_make("plain", socket, 0);
	lockless = hash_make("lockless", socket, RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF);
	shared = foreign_addresses ? NULL : hash_make("shared", socket, RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY);
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void slice(unsigned round, const struct variant *variant, uint64_t hz)
{
	static uint64_t seed = 0x9e3779b97f4a7c15ull;
	uint64_t began, spent, found;
	long before;
	bool torn;

	for (unsigned i = 0; i < 2 * LOOKUPS + STEPS * BATCH; i++)
		drawn[i] = key_of(chance_below(&seed, estate.sessions), variant->kind);
	alone_set(1);
	keys = drawn;
	variant->run(); // page translations and code are the variant's own from here
	keys = drawn + LOOKUPS;
	before = switches();
	began = clock_ticks();
	found = variant->run();
	spent = clock_ticks() - began;
	torn = switches() != before;
	alone_set(0);
	printf("%u,\"%s\",%.4f,%d,%zu,%llu\n", round, variant->name, (double)spent * 1e9 / (double)hz / LOOKUPS, torn,
	       LINE_WAYS * sizeof(struct line),
	       (unsigned long long)(SHARDS * region_stride(&estate.view.plane->shape)));
	if (found != LOOKUPS) {
		fprintf(stderr, "bench-lookup: %s found %llu of %u\n", variant->name, (unsigned long long)found,
			LOOKUPS);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	unsigned addresses = argc > 1 && !strncmp(argv[1], "foreign", 7) ? 1 + !strcmp(argv[1], "foreign-dual") : 0;
	const struct variant *variants = addresses ? foreign : own;
	unsigned count = addresses ? sizeof(foreign) / sizeof(*foreign) : sizeof(own) / sizeof(*own);
	uint32_t sessions = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
	unsigned rounds = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	uint64_t hz = clock_hz();

	if (!sessions || sessions % SHARDS || sessions > (SHARDS << SHARD_SLOT_BITS_MAX)) {
		fprintf(stderr, "usage: bench-lookup own|foreign|foreign-dual SESSIONS ROUNDS\n");
		return 2;
	}
	tables_make(sessions, addresses);
	printf("round,variant,value,switched,hot,bytes\n");
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < count; i++) {
			unsigned turn = (round / 2 + i) % count;

			slice(round, &variants[round % 2 ? count - 1 - turn : turn], hz);
		}
	fprintf(stderr, "%.2f of the memory in large pages\n", pages_huge());
	return 0;
}
