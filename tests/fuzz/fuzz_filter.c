// fuzz_filter.c - flow descriptions of any bytes. What is understood keeps its promises; a refusal names its cause.
#include <errno.h>
#include <stdlib.h>
#include "shared/wire/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void net_check(const struct filter_net *net)
{
	unsigned most = net->family == 4 ? 32 : 128;

	if (net->family && net->family != 4 && net->family != 6)
		abort();
	if (net->family ? net->assigned || net->bits > most : net->bits)
		abort();
	for (unsigned bit = net->bits; bit < 128; bit++)
		if (net->word[bit / 32] >> (31 - bit % 32) & 1)
			abort();
}

static void ports_check(const struct filter_ports *ports)
{
	if (ports->count > FILTER_RANGES)
		abort();
	for (unsigned i = 0; i < ports->count; i++)
		if (ports->range[i].first > ports->range[i].last)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct filter filter;
	const char *fault = NULL;
	int error = filter_read((const char *)bytes, length, &filter, &fault);

	if (error) {
		if (!fault || (error != -EINVAL && error != -EOPNOTSUPP))
			abort();
		return 0;
	}
	net_check(&filter.remote);
	net_check(&filter.local);
	ports_check(&filter.remote_ports);
	ports_check(&filter.local_ports);
	if (fault || filter.remote.assigned)
		abort();
	return 0;
}
