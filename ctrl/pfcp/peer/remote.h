// remote.h - where a datagram comes from or goes to: an address, a port, and which of our sockets. And prefixes of addresses.
//
// Plain values; any thread.
#pragma once
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "shared/base/conf.h"

#define REMOTE_TEXT INET6_ADDRSTRLEN
#define REMOTE_ANY 255u // whichever of our sockets fits

struct remote {
	uint8_t bytes[16]; // network order; IPv4 in the first four, the rest zero
	uint8_t family;    // 4 or 6
	uint8_t socket;    // which of ours
	uint16_t port;     // host order
	uint32_t scope;    // interface of a link-local IPv6 address
};

// The address alone; ports and sockets may differ.
bool remote_same(const struct remote *one, const struct remote *other);
bool remote_in(const struct remote *remote, const struct conf_address *prefix);
void remote_text(const struct remote *remote, char text[REMOTE_TEXT]);
// Of address and port. Without a seed of the caller's, clients choose their buckets.
uint64_t remote_hash(const struct remote *remote, uint64_t seed);
