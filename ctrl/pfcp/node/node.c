// node.c - see node.h: what kind of message it is, and who deals with it. One thread.
#include "ctrl/pfcp/node/node.h"
#include <errno.h>
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"

#define SECOND_NS 1000000000ull
#define BUNDLE_MAX 64u  // messages of one datagram
#define SERVED_MAX 960u // of the 1,024 requests of a connection that ctrl works at

// Answers are remembered while a peer may still ask again: its N1 times T1 are not ours, and twice what ours allow for.
#define REMEMBER(setting) (2 * ((setting)->n1 + 1) * (setting)->t1_ns)

static const struct deals_limits limits = {
	.waiting = 2048, .served = SERVED_MAX, .peer_answers = 65536, .answers = 262144, .bytes = 256u << 20
};

enum way { WAY_NONE, WAY_BEAT, WAY_NODE, WAY_SESSION, WAY_ANSWER, WAY_ODD };

static const struct {
	enum way way;
	void (*handle)(struct node *node, struct deal *deal); // WAY_NODE
} ways[PFCP_MESSAGE_TYPES] = {
	[PFCP_HEARTBEAT_REQUEST] = { WAY_BEAT, NULL },
	[PFCP_HEARTBEAT_RESPONSE] = { WAY_ANSWER, NULL },
	[PFCP_PFD_MANAGEMENT_REQUEST] = { WAY_NODE, assoc_provision },
	[PFCP_PFD_MANAGEMENT_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_ASSOCIATION_SETUP_REQUEST] = { WAY_NODE, assoc_setup },
	[PFCP_ASSOCIATION_SETUP_RESPONSE] = { WAY_ANSWER, NULL },
	[PFCP_ASSOCIATION_UPDATE_REQUEST] = { WAY_NODE, assoc_update },
	[PFCP_ASSOCIATION_UPDATE_RESPONSE] = { WAY_ANSWER, NULL },
	[PFCP_ASSOCIATION_RELEASE_REQUEST] = { WAY_NODE, assoc_release },
	[PFCP_ASSOCIATION_RELEASE_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_VERSION_NOT_SUPPORTED_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_NODE_REPORT_REQUEST] = { WAY_ODD, NULL },
	[PFCP_NODE_REPORT_RESPONSE] = { WAY_ANSWER, NULL },
	[PFCP_SESSION_SET_DELETION_REQUEST] = { WAY_NODE, assoc_sift },
	[PFCP_SESSION_SET_DELETION_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_SESSION_SET_MODIFICATION_REQUEST] = { WAY_NODE, assoc_shift },
	[PFCP_SESSION_SET_MODIFICATION_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_SESSION_ESTABLISHMENT_REQUEST] = { WAY_SESSION, NULL },
	[PFCP_SESSION_ESTABLISHMENT_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_SESSION_MODIFICATION_REQUEST] = { WAY_SESSION, NULL },
	[PFCP_SESSION_MODIFICATION_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_SESSION_DELETION_REQUEST] = { WAY_SESSION, NULL },
	[PFCP_SESSION_DELETION_RESPONSE] = { WAY_ODD, NULL },
	[PFCP_SESSION_REPORT_REQUEST] = { WAY_ODD, NULL },
	[PFCP_SESSION_REPORT_RESPONSE] = { WAY_ANSWER, NULL },
};

static void count(struct node *node, enum tally tally)
{
	node->tally[tally]++;
}

static void leaves(void *arg, const struct remote *to, const uint8_t *datagram, size_t length)
{
	struct node *node = arg;

	node->ways.send(node->ways.arg, to, datagram, length);
}

static void answered(void *arg, struct deal *deal)
{
	struct node *node = arg;

	if (deal->assoc)
		assoc_served(&node->assocs, deal->assoc, -1);
}

static int note(void *arg, struct assoc *assoc, const char *value)
{
	struct node *node = arg;

	return node->ways.note(node->ways.arg, assoc, value);
}

static int drop(void *arg, const char *owner)
{
	struct node *node = arg;

	return node->ways.drop(node->ways.arg, owner);
}

int node_open(struct node *node, const struct node_setting *setting, const struct node_ways *node_ways)
{
	const struct assocs_ways assocs_ways = { .note = note,
						 .drop = drop,
						 .answered = assoc_answered,
						 .stands = assoc_stands,
						 .left = assoc_left,
						 .arg = node };
	struct deals_limits deals_limits = limits;
	int error;

	*node =
	    (struct node){ .setting = *setting, .ways = *node_ways, .telling_ns = UINT64_MAX, .update_ns = UINT64_MAX };
	deals_limits.remember_ns = REMEMBER(setting);
	error = peers_open(&node->peers, setting->peers, setting->peers_count);
	if (!error)
		error = deals_open(&node->deals, &deals_limits);
	if (!error)
		error = asks_open(&node->asks, setting->t1_ns, setting->n1);
	if (!error)
		error = path_places_open(&node->places);
	node->deals.send = node->asks.send = leaves;
	node->deals.arg = node->asks.arg = node;
	node->deals.answered = answered;
	node->deals.unheard = load_not_heard;
	assocs_open(&node->assocs, &assocs_ways);
	node->assocs.own = setting->own;
	node->assocs.own_count = setting->own_count;
	calls_open(node);
	return error;
}

void node_close(struct node *node)
{
	assocs_close(&node->assocs);
	asks_close(&node->asks);
	deals_close(&node->deals, &node->peers);
	peers_close(&node->peers);
	path_places_close(&node->places);
}

bool node_found(struct node *node, const char *owner, const char *value, uint64_t noted_ms)
{
	return assocs_found(&node->assocs, owner, value, noted_ms);
}

void node_start(struct node *node, uint64_t now_ns)
{
	node->now_ns = now_ns;
	assocs_settle(&node->assocs, now_ns);
	node->update_ns = now_ns; // who was told by an earlier build of ours
}

// ---- Datagrams

static struct peer *peer_of(struct node *node, const struct remote *from)
{
	struct peer *victim, *peer = peer_find(&node->peers, from, node->now_ns, &victim);

	if (victim) {
		deals_forget(victim);
		peer_end(&node->peers, victim);
		peer = peer_find(&node->peers, from, node->now_ns, &victim);
	}
	return peer;
}

static void stranger(struct node *node, const struct remote *from, const struct pfcp_header *header)
{
	count(node, TALLY_STRANGERS);
	if (header->type == PFCP_ASSOCIATION_SETUP_REQUEST && answer_stranger(node))
		answer_send(node, from, header, PFCP_CAUSE_REJECTED);
}

static void request(struct node *node, const struct remote *from, const struct pfcp_header *header,
		    const uint8_t *bytes)
{
	const struct arrival arrival = { from, header->type, header->sequence, bytes, header->message_bytes };
	struct peer *peer = peer_of(node, from);

	if (!peer && !peers_allow(&node->peers, from)) {
		stranger(node, from, header);
		return;
	}
	switch (peer ? deals_take(&node->deals, peer, &arrival) : DEAL_FULL) {
	case DEAL_NEW:
		count(node, ways[header->type].way == WAY_NODE ? TALLY_NODE : TALLY_SESSION);
		break;
	case DEAL_UNDER_WAY:
		count(node, TALLY_UNDER_WAY);
		break;
	case DEAL_REPEATED:
		count(node, TALLY_REPEATED);
		break;
	case DEAL_FULL:
		count(node, TALLY_CONGESTED);
		answer_send(node, from, header, PFCP_CAUSE_CONGESTION);
		break;
	}
}

static void message(struct node *node, const struct remote *from, const struct pfcp_header *header,
		    const uint8_t *bytes)
{
	enum way way = header->type < PFCP_MESSAGE_TYPES ? ways[header->type].way : WAY_NONE;

	if (way == WAY_NONE)
		count(node, TALLY_UNKNOWN);
	else if (header->has_seid != pfcp_messages[header->type].of_session)
		count(node, TALLY_MALFORMED);
	else if (way == WAY_BEAT)
		beat_answer(node, from, header);
	else if (way == WAY_ODD || (way == WAY_ANSWER && !asks_answer(&node->asks, from, header)))
		count(node, TALLY_UNEXPECTED);
	else if (way != WAY_ANSWER)
		request(node, from, header, bytes);
}

// Another version's answer to our answer must not begin a game of ping-pong: what is no request of ours to know gets none.
static void other_version(struct node *node, const struct remote *from, const struct pfcp_header *header)
{
	count(node, TALLY_VERSION);
	if (header->type != PFCP_VERSION_NOT_SUPPORTED_RESPONSE && answer_stranger(node))
		answer_version(node, from, header);
}

void node_datagram(struct node *node, const struct remote *from, const uint8_t *bytes, size_t length)
{
	struct pfcp_header header = { .follows = true };

	count(node, TALLY_DATAGRAMS);
	for (unsigned i = 0; i < BUNDLE_MAX && header.follows; i++) {
		int error = pfcp_header_read(bytes, length, &header);

		if (error == -EPROTONOSUPPORT)
			other_version(node, from, &header);
		else if (error)
			count(node, TALLY_MALFORMED);
		if (error)
			return;
		message(node, from, &header, bytes);
		bytes += header.message_bytes;
		length -= header.message_bytes;
	}
}

// ---- What waits

static void refuse(struct node *node, struct deal *deal, const struct pfcp_header *header,
		   const struct pfcp_fault *fault)
{
	char address[REMOTE_TEXT];

	remote_text(&deal->from, address);
	log_info("pfcp.refused", "%s: %s: cause %u%s%s", address, pfcp_messages[deal->type].name, fault->cause,
		 *fault->text ? ", " : "", fault->text);
	if (ways[deal->type].way == WAY_NODE)
		answer_deal(node, deal, fault);
	else
		node->ways.refuse(node->ways.arg, deal, header, fault);
}

void deal_attach(struct node *node, struct deal *deal, struct assoc *assoc)
{
	deal->assoc = assoc;
	assoc_served(&node->assocs, assoc, 1);
}

// It can't be read, but who asks may be known by the address: then its session can be found, and what SEID the peer has for it.
static void serve_faulty(struct node *node, struct deal *deal, const struct pfcp_header *header,
			 const struct pfcp_fault *fault)
{
	struct assoc *assoc = ways[deal->type].way == WAY_SESSION ? assoc_of_remote(&node->assocs, &deal->from) : NULL;

	count(node, TALLY_FAULTY);
	if (assoc)
		deal_attach(node, deal, assoc);
	refuse(node, deal, header, fault);
}

static void serve_session(struct node *node, struct deal *deal, const struct pfcp_header *header)
{
	const struct pfcp_fault fault = { .cause = PFCP_CAUSE_NO_ASSOCIATION };
	struct assoc *assoc = assoc_asking(node, deal);

	if (!assoc) {
		count(node, TALLY_UNASSOCIATED);
		refuse(node, deal, header, &fault);
		return;
	}
	deal_attach(node, deal, assoc);
	node->ways.session(node->ways.arg, deal, header, &node->tree);
}

static void serve(struct node *node, struct deal *deal)
{
	struct pfcp_fault fault = { .cause = PFCP_CAUSE_INVALID_LENGTH };
	struct pfcp_header header;
	int error = pfcp_header_read(deal->bytes, deal->length, &header);

	if (!error)
		error = pfcp_read(PFCP_MESSAGE(header.type), header.body, header.bytes, &node->tree, &fault);
	if (error)
		serve_faulty(node, deal, &header, &fault);
	else if (ways[header.type].way == WAY_SESSION)
		serve_session(node, deal, &header);
	else
		ways[header.type].handle(node, deal);
}

void node_serve(struct node *node)
{
	struct deal *deal;

	while ((deal = deals_next(&node->deals)))
		serve(node, deal);
}

int node_ask(struct node *node, const struct node_question *what)
{
	const struct pfcp_header header = { .type = what->type,
					    .has_seid = pfcp_messages[what->type].of_session,
					    .seid = what->seid,
					    .sequence = asks_sequence(&node->asks) };
	struct pfcp_writer writer = pfcp_writer_over(node->question, sizeof(node->question));
	struct question question = {
		.to = what->to, .type = what->type, .bytes = node->question, .done = what->done, .about = what->about
	};
	uint8_t *mark;

	pfcp_message_begin(&writer, &header, &mark);
	pfcp_raw(&writer, what->body, what->bytes);
	if (what->type == PFCP_SESSION_REPORT_REQUEST)
		load_report(node, &what->to, &writer);
	pfcp_message_end(&writer, mark);
	question.length = (size_t)(writer.at - writer.start);
	question.to.port = PFCP_PORT;
	return writer.full ? -EMSGSIZE : asks_send(&node->asks, &question, node->now_ns);
}

void node_noted(struct node *node, struct assoc *assoc, bool done)
{
	assocs_noted(&node->assocs, assoc, done);
}

void node_swept(struct node *node, struct deal *deal, uint8_t cause)
{
	const struct pfcp_fault fault = { .cause = cause };

	if (deal->type == PFCP_ASSOCIATION_SETUP_REQUEST)
		assoc_retained(node, deal);
	else
		answer_deal(node, deal, &fault);
}

void node_dropped(struct node *node, const char *owner)
{
	assocs_dropped(&node->assocs, owner);
}

// ---- Time

void node_tick(struct node *node, uint64_t now_ns)
{
	node->now_ns = now_ns;
	deals_tick(&node->deals, now_ns);
	asks_tick(&node->asks, now_ns);
	assocs_tick(&node->assocs, now_ns);
	beats_tick(node);
	calls_tick(node);
	paths_tick(node);
	updates_tick(node);
	fades_tick(node);
}

uint64_t node_due(const struct node *node)
{
	const uint64_t due[] = { deals_due(&node->deals), asks_due(&node->asks), assocs_due(&node->assocs),
				 beats_due(node),         calls_due(node),       node->telling_ns,
				 node->update_ns,         fades_due(node) };
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < sizeof(due) / sizeof(*due); i++)
		first = due[i] < first ? due[i] : first;
	return first;
}
