// peer.h - who may speak with us, by address: what each has under way, and what was answered to it.
//
// Bounded: PEERS_MAX addresses, of the allow-list alone. When there are more, the one that has been silent longest and has nothing
// under way is forgotten, with its remembered answers. Which node an address speaks for is another matter (node ids come in messages).
// One thread.
#pragma once
#include <sys/queue.h>
#include "ctrl/kit/table.h"
#include "ctrl/pfcp/peer/remote.h"

#define PEERS_MAX 1024u

struct deal;
TAILQ_HEAD(deal_list, deal);

struct peer {
	struct remote remote;   // port 0
	uint64_t hash;          // by which it is found
	uint64_t heard_ns;      // a request came last
	unsigned waiting;       // requests in its queue
	unsigned served;        // requests that are being worked on
	unsigned kept;          // answers remembered
	struct deal_list queue; // waiting, oldest first
	struct deal_list answers;
	TAILQ_ENTRY(peer) all;  // the longest silent first
	TAILQ_ENTRY(peer) turn; // while it has a queue
};
TAILQ_HEAD(peer_list, peer);

struct peers {
	uint64_t seed;
	unsigned count, most;
	const struct conf_address *allowed;
	unsigned allowed_count;
	struct table by_address;
	struct peer_list all;
};

// allowed: prefixes; they outlive the peers. 0 or -ENOMEM.
int peers_open(struct peers *peers, const struct conf_address *allowed, unsigned count);
// Of peers that have neither requests nor answers any more (deals_close).
void peers_close(struct peers *peers);

bool peers_allow(const struct peers *peers, const struct remote *remote);

// The peer at this address; one is made if it is allowed and unknown. Null: a stranger, or there is no room. *victim: who is to be forgotten
// first (deals_forget, peer_end) before asking again; null: nobody.
struct peer *peer_find(struct peers *peers, const struct remote *remote, uint64_t now_ns, struct peer **victim);
void peer_end(struct peers *peers, struct peer *peer);
