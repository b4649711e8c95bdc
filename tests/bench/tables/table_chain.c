// table_chain.c - chained hash: under a pthread mutex (T0), under rte_spinlock (T1), under rte_ticketlock, which serves in turn, and
// without lock or writer (T5).
//
// Shared by all readers and the writer. A node is one line and lies in large pages; nothing is allocated while it is measured.
#include <pthread.h>
#include <rte_hash_crc.h>
#include <rte_spinlock.h>
#include <rte_ticketlock.h>
#include <string.h>
#include "tests/bench/tables/estate.h"
#include "tests/bench/tables/pages.h"
#include "tests/bench/tables/table.h"

#define LOCKS 61u

struct node {
	struct node *next;
	uint32_t key, reserved;
	uint64_t words[TABLE_WORDS];
};
_Static_assert(sizeof(struct node) == 64, "one line");

struct chain {
	struct node **heads, *nodes; // nodes: by session number
	uint32_t mask;
	unsigned used; // of the locks
	struct lock {
		_Alignas(64) pthread_mutex_t mutex;
		_Alignas(64) rte_spinlock_t spinlock;
		_Alignas(64) rte_ticketlock_t ticketlock;
	} locks[LOCKS];
};

static struct lock *lock_of(struct chain *chain)
{
	return &chain->locks[chain->used];
}

// Who is next to the lock's line gets it more often, so it lies elsewhere in each slice.
static void move(void *at)
{
	struct chain *chain = at;

	chain->used = (chain->used + 1) % LOCKS;
}

static struct node **head_of(const struct chain *chain, uint32_t key)
{
	return &chain->heads[rte_hash_crc_4byte(key, 0) & chain->mask];
}

static void fill(struct node *node, uint32_t version)
{
	for (unsigned i = 0; i < TABLE_WORDS; i++)
		node->words[i] = table_word(node->key, version);
}

static void link_in(struct chain *chain, struct node *node)
{
	struct node **head = head_of(chain, node->key);

	node->next = *head;
	*head = node;
}

static void unlink_from(struct chain *chain, struct node *node)
{
	struct node **at = head_of(chain, node->key);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
}

static void *make(const struct table_site *site)
{
	struct chain *chain = pages_take(sizeof(*chain));
	uint32_t heads = 1;

	while (heads < site->sessions)
		heads *= 2;
	chain->mask = heads - 1;
	chain->heads = pages_take(heads * sizeof(*chain->heads));
	chain->nodes = pages_take(site->sessions * sizeof(*chain->nodes));
	for (unsigned i = 0; i < LOCKS; i++) {
		pthread_mutex_init(&chain->locks[i].mutex, NULL);
		rte_spinlock_init(&chain->locks[i].spinlock);
		rte_ticketlock_init(&chain->locks[i].ticketlock);
	}
	for (uint32_t n = 0; n < site->sessions; n++) {
		chain->nodes[n].key = estate_pool_address(n);
		fill(&chain->nodes[n], 1);
		link_in(chain, &chain->nodes[n]);
	}
	return chain;
}

static bool find(const struct chain *chain, uint32_t key, uint64_t words[TABLE_WORDS])
{
	for (const struct node *node = *head_of(chain, key); node; node = node->next) {
		if (node->key != key)
			continue;
		memcpy(words, node->words, sizeof(node->words));
		return true;
	}
	return false;
}

static void apply(struct chain *chain, const struct table_change *change)
{
	struct node *node = &chain->nodes[change->number];

	if (change->verb == TABLE_DELETE) {
		unlink_from(chain, node);
		return;
	}
	if (change->verb == TABLE_INSERT) {
		fill(node, change->version);
		link_in(chain, node);
		return;
	}
	node = *head_of(chain, change->key);
	while (node->key != change->key)
		node = node->next;
	fill(node, change->version);
}

static void look(bool found, const uint64_t words[TABLE_WORDS], uint32_t key, struct table_tally *tally)
{
	if (found)
		table_check(words, key, tally);
	else
		tally->missed++;
}

// The kind is a constant wherever it is said, so each table is its own code.
enum kind { MUTEX, SPINLOCK, TICKET };

static __rte_always_inline void take(struct lock *lock, enum kind kind)
{
	if (kind == MUTEX)
		pthread_mutex_lock(&lock->mutex);
	else if (kind == SPINLOCK)
		rte_spinlock_lock(&lock->spinlock);
	else
		rte_ticketlock_lock(&lock->ticketlock);
}

static __rte_always_inline void leave(struct lock *lock, enum kind kind)
{
	if (kind == MUTEX)
		pthread_mutex_unlock(&lock->mutex);
	else if (kind == SPINLOCK)
		rte_spinlock_unlock(&lock->spinlock);
	else
		rte_ticketlock_unlock(&lock->ticketlock);
}

static __rte_always_inline void read_under(enum kind kind, struct chain *chain, const uint32_t *keys,
					   struct table_tally *tally)
{
	struct lock *lock = lock_of(chain);
	uint64_t words[TABLE_WORDS];

	for (unsigned i = 0; i < TABLE_BATCH; i++) {
		bool found;

		take(lock, kind);
		found = find(chain, keys[i], words);
		leave(lock, kind);
		look(found, words, keys[i], tally);
	}
}

static __rte_always_inline bool change_under(enum kind kind, struct chain *chain, const struct table_change *change)
{
	struct lock *lock = lock_of(chain);

	take(lock, kind);
	apply(chain, change);
	leave(lock, kind);
	return true;
}

static void mutex_read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	read_under(MUTEX, at, keys, tally);
}

static bool mutex_change(void *at, const struct table_change *change)
{
	return change_under(MUTEX, at, change);
}

static void spinlock_read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next,
			  struct table_tally *tally)
{
	read_under(SPINLOCK, at, keys, tally);
}

static bool spinlock_change(void *at, const struct table_change *change)
{
	return change_under(SPINLOCK, at, change);
}

static void ticket_read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next,
			struct table_tally *tally)
{
	read_under(TICKET, at, keys, tally);
}

static bool ticket_change(void *at, const struct table_change *change)
{
	return change_under(TICKET, at, change);
}

static void free_read(void *at, unsigned reader, const uint32_t *keys, const uint32_t *next, struct table_tally *tally)
{
	uint64_t words[TABLE_WORDS];

	for (unsigned i = 0; i < TABLE_BATCH; i++)
		look(find(at, keys[i], words), words, keys[i], tally);
}

const struct table table_mutex = {
	.name = "mutex", .make = make, .move = move, .read = mutex_read, .change = mutex_change
};
const struct table table_spinlock = {
	.name = "spinlock", .make = make, .move = move, .read = spinlock_read, .change = spinlock_change
};
const struct table table_ticket = {
	.name = "ticket", .make = make, .move = move, .read = ticket_read, .change = ticket_change
};
const struct table table_free = { .name = "free", .make = make, .read = free_read, .readonly = true };
