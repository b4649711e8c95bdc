// among.c - the pools as prefixes. Built once, constant afterwards.
#include "primary/edge/among.h"

void among_build(struct among *among, const struct conf *conf)
{
	*among = (struct among){ .way = conf->packets.ue_to_ue };
	for (unsigned i = 0; i < conf->pools && among->way != CONF_NETWORK; i++) {
		const struct conf_pool *from = &conf->pool[i];
		struct among_pool *pool = &among->pool[among->pools++];

		pool->mask4 = from->ipv4_len ? UINT32_MAX << (32 - from->ipv4_len) : 0;
		pool->ipv4 = from->ipv4 & pool->mask4;
		pool->mask6 = from->ipv6_len ? UINT64_MAX << (64 - from->ipv6_len) : 0;
		pool->ipv6 = from->ipv6 & pool->mask6;
	}
}

bool among_near(const struct among *among, uint32_t first)
{
	for (unsigned i = 0; i < among->pools; i++) {
		const struct among_pool *pool = &among->pool[i];

		if (pool->mask4 && !((pool->ipv4 >> 24 ^ first) & pool->mask4 >> 24))
			return true;
	}
	return false;
}
