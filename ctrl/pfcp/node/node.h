// node.h - shoal-pfcp without its sockets: datagrams in, datagrams out, and when it next wants to be called.
//
//   node_datagram ─> heartbeat: answered at once, whoever asks
//                 ─> answer to one of our questions: ask
//                 ─> request of a peer: deal, waits for its turn ─ node_serve ─> about the node: node_assoc.c
//                                                                           └──> about a session: ways.session
//
// Pure but for what is in node_ways. Time is told (CLOCK_MONOTONIC). One thread owns it.
#pragma once
#include "ctrl/pfcp/codec/ie_value.h"
#include "ctrl/pfcp/node/call.h"
#include "ctrl/pfcp/node/fade.h"
#include "ctrl/pfcp/node/load.h"
#include "ctrl/pfcp/node/path_places.h"
#include "ctrl/pfcp/node/tally.h"
#include "ctrl/pfcp/peer/ask.h"
#include "ctrl/pfcp/peer/assoc.h"
#include "ctrl/pfcp/peer/deal.h"

#define NODE_DATAGRAM 65536u // no UDP datagram is larger
#define NODE_CALLS 16u

struct node_setting {
	struct pfcp_node_id id;
	uint32_t stamp; // our Recovery Time Stamp
	uint64_t heartbeat_ns, t1_ns;
	unsigned n1;
	const struct conf_address *peers; // who may associate; outlives the node
	unsigned peers_count;
	const struct conf_address *associate; // who is asked to associate; likewise
	unsigned associate_count;
	const struct conf_address *own; // our addresses, by socket; likewise
	unsigned own_count;
	struct pfcp_address gtpu;   // where tunnels of the radio side end, told for each of
	const char (*resource)[64]; // these network instances; likewise
	unsigned resource_count;
};

// What is done elsewhere. send: a datagram leaves. session: a request about a session, of an association that is up; deal_answer comes
// now or later. refuse: the same, of one that could not be read, or is not to be served. note, drop: as in assocs_ways; their ends
// are node_noted and node_dropped. provision: takes a PFD Management Request; then node_provisioned. sweep: what the deal asks of many of
// the asking node's sessions (session.h); 0, then node_swept. owns: whether the owner has sessions: 0, then node_owns.
struct node_ways {
	remote_send *send;
	void (*session)(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_tree *tree);
	void (*refuse)(void *arg, struct deal *deal, const struct pfcp_header *header, const struct pfcp_fault *fault);
	int (*note)(void *arg, struct assoc *assoc, const char *value);
	int (*drop)(void *arg, const char *owner);
	int (*owns)(void *arg, const char *owner);
	int (*sweep)(void *arg, struct deal *deal);
	void (*provision)(void *arg, struct deal *deal, const struct pfcp_tree *tree);
	void *arg;
};

// Something we ask a peer. done: as in ask.h, its first argument is the node.
struct node_question {
	struct remote to;
	uint8_t type;  // of the request
	uint64_t seid; // where the message has one
	const uint8_t *body;
	size_t bytes;
	ask_done *done;
	void *about;
};

struct node {
	struct node_setting setting;
	struct node_ways ways;
	uint64_t now_ns;
	struct peers peers;
	struct deals deals;
	struct asks asks;
	struct assocs assocs;
	unsigned calls;
	struct node_call call[NODE_CALLS];
	uint64_t telling_ns; // when somebody may be told of paths; UINT64_MAX: nothing is owed
	struct path_places places;
	unsigned words;    // answers that strangers may still have,
	uint64_t words_ns; // as of then
	uint64_t tally[TALLY_COUNT];
	bool leaving;       // associations are to be released
	uint64_t update_ns; // when somebody may be told; UINT64_MAX: nothing is owed
	uint64_t lacks;     // features that are not announced now
	struct fade fade;
	struct load load;
	uint64_t load_ns;      // looked at again then
	struct pfcp_tree tree; // of the message under work
	uint8_t question[NODE_DATAGRAM];
};

int node_open(struct node *node, const struct node_setting *setting, const struct node_ways *ways); // 0 or -ENOMEM
void node_close(struct node *node);

// Associations noted by an earlier process, before anything else; then node_start.
bool node_found(struct node *node, const char *owner, const char *value, uint64_t noted_ms);
void node_start(struct node *node, uint64_t now_ns);

void node_datagram(struct node *node, const struct remote *from, const uint8_t *bytes, size_t length);
void node_serve(struct node *node);                                    // what waits, as far as it may be served now
int node_ask(struct node *node, const struct node_question *question); // 0, -ENOBUFS, -ENOMEM, -EMSGSIZE
// Everybody is asked to release its association, and nobody is asked to associate any more.
void node_leave(struct node *node);
// How loaded we are, as it is known; looked at ten times a second.
void node_load(struct node *node, unsigned percent, uint64_t wall_ms);
// What not all workers can do (enum sheet_skill): that is not announced meanwhile.
void node_skills(struct node *node, uint32_t missing);
// An answer to this request, of so many bytes: says behind it how loaded we are, if the peer is to know. The new length.
size_t node_advise(struct node *node, struct deal *deal, uint8_t *datagram, size_t length, size_t size);
void node_noted(struct node *node, struct assoc *assoc, bool done);
void node_swept(struct node *node, struct deal *deal, uint8_t cause); // cause: of the answer
void node_provisioned(struct node *node, struct deal *deal, const struct pfcp_fault *fault);
void node_dropped(struct node *node, const char *owner);
void node_owns(struct node *node, bool owns);
// A GTP-U path is down, or up. told: an earlier process of ours may have told that it was down.
void node_path(struct node *node, const struct remote *to, bool down, bool told);
void node_tick(struct node *node, uint64_t now_ns); // before datagrams that came then
uint64_t node_due(const struct node *node);         // when it has something to do next; UINT64_MAX: nothing
