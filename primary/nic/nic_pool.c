// nic_pool.c - mbufs whose data lies in rooms, and private pools for a driver that can't take those.
//
// At start, on the main thread. Only the primary touches the pools afterwards, from one thread: single producer and consumer.
#include <errno.h>
#include <stdio.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include "primary/nic/nic_inside.h"
#include "shared/base/log.h"

#define NIC_CACHE 256u // rooms last freed are the next ones taken, while they are still in the cache

_Static_assert(RTE_PKTMBUF_HEADROOM >= ROOM_HEADROOM, "drivers leave this much before a frame");
_Static_assert(ROOM_STRIDE + NIC_LEAD <= UINT16_MAX, "buf_len");

static struct rte_mempool *nic_pool_make(const char *name, unsigned count, unsigned element, int node)
{
	struct rte_pktmbuf_pool_private facts = { .mbuf_data_room_size = ROOM_STRIDE + NIC_LEAD };
	// Elements need no I/O addresses of their own, so they may lie in one run across pages.
	struct rte_mempool *pool = rte_mempool_create_empty(name, count, element, NIC_CACHE, sizeof(facts), node,
							    RTE_MEMPOOL_F_NO_IOVA_CONTIG);

	if (!pool)
		return NULL;
	rte_pktmbuf_pool_init(pool, &facts);
	if (rte_mempool_set_ops_byname(pool, "ring_sp_sc", NULL) || rte_mempool_populate_default(pool) < 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

// Mbuf n is given room n. A direct mbuf all the same: nothing ever attaches or detaches it, so the address stays.
static void nic_redirect(struct rte_mempool *pool, void *with, void *element, unsigned n)
{
	struct nic_zone *zone = with;
	struct rte_mbuf *mbuf = element;
	uint8_t *room = zone->rooms + (size_t)n * ROOM_STRIDE;

	if (n == 0)
		zone->first = element;
	else if (n == 1)
		zone->stride = (size_t)((uint8_t *)element - zone->first);
	if ((uint8_t *)element == zone->first + n * zone->stride)
		zone->count++;
	mbuf->buf_addr = room - NIC_LEAD;
	rte_mbuf_iova_set(mbuf, rte_mem_virt2iova(room) - NIC_LEAD);
	mbuf->buf_len = ROOM_STRIDE + NIC_LEAD;
}

int nic_zone_open(struct nic_zone *zone, const struct rooms *rooms, unsigned number)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t count = rooms->count[number];

	snprintf(name, sizeof(name), "shoal_mbufs_%u", number);
	*zone = (struct nic_zone){ .rooms = rooms->base[number], .number = number << ROOM_ZONE_SHIFT };
	zone->pool = nic_pool_make(name, count, sizeof(struct rte_mbuf), (int)number);
	if (!zone->pool) {
		log_error("nic.pool", "%s: %u mbufs: %s", name, count, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	rte_mempool_obj_iter(zone->pool, nic_redirect, zone);
	if (zone->count == count)
		return 0;
	log_error("nic.pool", "%s: hugepages are in pieces: only %u of %u mbufs lie in one run", name, zone->count,
		  count);
	return -ENOMEM;
}

void nic_zone_close(struct nic_zone *zone)
{
	rte_mempool_free(zone->pool);
	zone->pool = NULL;
}

// What net_af_xdp of DPDK 22.11 registers with the kernel.
struct nic_umem {
	uintptr_t begin, end;
	size_t element;
	unsigned outside; // mbufs taken out of use
};

static bool nic_umem_holds(const struct nic_umem *umem, const struct rte_mempool *pool, const struct rte_mbuf *mbuf)
{
	uintptr_t begin = (uintptr_t)mbuf - pool->header_size;

	return begin >= umem->begin && begin + umem->element <= umem->end;
}

// The driver registers (number x size) bytes from the pool's first chunk on, but elements do not cross pages, so the pool is
// longer than that. An mbuf behind the end could never be sent or received into: it is taken out here and kept for ever.
static int nic_private_retire(struct rte_mempool *pool, struct nic_umem *umem)
{
	struct rte_mempool_memhdr *chunk = STAILQ_FIRST(&pool->mem_list);
	struct rte_mbuf **all = rte_malloc(NULL, pool->size * sizeof(struct rte_mbuf *), 0);

	if (!all || rte_pktmbuf_alloc_bulk(pool, all, pool->size)) {
		rte_free(all);
		return -ENOMEM;
	}
	umem->element = rte_mempool_calc_obj_size(pool->elt_size, pool->flags, NULL);
	umem->begin = (uintptr_t)chunk->addr;
	umem->end = umem->begin + pool->populated_size * umem->element;
	for (unsigned i = 0; i < pool->size; i++)
		if (nic_umem_holds(umem, pool, all[i]))
			rte_pktmbuf_free(all[i]);
		else
			umem->outside++;
	rte_free(all);
	return 0;
}

int nic_private_open(struct nic_port *port, unsigned number, int node)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct nic_umem umem = { 0 };

	snprintf(name, sizeof(name), "shoal_door_%u", number);
	port->private_pool =
	    rte_pktmbuf_pool_create_by_ops(name, NIC_PRIVATE_MBUFS, NIC_CACHE, 0, NIC_PRIVATE_ROOM, node, "ring_sp_sc");
	if (!port->private_pool || nic_private_retire(port->private_pool, &umem)) {
		log_error("nic.pool", "%s: %u mbufs: %s", name, NIC_PRIVATE_MBUFS, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	log_info("nic.door", "%s: frames are copied at the door; %u of %u mbufs lie outside the driver's memory",
		 port->conf->name, umem.outside, NIC_PRIVATE_MBUFS);
	if (umem.outside < NIC_PRIVATE_MBUFS / 8)
		return 0;
	log_error("nic.pool", "%s: hugepages are in pieces: the driver can't use its pool", name);
	return -ENOMEM;
}
