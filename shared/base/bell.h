// bell.h - doorbells: an eventfd and a `sleeping` word in shared memory, so that a side that polls may block.
//
//   sleeper: bell_doze(word) -> look at its rings once more -> wait for the bell -> bell_hush -> bell_rise(word)
//   poster:  publish -> bell_ring_if(word, fd): full fence, then a system call only if the sleeper dozes
//
// The fences make the two orders impossible to miss: either the poster sees the word, or the sleeper sees the post. So a sleeper may
// also go on dozing: doze, then look, wait and hush as often as it likes. A post whose fence came before the doze's is seen by every
// look; one whose fence came after it rings, either before a hush, and is seen by the look behind that, or after it, and ends the wait.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

int bell_make(void); // eventfd, close-on-exec, non-blocking; or -errno

void bell_ring(int fd);

// For who posts burst upon burst: a fence behind each would wait for the very lines that were just written, and which the other side had.
// So it only looks whether the word can be seen, and rings then; where not, it owes a bell_ring_if as soon as it has nothing more to
// post. Until then each further post looks again.
static inline bool bell_dozes(const _Atomic uint32_t *sleeping)
{
	return atomic_load_explicit(sleeping, memory_order_relaxed);
}

static inline void bell_ring_if(_Atomic uint32_t *sleeping, int fd)
{
	atomic_thread_fence(memory_order_seq_cst); // pairs with the fence in bell_doze
	if (bell_dozes(sleeping))
		bell_ring(fd);
}

static inline void bell_doze(_Atomic uint32_t *sleeping)
{
	atomic_store_explicit(sleeping, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst); // pairs with the fence in bell_ring_if
}

static inline void bell_rise(_Atomic uint32_t *sleeping)
{
	atomic_store_explicit(sleeping, 0, memory_order_relaxed);
}

// Empties an eventfd that poll() reported readable.
void bell_hush(int fd);
