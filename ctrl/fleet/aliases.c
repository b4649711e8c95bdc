// aliases.c - reserves TEIDs for sessions, and keeps the words until the primary has them.
#include "ctrl/fleet/aliases.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/log.h"

#define WORDS_FIRST 256u
#define WORDS_ORDER 256u // fleet.proto: in one order

int aliases_open(struct aliases *aliases, const struct sessions *sessions)
{
	*aliases = (struct aliases){ .sessions = sessions };
	return table_open(&aliases->by_teid);
}

void aliases_close(struct aliases *aliases)
{
	table_close(&aliases->by_teid);
	free(aliases->words);
}

// Whether it is a TEID of a session that lives.
static bool is_ours(const struct aliases *aliases, uint32_t teid)
{
	const struct grid *grid = aliases->sessions->place->grid;
	uint32_t slot = shard_slot_of_teid(teid, grid->slot_bits);
	const struct session *session;

	if (slot >= grid->slots)
		return false;
	session = grid->cells[cell_at(grid, shard_of_teid(teid), slot)].session;
	return session && sheet_tunnel(session->bearer.teid, teid, grid->slot_bits) < SHEET_TUNNELS;
}

static void give(struct aliases *aliases, const struct session *session, const uint32_t *alias, unsigned count)
{
	for (unsigned i = 0; alias && i < count; i++)
		if (alias[i] && table_get(&aliases->by_teid, alias[i]) == session)
			table_drop(&aliases->by_teid, alias[i]);
}

static int take(struct aliases *aliases, struct session *session, const uint32_t alias[SHEET_TUNNELS], uint32_t *taken)
{
	int error = 0;
	unsigned i;

	for (i = 0; !error && i < SHEET_TUNNELS; i++) {
		*taken = alias[i];
		if (!alias[i] || table_get(&aliases->by_teid, alias[i]) == session)
			continue;
		if (table_get(&aliases->by_teid, alias[i]) || is_ours(aliases, alias[i]))
			error = -EEXIST;
		else if (aliases->by_teid.count >= aliases->sessions->place->grid->slots * SHARDS)
			error = -ENOSPC;
		else
			error = table_put(&aliases->by_teid, alias[i], session);
	}
	if (error)
		give(aliases, session, alias, i - 1);
	return error;
}

static bool has_any(const uint32_t *alias)
{
	for (unsigned i = 0; alias && i < SHEET_TUNNELS; i++)
		if (alias[i])
			return true;
	return false;
}

int aliases_take(struct aliases *aliases, struct session *session, const uint32_t *alias, uint32_t **had,
		 uint32_t *taken)
{
	uint32_t unused, *has = NULL;
	int error = 0;

	if (has_any(alias)) {
		has = malloc(SHEET_TUNNELS * sizeof(*has));
		if (!has)
			return -ENOMEM;
		memcpy(has, alias, SHEET_TUNNELS * sizeof(*has));
	}
	give(aliases, session, session->alias, SHEET_TUNNELS);
	if (has)
		error = take(aliases, session, has, taken);
	if (error) {
		if (session->alias)
			take(aliases, session, session->alias, &unused); // they were there a moment ago
		free(has);
		return error;
	}
	*had = session->alias;
	session->alias = has;
	return 0;
}

void aliases_undo(struct aliases *aliases, struct session *session, uint32_t *had)
{
	uint32_t unused;

	give(aliases, session, session->alias, SHEET_TUNNELS);
	free(session->alias);
	session->alias = had;
	if (had)
		take(aliases, session, had, &unused);
}

bool aliases_clash(const struct aliases *aliases, uint32_t teid)
{
	unsigned slot_bits = aliases->sessions->place->grid->slot_bits;

	for (unsigned i = 0; aliases->by_teid.count && i < SHEET_TUNNELS; i++)
		if (table_get(&aliases->by_teid, sheet_tunnel_teid(teid, i, slot_bits)))
			return true;
	return false;
}

// Makes room behind the last word: by what is told already, or else by more memory.
static bool words_grow(struct aliases *aliases)
{
	uint32_t room = aliases->room ? aliases->room * 2 : WORDS_FIRST;
	struct alias_word *words = aliases->words;

	if (aliases->first > aliases->room / 2) {
		memmove(words, words + aliases->first, aliases->count * sizeof(*words));
		aliases->first = 0;
		return true;
	}
	words = realloc(words, room * sizeof(*words));
	if (!words)
		return false;
	aliases->words = words;
	aliases->room = room;
	return true;
}

static void word_add(struct aliases *aliases, uint32_t teid, uint32_t own)
{
	aliases->said++;
	if (aliases->first + aliases->count == aliases->room && !words_grow(aliases)) {
		aliases->lost = true;
		return;
	}
	aliases->words[aliases->first + aliases->count++] = (struct alias_word){ teid, own };
}

static bool among(uint32_t teid, const uint32_t *alias)
{
	for (unsigned i = 0; alias && i < SHEET_TUNNELS; i++)
		if (alias[i] == teid)
			return true;
	return false;
}

void aliases_say(struct aliases *aliases, uint32_t teid, const uint32_t *had, const uint32_t *has)
{
	unsigned slot_bits = aliases->sessions->place->grid->slot_bits;

	for (unsigned i = 0; had && i < SHEET_TUNNELS; i++)
		if (had[i] && !among(had[i], has))
			word_add(aliases, had[i], 0);
	for (unsigned i = 0; has && i < SHEET_TUNNELS; i++)
		if (has[i] && (!had || had[i] != has[i]))
			word_add(aliases, has[i], sheet_tunnel_teid(teid, i, slot_bits));
}

void aliases_again(struct aliases *aliases)
{
	const struct table *table = &aliases->by_teid;

	aliases->anew++;
	aliases->first = aliases->count = aliases->sent = 0;
	aliases->lost = false;
	for (uint32_t i = 0; i <= table->mask; i++) {
		const struct session *session = table->slots[i].value;

		for (unsigned k = 0; session && session->alias && k < SHEET_TUNNELS; k++)
			if (session->alias[k] == table->slots[i].key)
				word_add(aliases, session->alias[k],
					 sheet_tunnel_teid(session->bearer.teid, k,
							   aliases->sessions->place->grid->slot_bits));
	}
	if (!aliases->count && !aliases->lost)
		aliases->told = aliases->said; // there is nothing to know, and what was to be forgotten it never knew
}

static void told(void *with, const Shoal__Fleet__Answer *answer)
{
	struct aliases *aliases = with;
	uint32_t sent = aliases->sent;

	aliases->asked = false;
	aliases->sent = 0;
	if (!answer)
		return; // again
	if (answer->error)
		log_error("aliases.refused", "the primary refuses TEIDs that were chosen elsewhere: %s",
			  answer->message);
	aliases->count -= sent;
	aliases->first = aliases->count ? aliases->first + sent : 0;
	if (!aliases->lost) // what was is said again
		aliases->told = aliases->said - aliases->count;
}

void aliases_tell(struct aliases *aliases, struct fleet *fleet)
{
	Shoal__Fleet__Alias alias[WORDS_ORDER], *list[WORDS_ORDER];
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__Aliases body = SHOAL__FLEET__ALIASES__INIT;

	if (aliases->asked || !fleet_state(fleet))
		return;
	if (aliases->lost)
		aliases_again(aliases);
	while (body.n_aliases < WORDS_ORDER && body.n_aliases < aliases->count) {
		size_t i = body.n_aliases++;

		shoal__fleet__alias__init(&alias[i]);
		alias[i].teid = aliases->words[aliases->first + i].teid;
		alias[i].own = aliases->words[aliases->first + i].own;
		list[i] = &alias[i];
	}
	if (!body.n_aliases)
		return;
	body.aliases = list;
	order.body_case = SHOAL__FLEET__ORDER__BODY_ALIASES;
	order.aliases = &body;
	if (fleet_order(fleet, &order, told, aliases))
		return;
	aliases->asked = true;
	aliases->sent = (uint32_t)body.n_aliases;
}
