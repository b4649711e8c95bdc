// desk.c - requests in their order: those that make up a group, and those that pass it or may not wait for it.
#include "ctrl/desk/desk.h"
#include <stdlib.h>
#include "ctrl/desk/group.h"
#include "shared/base/clock.h"

#define ARENA_BYTES (16u << 20) // a full import of 1 MiB unpacks into about half of it

void desk_open(struct desk *desk)
{
	desk->groups = calloc(1, sizeof(*desk->groups));
	desk->groups->disk = &desk->groups->group[0];
	desk->groups->ahead = &desk->groups->group[1];
	arena_open(&desk->arena, ARENA_BYTES);
	desk->spare_waits = (struct spares){ .bytes = sizeof(struct wait), .most = DESK_WAITS_MAX };
	desk->opened_ns = clock_ns();
}

void desk_close(struct desk *desk)
{
	arena_close(&desk->arena);
	spares_close(&desk->spare_waits);
	free(desk->groups);
}

void desk_take(struct desk *desk, struct request *request)
{
	request->next = NULL;
	if (desk->first)
		desk->last->next = request;
	else
		desk->first = request;
	desk->last = request;
	desk->requests++;
}

bool desk_busy(const struct desk *desk)
{
	bool waits = desk->first || measures_is_due(desk->load->measures, desk_ms(desk)) || desk_errors_wait(desk);

	return waits && !desk->groups->disk->open && !scribe_busy(desk->scribe);
}

void desk_answer(struct request *request, uint8_t *bytes, size_t length)
{
	request->answer = bytes;
	request->answer_bytes = bytes ? length : 0;
	request->answered(request);
}

// ---- While the disk has a batch

// A change that may not wait any longer. False: it has come before and is with the disk, so nobody can say that nothing was done.
static bool change_refuse(struct desk *desk, struct decided *decided)
{
	struct keys_request key;
	struct job job;

	job_open(&job, desk, decided->request);
	if (job_kind(&job) == JOB_CHANGE && group_repeated(&job, &key, decided))
		return !job.later;
	fault_say(&job.fault, SHOAL__OSS__CODE__STORE_FAILED, "",
		  "The disk has been busy for too long; nothing was done, try again later.");
	group_finish(&job, decided);
	return true;
}

// What kind it is is found out once: it may be large, and be looked at often.
static bool is_read(struct desk *desk, struct request *request)
{
	struct job job;

	if (request->looked == REQUEST_UNKNOWN) {
		job_open(&job, desk, request);
		group_look(&job);
	}
	return request->looked == REQUEST_READS;
}

// An answer makes room for its caller's next request, which comes to the end of the queue in the midst of this.
static void meanwhile(struct desk *desk)
{
	uint64_t age_ns = scribe_age_ns(desk->scribe);
	bool reads = !desk->groups->disk->open || age_ns >= DESK_SLOW_NS, slow = age_ns >= DESK_PATIENCE_NS;
	struct request *left = NULL, *left_last = NULL;

	if (slow)
		group_take_back(desk);
	while (desk->first) {
		struct decided decided = { .request = desk->first };

		desk->first = desk->first->next;
		if (reads && is_read(desk, decided.request) && group_read(desk, &decided)) {
			group_answer(desk, &decided);
		} else if (slow && !is_read(desk, decided.request) && change_refuse(desk, &decided)) {
			group_answer(desk, &decided);
		} else {
			decided.request->next = NULL;
			if (left)
				left_last->next = decided.request;
			else
				left = decided.request;
			left_last = decided.request;
		}
	}
	desk->first = left;
	desk->last = left_last;
}

void desk_run(struct desk *desk)
{
	desk_unpark(desk, clock_ns());
	if (desk_busy(desk)) {
		if (!scribe_gives_way(desk->scribe))
			group_begin(desk);
	} else if (desk->first || desk->groups->ahead->open) {
		group_go_ahead(desk);
		meanwhile(desk);
	}
	desk_reports(desk);
}
