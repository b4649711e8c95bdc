// courier_changes.c - Hello to ctrl, and its changes into the owners' rings. State: struct courier; the courier's thread.
#include <errno.h>
#include <string.h>
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "workers/courier_parts.h"

#define RECEIVE_TURN 8u // messages taken before others have their turn

void courier_stand(const struct courier *courier, struct feed_stand *stand, unsigned shard)
{
	struct region_header *header = courier->view->shards[shard].header;

	stand->epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed);
	stand->seq = atomic_load_explicit(&header->seq, memory_order_acquire);
	stand->digest = atomic_load_explicit(&header->digest, memory_order_relaxed);
	stand->sessions = atomic_load_explicit(&header->sessions, memory_order_relaxed);
	stand->seat = atomic_load_explicit(&courier->view->plane->owner[shard], memory_order_relaxed);
}

static void hello_fill(const struct courier *courier, struct feed_hello *hello)
{
	const struct plane *plane = courier->view->plane;

	memset(hello, 0, sizeof(*hello));
	hello->version = FEED_VERSION;
	memcpy(hello->layout, plane->layout, sizeof(hello->layout) - 1);
	memcpy(hello->build, plane->build, sizeof(hello->build) - 1);
	hello->plane_generation = plane->generation;
	hello->slots = plane->shape.slots;
	hello->foreign = plane->shape.foreign;
	hello->rates = plane->shape.rates;
	hello->slot_bits = plane->net.slot_bits;
	hello->gtpu_ipv4 = plane->net.gtpu_ipv4;
	hello->pools = plane->net.pools;
	memcpy(hello->pool, plane->net.pool, sizeof(hello->pool));
	for (unsigned shard = 0; shard < SHARDS; shard++)
		courier_stand(courier, &hello->stand[shard], shard);
}

// A connection begins with Hello. What waited for the last one is forgotten: ctrl sends what each shard lacks.
void courier_greet(struct courier *courier)
{
	uint32_t connection = feed_connection(courier->feed);
	struct feed_word *word = &courier->usages; // nothing of it is worth keeping

	if (connection == courier->greeted)
		return;
	courier->welcomed = false;
	courier->greeted = 0;
	if (!connection)
		return;
	pending_drop_all(courier->pending);
	memset(courier->doubt, 0, sizeof(courier->doubt));
	word->kind = FEED_HELLO;
	hello_fill(courier, &word->hello);
	if (!feed_send_now(courier->feed, word))
		courier->greeted = connection;
	word->kind = FEED_USAGE;
	word->usages.count = 0;
}

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

static bool change_good(const struct courier *courier, const struct change *change, const char **field)
{
	const struct region_shape *shape = &courier->view->plane->shape;

	*field = "slot";
	if (change->slot >= shape->slots)
		return false;
	*field = "rate_index";
	if (change->rate_index >= shape->rates)
		return false;
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
	courier->usages.usages.count = 0;
	usage_forget(courier->usage);
}

static void word_take(struct courier *courier, const struct feed_word *word)
{
	if (word->kind == FEED_WELCOME)
		welcome_take(courier, &word->welcome);
	else if (word->kind == FEED_BATCH)
		batch_take(courier, &word->batch);
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

unsigned courier_owner(const struct courier *courier, unsigned shard)
{
	unsigned seat = atomic_load_explicit(&courier->view->plane->owner[shard], memory_order_acquire);

	return seat < PLANE_SEATS && courier->view->shards[shard].header->owner == seat ? seat : PLANE_SEAT_NONE;
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
		pending_take(courier->pending, shard);
		posted++;
	}
	return posted;
}

unsigned courier_post(struct courier *courier)
{
	uint32_t seats = 0;
	unsigned total = 0;

	for (unsigned shard = 0; shard < SHARDS; shard++) {
		unsigned seat =
		    pending_first(courier->pending, (uint8_t)shard) ? courier_owner(courier, shard) : PLANE_SEAT_NONE;
		unsigned posted = seat < PLANE_SEATS ? shard_post(courier, (uint8_t)shard, seat) : 0;

		seats |= posted ? 1u << seat : 0;
		total += posted;
	}
	for (; seats; seats &= seats - 1) {
		unsigned seat = (unsigned)__builtin_ctz(seats);
		struct seat pages = courier->view->seats[seat];

		ring_publish(&pages.courier->change_head, courier->change_head[seat]);
		bell_ring_if(&pages.worker->sleeping, courier->kit->bell[NEST_BELL_SEAT0 + seat]);
	}
	return total;
}

void courier_watch_owners(struct courier *courier)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		uint8_t seat = atomic_load_explicit(&courier->view->plane->owner[shard], memory_order_relaxed);

		if (seat == courier->owner[shard])
			continue;
		courier->owner[shard] = seat;
		doubt_moved(&courier->doubt[shard], clock_ns());
	}
}
