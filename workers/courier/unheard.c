// unheard.c - a queue of (number of a message, how far it had read the rings). State: struct unheard, the courier's.
#include "workers/courier/unheard.h"
#include <string.h>

void unheard_begin(struct unheard *unheard, const uint32_t *tail)
{
	*unheard = (struct unheard){ 0 };
	memcpy(unheard->given, tail, sizeof(unheard->given));
}

void unheard_resume(struct unheard *unheard, unsigned seat, uint32_t tail)
{
	unheard->given[seat] = tail;
	for (uint32_t i = 0; i < UNHEARD_MAX; i++)
		unheard->kept[i].tail[seat] = tail;
}

bool unheard_has_room(const struct unheard *unheard)
{
	return unheard->count < UNHEARD_MAX;
}

// Where what is said now goes free with what was said before, one entry serves both.
void unheard_say(struct unheard *unheard, const uint32_t *tail, bool keep)
{
	uint32_t *to = unheard->given;

	unheard->said++;
	if (keep)
		unheard->kept[(unheard->first + unheard->count++) % UNHEARD_MAX].number = unheard->said;
	if (unheard->count)
		to = unheard->kept[(unheard->first + unheard->count - 1) % UNHEARD_MAX].tail;
	memcpy(to, tail, sizeof(unheard->given));
}

void unheard_count(struct unheard *unheard)
{
	unheard->said++;
}

void unheard_hear(struct unheard *unheard, uint64_t number)
{
	if (number > unheard->said || number < unheard->heard)
		return;
	unheard->heard = number;
	while (unheard->count && unheard->kept[unheard->first].number <= number) {
		memcpy(unheard->given, unheard->kept[unheard->first].tail, sizeof(unheard->given));
		unheard->first = (unheard->first + 1) % UNHEARD_MAX;
		unheard->count--;
	}
}
