// session.h - session procedures (TS 29.244 6.3): what a peer asks about a session, answered when ctrl has it and a worker does it.
//
//   establishment   translate -> create, applied ──────────────────────────────────────> accepted
//   modification    get -> merge, translate -> modify, applied ────────────────────────> accepted
//   deletion        delete, applied, with the last counters ───────────────────────────> accepted
//
// Requests about one session are served one after the other; of different sessions any number is under way. Nothing is kept here but
// what is under way: a session is an oss session, its UP SEID the session's id, and what ctrl keeps with it (front.h) is all there is to
// know. A request whose answer was lost with an earlier process of ours is answered again when it is repeated: ctrl knows its key, and
// what is kept with the session the answer. One thread owns it.
#pragma once
#include <stdint.h>
#include "ctrl/client/rpc.h"
#include "ctrl/pfcp/codec/ie_value.h"
#include "ctrl/pfcp/codec/message.h"

struct deal;
struct report_said;
struct report_to;
struct sessions;

struct pfcp_request {
	const struct pfcp_header *header;
	struct deal *deal;            // served; header points into its bytes
	const struct pfcp_tree *tree; // its body, read already; null: it is not
};

// What sessions need of the process; outlives them.
struct sessions_world {
	struct rpc *rpc;
	struct pfcp_node_id node_id;                            // ours
	uint32_t gtpu_ipv4;                                     // where tunnels end
	uint8_t gtpu_ipv6[16];                                  // all zero = none
	void *arg;                                              // of all:
	const char *(*dnn)(void *arg, const char *instance);    // of a network instance or APN; null = unknown
	bool (*apart)(void *arg, const char *a, const char *b); // translate.h
	// Our end as this peer sees it: the addresses of an F-SEID.
	void (*address)(void *arg, const struct deal *deal, struct pfcp_address *address);
	uint64_t (*wall_ms)(void *arg);
	// Says behind an answer how loaded we are, if its peer is to know; the new length. Null: nobody is to know.
	size_t (*advise)(void *arg, struct deal *deal, uint8_t *datagram, size_t length, size_t size);
	void (*dropped)(void *arg, const char *owner);              // sessions_drop is through
	void (*owned)(void *arg, bool owned);                       // sessions_owned is through
	void (*swept)(void *arg, struct deal *deal, uint8_t cause); // sessions_sweep is through, and this its answer
	void (*moved)(void *arg, uint64_t session, const struct report_to *to); // another hears of it from now on
	void (*said)(void *arg, uint64_t session,
		     bool done); // of sessions_said; done: all of it, or there is no such session any more
	// sessions_follow is through: so many sessions have changed, and so many could not and are as they were.
	void (*followed)(void *arg, unsigned changed, unsigned left);
	const struct pfds *pfds; // applications; null: none are known
	const struct conf *conf; // predefined rules; null: there are none
};

int sessions_open(const struct sessions_world *world, struct sessions **sessions); // 0 or -ENOMEM
void sessions_close(struct sessions *sessions); // after the rpc: nothing is under way any more

// Establishment, modification, deletion: deal_answer comes now or later. now_ns: CLOCK_MONOTONIC.
void sessions_request(struct sessions *sessions, const struct pfcp_request *request, uint64_t now_ns);

// A request that could not be read, or is not to be served: answered with that cause, now or later.
void sessions_refuse(struct sessions *sessions, const struct pfcp_request *request, const struct pfcp_fault *fault);

void sessions_tick(struct sessions *sessions, uint64_t now_ns);
uint64_t sessions_due(const struct sessions *sessions); // when next; UINT64_MAX: nothing to do

// Deletes all sessions of an owner (deal.h: one association), in the background; says `dropped` when there are none left.
// 0, or -ENOMEM.
int sessions_drop(struct sessions *sessions, const char *owner);

// Whether there is a session of an owner; says `owned`. 0, or -ENOMEM.
int sessions_owned(struct sessions *sessions, const char *owner);

// What a request asks of the sessions of who asks: a Session Set Deletion, or an Association Setup that names whose sessions stay, deletes
// some, a Session Set Modification has others hear of them (choice.h). It has been checked. Says `swept`. 0, or -ENOMEM.
int sessions_sweep(struct sessions *sessions, struct deal *deal);

// Its CP function says this of a session, in an answer to a report: kept with it, in its turn among the requests about it. Says `moved` where
// it has another F-SEID, then `said`. 0, or -ENOMEM.
int sessions_said(struct sessions *sessions, uint64_t id, const struct report_said *said);

// Brings all sessions up to date whose PDRs name an application, in the background; says `followed` when that is done. Not while it is
// under way already.
void sessions_follow(struct sessions *sessions);
