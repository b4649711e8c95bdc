// node_call.c - CP functions that wait to be asked for an association (TS 29.244 6.2.6.3): asked until they have one. One thread.
//
// Who is here already is left alone: an association that is set up anew may cost it its sessions there.
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"

#define LOOK_NS 1000000000ull // between looks whether it is still here

void calls_open(struct node *node)
{
	const struct node_setting *setting = &node->setting;

	for (unsigned i = 0; i < setting->associate_count && i < NODE_CALLS; i++) {
		const struct conf_address *host = &setting->associate[i];
		struct node_call *call = &node->call[node->calls++];

		call->node = node;
		call->to = (struct remote){ .family = host->family, .socket = REMOTE_ANY };
		memcpy(call->to.bytes, host->bytes, sizeof(call->to.bytes));
	}
}

static void again_later(struct node_call *call)
{
	call->due_ns = call->node->now_ns + call->node->setting.heartbeat_ns;
}

// Said once, not every time.
static void complain(struct node_call *call, const char *what, unsigned cause)
{
	char address[REMOTE_TEXT];

	call->node->tally[TALLY_CALLS_FAILED]++;
	again_later(call);
	if (call->failing)
		return;
	call->failing = true;
	remote_text(&call->to, address);
	log_warning("pfcp.not_associated", "%s %s, cause %u; it is asked again", address, what, cause);
}

static void accepted(struct node_call *call, const struct pfcp_tree *tree)
{
	struct assoc like = { .remote = call->to };
	struct pfcp_node_id id;

	like.stamp = (uint32_t)pfcp_number(pfcp_first(tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP));
	if (pfcp_get_node_id(pfcp_first(tree, NULL, PFCP_IE_NODE_ID), &id)) {
		complain(call, "has no node id", PFCP_CAUSE_MANDATORY_INCORRECT);
		return;
	}
	pfcp_node_id_text(&id, like.node_id);
	assoc_learn(tree, &like);
	call->failing = false;
	call->due_ns = call->node->now_ns + LOOK_NS;
	assoc_meet(call->node, &like, NULL);
}

static void answered(void *arg, void *about, const struct pfcp_header *answer)
{
	struct node *node = arg;
	struct node_call *call = about;
	struct pfcp_fault fault = { 0 };
	unsigned cause;

	call->asking = false;
	if (!answer) {
		complain(call, "does not answer", 0);
		return;
	}
	if (pfcp_read(PFCP_MESSAGE(answer->type), answer->body, answer->bytes, &node->tree, &fault)) {
		complain(call, "can't be understood", fault.cause);
		return;
	}
	cause = (unsigned)pfcp_number(pfcp_first(&node->tree, NULL, PFCP_IE_CAUSE));
	if (cause == PFCP_CAUSE_ACCEPTED)
		accepted(call, &node->tree);
	else
		complain(call, "does not associate", cause);
}

static void ask(struct node_call *call)
{
	struct node *node = call->node;
	uint8_t body[NODE_ANSWER];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct node_question question = {
		.to = call->to, .type = PFCP_ASSOCIATION_SETUP_REQUEST, .body = body, .done = answered, .about = call
	};

	pfcp_put_node_id(&writer, PFCP_IE_NODE_ID, &node->setting.id);
	pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, node->setting.stamp);
	features_put(node, &writer);
	resources_put(node, &writer);
	question.bytes = (size_t)(writer.at - writer.start);
	call->asking = !node_ask(node, &question);
	again_later(call);
}

void calls_tick(struct node *node)
{
	if (node->leaving)
		return;
	for (unsigned i = 0; i < node->calls; i++) {
		struct node_call *call = &node->call[i];

		if (call->asking || call->due_ns > node->now_ns)
			continue;
		if (assoc_here(&node->assocs, &call->to))
			call->due_ns = node->now_ns + LOOK_NS;
		else
			ask(call);
	}
}

uint64_t calls_due(const struct node *node)
{
	uint64_t due = UINT64_MAX;

	if (node->leaving)
		return due;
	for (unsigned i = 0; i < node->calls; i++)
		if (!node->call[i].asking && node->call[i].due_ns < due)
			due = node->call[i].due_ns;
	return due;
}
