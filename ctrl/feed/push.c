// push.c - where each shard stands, and what that means.
#include "ctrl/feed/push_inside.h"
#include "ctrl/session/session.h"
#include "shared/wire/sheet_skill.h"

#define SECOND_NS 1000000000ull
#define PATIENCE_MAX_NS (8 * SECOND_NS)
#define WINDOW_PROBE 8u // after silence

void push_rewind(struct push *push, uint8_t index)
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

void push_stand(struct push *push, uint8_t index, uint64_t seq)
{
	struct push_shard *shard = &push->shard[index];
	struct cell *cells = push_cells(push);

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
	push_rewind(push, index);
}

void push_open(struct push *push, struct chains *chains, struct rates *rates, uint64_t starts)
{
	struct push_hooks hooks = push->hooks;

	*push = (struct push){ .chains = chains, .rates = rates, .hooks = hooks, .epoch = starts << 32 };
	for (unsigned i = 0; i < SHARDS; i++) {
		push->shard[i].link = PUSH_LINK_NONE;
		push->shard[i].skills = SHEET_SKILLS;
		push->shard[i].window = FEED_WINDOW;
		push->shard[i].patience_ns = SECOND_NS;
		push_stand(push, (uint8_t)i, 0);
	}
}

void push_alarm(const struct push *push, uint8_t shard, const char *text)
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
	push_stand(push, index, 0);
}

static void cell_confirm(struct push *push, struct push_shard *shard, struct cell *cell)
{
	shard->waiting--;
	departed_finish(push, cell);
	if (!cell->digest)
		return;
	shard->applied++;
	if (push->hooks.applied)
		push->hooks.applied(push->hooks.with, session_durable(cell).session);
}

void push_advance(struct push *push, uint8_t index, uint64_t seq, uint64_t now_ns)
{
	struct push_shard *shard = &push->shard[index];
	struct cell *cells = push_cells(push);

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
			push_rewind(push, (uint8_t)i);
	}
}

void push_moving(struct push *push, uint32_t index)
{
	struct cell *cell = &push_cells(push)[index];
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
	struct cell *cell = &push_cells(push)[session->cell];

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
	const struct cell *cell = &push_cells(push)[index];
	const struct push_shard *shard = &push->shard[cell_shard(push->chains->grid, index)];

	return chain_seq(cell->number, CHAIN_CHANGE) <= shard->acked;
}

uint32_t push_skills(const struct push *push)
{
	uint32_t skills = SHEET_SKILLS;

	for (unsigned i = 0; i < PLANE_NESTS; i++)
		skills &= push->connected[i] ? push->skills[i] : SHEET_SKILLS;
	for (unsigned i = 0; i < SHARDS; i++) // a courier may be away, and its workers serve on
		skills &= push->shard[i].skills;
	return skills;
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
