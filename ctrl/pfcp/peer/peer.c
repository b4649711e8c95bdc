// peer.c - see peer.h. One thread; peers own themselves alone, their deals are the deals'.
#include "ctrl/pfcp/peer/peer.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/kit/hash.h"

int peers_open(struct peers *peers, const struct conf_address *allowed, unsigned count)
{
	*peers = (struct peers){ .seed = hash_seed(), .most = PEERS_MAX, .allowed = allowed, .allowed_count = count };
	TAILQ_INIT(&peers->all);
	return table_open(&peers->by_address);
}

void peers_close(struct peers *peers)
{
	while (!TAILQ_EMPTY(&peers->all))
		peer_end(peers, TAILQ_FIRST(&peers->all));
	table_close(&peers->by_address);
}

bool peers_allow(const struct peers *peers, const struct remote *remote)
{
	for (unsigned i = 0; i < peers->allowed_count; i++)
		if (remote_in(remote, &peers->allowed[i]))
			return true;
	return false;
}

// Key 0 is no key.
static uint64_t key_of(const struct peers *peers, struct remote remote)
{
	remote.port = 0;
	return remote_hash(&remote, peers->seed) | 1;
}

static bool idle(const struct peer *peer)
{
	return !peer->waiting && !peer->served;
}

static struct peer *longest_silent(const struct peers *peers)
{
	struct peer *peer;

	TAILQ_FOREACH(peer, &peers->all, all)
	if (idle(peer))
		return peer;
	return NULL;
}

static struct peer *peer_new(struct peers *peers, const struct remote *remote, uint64_t key)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->remote = *remote;
	peer->remote.port = 0;
	peer->hash = key;
	TAILQ_INIT(&peer->queue);
	TAILQ_INIT(&peer->answers);
	if (table_put(&peers->by_address, key, peer)) {
		free(peer);
		return NULL;
	}
	peers->count++;
	TAILQ_INSERT_TAIL(&peers->all, peer, all);
	return peer;
}

struct peer *peer_find(struct peers *peers, const struct remote *remote, uint64_t now_ns, struct peer **victim)
{
	uint64_t key = key_of(peers, *remote);
	struct peer *peer = table_get(&peers->by_address, key);

	*victim = NULL;
	if (peer && !remote_same(&peer->remote, remote))
		return NULL; // two addresses of one 64-bit hash: the second is not served
	if (!peer && !peers_allow(peers, remote))
		return NULL;
	if (!peer && peers->count >= peers->most) {
		*victim = longest_silent(peers);
		return NULL;
	}
	if (!peer)
		peer = peer_new(peers, remote, key);
	if (!peer)
		return NULL;
	peer->heard_ns = now_ns;
	TAILQ_REMOVE(&peers->all, peer, all);
	TAILQ_INSERT_TAIL(&peers->all, peer, all);
	return peer;
}

void peer_end(struct peers *peers, struct peer *peer)
{
	table_drop(&peers->by_address, peer->hash);
	TAILQ_REMOVE(&peers->all, peer, all);
	peers->count--;
	free(peer);
}
