// account.c - what became of every numbered packet. Owned by the gauge's one thread.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tests/chaos/account.h"

int account_open(struct account *account, const struct gauge_book *book, uint64_t ticks)
{
	*account = (struct account){ .book = book };
	account->flow = calloc((size_t)book->sessions * GAUGE_WAYS, sizeof(*account->flow));
	account->span = calloc(ACCOUNT_SPANS + 1, sizeof(*account->span));
	if (!account->flow || !account->span) {
		account_close(account);
		return -ENOMEM;
	}
	memset(account->span, 0, (ACCOUNT_SPANS + 1) * sizeof(*account->span)); // every page is there before it counts
	account->now = account->span;
	account->now->from = ticks;
	return 0;
}

void account_close(struct account *account)
{
	free(account->flow);
	free(account->span);
}

void account_join(struct account_tally *to, const struct account_tally *from)
{
	to->sent += from->sent;
	to->received += from->received;
	to->arrived += from->arrived;
	to->duplicated += from->duplicated;
	to->reordered += from->reordered;
	to->stale += from->stale;
	to->damaged += from->damaged;
	to->stray += from->stray;
	to->flow_gap = RTE_MAX(to->flow_gap, from->flow_gap);
	to->shard_gap = RTE_MAX(to->shard_gap, from->shard_gap);
	to->delay = RTE_MAX(to->delay, from->delay);
	spread_join(&to->gaps, &from->gaps);
	spread_join(&to->delays, &from->delays);
}

static void span_join(struct account_span *to, const struct account_span *from)
{
	if (!to->from)
		to->from = from->from;
	to->to = from->to;
	to->broken += from->broken;
	to->foreign += from->foreign;
	to->skipped += from->skipped;
	to->stalls += from->stalls;
	to->stall += from->stall;
	to->blind += from->blind;
	to->stall_longest = RTE_MAX(to->stall_longest, from->stall_longest);
	for (unsigned way = 0; way < GAUGE_WAYS; way++)
		to->refused[way] += from->refused[way];
	for (unsigned shard = 0; shard < ACCOUNT_SHARDS; shard++)
		account_join(&to->tally[shard], &from->tally[shard]);
}

static uint64_t time_between(struct account_time from, struct account_time to)
{
	uint64_t ticks = to.ticks - from.ticks, stood = to.stalled - from.stalled;

	return ticks > stood ? ticks - stood : 0;
}

// What has not come yet when a span ends is a gap of that span, as long as it is by now.
static void gaps_so_far(struct account *account, struct account_time now)
{
	for (unsigned shard = 0; shard < ACCOUNT_SHARDS; shard++) {
		struct account_tally *tally = &account->now->tally[shard];

		for (unsigned way = 0; way < GAUGE_WAYS && tally->sent > tally->received; way++) {
			struct account_time last = account->shard_last[shard][way];

			if (last.ticks)
				tally->shard_gap = RTE_MAX(tally->shard_gap, time_between(last, now));
		}
	}
}

uint32_t account_mark(struct account *account, struct account_time now)
{
	uint32_t number = account->now->number + 1;
	struct account_span *next = &account->span[number % ACCOUNT_SPANS];

	gaps_so_far(account, now);
	account->now->to = now.ticks;
	if (number >= ACCOUNT_SPANS)
		span_join(account_past(account), next);
	memset(next, 0, sizeof(*next));
	next->number = number;
	next->from = now.ticks;
	account->now = next;
	return number;
}

struct account_span *account_past(struct account *account)
{
	return &account->span[ACCOUNT_SPANS];
}

struct account_span *account_span(struct account *account, uint32_t number)
{
	struct account_span *span = &account->span[number % ACCOUNT_SPANS];

	return number <= account->now->number && span->number == number ? span : account_past(account);
}

static struct account_tally *tally_of(struct account *account, const struct gauge_load *load)
{
	unsigned shard = gauge_shard(&account->book->session[load->session]);

	return &account_span(account, load->span)->tally[shard];
}

void account_sent(struct account *account, const struct gauge_load *load)
{
	account_flow(account, load->session, load->way)->next++;
	tally_of(account, load)->sent++;
}

void account_unsent(struct account *account, const struct gauge_load *load)
{
	account_flow(account, load->session, load->way)->next--;
	tally_of(account, load)->sent--;
}

static void window_shift(struct account_flow *flow, uint32_t by)
{
	if (by >= 64) {
		flow->seen[1] = by < 128 ? flow->seen[0] << (by - 64) : 0;
		flow->seen[0] = 0;
	} else if (by) {
		flow->seen[1] = flow->seen[1] << by | flow->seen[0] >> (64 - by);
		flow->seen[0] <<= by;
	}
}

// New numbers move the window; an older one is late, seen before, or too old to tell.
static bool flow_take(struct account_flow *flow, uint32_t seq, struct account_tally *tally)
{
	uint32_t back = flow->high - 1 - seq;
	uint64_t bit;

	if (seq >= flow->high) {
		window_shift(flow, seq + 1 - flow->high);
		flow->high = seq + 1;
		flow->seen[0] |= 1;
		return true;
	}
	if (back >= ACCOUNT_WINDOW) {
		tally->stale++;
		return false;
	}
	bit = 1ull << back % 64;
	if (flow->seen[back / 64] & bit) {
		flow->duplicated++;
		tally->duplicated++;
		return false;
	}
	flow->seen[back / 64] |= bit;
	tally->reordered++;
	return true;
}

static void arrive(struct account *account, const struct gauge_load *load, struct account_time now)
{
	unsigned shard = gauge_shard(&account->book->session[load->session]);
	struct account_flow *flow = account_flow(account, load->session, load->way);
	struct account_time *shard_last = &account->shard_last[shard][load->way];
	struct account_tally *tally = &account->now->tally[shard];

	tally->arrived++;
	if (flow->last.ticks) {
		uint64_t gap = time_between(flow->last, now);

		spread_add(&tally->gaps, gap);
		tally->flow_gap = RTE_MAX(tally->flow_gap, gap);
	}
	if (shard_last->ticks)
		tally->shard_gap = RTE_MAX(tally->shard_gap, time_between(*shard_last, now));
	flow->last = *shard_last = now;
}

void account_seen(struct account *account, enum gauge_sight sight, const struct gauge_load *load,
		  struct account_time now)
{
	struct account_tally *tally;
	struct account_flow *flow;
	uint64_t delay;

	if (sight == GAUGE_FOREIGN || sight == GAUGE_BROKEN) {
		sight == GAUGE_BROKEN ? account->now->broken++ : account->now->foreign++;
		return;
	}
	tally = tally_of(account, load);
	if (sight != GAUGE_GOOD) {
		sight == GAUGE_STRAY ? tally->stray++ : tally->damaged++;
		return;
	}
	flow = account_flow(account, load->session, load->way);
	if (!flow_take(flow, load->seq, tally))
		return;
	flow->received++;
	tally->received++;
	delay = time_between((struct account_time){ load->sent, load->stalled }, now);
	spread_add(&tally->delays, delay);
	tally->delay = RTE_MAX(tally->delay, delay);
	arrive(account, load, now);
}

void account_stall(struct account *account, uint64_t ticks)
{
	account->now->stalls++;
	account->now->stall += ticks;
	account->now->stall_longest = RTE_MAX(account->now->stall_longest, ticks);
}

void account_rest(struct account *account)
{
	for (unsigned i = 0; i < account->book->sessions * GAUGE_WAYS; i++)
		account->flow[i].last = (struct account_time){ 0, 0 };
	memset(account->shard_last, 0, sizeof(account->shard_last));
}

bool account_landed(struct account *account, uint32_t from, uint32_t to)
{
	for (uint32_t n = from; n < to && n <= account->now->number; n++) {
		const struct account_span *span = account_span(account, n);

		for (unsigned shard = 0; shard < ACCOUNT_SHARDS; shard++) {
			if (span->tally[shard].received < span->tally[shard].sent)
				return false;
		}
	}
	return true;
}
