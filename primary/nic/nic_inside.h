// nic_inside.h - what nic's own files share. Nobody else includes it.
//
//   nic.c         ports: opened, started, closed; statistics
//   nic_args.c    configuration -> EAL arguments
//   nic_pool.c    mbufs over rooms; private pools of drivers that can't take those
//   nic_io.c      frames in and out: the packet path
//   nic_kernel.c  what is asked of the kernel about an interface, and the sockets to wait on
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include "primary/nic/nic.h"

#define NIC_PRIVATE_MBUFS 8191u // fill queue 2,048, transmit queue 2,048, completions 2,048, and some in hand
#define NIC_PRIVATE_ROOM 2688u  // both headrooms (mbuf's 128, XDP's 256) and the longest frame
#define NIC_MBUF_STRIDE 256u    // bytes of a pool of bare mbufs, each; an upper bound
#define NIC_LEAD \
	(RTE_PKTMBUF_HEADROOM - ROOM_HEADROOM) // an mbuf's buffer begins so much before its room: nobody touches that
#define NIC_FRAME_EXTRA 18u                    // Ethernet and one tag: what a frame is longer than its packet

// What differs between drivers.
struct nic_driver {
	const char *name;
	const char *vdev;   // device name without number; null = the device is named in full
	const char *key;    // its argument that names the device
	const char *always; // further arguments
	bool kernel;        // the device is a kernel interface, found by name
	bool copies;        // can't receive into rooms: private pool, copied at the door
	bool swallows;      // counts frames it took and then lost as errors of its own
	bool scatters;      // is let to spread a frame over several mbufs, so that we see and count it
	uint16_t rx_slots, tx_slots;
	uint16_t mtu_max;
};

extern const struct nic_driver nic_drivers[];

// The mbufs of one zone of rooms. Mbufs and rooms both lie at a constant stride, in the same order.
struct nic_zone {
	struct rte_mempool *pool; // null = no such zone
	uint8_t *first;           // mbuf of room 0
	size_t stride;
	uint8_t *rooms;
	uint32_t number; // zone << ROOM_ZONE_SHIFT
	uint32_t count;
};

struct nic_port {
	const struct conf_port *conf;
	const struct nic_driver *driver;
	struct nic_zone *zone;
	struct rte_mempool *private_pool; // of a driver that copies
	uint16_t id;                      // DPDK's number
	bool started;
	uint8_t mac[6];
	uint8_t carrier;  // the first port on the same device; it alone has what is the device's
	uint16_t longest; // frame
	int fd;           // readable when frames are there; -1 = none
	unsigned buffered;
	unsigned index; // of the kernel's interface when it was opened; 0 = it has none
	struct rte_mbuf *buffer[NIC_BURST];
	_Atomic uint64_t failed; // w: loop
};

struct nic {
	struct nic_zone zone[ROOM_ZONES];
	struct nic_port port[PLANE_PORTS];
	unsigned ports;
	uint64_t out; // rooms the caller holds
};

static inline struct rte_mbuf *nic_mbuf(const struct nic *nic, uint32_t room)
{
	const struct nic_zone *zone = &nic->zone[room >> ROOM_ZONE_SHIFT];

	return (struct rte_mbuf *)(zone->first + (room & ((1u << ROOM_ZONE_SHIFT) - 1)) * zone->stride);
}

// The room an mbuf's buffer lies around. By its address: the mbuf's own may have no constant distance.
static inline uint32_t nic_room_of(const struct nic_zone *zone, const void *buffer)
{
	const uint8_t(*room)[ROOM_STRIDE] = (const void *)((const uint8_t *)buffer + NIC_LEAD);
	const uint8_t(*first)[ROOM_STRIDE] = (const void *)zone->rooms;

	return zone->number | (uint32_t)(room - first); // no division: the distance is known to be whole rooms
}

// ---- nic_pool.c

int nic_zone_open(struct nic_zone *zone, const struct rooms *rooms, unsigned number);
void nic_zone_close(struct nic_zone *zone);
int nic_private_open(struct nic_port *port, unsigned number, int node);

// ---- nic_kernel.c

int nic_kernel_up(const char *interface);          // sets it up; 0 or -errno
bool nic_kernel_link(const struct nic_port *port); // false, too, where another interface has the name now
int nic_kernel_mtu(const char *interface);
void nic_kernel_fds(struct nic *nic); // finds each port's descriptor, once they are started
void nic_kernel_calm(int fd);         // takes a pending error off it, which would keep a sleeper awake
