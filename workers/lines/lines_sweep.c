// lines_sweep.c - a snapshot's end: the cells it did not name. Pure; the shard's owner calls.
#include <errno.h>
#include "workers/lines/lines.h"

void lines_sweep_begin(const struct lines *lines)
{
	struct region_header *header = lines->region->header;

	header->sweep++;
	header->sweep_next = 0;
	lines_sum_set(lines, 0, 0);
}

int lines_sweep_end(const struct lines *lines, unsigned budget, uint32_t *slot)
{
	struct region_header *header = lines->region->header;

	for (; header->sweep_next < lines->shape->slots; header->sweep_next++) {
		uint32_t next = header->sweep_next;

		if (lines_valid(lines, next) && lines->region->rest[next].sweep != header->sweep) {
			*slot = next;
			return 1;
		}
		if (budget-- == 0)
			return -EAGAIN;
	}
	return 0;
}
