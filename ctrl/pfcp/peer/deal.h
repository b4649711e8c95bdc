// deal.h - what peers ask, from the request to its answer, and answers remembered for those who ask again (TS 29.244 6.4).
//
//   deals_take ─> waiting ─ deals_next ─> served ─ deal_answer ─> answered ─ in time, or for want of room ─> gone
//                 in its peer's queue     in somebody's work       sent again to a repeat
//
// A repeat of one that is waiting or served is dropped: its answer will come. Advice behind an answer is not repeated. Peers are served in turn, one request each, so a peer
// that asks much waits for itself. Limits: waiting for each peer, served in all, answers for each peer and in all, bytes in all.
// A deal that is served lives until it is answered, whatever happens to its peer's association; there is exactly one answer to it.
// Pure but for `send`: time is told. One thread.
#pragma once
#include <stddef.h>
#include "ctrl/pfcp/peer/peer.h"
#include "shared/base/spares.h"

#define DEAL_KEY_BYTES 48u
#define DEAL_ROOM 144u // most answers are shorter

struct assoc;

typedef void remote_send(void *arg, const struct remote *to, const uint8_t *datagram, size_t bytes);

enum deal_state { DEAL_WAITING, DEAL_SERVED, DEAL_ANSWERED };

struct deal {
	struct deals *deals;
	struct peer *peer;
	struct remote from;
	uint64_t key;     // by which it is found: address, port, and the whole message
	uint64_t content; // of the message alone, the same for every process
	uint64_t at_ns;   // asked; answered
	uint64_t
	    again_ns; // after that its first repeat came, 0 = none has; how often it asks. Lasts until it is answered
	uint32_t sequence; // 24 bits
	uint8_t type;
	enum deal_state state;
	uint8_t *bytes; // the request; once answered the answer, in `room` where that is enough
	size_t length;
	size_t
	    plain; // of an answer with advice behind it (node_load.c): its length without, for whom it is too much; 0: it has none
	struct assoc *assoc;   // of the node that asks, once that is known (assoc.h)
	TAILQ_ENTRY(deal) own; // in its peer's queue, or among its answers
	TAILQ_ENTRY(deal) all; // answered: among all answers
	uint8_t room[DEAL_ROOM];
};

struct deals_limits {
	unsigned waiting; // for a peer
	unsigned served;  // in all
	unsigned peer_answers, answers;
	size_t bytes; // of answers and requests
	uint64_t remember_ns;
};

struct deals {
	struct deals_limits limits;
	uint64_t seed, now_ns;
	remote_send *send;
	void (*answered)(void *arg, struct deal *deal); // told after each answer; null: nobody
	// Told when one with advice is asked for again: mends its header, since it goes without. Null: nobody.
	void (*unheard)(void *arg, struct deal *deal);
	void *arg; // of all
	unsigned served, answers;
	size_t bytes;
	struct spares spare;    // deals
	struct spares requests; // memory of them, where they are no longer than most
	struct table by_key;
	struct deal_list all;  // answered, oldest first
	struct peer_list turn; // peers that have something waiting, in the order in which they are served
};

// A message as it came.
struct arrival {
	const struct remote *from;
	uint8_t type;
	uint32_t sequence;
	const uint8_t *bytes; // header and body of this one message
	size_t length;
};

enum deal_news {
	DEAL_NEW,       // it waits
	DEAL_UNDER_WAY, // a repeat, too early
	DEAL_REPEATED,  // a repeat; the answer was sent again
	DEAL_FULL,      // its peer has too much waiting, or there is no memory
};

int deals_open(struct deals *deals,
	       const struct deals_limits *limits);          // 0 or -ENOMEM; send and arg are the caller's to set
void deals_close(struct deals *deals, struct peers *peers); // whatever state they are in

enum deal_news deals_take(struct deals *deals, struct peer *peer, const struct arrival *arrival);
// The next to be served, now DEAL_SERVED; its request is in bytes and length until it is answered. Null: none, or enough are.
struct deal *deals_next(struct deals *deals);

// Sends the answer and remembers it. The deal is no longer the caller's. Nothing to send (length 0): then it is forgotten, and a repeat
// is a new request.
void deal_answer(struct deal *deal, const uint8_t *datagram, size_t length);

void deals_tick(struct deals *deals, uint64_t now_ns); // forgets what is too old
uint64_t deals_due(const struct deals *deals);         // when next; UINT64_MAX: nothing to do
void deals_forget(struct peer *peer);                  // its answers, before peer_end

// A key for requests to ctrl on behalf of this deal: the same if the peer repeats its request within some minutes, even to another process of ours;
// another one for every step (a deal may take several), sender, association and other content. Keys end all at once: for a minute
// from then on there is the one that a first request, of which this may be the repeat, had before. False: none.
void deal_key(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES]);
bool deal_key_before(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES]);
// Session.owner of the node that asks: "pfcp:<node id>#<association>". Sessions of another owner are none of its business.
const char *deal_owner(const struct deal *deal);
