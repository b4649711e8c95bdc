// node_path.c - reports about GTP-U paths to everybody who is associated (TS 29.244 6.2.9, 7.4.5): each until it is answered. One thread.
//
// What is kept is what is so now, and what each association has been told: the difference is owed. So a path that fails and comes back
// while its report is under way is told as both, one that does so before is told as neither, and who associates later hears
// what is down then.
#include <string.h>
#include "ctrl/pfcp/ie_get.h"
#include "ctrl/pfcp/ie_put.h"
#include "ctrl/pfcp/node_parts.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

#define FORGET_NS (3600 * 1000000000ull) // nobody speaks of it any more
#define REPORT_PATHS 48u                 // in one report
#define REPORT_BYTES 2048u
#define PAUSES_MOST 32u // of heartbeats' time, where nobody answers

static bool bit(const uint64_t *bits, unsigned i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void bit_set(uint64_t *bits, unsigned i, bool to)
{
	bits[i / 64] = (bits[i / 64] & ~(1ull << i % 64)) | (uint64_t)to << i % 64;
}

static bool told_any(const struct node *node, unsigned i)
{
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (assoc->state <= ASSOC_UP && (bit(assoc->telling.told, i) || bit(assoc->telling.down, i)))
		return true;
	return false;
}

static void path_forget(struct node *node, unsigned i)
{
	struct assoc *assoc;

	node->path[i] = (struct node_path){ 0 };
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	{
		bit_set(assoc->telling.told, i, false);
		bit_set(assoc->telling.down, i, false);
		bit_set(assoc->telling.up, i, false);
	}
}

static bool is_free(struct node *node, unsigned i)
{
	struct node_path *path = &node->path[i];

	if (path->to.family && path->heard_ns + FORGET_NS > node->now_ns && (path->down || told_any(node, i)))
		return false;
	if (path->to.family)
		path_forget(node, i);
	return true;
}

// Its place; one that is free if it has none; TELLING_PATHS: none is.
static unsigned place_of(struct node *node, const struct remote *to)
{
	for (unsigned i = 0; i < TELLING_PATHS; i++)
		if (node->path[i].to.family && remote_same(&node->path[i].to, to))
			return i;
	for (unsigned i = 0; i < TELLING_PATHS; i++)
		if (is_free(node, i))
			return i;
	return TELLING_PATHS;
}

static bool known(const struct node *node, const struct remote *to)
{
	for (unsigned i = 0; i < TELLING_PATHS; i++)
		if (node->path[i].to.family && remote_same(&node->path[i].to, to))
			return true;
	return false;
}

void node_path(struct node *node, const struct remote *to, bool down, bool told)
{
	struct assoc *assoc;
	unsigned i;

	if (!down && !told && !known(node, to))
		return;
	i = place_of(node, to);
	if (i == TELLING_PATHS) {
		node->tally[TALLY_PATHS_UNTOLD]++;
		return;
	}
	if (!node->path[i].to.family || node->path[i].down != down)
		node->telling_ns = node->now_ns;
	node->path[i] = (struct node_path){ .to = *to, .heard_ns = node->now_ns, .down = down };
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (told && assoc->state == ASSOC_UP)
		bit_set(assoc->telling.told, i, true);
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

// Which of the paths that are down (or up) it owes, up to so many, to *bits. How many.
static unsigned owed(const struct node *node, const struct assoc *assoc, bool down, uint64_t bits[TELLING_PATHS / 64],
		     unsigned most)
{
	unsigned count = 0;

	memset(bits, 0, TELLING_PATHS / 8);
	for (unsigned i = 0; i < TELLING_PATHS && count < most; i++) {
		if (!node->path[i].to.family || node->path[i].down != down || bit(assoc->telling.told, i) == down)
			continue;
		bit_set(bits, i, true);
		count++;
	}
	return count;
}

static void group_put(const struct node *node, struct pfcp_writer *writer, unsigned type, const uint64_t *bits)
{
	uint8_t *mark;

	pfcp_begin(writer, type, &mark);
	for (unsigned i = 0; i < TELLING_PATHS; i++)
		if (bit(bits, i))
			peer_put(writer, &node->path[i].to);
	pfcp_end(writer, mark);
}

// The body; false: nothing is owed.
static bool report_put(struct node *node, struct assoc *assoc, struct pfcp_writer *writer)
{
	struct telling *telling = &assoc->telling;
	unsigned failed = owed(node, assoc, true, telling->down, REPORT_PATHS);
	unsigned back = owed(node, assoc, false, telling->up, REPORT_PATHS - failed);

	if (!failed && !back)
		return false;
	pfcp_put_node_id(writer, PFCP_IE_NODE_ID, &node->setting.id);
	pfcp_put_flags(writer, PFCP_IE_NODE_REPORT_TYPE,
		       (failed ? PFCP_NODE_REPORT_TYPE_UPFR : 0) | (back ? PFCP_NODE_REPORT_TYPE_UPRR : 0), 1);
	if (failed)
		group_put(node, writer, PFCP_IE_USER_PLANE_PATH_FAILURE_REPORT, telling->down);
	if (back)
		group_put(node, writer, PFCP_IE_USER_PLANE_PATH_RECOVERY_REPORT, telling->up);
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
		for (unsigned i = 0; i < TELLING_PATHS / 64; i++)
			telling->told[i] = (telling->told[i] | telling->down[i]) & ~telling->up[i];
		node->tally[cause == PFCP_CAUSE_ACCEPTED ? TALLY_NODE_REPORTS_TOLD : TALLY_NODE_REPORTS_REFUSED]++;
	}
	memset(telling->down, 0, sizeof(telling->down));
	memset(telling->up, 0, sizeof(telling->up));
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

	if (!report_put(node, assoc, &writer))
		return;
	question.bytes = (size_t)(writer.at - writer.start);
	assoc->telling.assoc = assoc;
	assoc->telling.under_way = !node_ask(node, &question);
	node->tally[TALLY_NODE_REPORTS] += assoc->telling.under_way;
	if (!assoc->telling.under_way)
		assoc->telling.due_ns = node->now_ns + node->setting.t1_ns;
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
	memset(assoc->telling.down, 0, sizeof(assoc->telling.down));
	memset(assoc->telling.up, 0, sizeof(assoc->telling.up));
	node->telling_ns = node->now_ns;
}
