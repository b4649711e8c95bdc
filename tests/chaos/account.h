// account.h - what became of every numbered packet: per session, way, shard, and span of time.
//
// A span is the time between two marks. A packet belongs to the span it was sent in, whenever it comes out: so what a span
// lost, doubled or reordered is exact once its packets have landed. Gaps, and what arrived,
// belong to the span of their end.
//
//   account_sent ---> [flow: next number]          span of sending: sent
//   account_seen ---> [flow: window of numbers]    span of sending: received | duplicated | reordered | stale, delay
//                     [flow, shard: last arrival]  span of now:     gaps
//
// The gauge may itself be kept off its core; what it stood still is known (stalled) and taken off every gap and delay.
// Owned by the gauge's one thread. No system calls, no allocation after account_open.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "tests/chaos/frame.h"
#include "tests/chaos/spread.h"

#define ACCOUNT_SHARDS 256u
#define ACCOUNT_SPANS 32u  // the latest ones can be asked for by number
#define ACCOUNT_WINDOW 128 // numbers behind the highest that can be told apart

struct account_time {
	uint64_t ticks, stalled;
};

struct account_tally { // of one shard in one span
	uint64_t sent, received, duplicated, reordered, stale, damaged, stray;
	uint64_t arrived;                    // in this span, whenever they were sent
	uint64_t flow_gap, shard_gap, delay; // longest, ticks
	struct spread gaps, delays;          // of single sessions
};

struct account_span {
	uint32_t number;
	uint64_t from, to;                     // ticks; to = 0: it goes on
	uint64_t broken, foreign;              // frames that belong to nobody
	uint64_t refused[GAUGE_WAYS], skipped; // not sent: the ring was full; the schedule had gone by
	uint64_t stalls, stall_longest, stall; // of the gauge itself
	uint64_t blind;                        // strikes whose first moments it did not see for that
	struct account_tally tally[ACCOUNT_SHARDS];
};

struct account_flow { // one session, one way
	uint32_t next, high;
	uint64_t seen[ACCOUNT_WINDOW / 64]; // bit n: number high - 1 - n has come
	struct account_time last;
	uint32_t received, duplicated;
};

struct account {
	const struct gauge_book *book;
	struct account_flow *flow; // [session * GAUGE_WAYS + way]
	struct account_span *span; // [number % ACCOUNT_SPANS], and behind them the sum of all older ones
	struct account_span *now;
	struct account_time shard_last[ACCOUNT_SHARDS][GAUGE_WAYS];
};

int account_open(struct account *account, const struct gauge_book *book, uint64_t ticks); // 0 or -ENOMEM
void account_close(struct account *account);

// Ends the span and begins the next; returns its number.
uint32_t account_mark(struct account *account, struct account_time now);

// The flow of a packet about to be sent: it gets the number flow->next, which account_sent takes. What the ring refuses
// was never sent, and is taken back from the last one on.
static inline struct account_flow *account_flow(struct account *account, uint32_t session, enum gauge_way way)
{
	return &account->flow[session * GAUGE_WAYS + way];
}

void account_sent(struct account *account, const struct gauge_load *load);
void account_unsent(struct account *account, const struct gauge_load *load);
void account_seen(struct account *account, enum gauge_sight sight, const struct gauge_load *load,
		  struct account_time now);
void account_stall(struct account *account, uint64_t ticks);

// Forgets when anything last came: before sending begins, so that the rest is no gap.
void account_rest(struct account *account);

// The span of that number, or the sum of all that are no longer kept.
struct account_span *account_span(struct account *account, uint32_t number);
struct account_span *account_past(struct account *account);

void account_join(struct account_tally *to, const struct account_tally *from); // sums, and the longest

// Whether every packet sent between two marks has come.
bool account_landed(struct account *account, uint32_t from, uint32_t to);
