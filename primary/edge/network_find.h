// network_find.h - subscribers by their addresses in a network: the downlink hint (lane.h) of a packet for one of them.
//
// Pure, inline; for the primary's loop.
#pragma once
#include "primary/edge/network.h"

// Subscribers of a network, with an address of its pools: the downlink hint (lane.h) of a packet for them; NETWORKS_NOBODY: there is none.
// network 0: of any.
#define NETWORKS_NOBODY UINT32_MAX

static inline uint32_t networks_hint4(const struct networks *networks, unsigned network, uint32_t ipv4)
{
	for (const struct network_pool *pool = networks->pool; pool < networks->pool + networks->pools; pool++) {
		uint32_t slot = shard_pool_slot4(&pool->laid, ipv4);

		if (slot != UINT32_MAX && (!network || network == pool->network))
			return shard_hint(networks->places ? slot << SHARD_BITS : ipv4, shard_of_ipv4(ipv4));
	}
	return NETWORKS_NOBODY;
}

static inline uint32_t networks_hint6(const struct networks *networks, unsigned network, uint64_t prefix)
{
	for (const struct network_pool *pool = networks->pool; pool < networks->pool + networks->pools; pool++) {
		uint32_t slot = shard_pool_slot6(&pool->laid, prefix);

		if (slot != UINT32_MAX && (!network || network == pool->network))
			return shard_hint(networks->places ? slot << SHARD_BITS : 0, shard_of_ipv6(prefix));
	}
	return NETWORKS_NOBODY;
}

// An address or a prefix in a network; 0: there is none. No two are alike, as the bits are an IPv4 address's zeros, or below a prefix.
static inline struct address networks_key(unsigned network, struct address address)
{
	return (struct address){ address.high, address.low | (uint64_t)network << 48 };
}

// The hint of who has it there, though it is not his place's own; NETWORKS_NOBODY: nobody.
uint32_t networks_exception(const struct networks *networks, unsigned network, struct address address);

// The same for whoever has the address in that network, where there is one.
static inline uint32_t networks_find4(const struct networks *networks, unsigned network, uint32_t ipv4)
{
	uint32_t hint = NETWORKS_NOBODY;

	if (networks->exceptions.entries)
		hint = networks_exception(networks, network, address_ipv4(ipv4));
	return hint == NETWORKS_NOBODY ? networks_hint4(networks, network, ipv4) : hint;
}

static inline uint32_t networks_find6(const struct networks *networks, unsigned network, uint64_t prefix)
{
	uint32_t hint = NETWORKS_NOBODY;

	if (networks->exceptions.entries)
		hint = networks_exception(networks, network, (struct address){ prefix, 0 });
	return hint == NETWORKS_NOBODY ? networks_hint6(networks, network, prefix) : hint;
}
