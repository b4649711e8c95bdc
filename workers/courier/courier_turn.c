// courier_turn.c - a courier without its process: what it is made of, its Hello, and one turn. State: struct courier; the courier's
// thread.
#include <errno.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/wire/sheet_skill.h"
#include "workers/courier/courier_parts.h"

#define HELLO_AGAIN_NS 2000000000ull

int courier_open(struct courier *courier, const struct kit *kit, const char *run_dir)
{
	*courier = (struct courier){ .kit = kit, .view = &kit->view };
	courier->said.kind = FEED_REPORTS;
	courier->usages.kind = FEED_USAGE;
	courier->usage = usage_make(&kit->view.plane->shape);
	courier->pending = pending_make();
	if (!courier->usage || !courier->pending)
		return -ENOMEM;
	courier_watch_first(courier);
	return feed_open(&courier->feed, run_dir, kit->nest);
}

void courier_close(struct courier *courier)
{
	feed_close(courier->feed);
	pending_free(courier->pending);
	usage_free(courier->usage);
}

void courier_stand(const struct courier *courier, struct feed_stand *stand, unsigned shard)
{
	struct region_header *header = courier->view->shards[shard].header;

	stand->epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed);
	stand->seq = atomic_load_explicit(&header->seq, memory_order_acquire);
	stand->digest = atomic_load_explicit(&header->digest, memory_order_relaxed);
	stand->sessions = atomic_load_explicit(&header->sessions, memory_order_relaxed);
	stand->seat = (uint8_t)courier_place(courier, shard);
	if (stand->seat == COURIER_ELSEWHERE)
		stand->seat = PLANE_SEAT_NONE;
}

static void hello_fill(const struct courier *courier, struct feed_hello *hello)
{
	const struct plane *plane = courier->view->plane;

	memset(hello, 0, sizeof(*hello));
	hello->version = FEED_VERSION;
	hello->nest = courier->kit->nest;
	memcpy(hello->build, plane_build, sizeof(hello->build) - 1);
	hello->plane_generation = plane->generation;
	hello->slots = plane->shape.slots;
	hello->foreign = plane->shape.foreign;
	hello->rates = plane->shape.rates;
	hello->sheet = plane->shape.sheet;
	hello->skills = SHEET_SKILLS;
	hello->slot_bits = plane->net.slot_bits;
	hello->gtpu_ipv4 = plane->net.gtpu_ipv4;
	hello->pools = plane->net.pools;
	memcpy(hello->pool, plane->net.pool, sizeof(hello->pool));
	for (unsigned shard = 0; shard < SHARDS; shard++)
		courier_stand(courier, &hello->stand[shard], shard);
}

// A Hello or its answer went astray: then each side would wait for the other.
static bool is_unanswered(const struct courier *courier)
{
	return courier->greeted && !courier->welcomed && clock_ns() - courier->greeted_ns >= HELLO_AGAIN_NS;
}

// A connection begins with Hello. What waited for the last one is forgotten: ctrl sends what each shard lacks.
static void greet(struct courier *courier)
{
	uint32_t connection = feed_connection(courier->feed);
	struct feed_word *word = &courier->usages; // nothing of it is worth keeping

	if (connection == courier->greeted && !is_unanswered(courier))
		return;
	courier->welcomed = false;
	courier->greeted = 0;
	if (!connection)
		return;
	pending_drop_all(courier->pending);
	courier_reports_again(courier);
	memset(courier->doubt, 0, sizeof(courier->doubt));
	word->kind = FEED_HELLO;
	hello_fill(courier, &word->hello);
	if (!feed_send(courier->feed, word))
		courier->greeted = connection;
	courier->greeted_ns = clock_ns();
	word->kind = FEED_USAGE;
	word->usages.count = word->usages.gauges = 0;
}

void courier_leave(struct courier *courier)
{
	courier->leaving = courier->scanning = true;
	courier_choose_all(courier);
	usage_rewind(courier->usage);
}

bool courier_left(const struct courier *courier)
{
	return !courier->welcomed || (!courier->scanning && !courier->usages.usages.count &&
				      feed_empty(courier->feed) && !courier_reports_wait(courier) &&
				      !courier->said.reports.count && courier->unheard.heard == courier->unheard.said);
}

unsigned courier_turn(struct courier *courier)
{
	unsigned done;

	feed_tick(courier->feed, clock_ns());
	courier_watch(courier); // before Hello, and before words about what has just become ours
	greet(courier);
	feed_flush(courier->feed);
	done = courier_receive(courier);
	done += courier_post(courier);
	if (!courier->welcomed)
		return done;
	return done + courier_report(courier) + courier_tell_usage(courier);
}
