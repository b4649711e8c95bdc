// burst.c - makes packets, judges a sample of what comes back, frees it. No lock, no allocation but mbufs, no system call.
#include "tests/bench/gtpgen/burst.h"
#include <stdbool.h>
#include <rte_cycles.h>

#define BURST_MAX 256u
#define BURST_SMALL 64u // a frame up to here may be an ARP request
#define BURST_RATE_TICKS (1u << 22)
#define BURST_BACKLOG (64ull << 32)

static inline void count(_Atomic uint64_t *counter, uint64_t more) // one writer: no read-modify-write
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

// ---- Rate

void burst_rate_set(struct burst_rate *rate, uint64_t packets_per_second, uint64_t clock_hz)
{
	*rate = (struct burst_rate){ .per_tick_q32 = (packets_per_second << 32) / clock_hz };
}

// What was not asked for in time is not made up for: that is a full receive queue.
static uint16_t rate_allows(struct burst_rate *rate, uint16_t most)
{
	uint64_t now = rte_rdtsc(), ticks = now - rate->last;

	rate->last = now;
	rate->due_q32 += (ticks < BURST_RATE_TICKS ? ticks : BURST_RATE_TICKS) * rate->per_tick_q32;
	if (rate->due_q32 > BURST_BACKLOG)
		rate->due_q32 = BURST_BACKLOG;
	if (rate->due_q32 >> 32 < most)
		most = (uint16_t)(rate->due_q32 >> 32);
	rate->due_q32 -= (uint64_t)most << 32;
	return most;
}

// ---- Window

// Packets that were sent and are not back yet. What somebody says of himself, such as ARP, comes back without having been sent.
static uint64_t window_away(const struct burst_window *window, const struct keys *keys, uint64_t *back)
{
	uint64_t sent = 0;

	*back = 0;
	for (unsigned i = 0; i < keys->ports; i++) {
		const struct board_queue *queue = &keys->board[i]->queue[window->queue];

		sent += atomic_load_explicit(&queue->rx_packets, memory_order_relaxed);
		*back += atomic_load_explicit(&queue->tx_packets, memory_order_relaxed);
	}
	return sent > *back ? sent - *back : 0;
}

// Whether as much as may be is away.
static bool window_full(struct burst_window *window, const struct keys *keys)
{
	uint64_t back, away = window_away(window, keys, &back), now;

	if (window->lost > away)
		window->lost = away; // it was only late
	if (away - window->lost < window->size)
		return false;
	now = rte_rdtsc();
	if (back != window->back) {
		window->back = back;
		window->full = now;
	} else if (now - window->full > window->patience) {
		window->lost = away;
		window->full = now;
	}
	return true;
}

// ---- Receive

static inline uint8_t *mbuf_open(struct rte_mbuf *mbuf, const struct burst_rx *rx, uint16_t length)
{
	mbuf->data_off = RTE_PKTMBUF_HEADROOM;
	rte_mbuf_refcnt_set(mbuf, 1);
	mbuf->nb_segs = 1;
	mbuf->port = rx->port;
	mbuf->ol_flags = rx->flags;
	mbuf->packet_type = 0;
	mbuf->pkt_len = length;
	mbuf->data_len = length;
	return (uint8_t *)mbuf->buf_addr + RTE_PKTMBUF_HEADROOM;
}

static void make(struct burst_rx *rx, struct rte_mbuf **mbufs, uint16_t many, uint8_t number)
{
	const struct keys_list *list = &rx->keys->list[number];
	uint64_t bytes = 0;
	uint32_t draw = rx->draw[number];

	for (uint16_t i = 0; i < many; i++) {
		const struct frame_template *template = &rx->template[frame_way_of(rx->way, draw)];

		frame_write(mbuf_open(mbufs[i], rx, template->length), template, &list->key[draw], draw, number);
		bytes += template->length;
		draw = draw + 1 == list->draws ? 0 : draw + 1;
	}
	rx->draw[number] = draw;
	count(&rx->counters->rx_packets, many);
	count(&rx->counters->rx_bytes, bytes);
}

static uint16_t answer(struct burst_rx *rx, struct rte_mbuf **mbufs)
{
	if (rte_mempool_get(rx->pool, (void **)mbufs))
		return 0;
	memcpy(mbuf_open(*mbufs, rx, sizeof(rx->tx->answer)), rx->tx->answer, sizeof(rx->tx->answer));
	atomic_store_explicit(&rx->tx->asked, 0, memory_order_release); // pairs with hear's load
	return 1;
}

uint16_t burst_rx(void *queue, struct rte_mbuf **mbufs, uint16_t most)
{
	struct burst_rx *rx = queue;
	unsigned number = (unsigned)atomic_load_explicit(&rx->board->lever, memory_order_relaxed) - '1';

	if (unlikely(atomic_load_explicit(&rx->tx->asked, memory_order_acquire))) // pairs with hear's store
		return most ? answer(rx, mbufs) : 0;
	if (number >= rx->keys->lists)
		return 0;
	if (most > BURST_MAX)
		most = BURST_MAX;
	if (rx->window.size && window_full(&rx->window, rx->keys))
		return 0;
	if (rx->rate.per_tick_q32)
		most = rate_allows(&rx->rate, most);
	if (!most)
		return 0;
	if (unlikely(rte_mempool_get_bulk(rx->pool, (void **)mbufs, most))) {
		count(&rx->counters->roomless, most);
		return 0;
	}
	make(rx, mbufs, most, (uint8_t)number);
	return most;
}

// ---- Transmit

// Whoever is asked for is us. A request while one is being answered is forgotten; it will be repeated.
static void hear(struct burst_tx *tx, const uint8_t *frame, uint32_t length)
{
	static const uint8_t request[] = { 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1 };
	uint8_t *to = tx->answer;

	if (length < BURST_ARP || memcmp(frame + 12, request, sizeof(request)) != 0 ||
	    !memcmp(frame + 28, frame + 38, 4) || atomic_load_explicit(&tx->asked, memory_order_acquire))
		return;
	memset(to, 0, sizeof(tx->answer));
	memcpy(to, frame + 6, 6);
	memcpy(to + 6, tx->plan->peer_mac, 6);
	memcpy(to + 12, request, sizeof(request));
	to[21] = 2;
	memcpy(to + 22, tx->plan->peer_mac, 6);
	memcpy(to + 28, frame + 38, 4);
	memcpy(to + 32, frame + 22, 10);
	atomic_store_explicit(&tx->asked, 1, memory_order_release); // pairs with burst_rx's load
}

static void judge(struct burst_tx *tx, const struct rte_mbuf *mbuf)
{
	enum frame_finding found =
	    frame_judge(rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len, tx->plan, tx->keys);

	tx->countdown = tx->verify;
	count(&tx->counters->found[found], 1);
	if (found >= FRAME_BAD)
		count(&tx->counters->bad, 1);
}

// As it came out of the pool: whole, ours alone, with a room of its own.
static inline bool plain(const struct rte_mbuf *mbuf)
{
	return rte_mbuf_refcnt_read(mbuf) == 1 && mbuf->nb_segs == 1 && RTE_MBUF_DIRECT(mbuf);
}

static void give_back(struct rte_mbuf **mbufs, uint16_t many)
{
	uint16_t from = 0;

	for (uint16_t i = 0; i < many; i++) {
		if (likely(plain(mbufs[i]) && mbufs[i]->pool == mbufs[from]->pool))
			continue;
		if (i > from)
			rte_mempool_put_bulk(mbufs[from]->pool, (void **)&mbufs[from], i - from);
		from = i;
		if (!plain(mbufs[i])) {
			rte_pktmbuf_free(mbufs[i]);
			from = (uint16_t)(i + 1);
		}
	}
	if (many > from)
		rte_mempool_put_bulk(mbufs[from]->pool, (void **)&mbufs[from], many - from);
}

uint16_t burst_tx(void *queue, struct rte_mbuf **mbufs, uint16_t many)
{
	struct burst_tx *tx = queue;
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < many; i++) {
		bytes += mbufs[i]->pkt_len;
		if (unlikely(mbufs[i]->data_len <= BURST_SMALL))
			hear(tx, rte_pktmbuf_mtod(mbufs[i], const uint8_t *), mbufs[i]->data_len);
		if (unlikely(tx->verify && !--tx->countdown))
			judge(tx, mbufs[i]);
	}
	count(&tx->counters->tx_packets, many);
	count(&tx->counters->tx_bytes, bytes);
	give_back(mbufs, many);
	return many;
}
