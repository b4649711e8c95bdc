// node_assoc.c - requests about associations (TS 29.244 6.2.6 to 6.2.8). What is accepted is on ctrl's disk before the answer. One thread.
//
// A node that sets up its association again with the Recovery Time Stamp we know has lost nothing: its sessions stay. With another one,
// earlier or later, it has, and they are deleted.
#include <errno.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/codec/csid.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/node/node_parts.h"
#include "shared/base/log.h"
#include "shared/wire/cursor.h"

// deal null: nobody has asked.
static void answer(struct node *node, struct deal *deal, uint8_t cause)
{
	const struct pfcp_fault fault = { .cause = cause };

	if (deal)
		answer_deal(node, deal, &fault);
}

// The node id of the message; false: it makes no sense as a text, and the deal is answered.
static bool node_id_read(struct node *node, struct deal *deal, char text[ASSOC_NODE_BYTES])
{
	const struct pfcp_fault fault = { .cause = PFCP_CAUSE_MANDATORY_INCORRECT, .offending = PFCP_IE_NODE_ID };
	struct pfcp_node_id id;

	_Static_assert(ASSOC_NODE_BYTES >= PFCP_NAME, "a node id fits");
	if (pfcp_get_node_id(pfcp_first(&node->tree, NULL, PFCP_IE_NODE_ID), &id)) {
		node->tally[TALLY_FAULTY]++;
		answer_deal(node, deal, &fault);
		return false;
	}
	pfcp_node_id_text(&id, text);
	return true;
}

// The association of the node that the message names, if it speaks from where that was set up; else the deal is answered.
static struct assoc *assoc_named(struct node *node, struct deal *deal)
{
	char text[ASSOC_NODE_BYTES];
	struct assoc *assoc;

	if (!node_id_read(node, deal, text))
		return NULL;
	assoc = assoc_of_node(&node->assocs, text);
	if (assoc && assoc->state == ASSOC_UP && assoc_speaks(assoc, &deal->from))
		return assoc;
	node->tally[TALLY_UNASSOCIATED]++;
	answer(node, deal, PFCP_CAUSE_NO_ASSOCIATION);
	return NULL;
}

static bool remote_of(const struct pfcp_address *address, uint8_t family, struct remote *to)
{
	*to = (struct remote){ .family = family, .socket = REMOTE_ANY };
	if (family == 4)
		be32_put(to->bytes, address->ipv4);
	else
		memcpy(to->bytes, address->ipv6, sizeof(to->bytes));
	return family == 4 ? address->has_ipv4 : address->has_ipv6;
}

// What a node says of itself besides, where it says it: what it can, its set, and where else it may speak from.
void assoc_learn(const struct pfcp_tree *tree, struct assoc *assoc)
{
	const struct pfcp_ie *ie = pfcp_first(tree, NULL, PFCP_IE_CP_FUNCTION_FEATURES);
	struct pfcp_address address;

	if (ie)
		assoc->features = pfcp_flags(ie);
	ie = pfcp_first(tree, NULL, PFCP_IE_SMF_SET_ID);
	if (ie && ie->length > 1 && !assoc->set) // its first octet is spare
		assoc->set = hash_bytes(0, ie->value + 1, ie->length - 1u) | 1;
	ie = pfcp_first(tree, NULL, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS);
	assoc->others = ie ? 0 : assoc->others;
	for (; ie && assoc->others < ASSOC_OTHERS; ie = pfcp_again(tree, ie))
		if (!pfcp_get_address(ie, &address))
			assoc->others += remote_of(&address, assoc->remote.family, &assoc->other[assoc->others]);
}

static bool learnt(const struct assoc *was, const struct assoc *is)
{
	return was->features != is->features || was->set != is->set || was->others != is->others ||
	       memcmp(was->other, is->other, sizeof(was->other)) != 0;
}

static void learn(struct assoc *assoc, const struct assoc *like)
{
	assoc->features = like->features;
	assoc->set = assoc->set ? assoc->set : like->set;
	assoc->others = like->others;
	memcpy(assoc->other, like->other, sizeof(assoc->other));
}

const char *assoc_fate(const struct node *node, const struct assoc *assoc)
{
	return assoc_shared(&node->assocs, assoc) ? "its sessions are its set's" : "its sessions are deleted";
}

static void begin(struct node *node, struct deal *deal, const struct assoc *like)
{
	struct assoc new = *like;
	int error;

	new.kept = false;
	new.telling.knows = features_now(node); // they are in the answer, or were in our question
	error = assoc_begin(&node->assocs, &new, deal);

	if (error)
		answer(node, deal, error == -ENOBUFS ? PFCP_CAUSE_NO_RESOURCES : PFCP_CAUSE_SYSTEM_FAILURE);
}

static void resume(struct node *node, struct deal *deal, struct assoc *assoc, const struct assoc *like)
{
	bool moved = !remote_same(&assoc->remote, &like->remote);
	bool changed = learnt(assoc, like) || assoc->stamp != like->stamp;

	assoc->telling.knows = features_now(node);
	assoc->heard_ns = node->now_ns;
	log_info("pfcp.resumed", "%s sets up its association again; its sessions stay", assoc->node_id);
	node->tally[TALLY_RESUMED]++;
	assoc->kept = true;
	if (!moved && !changed) {
		if (deal)
			answer_setup(node, deal, true);
		return;
	}
	learn(assoc, like);
	assoc->stamp = like->stamp;
	asks_forget(&node->asks, assoc);
	paths_forget(node, assoc);
	updates_forget(node, assoc);
	assoc->beating = false;
	assoc->remote = like->remote;
	assoc->remote.port = 0;
	assoc_move(&node->assocs, assoc, deal);
}

static void sweep(struct node *node, struct deal *deal, struct assoc *assoc)
{
	deal_attach(node, deal, assoc);
	if (node->ways.sweep(node->ways.arg, deal))
		answer(node, deal, PFCP_CAUSE_NO_RESOURCES);
}

// Some of its PFCP entities alone know their sessions (6.2.6.2): the others' are deleted before the answer. If we die before that, it
// asks again.
static void retain_some(struct node *node, struct deal *deal, struct assoc *assoc, const struct assoc *like)
{
	resume(node, NULL, assoc, like);
	log_info("pfcp.some_kept", "%s has kept some of its sessions: the others are deleted", assoc->node_id);
	sweep(node, deal, assoc);
}

void assoc_retained(struct node *node, struct deal *deal)
{
	if (deal->assoc->state == ASSOC_UP)
		assoc_move(&node->assocs, deal->assoc, deal);
	else
		answer(node, deal, PFCP_CAUSE_SYSTEM_FAILURE); // it has left meanwhile
}

// It was started anew and knows its sessions all the same, or those of some of its entities. A set's are all its members'.
void assoc_setup(struct node *node, struct deal *deal)
{
	const struct pfcp_ie *kept = pfcp_first(&node->tree, NULL, PFCP_IE_PFCP_SESSION_RETENTION_INFORMATION);
	bool some = kept && pfcp_first(&node->tree, kept, PFCP_IE_CP_PFCP_ENTITY_IP_ADDRESS);
	struct assoc like = { .remote = deal->from }, *old;

	like.stamp = (uint32_t)pfcp_number(pfcp_first(&node->tree, NULL, PFCP_IE_RECOVERY_TIME_STAMP));
	assoc_learn(&node->tree, &like);
	like.kept = kept;
	if (!node_id_read(node, deal, like.node_id))
		return;
	old = assoc_of_node(&node->assocs, like.node_id);
	if (some && old && old->state == ASSOC_UP && !assoc_shared(&node->assocs, old))
		retain_some(node, deal, old, &like);
	else
		assoc_meet(node, &like, deal);
}

void assoc_meet(struct node *node, const struct assoc *like, struct deal *deal)
{
	struct assoc *old = assoc_of_node(&node->assocs, like->node_id);

	if (old && old->state == ASSOC_BEGINNING && !old->deal && old->stamp == like->stamp) {
		old->deal = deal; // both have asked
	} else if (old && old->state == ASSOC_BEGINNING) {
		answer(node, deal, PFCP_CAUSE_CONGESTION);
	} else if (old && (old->stamp == like->stamp || like->kept)) {
		resume(node, deal, old, like);
	} else {
		if (old) {
			log_warning("pfcp.peer_restarted", "%s was started anew: %s", old->node_id,
				    assoc_fate(node, old));
			node->tally[TALLY_RESTARTED]++;
			assoc_leave(&node->assocs, old, NULL);
		}
		begin(node, deal, like);
	}
}

void assoc_update(struct node *node, struct deal *deal)
{
	struct assoc *assoc = assoc_named(node, deal), like;

	if (!assoc)
		return;
	like = *assoc;
	assoc_learn(&node->tree, &like);
	if (!learnt(assoc, &like)) {
		answer(node, deal, PFCP_CAUSE_ACCEPTED);
		return;
	}
	learn(assoc, &like);
	assoc_move(&node->assocs, assoc, deal);
}

void assoc_release(struct node *node, struct deal *deal)
{
	struct assoc *assoc = assoc_named(node, deal);

	if (!assoc)
		return;
	log_info("pfcp.released", "%s releases its association: %s", assoc->node_id, assoc_fate(node, assoc));
	node->tally[TALLY_RELEASED]++;
	assoc_leave(&node->assocs, assoc, deal);
}

static void refuse(struct node *node, struct deal *deal, uint8_t cause, uint16_t offending)
{
	const struct pfcp_fault fault = { .cause = cause, .offending = offending };

	node->tally[TALLY_FAULTY]++;
	answer_deal(node, deal, &fault);
}

void assoc_sift(struct node *node, struct deal *deal)
{
	struct assoc *assoc = assoc_named(node, deal);
	uint8_t csids[CSIDS_BYTES];
	int length;

	if (!assoc) // with the answer the message has gone
		return;
	length = csids_read(&node->tree, NULL, csids);
	if (length <= 0) {
		refuse(node, deal, length ? PFCP_CAUSE_MANDATORY_INCORRECT : PFCP_CAUSE_CONDITIONAL_MISSING,
		       PFCP_IE_FQ_CSID);
		return;
	}
	log_info("pfcp.part_lost", "%s has lost a part of its sessions: they are deleted", assoc->node_id);
	node->tally[TALLY_SIFTED]++;
	sweep(node, deal, assoc);
}

// What is wrong with a PFCP Session Change Info: the cause, and by which IE; 0: nothing. Sessions are told of to our peers alone.
static uint8_t change_check(const struct node *node, const struct assoc *assoc, const struct pfcp_ie *change,
			    uint16_t *offending)
{
	const struct pfcp_tree *tree = &node->tree;
	struct pfcp_address address;
	uint8_t csids[CSIDS_BYTES];
	struct remote to;

	*offending = PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS;
	if (pfcp_get_address(pfcp_first(tree, change, PFCP_IE_ALTERNATIVE_SMF_IP_ADDRESS), &address) ||
	    !remote_of(&address, assoc->remote.family, &to) || !peers_allow(&node->peers, &to))
		return PFCP_CAUSE_MANDATORY_INCORRECT;
	*offending = PFCP_IE_FQ_CSID;
	if (csids_read(tree, change, csids) < 0)
		return PFCP_CAUSE_MANDATORY_INCORRECT;
	if (pfcp_first(tree, change, PFCP_IE_FQ_CSID) || pfcp_first(tree, change, PFCP_IE_GROUP_ID) ||
	    pfcp_first(tree, change, PFCP_IE_CP_IP_ADDRESS))
		return 0;
	return PFCP_CAUSE_CONDITIONAL_MISSING;
}

void assoc_shift(struct node *node, struct deal *deal)
{
	const struct pfcp_tree *tree = &node->tree;
	struct assoc *assoc = assoc_named(node, deal);
	const struct pfcp_ie *change = pfcp_first(tree, NULL, PFCP_IE_PFCP_SESSION_CHANGE_INFO);
	uint16_t offending;

	for (; assoc && change; change = pfcp_again(tree, change)) {
		uint8_t cause = change_check(node, assoc, change, &offending);

		if (!cause)
			continue;
		refuse(node, deal, cause, offending);
		return;
	}
	if (!assoc)
		return;
	log_info("pfcp.part_moved", "%s has others of its set told of a part of its sessions", assoc->node_id);
	node->tally[TALLY_SHIFTED]++;
	sweep(node, deal, assoc);
}

// Its Node ID may be left out; then the address says who asks.
void assoc_provision(struct node *node, struct deal *deal)
{
	bool named = pfcp_first(&node->tree, NULL, PFCP_IE_NODE_ID);
	struct assoc *assoc = named ? assoc_named(node, deal) : assoc_of_remote(&node->assocs, &deal->from);

	if (!assoc && !named) {
		node->tally[TALLY_UNASSOCIATED]++;
		answer(node, deal, PFCP_CAUSE_NO_ASSOCIATION);
	}
	if (!assoc)
		return;
	deal_attach(node, deal, assoc);
	node->ways.provision(node->ways.arg, deal, &node->tree);
}

void node_provisioned(struct node *node, struct deal *deal, const struct pfcp_fault *fault)
{
	node->tally[TALLY_FAULTY] += fault->cause != PFCP_CAUSE_ACCEPTED;
	answer_deal(node, deal, fault);
}

// A session's first request, and one of another member of an SMF set, say which node asks; of the others the address does.
struct assoc *assoc_asking(struct node *node, const struct deal *deal)
{
	const struct pfcp_ie *ie = pfcp_first(&node->tree, NULL, PFCP_IE_NODE_ID);
	struct assoc *assoc;
	struct pfcp_node_id id;
	char text[ASSOC_NODE_BYTES];

	if (!ie)
		return assoc_of_remote(&node->assocs, &deal->from);
	if (pfcp_get_node_id(ie, &id))
		return NULL;
	pfcp_node_id_text(&id, text);
	assoc = assoc_of_node(&node->assocs, text);
	return assoc && assoc->state == ASSOC_UP ? assoc : NULL;
}

void assoc_answered(void *arg, struct assoc *assoc, struct deal *deal, bool accepted)
{
	if (accepted && deal->type == PFCP_ASSOCIATION_SETUP_REQUEST)
		answer_setup(arg, deal, assoc->kept);
	else
		answer(arg, deal, accepted ? PFCP_CAUSE_ACCEPTED : PFCP_CAUSE_SYSTEM_FAILURE);
}

void assoc_stands(void *arg, struct assoc *assoc)
{
	struct node *node = arg;
	char address[REMOTE_TEXT];

	remote_text(&assoc->remote, address);
	log_info("pfcp.associated", "%s at %s", assoc->node_id, address);
	node->tally[TALLY_BEGUN]++;
	node->telling_ns = node->now_ns; // what is down
}

void assoc_left(void *arg, struct assoc *assoc)
{
	struct node *node = arg;

	asks_forget(&node->asks, assoc);
	paths_forget(node, assoc);
	updates_forget(node, assoc);
	assoc->beating = false;
}
