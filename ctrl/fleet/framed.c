// framed.c - reserves networks for sessions, and keeps the words until the primary has them.
#include "ctrl/fleet/framed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define WORDS_ORDER 256u // fleet.proto: in one order
#define ROOM_FIRST 256u
#define REST_NS 100000000ull

void framed_open(struct framed *framed, const struct conf *conf, const struct sessions *sessions)
{
	*framed = (struct framed){ .conf = conf, .sessions = sessions };
}

void framed_close(struct framed *framed)
{
	free(framed->entries);
	free(framed->words);
}

// ---- Whose

static struct framed_entry entry_of(const struct framed *framed, const struct prefix *prefix,
				    const struct session *session)
{
	return (struct framed_entry){ *prefix, session, framed->sessions->place->domain[session_dnn(session)] };
}

static bool before(const struct framed_entry *a, const struct framed_entry *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain;
	return a->prefix.high != b->prefix.high ? a->prefix.high < b->prefix.high : a->prefix.low < b->prefix.low;
}

static bool overlaps(const struct framed_entry *a, const struct framed_entry *b)
{
	return a->domain == b->domain && prefix_overlaps(&a->prefix, &b->prefix);
}

static bool same(const struct prefix *a, const struct prefix *b)
{
	return a->high == b->high && a->low == b->low && a->length == b->length;
}

// The first entry that does not begin before this one.
static uint32_t place_of(const struct framed *framed, const struct framed_entry *entry)
{
	uint32_t low = 0, high = framed->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (before(&framed->entries[middle], entry))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// Of anybody but its session: what holds its prefix begins before that or with it, what that holds lies behind its beginning.
static const struct session *other_of(const struct framed *framed, const struct framed_entry *wish)
{
	uint32_t i = place_of(framed, wish);

	for (i -= i > 0; i < framed->count; i++) {
		const struct framed_entry *entry = &framed->entries[i];

		if (overlaps(entry, wish)) {
			if (entry->session != wish->session)
				return entry->session;
		} else if (before(wish, entry)) {
			break;
		}
	}
	return NULL;
}

const struct session *framed_whose(const struct framed *framed, unsigned dnn, const struct prefix *prefix)
{
	return other_of(framed, &(struct framed_entry){ *prefix, NULL, framed->sessions->place->domain[dnn] });
}

// network: the domain's name.
static bool in_pools(const struct conf *conf, const char *network, const struct prefix *prefix)
{
	for (unsigned i = 0; i < conf->pools; i++) {
		const struct conf_pool *pool = &conf->pool[i];
		struct prefix ipv4 = prefix_ipv4(pool->ipv4, pool->ipv4_len);
		struct prefix ipv6 = { .high = pool->ipv6, .length = pool->ipv6_len };

		if (strcmp(pool->network, network))
			continue;
		if ((pool->ipv4_len && prefix_overlaps(&ipv4, prefix)) ||
		    (pool->ipv6_len && prefix_overlaps(&ipv6, prefix)))
			return true;
	}
	return false;
}

static bool on_port(const struct conf_port *port, const struct prefix *prefix)
{
	for (unsigned i = 0; i < port->addresses; i++) {
		const struct conf_address *own = &port->address[i];
		struct prefix on = own->family == 4 ? prefix_ipv4(be32_get(own->bytes), own->prefix_len)
						    : (struct prefix){ .high = be64_get(own->bytes),
								       .low = be64_get(own->bytes + 8),
								       .length = own->prefix_len };

		if (prefix_overlaps(&on, prefix))
			return true;
	}
	return false;
}

// The networks that ports are in, those towards the radio side among them: next hops live there, and we do.
static bool on_ports(const struct conf *conf, const char *network, const struct prefix *prefix)
{
	for (unsigned i = 0; i < conf->ports; i++) {
		const struct conf_port *port = &conf->port[i];

		if ((!*port->network || !strcmp(port->network, network)) && on_port(port, prefix))
			return true;
	}
	return false;
}

static bool within(const struct framed *framed, const struct session *session, const struct framed_entry *wish)
{
	const struct bearer *bearer = &session->bearer;
	struct prefix ue = prefix_is_ipv4(&wish->prefix) ? prefix_ipv4(bearer->ue_ipv4, 32)
							 : (struct prefix){ .high = bearer->ue_ipv6, .length = 64 };
	struct framed_entry its = entry_of(framed, &ue, session);

	return overlaps(&its, wish);
}

// Whether somebody else's address that is apart is in it, which may be from outside the pools: each address of it is looked for, or each
// session looked at, whatever is less.
static bool on_sessions(const struct framed *framed, const struct framed_entry *wish)
{
	const struct prefix *prefix = &wish->prefix;
	bool ipv4 = prefix_is_ipv4(prefix);
	const struct table *table = ipv4 ? &framed->sessions->by_ipv4 : &framed->sessions->by_ipv6[wish->domain];
	unsigned bits = ipv4 ? 128 - prefix->length : prefix->length < 64 ? 64 - prefix->length : 0;
	uint64_t first = ipv4 ? (uint64_t)wish->domain << 32 | (uint32_t)prefix->low : prefix->high;

	if (!table->count)
		return false;
	if (bits < 32 && 1u << bits <= table->mask) {
		for (uint64_t i = 0; i < 1u << bits; i++) {
			const struct session *whose = table_get(table, first + i);

			if (whose && whose != wish->session)
				return true;
		}
		return false;
	}
	for (uint32_t i = 0; i <= table->mask; i++) {
		const struct session *whose = table->slots[i].value;

		if (whose && whose != wish->session && within(framed, whose, wish))
			return true;
	}
	return false;
}

static bool is_free(const struct framed *framed, const struct framed_entry *wish)
{
	const char *network = framed->conf->pool[wish->domain].network;

	return !in_pools(framed->conf, network, &wish->prefix) && !on_ports(framed->conf, network, &wish->prefix) &&
	       !other_of(framed, wish) && !on_sessions(framed, wish);
}

static void entry_add(struct framed *framed, const struct framed_entry *entry)
{
	uint32_t i = place_of(framed, entry);

	memmove(framed->entries + i + 1, framed->entries + i, (framed->count - i) * sizeof(*framed->entries));
	framed->entries[i] = *entry;
	framed->count++;
}

static void entry_drop(struct framed *framed, const struct framed_entry *entry)
{
	uint32_t i = place_of(framed, entry);

	framed->count--;
	memmove(framed->entries + i, framed->entries + i + 1, (framed->count - i) * sizeof(*framed->entries));
}

static void list_enter(struct framed *framed, const struct session *session, const struct framed_list *list)
{
	for (unsigned i = 0; list && i < list->count; i++) {
		struct framed_entry entry = entry_of(framed, &list->prefix[i], session);

		entry_add(framed, &entry);
	}
}

static void list_leave(struct framed *framed, const struct session *session, const struct framed_list *list)
{
	for (unsigned i = 0; list && i < list->count; i++) {
		struct framed_entry entry = entry_of(framed, &list->prefix[i], session);

		entry_drop(framed, &entry);
	}
}

// Those that lie within no other, each once. Null: none, or no memory.
static struct framed_list *list_make(const struct prefix *prefix, unsigned count)
{
	struct framed_list *list = count ? calloc(1, sizeof(*list)) : NULL;

	for (unsigned i = 0; list && i < count; i++) {
		bool inside = false;

		for (unsigned k = 0; k < count; k++)
			inside |=
			    k != i && prefix_within(&prefix[k], &prefix[i]) && (k < i || !same(&prefix[k], &prefix[i]));
		if (!inside)
			list->prefix[list->count++] = prefix[i];
	}
	return list;
}

// A session's go in and out without a question once there is room for all that it may have, before and after.
static int room_make(struct framed *framed)
{
	uint32_t room = framed->room ? framed->room * 2 : ROOM_FIRST;
	struct framed_entry *entries;

	if (framed->count + SHEET_ROUTES <= framed->room)
		return 0;
	entries = realloc(framed->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	framed->entries = entries;
	framed->room = room;
	return 0;
}

int framed_take(struct framed *framed, struct session *session, struct framed_wish *wish, struct framed_list **had)
{
	struct framed_list *list;
	unsigned count = wish->count;

	for (wish->at = 0; wish->at < count; wish->at++) {
		struct framed_entry entry = entry_of(framed, &wish->prefix[wish->at], session);

		if (!is_free(framed, &entry))
			return -EEXIST;
	}
	if (count && framed->deaf)
		return -EOPNOTSUPP;
	if (count && framed->count + count > FRAMED_MAX)
		return -ENOSPC;
	list = list_make(wish->prefix, count);
	if (count && (!list || room_make(framed))) {
		free(list);
		return -ENOMEM;
	}
	list_leave(framed, session, session->framed);
	list_enter(framed, session, list);
	*had = session->framed;
	session->framed = list;
	return 0;
}

void framed_undo(struct framed *framed, struct session *session, struct framed_list *had)
{
	list_leave(framed, session, session->framed);
	free(session->framed);
	session->framed = had;
	list_enter(framed, session, had);
}

// ---- What the primary has to hear

static void word_add(struct framed *framed, const struct framed_word *word)
{
	uint32_t room = framed->words_room ? framed->words_room * 2 : ROOM_FIRST;
	struct framed_word *words;

	framed->said++;
	if (framed->waiting == framed->words_room) {
		words = realloc(framed->words, room * sizeof(*words));
		if (!words) {
			framed->lost = true;
			return;
		}
		framed->words = words;
		framed->words_room = room;
	}
	framed->words[framed->waiting++] = *word;
}

static bool among(const struct prefix *prefix, const struct framed_list *list)
{
	for (unsigned i = 0; list && i < list->count; i++)
		if (same(&list->prefix[i], prefix))
			return true;
	return false;
}

void framed_say(struct framed *framed, uint32_t teid, const struct framed_list *had, const struct framed_list *has)
{
	for (unsigned i = 0; had && i < had->count; i++)
		if (!among(&had->prefix[i], has))
			word_add(framed, &(struct framed_word){ had->prefix[i], 0, teid });
	for (unsigned i = 0; has && i < has->count; i++)
		if (!among(&has->prefix[i], had))
			word_add(framed, &(struct framed_word){ has->prefix[i], teid, 0 });
}

void framed_again(struct framed *framed)
{
	framed->anew++;
	framed->waiting = framed->sent = 0;
	framed->lost = framed->deaf = false;
	framed->rest_ns = 0;
	for (uint32_t i = 0; i < framed->count; i++) {
		const struct framed_entry *entry = &framed->entries[i];

		word_add(framed, &(struct framed_word){ entry->prefix, entry->session->bearer.teid, 0 });
	}
	if (!framed->waiting && !framed->lost)
		framed->told = framed->said; // there is nothing to know, and what was to be forgotten it never knew
}

static void told(void *with, const Shoal__Fleet__Answer *answer)
{
	struct framed *framed = with;
	uint32_t sent = framed->sent;

	framed->asked = false;
	framed->sent = 0;
	if (!answer)
		return; // again
	if (answer->error) {
		log_error("framed.refused", "the primary refuses networks behind subscribers: %s", answer->message);
		framed->deaf = answer->error == EBADMSG;
		framed->rest_ns = clock_ns() + REST_NS;
		return;
	}
	framed->waiting -= sent;
	memmove(framed->words, framed->words + sent, framed->waiting * sizeof(*framed->words));
	if (!framed->lost) // what was is said again
		framed->told = framed->said - framed->waiting;
}

void framed_tell(struct framed *framed, struct fleet *fleet)
{
	Shoal__Fleet__Framed route[WORDS_ORDER], *list[WORDS_ORDER];
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;
	Shoal__Fleet__FramedRoutes body = SHOAL__FLEET__FRAMED_ROUTES__INIT;

	if (framed->asked || framed->deaf || (!framed->waiting && !framed->lost) || !fleet_state(fleet) ||
	    (framed->rest_ns && clock_ns() < framed->rest_ns))
		return;
	if (framed->lost)
		framed_again(framed);
	while (body.n_routes < WORDS_ORDER && body.n_routes < framed->waiting) {
		const struct framed_word *word = &framed->words[body.n_routes];
		Shoal__Fleet__Framed *to = &route[body.n_routes];

		shoal__fleet__framed__init(to);
		to->high = word->prefix.high;
		to->low = word->prefix.low;
		to->length = word->prefix.length;
		to->own = word->own;
		to->was = word->was;
		list[body.n_routes++] = to;
	}
	if (!body.n_routes)
		return;
	body.routes = list;
	order.body_case = framed->sessions->place->networks ? SHOAL__FLEET__ORDER__BODY_FRAMED_APART
							    : SHOAL__FLEET__ORDER__BODY_FRAMED;
	order.framed = &body; // a union: framed_apart, too
	framed->rest_ns = 0;
	if (fleet_order(fleet, &order, told, framed))
		return;
	framed->asked = true;
	framed->sent = (uint32_t)body.n_routes;
}
