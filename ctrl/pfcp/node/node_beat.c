// node_beat.c - heartbeats, both ways (TS 29.244 6.2.2): a node that has lost its sessions is known by its Recovery Time Stamp. One thread.
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"

// Stamps are seconds of NTP, which begin anew in 2036.
static bool is_later(uint32_t stamp, uint32_t than)
{
	return (int32_t)(stamp - than) > 0;
}

static bool stamp_read(struct node *node, const struct pfcp_header *header, uint32_t *stamp)
{
	struct pfcp_fault fault;

	if (pfcp_read(PFCP_MESSAGE(header->type), header->body, header->bytes, &node->tree, &fault))
		return false;
	*stamp = (uint32_t)pfcp_number(pfcp_first(&node->tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP));
	return true;
}

// What somebody says of himself unasked is not believed: he is asked.
void beat_answer(struct node *node, const struct remote *from, const struct pfcp_header *request)
{
	struct assoc *assoc;
	uint32_t stamp;

	answer_send(node, from, request, PFCP_CAUSE_ACCEPTED);
	node->tally[TALLY_HEARTBEATS]++;
	assoc = assoc_of_remote(&node->assocs, from);
	if (assoc)
		assoc->heard_ns = node->now_ns;
	if (assoc && stamp_read(node, request, &stamp) && is_later(stamp, assoc->stamp))
		assoc->beat_ns = node->now_ns;
}

static void told(struct node *node, struct assoc *assoc, uint32_t stamp)
{
	if (assoc->silent)
		log_info("pfcp.peer_back", "%s answers again", assoc->node_id);
	assoc->silent = false;
	assoc->heard_ns = node->now_ns;
	if (!is_later(stamp, assoc->stamp))
		return;
	log_warning("pfcp.peer_restarted", "%s was started anew: %s", assoc->node_id, assoc_fate(node, assoc));
	node->tally[TALLY_RESTARTED]++;
	assoc_leave(&node->assocs, assoc, NULL);
}

static void untold(struct node *node, struct assoc *assoc)
{
	if (!assoc->silent) {
		log_warning("pfcp.peer_silent", "%s does not answer heartbeats; its sessions stay", assoc->node_id);
		node->tally[TALLY_SILENT]++;
	}
	assoc->silent = true;
}

static void beaten(void *arg, void *about, const struct pfcp_header *answer)
{
	struct node *node = arg;
	struct assoc *assoc = about;
	uint32_t stamp;

	assoc->beating = false;
	if (!answer)
		untold(node, assoc);
	else if (stamp_read(node, answer, &stamp))
		told(node, assoc, stamp);
}

static void beat(struct node *node, struct assoc *assoc)
{
	uint8_t body[8];
	struct pfcp_writer writer = pfcp_writer_over(body, sizeof(body));
	struct node_question question = {
		.to = assoc->remote, .type = PFCP_HEARTBEAT_REQUEST, .body = body, .done = beaten, .about = assoc
	};

	pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, node->setting.stamp);
	question.bytes = (size_t)(writer.at - writer.start);
	assoc->beating = !node_ask(node, &question);
	assoc->beat_ns = node->now_ns + node->setting.heartbeat_ns;
}

static bool wants_beat(const struct assoc *assoc)
{
	return assoc->state == ASSOC_UP && !assoc->beating;
}

void beats_tick(struct node *node)
{
	struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (wants_beat(assoc) && assoc->beat_ns <= node->now_ns)
		beat(node, assoc);
}

uint64_t beats_due(const struct node *node)
{
	uint64_t due = UINT64_MAX;
	const struct assoc *assoc;

	TAILQ_FOREACH(assoc, &node->assocs.all, all)
	if (wants_beat(assoc) && assoc->beat_ns < due)
		due = assoc->beat_ns;
	return due;
}
