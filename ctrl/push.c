// push.c - where each shard stands, and what that means.
#include "ctrl/push.h"
#include <stdio.h>
#include "ctrl/session.h"

#define SECOND_NS 1000000000ull
#define PATIENCE_MAX_NS (8 * SECOND_NS)
#define GAP_REST_NS 100000000ull // a second GAP at the same place is the echo of what was sent before the first
#define WINDOW_PROBE 8u          // after silence

static struct cell *cells_of(const struct push *push)
{
	return push->chains->grid->cells;
}

// Forgets what is on its way: it will be sent again from where the shard is known to stand.
static void shard_rewind(struct push *push, uint8_t index)
{
	struct push_shard *shard = &push->shard[index];

	shard->head = shard->tail = 0;
	shard->prev = shard->acked;
	shard->next = shard->unacked;
	if (shard->phase == PUSH_SWEPT)
		shard->phase = PUSH_SWEEP;
	rates_untell(push->rates, index);
}

static void departed_finish(struct push *push, struct cell *cell)
{
	while (cell->departed) {
		struct session *session = cell->departed;

		cell->departed = session->departed;
		push->departed--;
		push->hooks.departed(push->hooks.with, session);
	}
}

// The shard stands at `seq`: everything above that number is missing.
static void shard_stand(struct push *push, uint8_t index, uint64_t seq)
{
	struct push_shard *shard = &push->shard[index];
	struct cell *cells = cells_of(push);

	shard->acked = seq;
	shard->unacked = chain_after(push->chains, index, chain_number(seq));
	shard->waiting = 0;
	shard->applied = push->chains->chain[index].sessions;
	for (uint32_t i = shard->unacked; i != CELL_NONE; i = cells[i].newer) {
		shard->waiting++;
		shard->applied -= cells[i].digest != 0;
	}
	for (uint32_t i = push->chains->chain[index].oldest; push->departed && i != shard->unacked; i = cells[i].newer)
		departed_finish(push, &cells[i]);
	shard_rewind(push, index);
}

void push_open(struct push *push, struct chains *chains, struct rates *rates, uint64_t starts)
{
	struct push_hooks hooks = push->hooks;

	*push = (struct push){ .chains = chains, .rates = rates, .hooks = hooks, .epoch = starts << 32 };
	for (unsigned i = 0; i < SHARDS; i++) {
		push->shard[i].window = FEED_WINDOW;
		push->shard[i].patience_ns = SECOND_NS;
		shard_stand(push, (uint8_t)i, 0);
	}
}

static void alarm_raise(const struct push *push, uint8_t shard, const char *text)
{
	if (push->hooks.alarm)
		push->hooks.alarm(push->hooks.with, shard, text);
}

void push_sweep(struct push *push, uint8_t index, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];

	shard->phase = PUSH_BEGIN;
	shard->epoch = ++push->epoch;
	shard->swept_ns = now_ns;
	shard_stand(push, index, 0);
}

static void cell_confirm(struct push *push, struct push_shard *shard, struct cell *cell)
{
	shard->waiting--;
	departed_finish(push, cell);
	if (!cell->digest)
		return;
	shard->applied++;
	if (push->hooks.applied)
		push->hooks.applied(push->hooks.with, cell->session);
}

// The owner stands at `seq`, which is not below what we knew.
static void shard_advance(struct push *push, uint8_t index, uint64_t seq, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	struct cell *cells = cells_of(push);

	if (seq == shard->acked)
		return;
	shard->acked = seq;
	shard->heard_ns = now_ns;
	shard->patience_ns = SECOND_NS;
	shard->window = FEED_WINDOW;
	while (shard->tail != shard->head && shard->sent[shard->tail % FEED_WINDOW] <= seq)
		shard->tail++;
	while (shard->unacked != CELL_NONE && chain_seq(cells[shard->unacked].number, CHAIN_CHANGE) <= seq) {
		struct cell *cell = &cells[shard->unacked];

		shard->unacked = cell->newer;
		cell_confirm(push, shard, cell);
	}
	if (shard->prev < seq) { // it had more than we sent it
		shard->prev = seq;
		shard->next = shard->unacked;
	}
	if (shard->phase >= PUSH_BEGIN && !chain_sweeping(seq))
		shard->phase = PUSH_REPLAY;
	if (push->hooks.stands)
		push->hooks.stands(push->hooks.with, index);
}

// An owner that has everything must have the same.
static void digest_compare(struct push *push, uint8_t index, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	const struct chain *chain = &push->chains->chain[index];

	if (shard->phase != PUSH_REPLAY || chain_number(report->seq) != chain->number || report->seq != shard->acked)
		return;
	if (report->digest == chain->digest || now_ns - shard->swept_ns < SECOND_NS)
		return;
	alarm_raise(push, index, "has drifted from the store; it is sent again");
	push_sweep(push, index, now_ns);
}

// True if the report is about the present of its shard.
static bool report_fresh(const struct push *push, const struct report *report)
{
	const struct push_shard *shard = &push->shard[report->shard];

	return shard->phase != PUSH_SILENT && report->epoch >= shard->epoch;
}

// The owner is in the middle of a sweep that we took for ended: a BEGIN came to it twice.
static bool sweep_reopened(struct push *push, const struct report *report, uint64_t now_ns)
{
	if (push->shard[report->shard].phase != PUSH_REPLAY || !chain_sweeping(report->seq))
		return false;
	push_sweep(push, report->shard, now_ns);
	return true;
}

// The owner stands below what it confirmed. In the course of things that is an old report; when all has been quiet, the truth.
static void relapse_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];

	if (shard->head != shard->tail || now_ns - shard->heard_ns < SECOND_NS)
		return;
	if (!sweep_reopened(push, report, now_ns))
		shard_stand(push, report->shard, report->seq);
}

static void ack_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	const struct push_shard *shard = &push->shard[report->shard];

	if (!report_fresh(push, report))
		return;
	if (report->seq < shard->acked) {
		relapse_hear(push, report, now_ns);
		return;
	}
	if (sweep_reopened(push, report, now_ns))
		return;
	if (chain_number(report->seq) > push->chains->chain[report->shard].number) {
		alarm_raise(push, report->shard, "is ahead of the store; the store wins");
		push_sweep(push, report->shard, now_ns);
		return;
	}
	shard_advance(push, report->shard, report->seq, now_ns);
	digest_compare(push, report->shard, report, now_ns);
}

static void gap_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];

	if (!report_fresh(push, report))
		return;
	if (shard->gap == report->seq && now_ns - shard->gap_ns < GAP_REST_NS)
		return;
	shard->gap = report->seq;
	shard->gap_ns = now_ns;
	if (sweep_reopened(push, report, now_ns))
		return;
	if (report->seq < shard->acked) // it has lost what it had
		shard_stand(push, report->shard, report->seq);
	else
		ack_hear(push, report, now_ns);
	shard_rewind(push, report->shard);
}

// The owner will never take this change: go on without it, and say so.
static void refusal_hear(struct push *push, const struct report *report, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[report->shard];
	const struct cell *cells = cells_of(push);
	uint64_t number = chain_number_about(report->seq);
	uint32_t i = shard->unacked;
	char text[96];

	if (!report_fresh(push, report) || report->seq <= shard->acked)
		return;
	while (i != CELL_NONE && cells[i].number < number)
		i = cells[i].newer;
	snprintf(text, sizeof(text), "refused change %llu of cell %u", (unsigned long long)report->seq, report->slot);
	alarm_raise(push, report->shard, text);
	if (i != CELL_NONE && cells[i].number == number && cells[i].digest)
		chain_refuse(push->chains, i);
	else
		shard->phase = PUSH_SILENT; // nothing to leave out: wait for another owner
	shard_rewind(push, report->shard);
	shard->heard_ns = now_ns;
}

static void final_hear(struct push *push, const struct report *report)
{
	const struct grid *grid = push->chains->grid;
	struct session *session;

	if (report->slot >= grid->slots)
		return;
	session = grid->cells[cell_at(grid, report->shard, report->slot)].departed;
	while (session && session->bearer.teid != report->teid)
		session = session->departed;
	if (!session)
		return;
	session->usage.uplink_packets = report->uplink_packets;
	session->usage.uplink_bytes = report->uplink_bytes;
	session->usage.downlink_packets = report->downlink_packets;
	session->usage.downlink_bytes = report->downlink_bytes;
}

void push_reports(struct push *push, const struct feed_reports *reports, uint64_t now_ns)
{
	for (uint32_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->report[i];

		if (report->kind == REPORT_ACK)
			ack_hear(push, report, now_ns);
		else if (report->kind == REPORT_GAP)
			gap_hear(push, report, now_ns);
		else if (report->kind == REPORT_REFUSED)
			refusal_hear(push, report, now_ns);
		else if (report->kind == REPORT_FINAL)
			final_hear(push, report);
	}
}

static void stand_judge(struct push *push, uint8_t index, const struct feed_stand *stand, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	const struct chain *chain = &push->chains->chain[index];
	uint64_t number = chain_number(stand->seq);
	bool whole = number != chain->number || stand->digest == chain->digest;

	shard->heard_ns = now_ns;
	shard->window = FEED_WINDOW;
	shard->patience_ns = SECOND_NS;
	shard->gap = UINT64_MAX;
	shard->epoch = 0;
	if (number <= chain->number && whole && !chain_sweeping(stand->seq)) {
		uint64_t known = shard->acked;

		shard->phase = PUSH_REPLAY;
		if (stand->seq >= known && known) // tells who waits for it
			shard_advance(push, index, stand->seq, now_ns);
		shard_stand(push, index, stand->seq);
		if (push->hooks.stands)
			push->hooks.stands(push->hooks.with, index);
		return;
	}
	if (number > chain->number)
		alarm_raise(push, index, "is ahead of the store; the store wins");
	else if (!whole)
		alarm_raise(push, index, "differs from the store; it is sent again");
	push_sweep(push, index, now_ns);
}

void push_hello(struct push *push, const struct feed_hello *hello, uint64_t now_ns)
{
	push->connected = true;
	for (unsigned i = 0; i < SHARDS; i++)
		if (hello->stand[i].epoch > push->epoch)
			push->epoch =
			    hello->stand[i].epoch; // the store is an old copy; workers must believe it all the same
	for (unsigned i = 0; i < SHARDS; i++)
		stand_judge(push, (uint8_t)i, &hello->stand[i], now_ns);
}

void push_goodbye(struct push *push)
{
	push->connected = false;
	for (unsigned i = 0; i < SHARDS; i++) {
		push->shard[i].phase = PUSH_SILENT;
		push->shard[i].head = push->shard[i].tail = 0;
	}
}

void push_tick(struct push *push, uint64_t now_ns)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct push_shard *shard = &push->shard[i];

		if (shard->head == shard->tail || now_ns - shard->heard_ns < shard->patience_ns)
			continue;
		shard->heard_ns = now_ns;
		if (shard->patience_ns < PATIENCE_MAX_NS)
			shard->patience_ns *= 2;
		shard->window = WINDOW_PROBE;
		if (shard->phase >= PUSH_SWEEP && shard->acked < CHAIN_BEGIN)
			push_sweep(push, (uint8_t)i, now_ns);
		else
			shard_rewind(push, (uint8_t)i);
	}
}

void push_moving(struct push *push, uint32_t index)
{
	struct cell *cell = &cells_of(push)[index];
	struct push_shard *shard = &push->shard[cell_shard(push->chains->grid, index)];

	if (!cell->number || push_confirmed(push, index)) {
		shard->waiting++;
		shard->applied -= cell->digest != 0;
	}
	// A cursor at the cell goes on to the next; at the end it waits for the cell, which comes last now.
	if (shard->next == index)
		shard->next = cell->newer;
	if (shard->next == CELL_NONE)
		shard->next = index;
	if (shard->unacked == index)
		shard->unacked = cell->newer;
	if (shard->unacked == CELL_NONE)
		shard->unacked = index;
}

void push_depart(struct push *push, struct session *session)
{
	struct cell *cell = &cells_of(push)[session->cell];

	if (push->departed >= PUSH_DEPARTED_MAX) {
		push->hooks.departed(push->hooks.with, session);
		return;
	}
	session->departed = cell->departed;
	cell->departed = session;
	push->departed++;
}

bool push_confirmed(const struct push *push, uint32_t index)
{
	const struct cell *cell = &cells_of(push)[index];
	const struct push_shard *shard = &push->shard[cell_shard(push->chains->grid, index)];

	return chain_seq(cell->number, CHAIN_CHANGE) <= shard->acked;
}

uint64_t push_number(const struct push *push, uint8_t shard)
{
	return chain_number(push->shard[shard].acked);
}

uint64_t push_waiting(const struct push *push)
{
	uint64_t waiting = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		waiting += push->shard[i].waiting;
	return waiting;
}

uint64_t push_applied(const struct push *push)
{
	uint64_t applied = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		applied += push->shard[i].applied;
	return applied;
}
