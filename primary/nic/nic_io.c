// nic_io.c - frames in and out. The packet path: the primary's loop only.
#include <errno.h>
#include <string.h>
#include "primary/nic/nic_inside.h"
#include "shared/plane/verdict.h"

// A frame we can take: in one piece, and no longer than the link's packets.
static inline bool nic_fits(const struct nic_port *port, const struct rte_mbuf *mbuf)
{
	return mbuf->nb_segs == 1 && mbuf->data_len <= port->longest;
}

#define NIC_L3 14u // bytes before it, mostly; from there on a frame lies in one line (ROOM_HEADROOM)

// Out of the way of those that are taken.
static __attribute__((noinline)) void nic_drop(struct rte_mbuf *mbuf)
{
	rte_pktmbuf_free(mbuf);
}

static inline unsigned nic_keep(const struct nic_port *port, struct rte_mbuf **mbufs, unsigned n,
				struct nic_burst *burst)
{
	const struct nic_zone *zone = port->zone;
	const unsigned longest = port->longest;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = mbufs[i];
		unsigned offset = mbuf->data_off, length = mbuf->data_len;
		uint8_t *bytes = (uint8_t *)mbuf->buf_addr + offset;

		if (__builtin_expect(mbuf->nb_segs != 1 || length > longest, 0)) {
			nic_drop(mbuf);
			continue;
		}
		__builtin_prefetch(bytes);
		__builtin_prefetch(bytes + NIC_L3);
		burst->bytes[kept] = bytes;
		burst->frame[kept++] = (struct nic_frame){ nic_room_of(zone, bytes - offset),
							   (uint16_t)(offset - NIC_LEAD), (uint16_t)length };
	}
	return kept;
}

// At the door of a driver with a pool of its own: each frame is copied into a room.
static __attribute__((noinline)) unsigned nic_copy(const struct nic_port *port, struct rte_mbuf **mbufs, unsigned n,
						   struct nic_burst *burst, unsigned *roomless)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *room = NULL;

		if (!nic_fits(port, mbufs[i]))
			continue;
		room = rte_mbuf_raw_alloc(port->zone->pool);
		if (!room) {
			++*roomless;
			continue;
		}
		burst->bytes[kept] = (uint8_t *)room->buf_addr + NIC_LEAD + ROOM_HEADROOM;
		memcpy(burst->bytes[kept], rte_pktmbuf_mtod(mbufs[i], const void *), mbufs[i]->data_len);
		burst->frame[kept++] =
		    (struct nic_frame){ nic_room_of(port->zone, room->buf_addr), ROOM_HEADROOM, mbufs[i]->data_len };
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	return kept;
}

unsigned nic_rx(struct nic *nic, unsigned port, struct nic_burst *burst, uint64_t *verdicts)
{
	const struct nic_port *at = &nic->port[port];
	struct rte_mbuf *mbufs[NIC_BURST];
	unsigned n = rte_eth_rx_burst(at->id, 0, mbufs, NIC_BURST);
	unsigned roomless = 0;

	burst->n = 0;
	if (n == 0)
		return 0;
	if (at->private_pool)
		burst->n = nic_copy(at, mbufs, n, burst, &roomless);
	else
		burst->n = nic_keep(at, mbufs, n, burst);
	nic->out += burst->n;
	if (burst->n == n)
		return 0;
	verdicts[VERDICT_NO_ROOM] += roomless;
	verdicts[VERDICT_TOO_LONG] += n - burst->n - roomless;
	return n - burst->n;
}

unsigned nic_flush(struct nic *nic, unsigned port)
{
	struct nic_port *at = &nic->port[port];
	unsigned n = at->buffered, sent;

	if (!n)
		return 0;
	at->buffered = 0;
	sent = rte_eth_tx_burst(at->id, 0, at->buffer, (uint16_t)n);
	if (sent == n)
		return 0;
	rte_pktmbuf_free_bulk(at->buffer + sent, n - sent);
	atomic_store_explicit(&at->failed, atomic_load_explicit(&at->failed, memory_order_relaxed) + n - sent,
			      memory_order_relaxed); // one writer: no read-modify-write
	return n - sent;
}

static inline struct rte_mbuf *nic_leaves(const struct nic *nic, const struct nic_frame *frame)
{
	struct rte_mbuf *mbuf = nic_mbuf(nic, frame->room);

	mbuf->data_off = (uint16_t)(frame->offset + NIC_LEAD);
	mbuf->data_len = frame->length;
	mbuf->pkt_len = frame->length;
	mbuf->ol_flags = 0; // what the receiving driver said of it is no order to the sending one
	return mbuf;
}

// As many as there is space for; returns how many.
static inline unsigned nic_fill(struct nic *nic, struct nic_port *at, const struct nic_frame *frames, unsigned n)
{
	unsigned space = NIC_BURST - at->buffered;
	struct rte_mbuf **buffer = at->buffer + at->buffered;

	n = n < space ? n : space;
	at->buffered += n;
	for (unsigned i = 0; i < n; i++)
		buffer[i] = nic_leaves(nic, &frames[i]);
	return n;
}

static __attribute__((noinline)) unsigned nic_tx_full(struct nic *nic, const struct nic_frames *frames)
{
	struct nic_port *at = &nic->port[frames->port];
	unsigned refused = 0;

	for (unsigned i = 0; i < frames->n;) {
		i += nic_fill(nic, at, frames->frame + i, frames->n - i);
		if (at->buffered == NIC_BURST)
			refused += nic_flush(nic, frames->port);
	}
	return refused;
}

unsigned nic_tx(struct nic *nic, const struct nic_frames *frames)
{
	struct nic_port *at = &nic->port[frames->port];

	nic->out -= frames->n;
	if (at->buffered + frames->n >= NIC_BURST)
		return nic_tx_full(nic, frames);
	nic_fill(nic, at, frames->frame, frames->n);
	return 0;
}

int nic_room(struct nic *nic, uint32_t *room)
{
	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		struct rte_mbuf *mbuf = nic->zone[z].pool ? rte_mbuf_raw_alloc(nic->zone[z].pool) : NULL;

		if (!mbuf)
			continue;
		*room = nic_room_of(&nic->zone[z], mbuf->buf_addr);
		nic->out++;
		return 0;
	}
	return -ENOBUFS;
}

void nic_free(struct nic *nic, uint32_t room)
{
	nic->out--;
	rte_mbuf_raw_free(nic_mbuf(nic, room));
}
