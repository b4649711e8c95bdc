// limits.h - every fixed size of the plane, in one place. Printed at start by the primary.
#pragma once

#define PLANE_SEATS 16u      // seats for workers; seat PLANE_SEAT_SLOW is the slow lane's
#define PLANE_SEAT_SLOW 15u  // the slow lane sits here; fast workers take seats 0..14
#define PLANE_SEAT_NONE 255u // no seat: shard without owner
#define PLANE_NESTS 2u       // builds of workers side by side: one at home, one coming or going
#define PLANE_NEST_NONE 255u
#define PLANE_PORTS 16u
#define PLANE_ADDRESSES 16u // own addresses of one port, both families together

#define LANE_SLOTS 1024u   // handles in lane.in and in lane.out; also the credit of a seat: lent at once
#define LANE_BURST 32u     // handles moved at once; the worker's uncommitted window
#define CHANGE_SLOTS 2048u // changes on their way to one seat
#define REPORT_SLOTS 4096u // reports on their way from one seat

// A room holds one frame. 35 cache lines: odd, so that the first lines of neighbouring rooms fall into different sets.
#define ROOM_STRIDE 2240u
// Before a frame: outer headers and an ICMP error's fit. Bytes 12 to 75 of the frame share a line: from its Ethernet type to the inner
// destination, and with a tag or without what the primary reads and writes of it afterwards; what is prepended lies in the line before.
#define ROOM_HEADROOM 116u
#define ROOM_ZONES 8u       // one zone of rooms per NUMA node
#define ROOM_ZONE_SHIFT 20u // room index = zone << 20 | room in zone

#define PLANE_PAGE 2097152u // 2 MB: the unit in which rights are given and taken
