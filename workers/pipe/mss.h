// mss.h - what the SYNs of TCP may say of the largest segment (packets.tcp_mss): no more than fits the way here, for paths on which too
// large packets disappear without a word.
//
// Pure. Whoever says less, or nothing, is let be. IPv4, and IPv6 without extension headers.
#pragma once
#include "shared/plane/lane.h"
#include "shared/plane/room.h"

#define MSS_LESS6 20u // an IPv6 header is so much longer

// The user's packet of that length at `ip`; its checksum goes along. most: over IPv4.
void mss_clamp(uint8_t *ip, uint32_t length, uint16_t most);

// Of what a worker has done, all that is forwarded: out of tunnels, and inside the headers it was given.
void mss_burst(const struct rooms *rooms, const struct lane_handle *handles, unsigned n, uint16_t most);
