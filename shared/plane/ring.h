// ring.h - index arithmetic of our SP/SC rings: constant size, private own index, peer's index believed only in range.
//
// Two words in shared memory, each on a line of its own: `head` written by the producer, `tail` by the consumer,
// both free-running. Each side keeps its own index in private memory and merely publishes it, so a neighbour that
// scribbles over shared memory can stop a ring, but never make the other side read or write outside it.
//
//   producer:  ring_space() -> write elements -> ring_publish(head)     release pairs with the acquire in ring_ready()
//   consumer:  ring_ready() -> read elements  -> ring_publish(tail)     release pairs with the acquire in ring_space()
//
// A consumer that publishes late has peeked: until then its elements can't be overwritten, and whoever takes over
// after its death finds them there (two-phase).
#pragma once
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

struct ring_index {
	_Alignas(64) _Atomic uint32_t value;
};
_Static_assert(sizeof(struct ring_index) == 64, "an index has a line of its own");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "lock-free between processes");

// Elements the producer at private index `head` may write. -EBADMSG: the consumer's index is impossible.
static inline int ring_space(uint32_t head, const struct ring_index *tail, uint32_t slots)
{
	uint32_t used =
	    head - atomic_load_explicit(&tail->value, memory_order_acquire); // pairs with ring_publish(tail)

	return used <= slots ? (int)(slots - used) : -EBADMSG;
}

// Elements the consumer at private index `tail` may read. -EBADMSG: the producer's index is impossible.
static inline int ring_ready(uint32_t tail, const struct ring_index *head, uint32_t slots)
{
	uint32_t ready =
	    atomic_load_explicit(&head->value, memory_order_acquire) - tail; // pairs with ring_publish(head)

	return ready <= slots ? (int)ready : -EBADMSG;
}

static inline void ring_publish(struct ring_index *index, uint32_t value)
{
	atomic_store_explicit(&index->value, value, memory_order_release);
}

// What a side starts from when it takes over an existing ring (a new courier, a new fork): the published index.
static inline uint32_t ring_resume(const struct ring_index *own)
{
	return atomic_load_explicit(&own->value, memory_order_acquire);
}
