// ledger_entry.c - a growing list, and what of a cell is durable meanwhile.
#include "ctrl/truth/ledger_entry.h"
#include <stdlib.h>

#define ENTRIES_FIRST 1024u

struct ledger_entry *ledger_entry_add(struct ledger *ledger, enum ledger_verb verb, struct session *session)
{
	uint8_t shard = cell_shard(ledger->place->grid, session->cell);
	struct ledger_entry *entry;

	if (ledger->count == ledger->room) {
		size_t room = ledger->room ? ledger->room * 2 : ENTRIES_FIRST;
		struct ledger_entry *entries = realloc(ledger->entries, room * sizeof(*entries));

		if (!entries)
			return NULL;
		ledger->entries = entries;
		ledger->room = room;
	}
	entry = &ledger->entries[ledger->count++];
	*entry = (struct ledger_entry){ .verb = verb, .session = session, .number = ++ledger->number[shard] };
	entry->anew = ledger->aliases->anew + ledger->framed->anew;
	return entry;
}

struct ledger_entry *ledger_entry_of(struct ledger *ledger, enum ledger_verb verb, struct session *session)
{
	struct cell *cell = &ledger->place->grid->cells[session->cell];
	struct cell_was *was = malloc(sizeof(*was));
	struct ledger_entry *entry = was ? ledger_entry_add(ledger, verb, session) : NULL;

	if (!entry) {
		free(was);
		return NULL;
	}
	*was = (struct cell_was){ session, session->bearer, session->sheet };
	entry->was = was;
	if (!cell->was)
		cell->was = was;
	return entry;
}

struct session *ledger_leaving(const struct ledger *ledger, uint64_t id, uint64_t identity)
{
	for (size_t i = 0; i < ledger->count; i++) {
		struct session *session = ledger->entries[i].session;

		if (ledger->entries[i].verb == LEDGER_DELETE &&
		    (id ? session->id == id : !session->owner && session->identity == identity))
			return session;
	}
	return NULL;
}

bool ledger_coming(const struct ledger *ledger, uint64_t owner)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->entries[i].verb == LEDGER_CREATE && ledger->entries[i].session->owner == owner)
			return true;
	return false;
}

void ledger_entry_forget(struct ledger *ledger, const struct ledger_entry *entry)
{
	struct cell *cell = &ledger->place->grid->cells[entry->session->cell];

	if (cell->was == entry->was)
		cell->was = NULL;
	free(entry->was);
}
