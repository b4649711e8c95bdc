// lookup.c - finding a session's line: slot = key and the bucket index, beside the memory's own limit and rte_hash.
//
//   bench-lookup own|foreign SESSIONS ROUNDS        SESSIONS: a multiple of 256
//
// Each variant ends with the same work on the line it found: two counters. Slices of LOOKUPS look-ups after as many that are not
// measured, fresh random keys for every slice, one thread. Prints a line a slice: round,variant,value,switched; value is ns a look-up, switched says that
// the kernel took the processor away meanwhile. Ends with 1 if a look-up found nothing.
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
#include "workers/foreign_query.h"

#define LOOKUPS (1u << 14)
#define BATCH 32u
#define BYTES 100u // of a packet that was not there

static struct estate estate;
static struct line *flat; // as many lines as sessions, one after another
static struct rte_hash *plain, *lockless;
static rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
static uint32_t drawn[2 * LOOKUPS + BATCH]; // half to warm up, half to measure
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

// The steps of a look-up some look-ups apart, as far as the core has room for misses in flight.
#define ASK 31u
#define EXPECT 20u
#define EXPECT_AGAIN 10u

static struct foreign_query queries[BATCH];

static inline void steps(unsigned at)
{
	const struct region_shape *shape = &estate.view.plane->shape;
	uint32_t address = keys[at + ASK];

	foreign_ask4(&queries[(at + ASK) % BATCH], &estate.view.shards[shard_of_ipv4(address)], shape, address);
	foreign_expect(&queries[(at + EXPECT) % BATCH], shape);
	foreign_expect(&queries[(at + EXPECT_AGAIN) % BATCH], shape);
}

static uint64_t run_steps(void)
{
	uint64_t hits = 0;

	for (unsigned i = 0; i < ASK; i++)
		foreign_ask4(&queries[i], &estate.view.shards[shard_of_ipv4(keys[i])], &estate.view.plane->shape,
			     keys[i]);
	for (unsigned i = 0; i < LOOKUPS; i++) {
		const struct foreign_query *query = &queries[i % BATCH];
		uint32_t slot;

		steps(i);
		slot = foreign_answer(query, &estate.view.plane->shape);
		if (slot == FOREIGN_NONE)
			continue;
		count(query->region->downlink + slot);
		hits++;
	}
	return hits;
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

// Made for an eighth more than it will hold; rte_hash rounds that up to a power of two.
static struct rte_hash *hash_make(const char *name, int socket, uint8_t flags)
{
	struct rte_hash_parameters wish = { .name = name,
					    .entries = estate.sessions + estate.sessions / 8,
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
		uint32_t key = key_of(n, estate.foreign ? KEY_ADDRESS : KEY_TEID);
		struct line *line = (estate.foreign ? region->downlink : region->uplink) + n / SHARDS;

		if (rte_hash_add_key_data(hash, &key, line)) {
			fprintf(stderr, "bench-lookup: rte_hash is full\n");
			exit(1);
		}
	}
	return hash;
}

static void tables_make(uint32_t sessions, bool is_foreign)
{
	// bucket, key and free slot of each entry, buckets rounded up to a power of two; twice, and some air
	int socket = pages_socket((size_t)sessions * 112 + (64u << 20));

	estate_make(&estate, sessions, is_foreign);
	estate_fill(&estate);
	flat = pages_take((size_t)sessions * sizeof(*flat));
	plain = hash_make("plain", socket, 0);
	lockless = hash_make("lockless", socket, RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF);
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

	for (unsigned i = 0; i < 2 * LOOKUPS + BATCH; i++)
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
	printf("%u,\"%s\",%.4f,%d\n", round, variant->name, (double)spent * 1e9 / (double)hz / LOOKUPS, torn);
	if (found != LOOKUPS) {
		fprintf(stderr, "bench-lookup: %s found %llu of %u\n", variant->name, (unsigned long long)found,
			LOOKUPS);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	bool is_foreign = argc > 1 && !strcmp(argv[1], "foreign");
	const struct variant *variants = is_foreign ? foreign : own;
	unsigned count = is_foreign ? sizeof(foreign) / sizeof(*foreign) : sizeof(own) / sizeof(*own);
	uint32_t sessions = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
	unsigned rounds = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	uint64_t hz = clock_hz();

	if (!sessions || sessions % SHARDS || sessions > (SHARDS << SHARD_SLOT_BITS_MAX)) {
		fprintf(stderr, "usage: bench-lookup own|foreign SESSIONS ROUNDS\n");
		return 2;
	}
	tables_make(sessions, is_foreign);
	printf("round,variant,value,switched\n");
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < count; i++) {
			unsigned turn = (round / 2 + i) % count;

			slice(round, &variants[round % 2 ? count - 1 - turn : turn], hz);
		}
	fprintf(stderr, "%.2f of the memory in large pages\n", pages_huge());
	return 0;
}
