// spread.c - a histogram of times. Plain memory; pure.
#include "tests/chaos/spread.h"

void spread_join(struct spread *to, const struct spread *from)
{
	for (unsigned i = 0; i < SPREAD_BUCKETS; i++)
		to->count[i] += from->count[i];
}

uint64_t spread_bucket_end(unsigned bucket)
{
	return (uint64_t)(5 + bucket % 4) << (SPREAD_LOW - 2 + bucket / 4);
}

uint64_t spread_quantile(const struct spread *spread, double share)
{
	uint64_t total = 0, below = 0;

	for (unsigned i = 0; i < SPREAD_BUCKETS; i++)
		total += spread->count[i];
	for (unsigned i = 0; i < SPREAD_BUCKETS && total; i++) {
		below += spread->count[i];
		if ((double)below >= share * (double)total && below)
			return spread_bucket_end(i);
	}
	return 0;
}
