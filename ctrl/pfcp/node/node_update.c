// node_update.c - associations that we update (TS 29.244 6.2.7.3): what we can do by now, for a node that associated with an earlier build of
// ours, and that we want to be released. One thread.
//
// A node that answers heartbeats and not this does not know the message, and is asked once.
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"

#define UPDATE_BYTES 640u

static bool owed(const struct node *node, const struct assoc *assoc)
{
	return assoc->state == ASSOC_UP && (assoc->telling.knows != features_now(node) || assoc->telling.leave_owed);
}

// It has heard, or never will.
static void done(struct node *node, struct assoc *assoc, unsigned cause)
{
	if (assoc->telling.leave_owed)
		log_info("pfcp.release_asked", "%s is asked to release its association: cause %u", assoc->node_id,
			 cause);
	assoc->telling.leave_owed = false;
	assoc->telling.knows = assoc->telling.updating.says;
	node->tally[cause == PFCP_CAUSE_ACCEPTED ? TALLY_UPDATES_TOLD : TALLY_UPDATES_REFUSED]++;
	if (!assoc->writing)
		assoc_move(&node->assocs, assoc, NULL);
}

static void updated(void *arg, void *about, const struct pfcp_header *answer)
{
	struct node *node = arg;
	struct assoc *assoc = ((struct updating *)about)->assoc;
	struct pfcp_fault fault;
	unsigned cause = 0;

	assoc->telling.updating.under_way = false;
	if (answer && !pfcp_read(PFCP_MESSAGE(answer->type), answer->body, answer->bytes, &node->tree, &fault))
		cause = (unsigned)pfcp_number(pfcp_first(&node->tree, NULL, PFCP_IE_CAUSE));
	node->update_ns = node->now_ns;
	if (cause == PFCP_CAUSE_CONGESTION || (!answer && assoc->silent))
		assoc->telling.updating.due_ns = node->now_ns + node->setting.heartbeat_ns;
	else
		done(node, assoc, cause);
}

static void ask(struct node *node, struct assoc *assoc)
{
	struct updating *updating = &assoc->telling.updating;
	uint8_t body[UPDATE_BYTES];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct node_question question = { .to = assoc->remote,
					  .type = PFCP_ASSOCIATION_UPDATE_REQUEST,
					  .body = body,
					  .done = updated,
					  .about = updating };

	pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &node->setting.id);
	features_put(node, &writer);
	resources_put(node, &writer);
	updating->says = features_now(node);
	if (assoc->telling.leave_owed)
		pfcp_put_flags(&writer, PFCP_IE_PFCP_ASSOCIATION_RELEASE_REQUEST,
			       PFCP_PFCP_ASSOCIATION_RELEASE_REQUEST_SARR, 1);
	question.bytes = (size_t)(writer.at - writer.start);
	updating->assoc = assoc;
	updating->under_way = !node_ask(node, &question);
	updating->due_ns = node->now_ns + node->setting.t1_ns;
}

void updates_tick(struct node *node)
{
	struct assoc *assoc;

	if (node->update_ns > node->now_ns)
		return;
	node->update_ns = UINT64_MAX;
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	{
		if (!owed(node, assoc) || assoc->telling.updating.under_way)
			continue;
		if (assoc->telling.updating.due_ns <= node->now_ns)
			ask(node, assoc);
		if (!assoc->telling.updating.under_way && assoc->telling.updating.due_ns < node->update_ns)
			node->update_ns = assoc->telling.updating.due_ns;
	}
}

void updates_forget(struct node *node, struct assoc *assoc)
{
	asks_forget(&node->asks, &assoc->telling.updating);
	assoc->telling.updating.under_way = false;
	node->update_ns = node->now_ns;
}

void node_leave(struct node *node)
{
	struct assoc *assoc;

	node->leaving = true;
	node->update_ns = node->now_ns;
	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	assoc->telling.leave_owed = assoc->state == ASSOC_UP;
}
