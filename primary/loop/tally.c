// tally.c - shows the loop's counters to another thread without making it wait.
#include "primary/loop/tally.h"

#include <sched.h>
#include <string.h>

_Static_assert(sizeof(struct tally) % sizeof(uint64_t) == 0, "counted in words");

void tally_show(struct tally_board *board, const struct tally *tally)
{
	uint64_t word[TALLY_WORDS];
	uint32_t turn = atomic_load_explicit(&board->turn, memory_order_relaxed);

	memcpy(word, tally, sizeof(word));
	atomic_store_explicit(&board->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release); // odd before the first word; pairs with the acquire fence below
	for (unsigned i = 0; i < TALLY_WORDS; i++)
		atomic_store_explicit(&board->word[i], word[i], memory_order_relaxed);
	atomic_store_explicit(&board->turn, turn + 2, memory_order_release); // pairs with the first load below
}

void tally_read(struct tally_board *board, struct tally *tally)
{
	uint64_t word[TALLY_WORDS];
	uint32_t before, after;

	do {
		before = atomic_load_explicit(&board->turn, memory_order_acquire);
		for (unsigned i = 0; i < TALLY_WORDS; i++)
			word[i] = atomic_load_explicit(&board->word[i], memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire); // pairs with the release fence above
		after = atomic_load_explicit(&board->turn, memory_order_relaxed);
		if (before != after)
			sched_yield();
	} while (before != after || before & 1);
	memcpy(tally, word, sizeof(word));
}

int64_t tally_gap(const struct tally *tally)
{
	uint64_t ends = tally->lent + tally->held + tally->waiting;

	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		ends += tally->verdict[v];
	return (int64_t)(tally->rx - ends);
}
