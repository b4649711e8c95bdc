// courier_changes.c - ctrl's changes into the owners' rings. State: struct courier; the courier's thread.
#include <errno.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "shared/base/log.h"
#include "workers/courier/courier_parts.h"

#define RECEIVE_TURN 8u // messages taken before others have their turn

static void refuse(struct courier *courier, const struct change *change, const char *field)
{
	struct feed_reports *reports = &courier->said.reports;
	struct report report = { .kind = REPORT_REFUSED, .shard = change->shard, .slot = change->slot };

	log_warning("feed.change", "shard %u, change %llu: %s out of range", change->shard,
		    (unsigned long long)change->seq, field);
	report.epoch = change->epoch;
	report.seq = change->seq;
	// No place: the changes behind it will not follow, ctrl sends it again, and we refuse it again.
	if (reports->count < FEED_BATCH_MAX)
		reports->report[reports->count++] = report;
}

static bool part_good(const struct region_shape *shape, const struct change_part *part, const char **field)
{
	*field = "part";
	return part->bytes && part->bytes <= CHANGE_PART_BYTES && part->offset + part->bytes <= shape->sheet * 64u;
}

static bool change_good(const struct courier *courier, const struct change *change, const char **field)
{
	const struct region_shape *shape = &courier->view->plane->shape;

	*field = "verb";
	if (change->verb == CHANGE_NONE)
		return false;
	*field = "slot";
	if (change->slot >= shape->slots)
		return false;
	*field = "rate_index";
	if (change->rate_index >= shape->rates)
		return false;
	if (change->verb == CHANGE_PART)
		return part_good(shape, &change->part, field);
	if (change->verb == CHANGE_SET)
		return !bearer_check(&change->bearer, field);
	if (change->verb == CHANGE_RATE)
		return !bearer_rate_check(&change->rate, field);
	return true;
}

static void batch_take(struct courier *courier, const struct feed_batch *batch)
{
	const char *field;

	for (unsigned i = 0; i < batch->count; i++) {
		if (courier_place(courier, batch->change[i].shard) == COURIER_ELSEWHERE)
			continue; // ctrl hears so from its courier
		if (change_good(courier, &batch->change[i], &field))
			pending_put(courier->pending, &batch->change[i]);
		else
			refuse(courier, &batch->change[i], field);
	}
}

static void welcome_take(struct courier *courier, const struct feed_welcome *welcome)
{
	log_info("feed.welcome", "ctrl is at epoch %llu", (unsigned long long)welcome->epoch);
	courier->welcomed = true;
	courier->usage_interval_ns = (welcome->usage_interval_ms ? welcome->usage_interval_ms : 1000) * 1000000ull;
	courier->usage_at_ns = clock_ns();
	courier->scanning = false;
	courier->usages.usages.count = courier->usages.usages.gauges = 0;
	usage_forget(courier->usage);
}

static void word_take(struct courier *courier, const struct feed_word *word)
{
	FAULT_POINT("courier.heard");
	if (word->kind == FEED_WELCOME)
		welcome_take(courier, &word->welcome);
	else if (word->kind == FEED_BATCH)
		batch_take(courier, &word->batch);
	else if (word->kind == FEED_HEARD)
		unheard_hear(&courier->unheard, word->heard.number);
	else if (word->kind == FEED_REFUSE)
		log_error("feed.refused", "ctrl refuses this build's workers: %s", word->refuse.reason);
	else
		log_warning("feed.unexpected", "ctrl said a word of kind %d", (int)word->kind);
}

// Stops reading where there is no place left: then ctrl waits, and nobody else.
unsigned courier_receive(struct courier *courier)
{
	unsigned taken = 0;

	while (taken < RECEIVE_TURN && pending_has_room(courier->pending, FEED_BATCH_MAX)) {
		int error = feed_receive(courier->feed, &courier->heard);

		if (error == -EAGAIN)
			break;
		taken++;
		if (!error)
			word_take(courier, &courier->heard);
	}
	return taken;
}

static unsigned shard_post(struct courier *courier, uint8_t shard, unsigned seat)
{
	struct seat pages = courier->view->seats[seat];
	uint32_t *head = &courier->change_head[seat];
	int space = ring_space(*head, &pages.worker->change_tail, CHANGE_SLOTS);
	const struct change *change;
	unsigned posted = 0;

	while (space-- > 0 && (change = pending_first(courier->pending, shard))) {
		pages.courier->changes[(*head)++ % CHANGE_SLOTS] = *change;
		FAULT_POINT("courier.written");
		pending_take(courier->pending, shard);
		posted++;
	}
	return posted;
}

// What waits for a shard that has moved is dropped once ctrl has been told, and comes again.
static bool may_post(const struct courier *courier, uint8_t shard)
{
	return pending_first(courier->pending, shard) && !courier->doubt[shard].moved;
}

unsigned courier_post(struct courier *courier)
{
	uint32_t seats = 0;
	unsigned total = 0;

	for (unsigned shard = 0; shard < SHARDS; shard++) {
		unsigned seat = may_post(courier, (uint8_t)shard) ? courier_owner(courier, shard) : PLANE_SEAT_NONE;
		unsigned posted = seat < PLANE_SEATS ? shard_post(courier, (uint8_t)shard, seat) : 0;

		seats |= posted ? 1u << seat : 0;
		total += posted;
	}
	for (; seats; seats &= seats - 1) {
		unsigned seat = (unsigned)__builtin_ctz(seats);
		struct seat pages = courier->view->seats[seat];

		FAULT_POINT("courier.posting");
		ring_publish(&pages.courier->change_head, courier->change_head[seat]);
		FAULT_POINT("courier.posted");
		bell_ring_if(&pages.worker->sleeping, courier->kit->bell[NEST_BELL_SEAT0 + seat]);
	}
	return total;
}
