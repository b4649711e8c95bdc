// nic.h - ports and rooms: the only place in Shoal that sees an mbuf.
//
// Ports that share a device, each with a VLAN, are received by the first of them. Brings up the configured ports (net_af_xdp, net_af_packet, net_tap, net_memif, net_pcap, PCI devices, plug-ins), one mbuf pool per
// NUMA node and queue whose data lies in the plane's rooms, and from then on speaks of rooms only. A driver that can't receive
// into such a pool (net_af_xdp of 22.11) gets a private pool, and nic_rx copies each frame into a room at the door.
// All of it belongs to the primary's loop thread after nic_open; nic_stats may be called from any thread.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "shared/base/conf.h"
#include "shared/plane/plane.h"

struct nic;

#define NIC_BURST 32u

struct nic_frame {
	uint32_t room;
	uint16_t offset; // of the Ethernet header in the room
	uint16_t length; // of the frame, no FCS
};

// What one look at a port found.
struct nic_burst {
	unsigned n;
	struct nic_frame frame[NIC_BURST];
	uint8_t *bytes[NIC_BURST]; // where each begins
};

// Frames that leave by one port.
struct nic_frames {
	unsigned port, n;
	struct nic_frame frame[NIC_BURST];
};

struct nic_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t rx_missed; // the device's own count of what it lost before us
	uint64_t tx_failed; // refused by the device
	int up;             // link
};

// EAL arguments this configuration needs (vdevs, memory, prefix are appended by main.c): fills argv[0..max) with strings
// owned by the nic module; returns how many, or -errno with a log line naming the port's field at fault.
int nic_eal_args(const struct conf *conf, char **argv, unsigned max);

// Hugepage bytes of the pools, for main.c's -m: mbuf structs, private pools. Rooms are counted by zone_bytes.
size_t nic_bytes(const struct conf *conf);

// Puts conf->rooms on the node of the one loop that touches them; one that is not known, or beyond our zones, means node 0.
void nic_rooms(const struct conf *conf, int node, uint32_t rooms[ROOM_ZONES]);

// After EAL init and zone_make: pools, ports, MAC addresses, started and link awaited (bounded). 0 or -errno with a log
// line. nic_close stops the ports and frees everything.
int nic_open(const struct conf *conf, const struct plane_view *view, struct nic **nic);
void nic_close(struct nic *nic);

unsigned nic_ports(const struct nic *nic);
const uint8_t *nic_mac(const struct nic *nic, unsigned port);
const char *nic_driver(const struct nic *nic, unsigned port);

// Up to NIC_BURST frames from all queues of the port. Frames that can't be taken (several segments, larger than a
// room, no free room) are dropped here and counted into verdicts[VERDICT_TOO_LONG] / [VERDICT_NO_ROOM]. Returns how many there were
// of those.
unsigned nic_rx(struct nic *nic, unsigned port, struct nic_burst *burst, uint64_t *verdicts);

// Hands frames to the port's transmit buffer; the rooms are the driver's afterwards, whatever becomes of them. nic_flush
// sends what is buffered and returns how many the device refused (their rooms are freed). nic_tx flushes by itself
// at 32 and returns the refused of that flush.
unsigned nic_tx(struct nic *nic, const struct nic_frames *frames);
unsigned nic_flush(struct nic *nic, unsigned port);

int nic_room(struct nic *nic, uint32_t *room); // a free room for a frame of our own; -ENOBUFS
void nic_free(struct nic *nic, uint32_t room);

void nic_stats(struct nic *nic, unsigned port, struct nic_stats *stats);

// The name of a port whose interface has gone and come again, as another one of the same name: no packet passes it until it is opened
// anew. Null: there is none, or an interface is missing still, without which nobody can begin. Any thread may ask.
const char *nic_replaced(const struct nic *nic);

// Rooms in all, free in pools, lying in devices' receive or transmit queues (estimated from the pools: all - free -
// out, where out is what nic_rx and nic_room gave and nic_tx / nic_free have not got back).
void nic_room_count(struct nic *nic, uint64_t *all, uint64_t *idle, uint64_t *out);

// Descriptors that become readable when a port has received (sockets of kernel back ends), for the loop's sleep. Returns how
// many; *complete 0 if some port has none, so that the loop must look by itself.
unsigned nic_wait_fds(const struct nic *nic, int *fds, unsigned max, int *complete);
