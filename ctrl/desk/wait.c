// wait.c - see wait.h: waits come and go, each with the memory of an earlier one. What ends them: desk_wait.c.
#include <stdlib.h>
#include <string.h>
#include "ctrl/desk/job.h"

#define DEADLINE_MS 5000u

struct wait *job_wait(struct job *job, enum wait_kind kind)
{
	uint32_t deadline_ms = job->message->deadline_ms ? job->message->deadline_ms : DEADLINE_MS;
	struct wait *wait = NULL;

	if (job->desk->waiting < DESK_WAITS_MAX)
		wait = kind == WAIT_APPLIED ? malloc(sizeof(*wait) + SHARDS * sizeof(*wait->number))
					    : spares_take(&job->desk->spare_waits);
	if (!wait) {
		fault_say(&job->fault, SHOAL__OSS__CODE__BUSY, "", "Too many requests wait for workers; try again.");
		return NULL;
	}
	*wait = (struct wait){ .request = job->request, .desk = job->desk, .kind = kind };
	wait->deadline_ns = job->request->arrived_ns + deadline_ms * 1000000ull;
	if (kind == WAIT_APPLIED)
		memset(wait->number, 0, SHARDS * sizeof(*wait->number));
	return wait;
}

void wait_free(struct wait *wait)
{
	if (wait && wait->kind != WAIT_APPLIED)
		spares_give(&wait->desk->spare_waits, wait);
	else
		free(wait);
}

void wait_for_number(struct wait *wait, const struct push *push, uint8_t shard, uint64_t number)
{
	if (!number || push_number(push, shard) >= number)
		return;
	wait->missing += !wait->number[shard];
	wait->number[shard] = number;
}
