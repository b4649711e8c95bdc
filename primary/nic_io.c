// nic_io.c - frames in and out. The packet path: the primary's loop only.
#include <errno.h>
#include <string.h>
#include "primary/nic_inside.h"
#include "shared/plane/verdict.h"

// A frame we can take: in one piece, and no longer than the link's packets.
static inline bool nic_fits(const struct nic_port *port, const struct rte_mbuf *mbuf)
{
	return mbuf->nb_segs == 1 && mbuf->data_len <= port->longest;
}

static unsigned nic_keep(const struct nic_port *port, struct rte_mbuf **mbufs, unsigned n, struct nic_frame *frames)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!nic_fits(port, mbufs[i])) {
			rte_pktmbuf_free(mbufs[i]);
			continue;
		}
		__builtin_prefetch(rte_pktmbuf_mtod(mbufs[i], const void *));
		frames[kept++] = (struct nic_frame){ nic_room_of(port->zone, mbufs[i]),
						     (uint16_t)(mbufs[i]->data_off - NIC_LEAD), mbufs[i]->data_len };
	}
	return kept;
}

// At the door of a driver with a pool of its own: each frame is copied into a room.
static unsigned nic_copy(const struct nic_port *port, struct rte_mbuf **mbufs, unsigned n, struct nic_frame *frames,
			 unsigned *roomless)
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
		memcpy((uint8_t *)room->buf_addr + NIC_LEAD + ROOM_HEADROOM, rte_pktmbuf_mtod(mbufs[i], const void *),
		       mbufs[i]->data_len);
		frames[kept++] = (struct nic_frame){ nic_room_of(port->zone, room), ROOM_HEADROOM, mbufs[i]->data_len };
	}
	rte_pktmbuf_free_bulk(mbufs, n);
	return kept;
}

unsigned nic_rx(struct nic *nic, unsigned port, struct nic_frame frames[NIC_BURST], uint64_t *verdicts,
		unsigned *refused)
{
	const struct nic_port *at = &nic->port[port];
	struct rte_mbuf *mbufs[NIC_BURST];
	unsigned n = rte_eth_rx_burst(at->id, 0, mbufs, NIC_BURST);
	unsigned kept, roomless = 0;

	if (at->private_pool)
		kept = nic_copy(at, mbufs, n, frames, &roomless);
	else
		kept = nic_keep(at, mbufs, n, frames);
	*refused = n - kept;
	verdicts[VERDICT_NO_ROOM] += roomless;
	verdicts[VERDICT_TOO_LONG] += n - kept - roomless;
	nic->out += kept;
	return kept;
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

unsigned nic_tx(struct nic *nic, unsigned port, struct nic_frame frame)
{
	struct nic_port *at = &nic->port[port];
	struct rte_mbuf *mbuf = nic_mbuf(nic, frame.room);

	mbuf->data_off = (uint16_t)(frame.offset + NIC_LEAD);
	mbuf->data_len = frame.length;
	mbuf->pkt_len = frame.length;
	mbuf->ol_flags = 0; // what the receiving driver said of it is no order to the sending one
	at->buffer[at->buffered++] = mbuf;
	nic->out--;
	return at->buffered == NIC_BURST ? nic_flush(nic, port) : 0;
}

int nic_room(struct nic *nic, uint32_t *room)
{
	for (unsigned z = 0; z < ROOM_ZONES; z++) {
		struct rte_mbuf *mbuf = nic->zone[z].pool ? rte_mbuf_raw_alloc(nic->zone[z].pool) : NULL;

		if (!mbuf)
			continue;
		*room = nic_room_of(&nic->zone[z], mbuf);
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
