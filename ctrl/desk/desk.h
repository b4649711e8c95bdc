// desk.h - where requests are decided: a group at a time, one transaction a group, answers only when it is durable.
//
//   desk_take ... -> desk_run: decode, check the key -> decide (ledger) -> pack the answer -> scribe -> answer, or wait
//                                                                                   `-> failed: STORE_FAILED for the group
//
// While the scribe is busy no other group is begun, but more creations are decided ahead (group.h). Reads are answered meanwhile, unless a group is with the disk and that has not
// taken long yet: then they come behind it, as they were asked. Changes wait for DESK_PATIENCE_NS, then they are refused.
//
// A request that waits (`wait_applied`, orders to workers) is answered when what it waits for has come, or at its deadline.
// The main thread owns it.
#pragma once
#include "ctrl/door/refusal.h"
#include "ctrl/door/request.h"
#include "ctrl/feed/push.h"
#include "ctrl/fleet/fleet.h"
#include "ctrl/fleet/quarantine.h"
#include "ctrl/store/scribe.h"
#include "ctrl/tell/event.h"
#include "ctrl/truth/load.h"
#include "shared/base/spares.h"

#define DESK_WAITS_MAX 2048u // of OSS_CALLS; more are told at once that they would have to wait

#define DESK_SLOW_NS 100000000ull // a disk that takes longer is slow
#define DESK_PATIENCE_NS 2000000000ull

struct wait;
struct wait_queue {                // first come, first looked at
	struct wait *first, **end; // end: where there is a first
};
struct groups;
struct paths;
struct release;
struct traces;

struct desk {
	// Set by the caller:
	const struct conf *conf;
	struct store *store;
	struct scribe *scribe;
	struct load *load; // counts starts and commits
	struct ledger *ledger;
	struct keys *keys;
	struct push *push;
	struct fleet *fleet; // null = there is none (tests)
	struct upgrade *upgrade;
	struct traces *traces;
	struct release *release; // null = nobody is to be told (tests)
	struct quarantine *quarantine;
	struct paths *paths; // null = there are none (tests)
	// Its own:
	struct request *first, *last;
	struct groups *groups;           // group.h
	struct wait *waits;              // but for those of one cell:
	struct wait_queue cells[SHARDS]; // most, so a shard's word is looked up among its own
	uint32_t waiting;                // all
	struct spares spare_waits;       // memory for those of one cell
	struct request *parked;          // wait for words of workers
	uint64_t (*wall)(void);          // milliseconds since 1970; null = the clock
	uint64_t reports_seen;           // of `arrived`, by those that wait
	uint64_t aliases_seen;           // of both `told`, likewise
	uint64_t traces_seen;            // of `arrived`, likewise
	uint64_t drops_seen;             // of `drops_done`, likewise
	struct arena arena;              // of the request under work
	uint64_t opened_ns;
	uint8_t upgrade_key[64]; // of the request that began the last one
	size_t upgrade_key_bytes;
	uint64_t requests, refused, commits, failures, unsettled; // counters
	struct refusals refusals;                                 // the doors'
};

void desk_open(struct desk *desk);
void desk_close(struct desk *desk);

void desk_take(struct desk *desk, struct request *request);
uint64_t desk_ms(const struct desk *desk); // what time it is
bool desk_busy(const struct desk *desk);   // requests wait for desk_run, and a group can be begun
void desk_run(struct desk *desk);          // one group, or what can be answered meanwhile

void desk_stands(struct desk *desk, uint8_t shard);                   // more of the shard is confirmed
void desk_refused(struct desk *desk, uint32_t cell, uint64_t number); // its owner does not take this change
void desk_settled(struct desk *desk, const struct session *session);  // the account of a deleted one
void desk_state(struct desk *desk);                                   // the primary has said something new
void desk_reports(struct desk *desk);                                 // there may be new reports
void desk_aliases(struct desk *desk);                                 // the primary may know more TEIDs, and networks
void desk_drops(struct desk *desk);                                   // the primary may have dropped what it was to
void desk_traces(struct desk *desk);                                  // there may be new packets of traces
void desk_tick(struct desk *desk, uint64_t now_ns);                   // deadlines

bool desk_errors_wait(const struct desk *desk); // tunnels that peers have nobody for are to be reported,
void desk_errors(struct desk *desk);            // as part of the group's transaction
