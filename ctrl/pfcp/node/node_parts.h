// node_parts.h - what the files of node share. Private to node*.c.
#pragma once
#include "ctrl/pfcp/node/node.h"

#define NODE_ANSWER 640u // no answer of a node is longer

// ---- node_answer.c: answers, as their message's table says

// To a request of any kind: what must be there, and what may be there and is known. Its length.
size_t answer_write(const struct node *node, const struct pfcp_header *request, const struct pfcp_fault *fault,
		    uint8_t bytes[NODE_ANSWER]);
void answer_send(struct node *node, const struct remote *to, const struct pfcp_header *request, uint8_t cause);
void answer_deal(struct node *node, struct deal *deal, const struct pfcp_fault *fault);
// To an association setup that is accepted. kept: the node's sessions stay; it is told so if it has asked for that (6.2.6.2).
void answer_setup(struct node *node, struct deal *deal, bool kept);
void answer_version(struct node *node, const struct remote *to, const struct pfcp_header *request);
uint64_t features_now(const struct node *node); // ours
void features_put(const struct node *node, struct pfcp_writer *writer);
void resources_put(const struct node *node, struct pfcp_writer *writer); // where tunnels may end, if it is to be told
// Whether whom we don't know may have a word of ours now.
bool answer_stranger(struct node *node);

// ---- node.c

void deal_attach(struct node *node, struct deal *deal, struct assoc *assoc); // it is being served for this node

// ---- node_load.c: how loaded we are

void load_report(struct node *node, const struct remote *to, struct pfcp_writer *writer); // behind a report of ours
void load_not_heard(void *arg, struct deal *deal); // an answer that told of it is asked for again

// ---- node_assoc.c: requests about associations, in node->tree

// A node is met in a life: it goes on in it, or begins a new one. deal: who is answered when that is done; null: nobody.
void assoc_meet(struct node *node, const struct assoc *like, struct deal *deal);
void assoc_setup(struct node *node, struct deal *deal);
void assoc_learn(const struct pfcp_tree *tree, struct assoc *assoc);        // what is said in the message besides
const char *assoc_fate(const struct node *node, const struct assoc *assoc); // what becomes of its sessions, for the log
void assoc_update(struct node *node, struct deal *deal);
void assoc_sift(struct node *node, struct deal *deal);      // Session Set Deletion
void assoc_shift(struct node *node, struct deal *deal);     // Session Set Modification
void assoc_retained(struct node *node, struct deal *deal);  // a setup named whose sessions stay: the others are gone
void assoc_provision(struct node *node, struct deal *deal); // PFD Management
void assoc_release(struct node *node, struct deal *deal);
// The association that a request about a session comes from. Null: none.
struct assoc *assoc_asking(struct node *node, const struct deal *deal);
void assoc_answered(void *arg, struct assoc *assoc, struct deal *deal, bool accepted);
void assoc_stands(void *arg, struct assoc *assoc);
void assoc_left(void *arg, struct assoc *assoc);

// ---- node_call.c: associations that we ask for

void calls_open(struct node *node);
void calls_tick(struct node *node);
uint64_t calls_due(const struct node *node);

// ---- node_path.c: reports about GTP-U paths

void paths_tick(struct node *node);
void paths_forget(struct node *node, struct assoc *assoc); // nothing is under way any more

// ---- node_update.c: associations that we update

void updates_tick(struct node *node);
void updates_forget(struct node *node, struct assoc *assoc); // nothing is under way any more

// ---- node_fade.c: associations of nodes that are gone

void fades_tick(struct node *node);
uint64_t fades_due(const struct node *node);

// ---- node_beat.c: heartbeats

void beat_answer(struct node *node, const struct remote *from, const struct pfcp_header *request);
void beats_tick(struct node *node);
uint64_t beats_due(const struct node *node);
