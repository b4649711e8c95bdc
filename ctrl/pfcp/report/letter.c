// letter.c - reports in hand: each in its association's pile, and of its session one behind the other. One thread.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/report/outbox_parts.h"

struct pile *pile_of(struct outbox *outbox, const char *owner)
{
	struct pile *pile;

	TAILQ_FOREACH(pile, &outbox->piles, all)
	if (!strcmp(pile->owner, owner))
		return pile;
	return NULL;
}

struct pile *pile_new(struct outbox *outbox, const char *owner)
{
	struct pile *pile = calloc(1, sizeof(*pile));

	if (!pile || strlen(owner) >= sizeof(pile->owner)) {
		free(pile);
		return NULL;
	}
	strcpy(pile->owner, owner);
	pile->may_ask = 1;
	TAILQ_INIT(&pile->ready);
	TAILQ_INSERT_TAIL(&outbox->piles, pile, all);
	return pile;
}

void pile_look(struct outbox *outbox, struct pile *pile)
{
	if (pile->in_hand || pile->behind || pile->listing || pile->held)
		return;
	TAILQ_REMOVE(&outbox->piles, pile, all);
	free(pile);
}

// ---- Letters, and the queue of each session

void letter_ready(struct letter *letter)
{
	TAILQ_INSERT_TAIL(&letter->pile->ready, letter, at);
}

int letter_enqueue(struct outbox *outbox, struct letter *letter)
{
	struct letter *first = table_get(&outbox->sessions, letter->session);
	int error = 0;

	if (first) {
		first->last->next = letter;
		first->last = letter;
	} else {
		letter->last = letter;
		error = table_put(&outbox->sessions, letter->session, letter);
		if (!error)
			letter_ready(letter);
	}
	return error;
}

// The first of its session makes room for the next.
void letter_dequeue(struct outbox *outbox, struct letter *letter)
{
	struct letter *next = letter->next;

	table_drop(&outbox->sessions, letter->session);
	letter->next = NULL;
	if (!next)
		return;
	next->last = letter->last;
	if (!table_put(&outbox->sessions, next->session, next)) // in the place that was left
		letter_ready(next);
}

void letter_end(struct outbox *outbox, struct letter *letter)
{
	letter->pile->in_hand--;
	outbox->count--;
	pile_look(outbox, letter->pile);
	free(letter);
}

void letter_told(struct outbox *outbox, struct letter *letter)
{
	TAILQ_INSERT_TAIL(&outbox->told, letter, at);
	if (outbox->close_ns == UINT64_MAX && TAILQ_EMPTY(&outbox->closing))
		outbox->close_ns = outbox->now_ns;
}
