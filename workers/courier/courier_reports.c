// courier_reports.c - the workers' reports, gaps and usage to ctrl. State: struct courier; the courier's thread.
#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/faults.h"
#include "workers/courier/courier_parts.h"

#define SCAN_CELLS 16384u // cells looked at for usage before others have their turn

static bool is_final(uint8_t kind)
{
	return kind == REPORT_FINAL || kind == REPORT_GAUGE || kind == REPORT_DATA;
}

// Of no shard: a peer said it to all of us.
static bool is_of_peer(uint8_t kind)
{
	return kind == REPORT_ECHO || kind == REPORT_TUNNEL;
}

// Where a shard stands is told by its owner alone: another one's word is late, or a stray write in its ring.
static bool may_tell(const struct courier *courier, unsigned seat, const struct report *report)
{
	if (is_of_peer(report->kind))
		return seat == PLANE_SEAT_SLOW;
	return is_final(report->kind) || report->kind == REPORT_NOT_MINE ||
	       courier_owner(courier, report->shard) == seat;
}

static void report_take(struct courier *courier, unsigned seat, const struct report *report)
{
	struct feed_reports *reports = &courier->said.reports;

	if (!may_tell(courier, seat, report))
		return;
	if (report->kind == REPORT_NOT_MINE)
		doubt_moved(&courier->doubt[report->shard], clock_ns());
	else if (report->kind == REPORT_GAP)
		doubt_gap(&courier->doubt[report->shard], report->seq, clock_ns());
	else if (report->kind != REPORT_NONE && report->kind < REPORT_KINDS)
		reports->report[reports->count++] = *report;
}

static unsigned seat_drain(struct courier *courier, unsigned seat)
{
	struct seat pages = courier->view->seats[seat];
	uint32_t *tail = &courier->report_tail[seat];
	int ready = ring_ready(*tail, &pages.worker->report_head, REPORT_SLOTS);
	unsigned taken = 0;

	if (ready < 0) // the primary has repaired a dead worker's index: what is there is told again
		*tail = ring_resume(&pages.courier->report_tail);
	while (ready-- > 0 && courier->said.reports.count < FEED_BATCH_MAX) {
		struct report report = pages.worker->reports[(*tail)++ % REPORT_SLOTS]; // a copy: the worker can write

		report_take(courier, seat, &report);
		FAULT_POINT("courier.taken");
		taken++;
	}
	return taken;
}

static void gap_tell(struct courier *courier, unsigned shard, const struct feed_stand *stand)
{
	struct feed_reports *reports = &courier->said.reports;
	struct report report = { .kind = REPORT_GAP, .shard = (uint8_t)shard, .slot = stand->sessions };

	report.epoch = stand->epoch;
	report.seq = stand->seq;
	report.digest = stand->digest;
	pending_drop(courier->pending, (uint8_t)shard); // ctrl sends all of it again
	reports->report[reports->count++] = report;
}

static void doubts_settle(struct courier *courier)
{
	uint64_t now = clock_ns();

	for (unsigned shard = 0; shard < SHARDS && courier->said.reports.count < FEED_BATCH_MAX; shard++) {
		struct feed_stand stand;
		bool held;

		if (!courier->doubt[shard].due_ns)
			continue;
		held = courier_owner(courier, shard) < PLANE_SEATS; // first: while it is taken over it stands nowhere
		courier_stand(courier, &stand, shard);
		if (doubt_settle(&courier->doubt[shard], stand.seq, held, now))
			gap_tell(courier, shard, &stand);
	}
}

// What nobody could tell again.
static bool finals_among(const struct feed_reports *reports)
{
	for (uint32_t i = 0; i < reports->count; i++)
		if (is_final(reports->report[i].kind))
			return true;
	return false;
}

static void reports_send(struct courier *courier)
{
	struct feed_reports *reports = &courier->said.reports;

	reports->number = courier->unheard.said + 1;
	if (!reports->count || feed_send(courier->feed, &courier->said))
		return;
	FAULT_POINT("courier.reported");
	unheard_say(&courier->unheard, courier->report_tail, finals_among(reports));
	reports->count = 0;
}

void courier_reports_again(struct courier *courier)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		courier->report_tail[seat] = ring_resume(&courier->view->seats[seat].courier->report_tail);
	unheard_begin(&courier->unheard, courier->report_tail);
	courier->said.reports.count = 0;
}

// A report leaves its ring only when nobody needs it any more (unheard.h).
static void reports_give(struct courier *courier)
{
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		struct seat pages = courier->view->seats[seat];

		if (!courier_has(courier, seat) ||
		    ring_resume(&pages.courier->report_tail) == courier->unheard.given[seat])
			continue;
		ring_publish(&pages.courier->report_tail, courier->unheard.given[seat]);
		FAULT_POINT("courier.acked");
		bell_ring_if(&pages.worker->sleeping, courier->kit->bell[NEST_BELL_SEAT0 + seat]);
	}
}

unsigned courier_report(struct courier *courier)
{
	unsigned taken = 0;

	for (unsigned seat = 0; unheard_has_room(&courier->unheard) && seat < PLANE_SEATS; seat++)
		taken += courier_has(courier, seat) ? seat_drain(courier, seat) : 0;
	doubts_settle(courier);
	reports_send(courier);
	reports_give(courier);
	return taken;
}

bool courier_reports_wait(const struct courier *courier)
{
	if (courier->said.reports.count || !unheard_has_room(&courier->unheard)) // first outbox or ctrl must take those
		return false;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		if (courier_has(courier, seat) &&
		    ring_ready(courier->report_tail[seat], &courier->view->seats[seat].worker->report_head,
			       REPORT_SLOTS) > 0)
			return true;
	return false;
}

// Sends what a full word or a finished pass has gathered; if ctrl is slow the pass waits with it.
unsigned courier_tell_usage(struct courier *courier)
{
	struct feed_usages *usages = &courier->usages.usages;
	uint64_t now = clock_ns();

	if (usages->count && (!courier->scanning || usage_full(usages))) {
		usages->number = courier->unheard.said + 1;
		if (feed_send(courier->feed, &courier->usages))
			return 0;
		unheard_count(&courier->unheard);
		usages->count = usages->gauges = 0;
	}
	if (!courier->scanning && (courier->leaving || now < courier->usage_at_ns))
		return 0;
	if (!courier->scanning) {
		courier->usage_at_ns = now + courier->usage_interval_ns;
		courier_choose(courier);
	}
	courier->scanning = !usage_scan(courier->usage, courier->view, SCAN_CELLS, usages);
	return 1;
}
