// advert.h - router advertisements: how a subscriber's IPv6 comes by its address (RFC 4862; TS 29.061 11.2.1.3.2, TS 23.501 5.8.2.2).
//
// Pure. The gateway is the only router on the subscriber's link; its name there is fe80::1. DHCPv6 is not offered, the prefix is
// the session's own /64 and never on link: whatever a subscriber sends goes through the tunnel.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define ADVERT_BYTES 96u // IPv6, advertisement, prefix and MTU

// Whether these `length` bytes, an IPv6 packet whose header has been read, are a router solicitation that is to be answered (RFC 4861
// 6.1.1): from a link-local or the unspecified address, to all routers or to ours, hop limit 255, checksum and options right.
bool advert_asked(const uint8_t *packet, uint32_t length);

// Writes the answer, ADVERT_BYTES at `at`: to who asked, or to all where that was nobody's address. prefix: of 64 bits.
void advert_put(uint8_t *at, const uint8_t *asked, uint64_t prefix, uint32_t mtu);
