// audit.c - one round after the other over what is held. State: struct audit, the loop thread's.
#include "workers/loop/audit.h"
#include <string.h>

#define ROUNDS_OVER 5u // a round takes 4/5 of a second
#define ROUNDS_UNDER 4u
#define REPORTS_LEFT 64u // to others, in the report ring
#define WAIT_MS 20       // between visits, while there is something to look at
#define WAIT_EMPTY_MS 250
#define VISITS_LEAST 32u // a round takes; more than what WAIT_MS asks for

void audit_open(struct audit *audit, struct tenure *tenure, struct reports *reports, uint64_t now)
{
	*audit = (struct audit){ .tenure = tenure, .reports = reports, .looked_at = now };
}

static void tell(struct audit *audit, enum report_lost what, uint32_t which)
{
	const struct region_header *header = &audit->tenure->noted[audit->shard];
	struct report *report = reports_next(audit->reports);

	report->kind = REPORT_LOST;
	report->shard = (uint8_t)audit->shard;
	report->slot = which;
	report->epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed);
	report->seq = atomic_load_explicit(&header->seq, memory_order_relaxed);
	report->digest = what;
	reports_publish(audit->reports);
	reports_ring(audit->reports);
}

static uint32_t units_of(const struct region_shape *shape)
{
	return shape->rates + shape->buckets + shape->slots;
}

static bool is_empty(const struct audit *audit)
{
	return !atomic_load_explicit(&audit->tenure->noted[audit->shard].sessions, memory_order_relaxed);
}

static void header_look(struct audit *audit)
{
	if (tenure_mended(audit->tenure, (uint8_t)audit->shard))
		tell(audit, LOST_HEADER, 0);
}

static void shard_begin(struct audit *audit)
{
	header_look(audit);
	audit->digest = 0;
	audit->sessions = 0;
	audit->dropped = false;
	audit->begun = audit->tenure->noted[audit->shard];
	audit->busy += !is_empty(audit);
}

static void cell_look(struct audit *audit, const struct lines *lines, uint32_t slot)
{
	uint32_t sessions;

	switch (lines_look(lines, slot)) {
	case LINES_LOST:
		tenure_note(audit->tenure, (uint8_t)audit->shard);
		audit->begun = audit->tenure->noted[audit->shard];
		audit->dropped = true;
		tell(audit, LOST_CELL, slot);
		break;
	case LINES_MENDED:
		tell(audit, LOST_INDEX, slot);
		break;
	case LINES_SOUND:
		break;
	}
	audit->digest ^= lines_share(lines, slot, &sessions);
	audit->sessions += sessions;
}

static void unit_look(struct audit *audit, const struct lines *lines, uint32_t unit)
{
	if (unit < lines->shape->rates) {
		if (!lines_look_rate(lines, unit))
			tell(audit, LOST_RATE, unit);
		return;
	}
	unit -= lines->shape->rates;
	if (unit < lines->shape->buckets) {
		if (!lines_look_bucket(lines, unit))
			tell(audit, LOST_INDEX, UINT32_MAX);
		return;
	}
	cell_look(audit, lines, unit - lines->shape->buckets);
}

// The header must say what the cells say, unless changes came meanwhile. Where it does not, the cells are right, and ctrl judges.
static void shard_end(struct audit *audit, const struct lines *lines)
{
	const struct region_header *noted = &audit->tenure->noted[audit->shard];

	header_look(audit);
	if (memcmp(&audit->begun, noted, sizeof(*noted)))
		return;
	if (noted->digest == audit->digest && noted->sessions == audit->sessions)
		return;
	lines_sum_set(lines, audit->digest, audit->sessions);
	tenure_note(audit->tenure, (uint8_t)audit->shard);
	if (!audit->dropped)
		tell(audit, LOST_SUM, 0);
}

static void shard_next(struct audit *audit)
{
	audit->unit = 0;
	audit->shard = (audit->shard + 1) % SHARDS;
	if (audit->shard)
		return;
	audit->was_busy = audit->busy;
	audit->busy = 0;
}

// Up to `budget` units of the shard the round stands at. Returns how many are left of the budget.
static uint32_t shard_look(struct audit *audit, uint32_t budget)
{
	struct lines lines = tenure_lines(audit->tenure, (uint8_t)audit->shard);
	uint32_t units = units_of(lines.shape), last = units - audit->unit < budget ? units : audit->unit + budget;

	if (!audit->unit)
		shard_begin(audit);
	if (is_empty(audit)) {
		shard_next(audit);
		return budget - 1;
	}
	budget -= last - audit->unit;
	while (audit->unit < last && reports_space(audit->reports) > REPORTS_LEFT)
		unit_look(audit, &lines, audit->unit++);
	if (audit->unit < last)
		return 0;
	if (audit->unit == units) {
		shard_end(audit, &lines);
		shard_next(audit);
	}
	return budget;
}

static void units_look(struct audit *audit, uint64_t budget)
{
	unsigned others = 0; // in a row

	while (budget && others < SHARDS && reports_space(audit->reports) > REPORTS_LEFT) {
		if (tenure_has(audit->tenure, (uint8_t)audit->shard)) {
			budget = shard_look(audit, budget < UINT32_MAX ? (uint32_t)budget : UINT32_MAX);
			others = 0;
		} else {
			shard_next(audit);
			others++;
		}
	}
}

// Empty shards cost nothing. Where there are sessions a loop that was kept waiting does not make up for it: packets wait.
static uint64_t ticks_most(const struct audit *audit, uint64_t round)
{
	return audit->busy || audit->was_busy ? round / VISITS_LEAST : round;
}

void audit_visit(struct audit *audit, uint64_t now)
{
	const struct plane *plane = audit->tenure->view->plane;
	uint64_t all = (uint64_t)audit->tenure->held * units_of(&plane->shape), ticks = now - audit->looked_at;
	uint64_t second = plane->net.clock_hz * ROUNDS_UNDER / ROUNDS_OVER, most = ticks_most(audit, second);

	if (ticks > most)
		ticks = most;
	audit->looked_at = now;
	units_look(audit, all * (ticks / 1024) / (second / 1024) + 1);
}

void audit_round(struct audit *audit)
{
	audit->shard = audit->unit = 0;
	units_look(audit, (uint64_t)audit->tenure->held * units_of(&audit->tenure->view->plane->shape));
}

int audit_wait_ms(const struct audit *audit)
{
	return audit->busy || audit->was_busy ? WAIT_MS : WAIT_EMPTY_MS;
}
