// ask.c - see ask.h. One thread; questions belong to the asks.
#include "ctrl/pfcp/peer/ask.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"

#define KEY_OF(sequence) ((sequence) | 1ull << 32) // 0 is no key

struct ask {
	struct remote to;
	uint32_t sequence;
	uint8_t type;
	unsigned sent;
	uint64_t due_ns;
	ask_done *done;
	void *about;
	TAILQ_ENTRY(ask) all;
	size_t length;
	uint8_t bytes[];
};

int asks_open(struct asks *asks, uint64_t t1_ns, unsigned n1)
{
	// Where it begins is nobody's to guess: who can't see our requests can't answer them.
	*asks = (struct asks){ .t1_ns = t1_ns, .n1 = n1, .sequence = (uint32_t)hash_seed() & PFCP_SEQUENCE_MAX };
	TAILQ_INIT(&asks->all);
	return table_open(&asks->by_sequence);
}

static void ask_end(struct asks *asks, struct ask *ask)
{
	TAILQ_REMOVE(&asks->all, ask, all);
	table_drop(&asks->by_sequence, KEY_OF(ask->sequence));
	asks->count--;
	free(ask);
}

void asks_close(struct asks *asks)
{
	while (!TAILQ_EMPTY(&asks->all))
		ask_end(asks, TAILQ_FIRST(&asks->all));
	table_close(&asks->by_sequence);
}

uint32_t asks_sequence(const struct asks *asks)
{
	return (asks->sequence + 1) & PFCP_SEQUENCE_MAX;
}

int asks_send(struct asks *asks, const struct question *question, uint64_t now_ns)
{
	struct ask *ask = NULL;

	if (asks->count >= ASKS_MAX || table_get(&asks->by_sequence, KEY_OF(asks_sequence(asks))))
		return -ENOBUFS;
	ask = malloc(sizeof(*ask) + question->length);
	if (!ask)
		return -ENOMEM;
	*ask = (struct ask){ .to = question->to,
			     .sequence = asks_sequence(asks),
			     .type = question->type,
			     .sent = 1,
			     .due_ns = now_ns + asks->t1_ns,
			     .done = question->done,
			     .about = question->about,
			     .length = question->length };
	memcpy(ask->bytes, question->bytes, question->length);
	if (table_put(&asks->by_sequence, KEY_OF(ask->sequence), ask)) {
		free(ask);
		return -ENOMEM;
	}
	asks->sequence = ask->sequence;
	asks->count++;
	TAILQ_INSERT_TAIL(&asks->all, ask, all);
	asks->send(asks->arg, &ask->to, ask->bytes, ask->length);
	return 0;
}

bool asks_answer(struct asks *asks, const struct remote *from, const struct pfcp_header *answer)
{
	struct ask *ask = table_get(&asks->by_sequence, KEY_OF(answer->sequence));
	ask_done *done;
	void *about;

	if (!ask || answer->type != ask->type + 1 || !remote_same(&ask->to, from))
		return false;
	done = ask->done;
	about = ask->about;
	ask_end(asks, ask);
	done(asks->arg, about, answer);
	return true;
}

void asks_forget(struct asks *asks, const void *about)
{
	struct ask *ask, *next;

	for (ask = TAILQ_FIRST(&asks->all); ask; ask = next) {
		next = TAILQ_NEXT(ask, all);
		if (ask->about == about)
			ask_end(asks, ask);
	}
}

static void ask_again(struct asks *asks, struct ask *ask, uint64_t now_ns)
{
	ask_done *done = ask->done;
	void *about = ask->about;

	if (ask->sent >= asks->n1) {
		ask_end(asks, ask);
		done(asks->arg, about, NULL);
		return;
	}
	ask->sent++;
	asks->repeats++;
	ask->due_ns = now_ns + asks->t1_ns;
	TAILQ_REMOVE(&asks->all, ask, all);
	TAILQ_INSERT_TAIL(&asks->all, ask, all);
	asks->send(asks->arg, &ask->to, ask->bytes, ask->length);
}

void asks_tick(struct asks *asks, uint64_t now_ns)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(&asks->all)) && ask->due_ns <= now_ns)
		ask_again(asks, ask, now_ns);
}

uint64_t asks_due(const struct asks *asks)
{
	const struct ask *ask = TAILQ_FIRST(&asks->all);

	return ask ? ask->due_ns : UINT64_MAX;
}
