// spares.h - memory of one size that is given back and taken again, the last one first: what comes and goes with every request and is
// large would cost more in malloc, which joins and splits it, than in its use. What will be taken next is called from memory: the last use
// of it may be long ago. One thread.
#pragma once
#include <stdlib.h>

struct spares {
	size_t bytes;         // of each, a pointer's at least
	unsigned most, count; // kept; more are freed
	void *first;
};

// Null: no memory. What is in it is unset.
static inline void *spares_take(struct spares *spares)
{
	void *spare = spares->first;

	if (!spare)
		return malloc(spares->bytes);
	spares->first = *(void **)spare;
	__builtin_prefetch(spares->first);
	spares->count--;
	return spare;
}

// Null: nothing is given.
static inline void spares_give(struct spares *spares, void *spare)
{
	if (!spare || spares->count == spares->most) {
		free(spare);
		return;
	}
	spares->count++;
	*(void **)spare = spares->first;
	spares->first = spare;
}

static inline void spares_close(struct spares *spares)
{
	while (spares->count)
		free(spares_take(spares));
}
