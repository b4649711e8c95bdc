// node_path.c - reports about GTP-U paths to everybody who is associated (TS 29.244 6.2.9, 7.4.5): each until it is answered. One thread.
//
// What is kept is what is so now, and what each association has been told: the difference is owed. So a path that fails and comes back
// while its report is under way is told as both, one that does so before is told as neither, and who associates later hears
// what is down then.
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

#define FORGET_NS (3600 * 1000000000ull) // nobody speaks of it any more
#define FULL_NS 1000000000ull            // so long nobody looks for a free place again
#define REPORT_BYTES 2048u
#define PAUSES_MOST 32u // of heartbeats' time, where nobody answers

static bool told_any(const struct node *node, unsigned i)
{
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (assoc->state <= ASSOC_UP && path_bit(assoc->telling.told, i))
		return true;
	return false;
}

static bool under_way(const struct node *node, unsigned i)
{
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	for (unsigned n = 0; n < assoc->telling.failed; n++)
		if (assoc->telling.report[n] == i)
			return true;
	return false;
}

// What the answer to a report is about loses a place.
static void report_leave(struct telling *telling, unsigned i)
{
	unsigned all = telling->failed + telling->back, n = 0;

	while (n < all && telling->report[n] != i)
		n++;
	if (n == all)
		return;
	*(n < telling->failed ? &telling->failed : &telling->back) -= 1;
	memmove(telling->report + n, telling->report + n + 1, (all - n - 1) * sizeof(*telling->report));
}

static void path_forget(struct node *node, unsigned i)
{
	struct assoc *assoc;

	path_places_drop(&node->places, i);
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	{
		path_bit_set(assoc->telling.told, i, false);
		report_leave(&assoc->telling, i);
	}
}

static bool is_free(struct node *node, unsigned i)
{
	const struct path_place *place = &node->places.place[i];

	if (!place->to.family)
		return true;
	if (place->heard_ns + FORGET_NS > node->now_ns &&
	    (path_bit(node->places.down, i) || told_any(node, i) || under_way(node, i)))
		return false;
	path_forget(node, i);
	return true;
}

// TELLING_PATHS: none is.
static unsigned place_free(struct node *node)
{
	struct path_places *places = &node->places;

	if (places->full_ns > node->now_ns)
		return TELLING_PATHS;
	for (unsigned n = 0; n < TELLING_PATHS; n++) {
		unsigned i = places->turn++ % TELLING_PATHS;

		if (is_free(node, i))
			return i;
	}
	places->full_ns = node->now_ns + FULL_NS;
	return TELLING_PATHS;
}

// TELLING_PATHS: it has none, and there is none for it.
static unsigned place_make(struct node *node, const struct remote *to)
{
	unsigned i = place_free(node);

	if (i == TELLING_PATHS) {
		node->tally[TALLY_PATHS_UNTOLD]++;
		return i;
	}
	path_places_put(&node->places, i, to);
	node->telling_ns = node->now_ns;
	return i;
}

void node_path(struct node *node, const struct remote *to, bool down, bool told)
{
	unsigned i = path_places_find(&node->places, to);
	struct assoc *assoc;

	if (i == TELLING_PATHS && (down || told))
		i = place_make(node, to);
	if (i == TELLING_PATHS)
		return;
	if (path_bit(node->places.down, i) != down)
		node->telling_ns = node->now_ns;
	path_bit_set(node->places.down, i, down);
	node->places.place[i].heard_ns = node->now_ns;
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (told && assoc->state == ASSOC_UP)
		path_bit_set(assoc->telling.told, i, true);
}

// ---- Telling

static void peer_put(struct pfcp_writer *writer, const struct remote *to)
{
	struct pfcp_address address = { .has_ipv4 = to->family == 4, .has_ipv6 = to->family == 6 };

	if (address.has_ipv4)
		address.ipv4 = be32_get(to->bytes);
	else
		memcpy(address.ipv6, to->bytes, sizeof(address.ipv6));
	pfcp_put_address(writer, PFCP_IE_REMOTE_GTP_U_PEER, &address);
}

// Those of these 64 places whose being down (or up) is owed.
static uint64_t owed_of(const struct node *node, const struct telling *telling, bool down, unsigned word)
{
	uint64_t is = node->places.down[word], told = telling->told[word];

	return down ? is & ~told : told & ~is;
}

// The places of which that is owed, up to so many, from its turn on, once round. How many.
static unsigned owed(const struct node *node, const struct telling *telling, bool down, uint16_t *list, unsigned most)
{
	const unsigned words = TELLING_PATHS / 64;
	const uint64_t later = UINT64_MAX << telling->turn % 64;
	unsigned count = 0;

	for (unsigned n = 0; n <= words && count < most; n++) {
		unsigned word = (telling->turn / 64 + n) % words;
		uint64_t bits = owed_of(node, telling, down, word);

		if (n == 0 || n == words)
			bits &= n ? ~later : later;
		for (; bits && count < most; bits &= bits - 1)
			list[count++] = (uint16_t)(word * 64 + (unsigned)__builtin_ctzll(bits));
	}
	return count;
}

static void group_put(const struct node *node, struct pfcp_writer *writer, unsigned type, const uint16_t *list,
		      unsigned count)
{
	uint8_t *mark;

	if (!count)
		return;
	pfcp_begin(writer, type, &mark);
	for (unsigned i = 0; i < count; i++)
		peer_put(writer, &node->places.place[list[i]].to);
	pfcp_end(writer, mark);
}

// The body; false: nothing is owed.
static bool report_put(struct node *node, struct telling *telling, struct pfcp_writer *writer)
{
	unsigned failed = owed(node, telling, true, telling->report, TELLING_REPORT);
	unsigned back = owed(node, telling, false, telling->report + failed, TELLING_REPORT - failed);

	telling->failed = (uint8_t)failed;
	telling->back = (uint8_t)back;
	if (!failed && !back)
		return false;
	telling->turn = (uint16_t)((telling->report[failed ? failed - 1 : back - 1] + 1u) % TELLING_PATHS);
	pfcp_put_node_id(writer, PFCP_IE_NODE_ID, &node->setting.id);
	pfcp_put_flags(writer, PFCP_IE_NODE_REPORT_TYPE,
		       (failed ? PFCP_NODE_REPORT_TYPE_UPFR : 0) | (back ? PFCP_NODE_REPORT_TYPE_UPRR : 0), 1);
	group_put(node, writer, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT, telling->report, failed);
	group_put(node, writer, PFCP_IE_USER_PLANE_PATH_RECOVERY_REPORT, telling->report + failed, back);
	return true;
}

static uint8_t cause_of(struct node *node, const struct pfcp_header *answer)
{
	struct pfcp_fault fault;

	if (pfcp_read(PFCP_MESSAGE(answer->type), answer->body, answer->bytes, &node->tree, &fault))
		return 0;
	return (uint8_t)pfcp_number(pfcp_first(&node->tree, NULL, PFCP_IE_CAUSE));
}

static bool not_now(uint8_t cause)
{
	return !cause || cause == PFCP_CAUSE_CONGESTION || cause == PFCP_CAUSE_NO_RESOURCES ||
	       cause == PFCP_CAUSE_SYSTEM_FAILURE;
}

// Who does not know what a node report is may never answer: it is asked ever more seldom.
static void again_later(struct node *node, struct telling *telling)
{
	uint64_t most_ns = PAUSES_MOST * node->setting.heartbeat_ns;

	telling->pause_ns = telling->pause_ns ? telling->pause_ns * 2 : node->setting.heartbeat_ns;
	if (telling->pause_ns > most_ns)
		telling->pause_ns = most_ns;
	telling->due_ns = node->now_ns + telling->pause_ns;
	node->tally[TALLY_NODE_REPORTS_LATER]++;
}

static void told(void *arg, void *about, const struct pfcp_header *answer)
{
	struct node *node = arg;
	struct assoc *assoc = ((struct telling *)about)->assoc;
	struct telling *telling = &assoc->telling;
	uint8_t cause = answer ? cause_of(node, answer) : 0;

	telling->under_way = false;
	if (not_now(cause)) {
		again_later(node, telling);
	} else {
		telling->pause_ns = 0;
		for (unsigned i = 0; i < telling->failed + telling->back; i++)
			path_bit_set(telling->told, telling->report[i], i < telling->failed);
		node->tally[cause == PFCP_CAUSE_ACCEPTED ? TALLY_NODE_REPORTS_TOLD : TALLY_NODE_REPORTS_REFUSED]++;
	}
	telling->failed = telling->back = 0;
	node->telling_ns = node->now_ns;
}

static void tell(struct node *node, struct assoc *assoc)
{
	uint8_t body[REPORT_BYTES];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct node_question question = { .to = assoc->remote,
					  .type = PFCP_NODE_REPORT_REQUEST,
					  .body = body,
					  .done = told,
					  .about = &assoc->telling };

	if (!report_put(node, &assoc->telling, &writer))
		return;
	question.bytes = (size_t)(writer.at - writer.start);
	assoc->telling.assoc = assoc;
	assoc->telling.under_way = !node_ask(node, &question);
	node->tally[TALLY_NODE_REPORTS] += assoc->telling.under_way;
	if (!assoc->telling.under_way) {
		assoc->telling.failed = assoc->telling.back = 0;
		assoc->telling.due_ns = node->now_ns + node->setting.t1_ns;
	}
}

void paths_tick(struct node *node)
{
	struct assoc *assoc;

	if (node->telling_ns > node->now_ns)
		return;
	node->telling_ns = UINT64_MAX;
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	{
		if (assoc->state != ASSOC_UP || assoc->telling.under_way)
			continue;
		if (assoc->telling.due_ns <= node->now_ns)
			tell(node, assoc);
		if (!assoc->telling.under_way && assoc->telling.due_ns > node->now_ns &&
		    assoc->telling.due_ns < node->telling_ns)
			node->telling_ns = assoc->telling.due_ns;
	}
}

void paths_forget(struct node *node, struct assoc *assoc)
{
	asks_forget(&node->asks, &assoc->telling);
	assoc->telling.under_way = false;
	assoc->telling.failed = assoc->telling.back = 0;
	node->telling_ns = node->now_ns;
}
