// node_fade.c - associations of nodes that are gone: CP functions that come with another address or node id each time they are started would
// fill the table, and the next one would be refused for good. Nothing else ends for silence (TS 29.244 6.2.6 knows no such end): one goes
// only if ctrl has no session of its owner, or another of its set answers, for whom its sessions are. Who comes back is told that there is no
// association, and sets one up. One thread.
#include <string.h>
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"

#define SECOND_NS 1000000000ull

static bool may_go(const struct assoc *assoc)
{
	return assoc->state == ASSOC_UP && assoc->silent && !assoc->served && !assoc->writing;
}

// When it may go, unless it has sessions or says something before.
static uint64_t goes_ns(const struct node *node, const struct assoc *assoc)
{
	bool crowded = node->assocs.count > ASSOCS_MAX - FADE_ROOM;
	uint64_t goes = assoc->heard_ns + (crowded ? 0 : FADE_SECONDS * SECOND_NS);

	return goes > assoc->stays_ns ? goes : assoc->stays_ns;
}

// Of those whose time has come, the one that has been silent longest.
static struct assoc *oldest(const struct node *node)
{
	struct assoc *assoc, *found = NULL;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (may_go(assoc) && goes_ns(node, assoc) <= node->now_ns && (!found || assoc->heard_ns <= found->heard_ns))
		found = assoc;
	return found;
}

static void go(struct node *node, struct assoc *assoc)
{
	log_warning("pfcp.forgotten", "%s has been silent for %llu s and has no sessions: its association ends",
		    assoc->node_id, (unsigned long long)((node->now_ns - assoc->heard_ns) / SECOND_NS));
	node->tally[TALLY_FORGOTTEN]++;
	assoc_leave(&node->assocs, assoc, NULL);
}

static void stay(struct node *node, struct assoc *assoc)
{
	assoc->stays_ns = node->now_ns + FADE_AGAIN_SECONDS * SECOND_NS;
}

// Whether another of its set answers: then its sessions are in good hands.
static bool has_heir(const struct node *node, const struct assoc *assoc)
{
	const struct assoc *other = assoc_of_owner(&node->assocs, assoc->owner);

	return other && other != assoc && !other->silent;
}

static void look(struct node *node, struct assoc *assoc)
{
	struct fade *fade = &node->fade;

	if (has_heir(node, assoc)) {
		go(node, assoc);
		return;
	}
	fade->heard_ns = assoc->heard_ns;
	if (node->ways.owns(node->ways.arg, assoc->owner))
		stay(node, assoc);
	else
		strcpy(fade->note, assoc->note);
}

void node_owns(struct node *node, bool owns)
{
	struct fade *fade = &node->fade;
	struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (!strcmp(assoc->note, fade->note))
		break;
	*fade->note = 0;
	fade->due_ns = node->now_ns + FADE_PACE_NS;
	if (!assoc || !may_go(assoc) || assoc->heard_ns != fade->heard_ns)
		return;
	if (owns)
		stay(node, assoc);
	else
		go(node, assoc);
}

void fades_tick(struct node *node)
{
	struct assoc *assoc = *node->fade.note || node->fade.due_ns > node->now_ns ? NULL : oldest(node);

	if (!assoc)
		return;
	node->fade.due_ns = node->now_ns + FADE_PACE_NS;
	look(node, assoc);
}

uint64_t fades_due(const struct node *node)
{
	const struct assoc *assoc;
	uint64_t due = UINT64_MAX;

	if (*node->fade.note)
		return UINT64_MAX;
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (may_go(assoc) && goes_ns(node, assoc) < due)
		due = goes_ns(node, assoc);
	return due > node->fade.due_ns ? due : node->fade.due_ns;
}
