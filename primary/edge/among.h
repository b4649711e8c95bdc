// among.h - packets from subscriber to subscriber: which they are, and what the configuration says of them (packets.ue_to_ue).
//
// A packet that has come out of its sender's tunnel and is for an address of our pools goes to its receiver's worker as if it had come
// from the core: checked, metered and charged on both sides, one hop less on each. Whoever has no session there is told of by that
// worker's verdict, so nothing goes round. Addresses from outside the pools are known to ctrl and the workers alone: for them the core
// side's router sends packets back, as it does for networks behind subscribers (framed.h), and for all with `network`.
#pragma once
#include <stdbool.h>
#include "shared/base/conf.h"
#include "shared/wire/ip.h"

struct among {
	unsigned pools; // 0: nobody asks
	enum conf_ue_to_ue way;
	struct among_pool {
		uint64_t ipv6, mask6; // of the upper half; mask 0 = none
		uint32_t ipv4, mask4;
	} pool[sizeof((struct conf *)0)->pool / sizeof(struct conf_pool)];
};

void among_build(struct among *among, const struct conf *conf);

// Whether some address that begins with this byte is of a pool.
bool among_near(const struct among *among, uint32_t first);

// Whether the packet of that length is for an address of our pools.
static inline bool among_ours(const struct among *among, const uint8_t *ip, unsigned length)
{
	bool six = ip[0] >> 4 == 6;

	if (!among->pools || length < (six ? IP6_HEADER : IP4_HEADER))
		return false;
	for (const struct among_pool *pool = among->pool; pool < among->pool + among->pools; pool++)
		if (six ? pool->mask6 && (be64_get(ip + 24) & pool->mask6) == pool->ipv6
			: pool->mask4 && (be32_get(ip + 16) & pool->mask4) == pool->ipv4)
			return true;
	return false;
}
