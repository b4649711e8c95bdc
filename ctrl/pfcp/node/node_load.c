// node_load.c - how loaded we are, and who of the nodes is told it, with what (load.h). One thread.
#include "ctrl/pfcp/node/node_parts.h"

#define LOOK_NS 100000000ull // between looks at how loaded we are

static struct load_told *told_of(struct assoc *assoc)
{
	return &assoc->telling.load;
}

// What this node is to know now, behind what the writer has. Whether there was anything.
static bool load_say(struct node *node, struct assoc *assoc, bool answer, struct pfcp_writer *writer)
{
	const uint8_t *before = writer->at;

	if (assoc && assoc->features && (size_t)(writer->end - writer->at) >= LOAD_BYTES &&
	    load_may(told_of(assoc), answer, node->now_ns))
		load_put(&node->load, assoc->features, told_of(assoc), node->now_ns, writer);
	return writer->at != before;
}

size_t node_advise(struct node *node, struct deal *deal, uint8_t *datagram, size_t length, size_t size)
{
	struct pfcp_writer writer = pfcp_writer_over(datagram, size);

	writer.at += length;
	if (load_say(node, deal->assoc, true, &writer)) {
		load_tried(told_of(deal->assoc), deal->sequence, node->now_ns);
		deal->plain = length;
	}
	pfcp_message_end(&writer, datagram);
	return (size_t)(writer.at - writer.start);
}

void load_report(struct node *node, const struct remote *to, struct pfcp_writer *writer)
{
	load_say(node, assoc_of_remote(&node->assocs, to), false, writer);
}

void load_not_heard(void *arg, struct deal *deal)
{
	struct node *node = arg;
	struct assoc *assoc = assoc_of_remote(&node->assocs, &deal->from);
	struct pfcp_writer writer = pfcp_writer_over(deal->bytes, deal->length);

	writer.at += deal->length;
	pfcp_message_end(&writer, deal->bytes);
	if (assoc)
		load_unheard(told_of(assoc), deal->sequence);
}

void node_load(struct node *node, unsigned percent, uint64_t wall_ms)
{
	const struct peer *peer;
	unsigned waiting = 0;

	if (node->now_ns < node->load_ns)
		return;
	node->load_ns = node->now_ns + LOOK_NS;
	TAILQ_FOREACH(peer, &node->deals.turn, turn)
	waiting += peer->waiting;
	load_is(&node->load, percent, wall_ms);
	load_waits(&node->load, waiting, node->deals.limits.waiting, wall_ms);
}
