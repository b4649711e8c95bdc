// plane.h - the head of the plane: one page that says what there is and where, written by the primary.
//
// Memzone "shoal_plane". Whoever attaches compares magic and abi before it looks at anything else.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "shared/plane/build.h"
#include "shared/plane/image.h"
#include "shared/plane/limits.h"
#include "shared/plane/region.h"
#include "shared/plane/room.h"
#include "shared/plane/seat.h"
#include "shared/wire/shard.h"

#define PLANE_MAGIC 0x53484f414c504c4eull // "SHOALPLN"

// What packets are checked and built with. Constant after start.
struct plane_net {
	uint64_t clock_hz;  // ticks per second of the clock the loops read (TSC)
	uint32_t gtpu_ipv4; // our GTP-U endpoint (N3, S1-U, S5-U)
	uint32_t pools;
	struct shard_pool pool[SHARD_POOLS_MAX];
	uint32_t slot_bits;  // of a TEID
	uint16_t access_mtu; // largest IP packet towards the radio side, outer headers included
	uint16_t core_mtu;   // largest IP packet towards the packet data network
	uint32_t
	    icmp_ipv4; // source of ICMP errors and echo answers towards subscribers and hosts: first address of a core port
	uint8_t verdicts; // VERDICT_COUNT of the primary; 0: it is from before VERDICTS_LATER
	uint8_t
	    places; // 1: there are several networks, which may share addresses, so downlink handles name the session's place (lane.h). 0: an address is one pool's
	uint16_t link_mtu; // told to subscribers in router advertisements
	uint8_t icmp_ipv6[16];
};

// The shape as builds that know of no rules read it.
struct plane_first_shape {
	uint32_t slots, foreign, rates, buckets;
};

// Whether the primary knows this verdict: another one it would take for forged. ANSWERED from a seat other than the slow lane's came
// with the later ones, too.
static inline bool plane_knows(const struct plane_net *net, unsigned verdict)
{
	return verdict < net->verdicts;
}

struct plane {
	uint64_t magic;
	uint32_t abi;        // PLANE_ABI, and PLANE_ABI_PLACES with net.places
	uint32_t spin;       // 1 = loops never sleep (cores are pinned one to one)
	char build[64];      // of the primary
	uint64_t generation; // of the primary
	int32_t primary_pid;
	uint32_t workers; // fast seats that are wanted; a seat beyond stands in for the one it is congruent to
	uint64_t born_ticks, born_ns; // one moment by the loops' clock and in nanoseconds since 1970
	struct plane_first_shape first_shape;
	struct plane_net net;
	uint32_t rooms[ROOM_ZONES];                 // rooms in each zone
	_Alignas(64) _Atomic uint32_t sleeping;     // 1 = the primary's loop is blocked on its doorbell or about to
	_Alignas(64) _Atomic uint8_t owner[SHARDS]; // shard map: seat. w: primary's loop r: couriers
	_Alignas(64) _Atomic uint8_t
	    nest[PLANE_SEATS];      // which nest each seat is of, NEST_NONE: nobody's. Only its courier may
				    // write the seat's page. w: primary's fleet thread
	_Alignas(64) uint32_t owns; // entries in own
	uint16_t cpu[PLANE_SEATS];  // where a seat's loop runs, and 1; 0: anywhere. Constant after start
	uint16_t tcp_mss;           // largest that a SYN over IPv4 may say; 0 = any
	// 0: what is too large for a link is for the slow lane. Else IPv4 without DF is sent nevertheless, for the primary to cut, and so
	// is, towards the radio side, any packet of so many bytes.
	uint16_t cut;
	uint8_t voice[SHARD_POOLS_MAX]; // of each pool, 1 and the first port of its network; 0: no network is named
	uint32_t reserved[2];
	struct plane_address {     // every address that is the gateway's own; constant after start
		uint8_t bytes[16]; // IPv4 in the first four, network order
		uint8_t family;    // 4 or 6
		uint8_t port;
		uint8_t prefix_len;
		uint8_t reserved[5];
	} own[PLANE_PORTS * PLANE_ADDRESSES];
	struct region_shape shape; // constant after start. From a primary that knows of no rules, zone_find makes it
	uint8_t gtpu_ipv6[16];     // our GTP-U endpoint over IPv6; zero = none. Constant after start
};
_Static_assert(sizeof(struct plane) <= PLANE_PAGE, "one page");

// Nanoseconds since 1970 at these ticks of the loops' clock, for who must not ask the system. Goes on where the system's clock jumps.
static inline uint64_t plane_wall_ns(const struct plane *plane, uint64_t ticks)
{
	uint64_t passed = ticks - plane->born_ticks, hz = plane->net.clock_hz;

	return plane->born_ns + passed / hz * 1000000000u + passed % hz * 1000000000u / hz;
}

// Everything of the plane, found once; private memory.
struct plane_view {
	struct plane *plane;
	struct rooms rooms;
	struct seat seats[PLANE_SEATS];
	struct region shards[SHARDS]; // of our own bank; the primary has none
	struct image *image;          // image.h; the primary has none
};
