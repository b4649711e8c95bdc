// lines_rate.c - a shard's rate table. Pure; the shard's owner calls.
#include <errno.h>
#include "workers/lines/lines.h"

static uint64_t rate_check(const struct region_rate *rate)
{
	uint64_t words[] = { rate->cir_bps, rate->cbs, rate->ebs }, sum = 0;

	for (unsigned i = 0; i < 3; i++) {
		sum = (sum ^ words[i]) * 0xd6e8feb86659fd93ull;
		sum ^= sum >> 32;
	}
	return sum;
}

int lines_rate_set(const struct lines *lines, uint32_t index, const struct bearer_rate *rate)
{
	uint64_t byte_tokens = 8 * lines->net->clock_hz;
	struct region_rate entry;
	const char *field;

	if (!index || index >= lines->shape->rates || bearer_rate_check(rate, &field))
		return -EINVAL;
	entry = (struct region_rate){ rate->cir_bps, rate->cbs_bytes * byte_tokens, rate->ebs_bytes * byte_tokens, 0 };
	entry.check = rate_check(&entry);
	lines->region->rates[index] = entry;
	return 0;
}

bool lines_look_rate(const struct lines *lines, uint32_t index)
{
	struct region_rate *rate = &lines->region->rates[index];

	if (rate->check == rate_check(rate))
		return true;
	*rate = (struct region_rate){ 0 };
	return false;
}
