// deal.c - see deal.h. One thread; a deal belongs to the deals, its bytes to it.
#include "ctrl/pfcp/peer/deal.h"
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/peer/assoc.h"

#define SECOND_NS 1000000000ull
#define KEY_LIFE_NS (192 * SECOND_NS) // so long repeats have the same key to ctrl,
#define KEY_TAIL_NS \
	(64 * SECOND_NS) // and so long into the next one they may. Then the sequence may come again for another request
#define REQUEST_USUAL 1024u                // bytes of a request that most fit in
#define KEPT 1024u                         // pieces of memory for such, and for deals
#define CONTENT_SEED 0x73686f616c2d7066ull // one for all processes

int deals_open(struct deals *deals, const struct deals_limits *limits)
{
	*deals = (struct deals){ .limits = *limits,
				 .seed = hash_seed(),
				 .spare = { .bytes = sizeof(struct deal), .most = KEPT },
				 .requests = { .bytes = REQUEST_USUAL, .most = KEPT } };
	TAILQ_INIT(&deals->all);
	TAILQ_INIT(&deals->turn);
	return table_open(&deals->by_key);
}

// What lies in the deal's bytes, request or answer, is of no use any more.
static void bytes_end(struct deal *deal)
{
	if (deal->state != DEAL_ANSWERED && deal->length <= REQUEST_USUAL)
		spares_give(&deal->deals->requests, deal->bytes);
	else if (deal->bytes != deal->room)
		free(deal->bytes);
}

static void deal_free(struct deal *deal)
{
	struct deals *deals = deal->deals;

	bytes_end(deal);
	spares_give(&deals->spare, deal);
}

static void deal_end(struct deal *deal)
{
	struct deals *deals = deal->deals;

	table_drop(&deals->by_key, deal->key);
	deals->bytes -= deal->length;
	deal_free(deal);
}

static void answer_end(struct deal *deal)
{
	TAILQ_REMOVE(&deal->peer->answers, deal, own);
	TAILQ_REMOVE(&deal->deals->all, deal, all);
	deal->peer->kept--;
	deal->deals->answers--;
	deal_end(deal);
}

void deals_forget(struct peer *peer)
{
	while (!TAILQ_EMPTY(&peer->answers))
		answer_end(TAILQ_FIRST(&peer->answers));
}

static void queue_end(struct peer *peer)
{
	struct deal *deal;

	while ((deal = TAILQ_FIRST(&peer->queue))) {
		TAILQ_REMOVE(&peer->queue, deal, own);
		deal_end(deal);
	}
}

void deals_close(struct deals *deals, struct peers *peers)
{
	struct peer *peer;

	TAILQ_FOREACH(peer, &peers->all, all)
	{
		deals_forget(peer);
		queue_end(peer);
	}
	for (uint32_t i = 0; deals->by_key.slots && i <= deals->by_key.mask; i++) { // what is left is served
		struct deal *deal = deals->by_key.slots[i].key ? deals->by_key.slots[i].value : NULL;

		if (deal)
			bytes_end(deal);
		free(deal);
	}
	table_close(&deals->by_key);
	spares_close(&deals->spare);
	spares_close(&deals->requests);
}

// Nobody has looked at an answer since it was given: of the peer's next to go the place in the table is called from memory, and the one
// behind it itself.
static void oldest_call(const struct deals *deals, const struct peer *peer)
{
	const struct deal *oldest = TAILQ_FIRST(&peer->answers), *next = oldest ? TAILQ_NEXT(oldest, own) : NULL;

	if (!next)
		return;
	table_call(&deals->by_key, oldest->key);
	__builtin_prefetch(next);
	__builtin_prefetch(&next->own, 1);
}

// Makes room: the peer's own oldest answer goes first.
static void answer_evict(struct deals *deals, struct peer *peer)
{
	if (!TAILQ_EMPTY(&peer->answers)) {
		answer_end(TAILQ_FIRST(&peer->answers));
		oldest_call(deals, peer);
	} else if (!TAILQ_EMPTY(&deals->all)) {
		answer_end(TAILQ_FIRST(&deals->all));
	}
}

static uint64_t key_of(const struct deals *deals, const struct arrival *arrival, uint64_t content)
{
	return hash_u64(hash_u64(remote_hash(arrival->from, deals->seed), arrival->sequence), content) | 1;
}

static bool is_repeat(const struct deal *deal, const struct arrival *arrival)
{
	return remote_same(&deal->from, arrival->from) && deal->from.port == arrival->from->port &&
	       deal->sequence == arrival->sequence && deal->type == arrival->type;
}

// It may be for the advice that the answer was asked for again: it goes without, from now on.
static void plain_take(struct deal *deal)
{
	struct deals *deals = deal->deals;

	deals->bytes -= deal->length - deal->plain;
	deal->length = deal->plain;
	deal->plain = 0;
	if (deals->unheard)
		deals->unheard(deals->arg, deal);
}

static enum deal_news repeat(struct deal *deal, const struct arrival *arrival)
{
	struct deals *deals = deal->deals;

	if (deal->state != DEAL_ANSWERED && !deal->again_ns)
		deal->again_ns = deals->now_ns - deal->at_ns;
	if (deal->state != DEAL_ANSWERED || !is_repeat(deal, arrival))
		return DEAL_UNDER_WAY;
	if (deal->plain)
		plain_take(deal);
	deals->send(deals->arg, &deal->from, deal->bytes, deal->length);
	return DEAL_REPEATED;
}

static bool room_for(struct deals *deals, const struct peer *peer, size_t length)
{
	while (deals->bytes + length > deals->limits.bytes && !TAILQ_EMPTY(&deals->all))
		answer_end(TAILQ_FIRST(&deals->all));
	return peer->waiting < deals->limits.waiting && deals->bytes + length <= deals->limits.bytes;
}

static struct deal *deal_new(struct deals *deals, struct peer *peer, const struct arrival *arrival)
{
	struct deal *deal = spares_take(&deals->spare);
	bool usual = arrival->length <= REQUEST_USUAL;
	uint8_t *bytes = usual ? spares_take(&deals->requests) : malloc(arrival->length);

	if (!deal || !bytes) {
		spares_give(&deals->spare, deal);
		free(bytes);
		return NULL;
	}
	memset(deal, 0, offsetof(struct deal, room));
	deal->deals = deals;
	deal->peer = peer;
	deal->from = *arrival->from;
	deal->at_ns = deals->now_ns;
	deal->sequence = arrival->sequence;
	deal->type = arrival->type;
	deal->bytes = memcpy(bytes, arrival->bytes, arrival->length);
	deal->length = arrival->length;
	return deal;
}

static void deal_wait(struct deal *deal)
{
	struct deals *deals = deal->deals;
	struct peer *peer = deal->peer;

	deals->bytes += deal->length;
	TAILQ_INSERT_TAIL(&peer->queue, deal, own);
	if (!peer->waiting++)
		TAILQ_INSERT_TAIL(&deals->turn, peer, turn);
}

// Few are repeats: the deal is made while the table's memory comes, in which it is seen whether this is one.
enum deal_news deals_take(struct deals *deals, struct peer *peer, const struct arrival *arrival)
{
	uint64_t content = hash_bytes(CONTENT_SEED, arrival->bytes, arrival->length);
	uint64_t key = key_of(deals, arrival, content);
	struct deal *made, *known;

	table_call(&deals->by_key, key);
	made = deal_new(deals, peer, arrival);
	known = table_get(&deals->by_key, key);
	if (!known && made && room_for(deals, peer, arrival->length) && !table_put(&deals->by_key, key, made)) {
		made->key = key;
		made->content = content;
		deal_wait(made);
		return DEAL_NEW;
	}
	if (made)
		deal_free(made);
	return known ? repeat(known, arrival) : DEAL_FULL;
}

struct deal *deals_next(struct deals *deals)
{
	struct peer *peer = TAILQ_FIRST(&deals->turn);
	struct deal *deal;

	if (!peer || deals->served >= deals->limits.served)
		return NULL;
	deal = TAILQ_FIRST(&peer->queue);
	TAILQ_REMOVE(&peer->queue, deal, own);
	TAILQ_REMOVE(&deals->turn, peer, turn);
	if (--peer->waiting)
		TAILQ_INSERT_TAIL(&deals->turn, peer, turn);
	peer->served++;
	deals->served++;
	deal->state = DEAL_SERVED;
	return deal;
}

// The answer takes the request's place. False: there is nothing to remember, or no memory to do so.
static bool remember(struct deal *deal, const uint8_t *datagram, size_t length)
{
	struct deals *deals = deal->deals;
	uint8_t *copy = length <= DEAL_ROOM ? deal->room : malloc(length);

	if (!length || !copy)
		return false;
	deals->bytes = deals->bytes - deal->length + length;
	bytes_end(deal);
	deal->bytes = memcpy(copy, datagram, length);
	deal->length = length;
	deal->state = DEAL_ANSWERED;
	deal->at_ns = deals->now_ns;
	TAILQ_INSERT_TAIL(&deal->peer->answers, deal, own);
	TAILQ_INSERT_TAIL(&deals->all, deal, all);
	deal->peer->kept++;
	deals->answers++;
	return true;
}

void deal_answer(struct deal *deal, const uint8_t *datagram, size_t length)
{
	struct deals *deals = deal->deals;
	struct peer *peer = deal->peer;

	if (length)
		deals->send(deals->arg, &deal->from, datagram, length);
	peer->served--;
	deals->served--;
	if (deals->answered)
		deals->answered(deals->arg, deal);
	deal->assoc = NULL;
	if (!remember(deal, datagram, length))
		deal_end(deal);
	while (peer->kept > deals->limits.peer_answers || deals->answers > deals->limits.answers ||
	       (deals->bytes > deals->limits.bytes && deals->answers))
		answer_evict(deals, peer);
}

void deals_tick(struct deals *deals, uint64_t now_ns)
{
	struct deal *deal;

	deals->now_ns = now_ns;
	while ((deal = TAILQ_FIRST(&deals->all)) && now_ns - deal->at_ns >= deals->limits.remember_ns)
		answer_end(deal);
}

uint64_t deals_due(const struct deals *deals)
{
	const struct deal *deal = TAILQ_FIRST(&deals->all);

	return deal ? deal->at_ns + deals->limits.remember_ns : UINT64_MAX;
}

const char *deal_owner(const struct deal *deal)
{
	return deal->assoc ? deal->assoc->owner : "";
}

// Bytes in the order of their weight, so that the key is the same everywhere.
static uint8_t *number_put(uint8_t *at, uint64_t number, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; number >>= 8)
		at[i] = (uint8_t)number;
	return at + bytes;
}

static void key_write(const struct deal *deal, uint8_t step, uint64_t life, uint8_t key[DEAL_KEY_BYTES])
{
	const char *owner = deal_owner(deal);
	uint8_t *at = key;

	memset(key, 0, DEAL_KEY_BYTES);
	at = number_put(at, deal->from.family, 1);
	memcpy(at, deal->from.bytes, sizeof(deal->from.bytes));
	at = number_put(at + sizeof(deal->from.bytes), deal->from.port, 2);
	at = number_put(at, deal->sequence, 3);
	at = number_put(at, deal->type, 1);
	at = number_put(at, step, 1);
	at = number_put(at, life, 4);
	at = number_put(at, hash_bytes(CONTENT_SEED, owner, strlen(owner)), 8);
	number_put(at, deal->content, 8);
}

void deal_key(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES])
{
	key_write(deal, step, deal->at_ns / KEY_LIFE_NS, key);
}

bool deal_key_before(const struct deal *deal, uint8_t step, uint8_t key[DEAL_KEY_BYTES])
{
	uint64_t life = deal->at_ns / KEY_LIFE_NS;

	if (!life || deal->at_ns % KEY_LIFE_NS >= KEY_TAIL_NS)
		return false;
	key_write(deal, step, life - 1, key);
	return true;
}
