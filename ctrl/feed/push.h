// push.h - brings each shard's owner to the truth: what to send next, and what came back. No socket, no clock of its own.
//
//   hello ---> stands where the truth is: nothing to do
//          |-> stands behind: REPLAY, the changes above its number (chain.h), each naming its predecessor
//          `-> stands ahead, or its digest is not ours: SWEEP, a snapshot under a new epoch; the store wins
//
// There is a link to the courier of each nest (build of the workers). A shard's changes go to the link whose courier said last that
// a worker of its nest holds it: in its hello, or in a GAP after the owner changed. So a shard that goes from one build to another
// costs a replay of what the new owner lacks, and nothing where both work on the same memory. What its build has no skill for
// (sheet_skill.h) is an alarm; a cell whose change it refuses counts as empty until the shard has another owner.
//
// Each shard has its own window, so an owner that is stuck stops nobody else. What was sent and lost is sent again: after a
// GAP from where the shard stands, after a second of silence from the last acknowledgement. Whenever an owner says it stands
// where the truth is, digests are compared; a difference is an alarm and a SWEEP. The main thread owns it.
#pragma once
#include <stdbool.h>
#include "ctrl/session/chain.h"
#include "ctrl/session/rates.h"
#include "proto/feed_codec.h"

struct session;

// Told to the owner of push. A null hook is not called.
struct push_hooks {
	void *with;
	void (*applied)(void *with, struct session *session);  // its owner confirmed the last change
	void (*departed)(void *with, struct session *session); // deletion confirmed; gone after the call
	void (*stands)(void *with, uint8_t shard);             // more of the shard is confirmed than before
	void (*alarm)(void *with, uint8_t shard, const char *text);
	void (*final)(void *with, const struct report *report); // FINAL, GAUGE, DATA: what packets came to
	void (*peer)(void *with, const struct report *report);  // ECHO, TUNNEL: what GTP-U peers say
	// The owner does not take this cell's change, and its session is served by nobody.
	void (*refused)(void *with, uint32_t cell, uint64_t number);
};

enum push_phase {
	PUSH_SILENT, // nobody has said yet where the shard stands: nothing is sent
	PUSH_REPLAY, // what is missing, and from then on every change
	PUSH_BEGIN,  // a sweep is due: SWEEP_BEGIN is next
	PUSH_SWEEP,  // SETs of everything
	PUSH_SWEPT,  // SWEEP_END is sent; changes follow it
};

struct push_shard {
	enum push_phase phase;
	uint8_t link;         // that speaks for its owner; PUSH_LINK_NONE = none does
	uint32_t skills;      // of the build that served it last (enum sheet_skill); all: none has yet
	uint64_t epoch;       // reports of an older one are from before the sweep
	uint64_t prev;        // seq of the last change sent: what the next one follows
	uint64_t acked;       // seq the owner is known to stand at
	uint32_t next;        // cell to send next; CELL_NONE = all sent
	uint32_t unacked;     // oldest cell whose change is not confirmed; CELL_NONE = all are
	uint32_t waiting;     // cells from unacked on
	uint32_t applied;     // sessions confirmed
	uint32_t head, tail;  // of sent[]
	uint32_t window;      // changes that may be on their way
	uint64_t heard_ns;    // last progress
	uint64_t patience_ns; // silence after which to send again; grows while nobody answers
	uint64_t swept_ns;    // last sweep begun: they are a second apart at least
	uint64_t gap;         // last GAP acted on, and when
	uint64_t gap_ns;
	uint64_t routed_ns;         // when it came to its link
	uint64_t said_ns;           // last report about it by its link
	uint64_t sent[FEED_WINDOW]; // seqs on their way
};

struct push {
	struct chains *chains;
	struct rates *rates;
	struct push_hooks hooks;
	uint64_t epoch; // starts << 32 | sweeps
	bool connected[PLANE_NESTS];
	uint32_t skills[PLANE_NESTS]; // of the build there, as its courier said last
	uint8_t turn;                 // shard to look at first
	uint32_t departed;            // deleted sessions nobody has confirmed yet
	struct push_shard shard[SHARDS];
};

#define PUSH_LINK_NONE 255u
#define PUSH_DEPARTED_MAX 65536u // beyond, a deletion is told without waiting for its last counters

// After the store is loaded. hooks: set by the caller.
void push_open(struct push *push, struct chains *chains, struct rates *rates, uint64_t starts);

// The courier of nest `link` said where the shards stand that its workers hold. Before it is welcomed: the epoch may have to rise.
void push_hello(struct push *push, unsigned link, const struct feed_hello *hello, uint64_t now_ns);
void push_goodbye(struct push *push, unsigned link);

void push_reports(struct push *push, unsigned link, const struct feed_reports *reports, uint64_t now_ns);

// Fills the batch with what may be sent by this link now; batch->count 0 = nothing.
void push_fill(struct push *push, unsigned link, struct feed_batch *batch, uint64_t now_ns);

// Sends again what nobody answered, by way of push_fill. About every 100 ms.
void push_tick(struct push *push, uint64_t now_ns);

// The cell is about to get a new number (ledger.h).
void push_moving(struct push *push, uint32_t cell);

// A session was deleted: it stays until its last counters are in. Takes it over; hooks.departed gives it back.
void push_depart(struct push *push, struct session *session);

// Whether the cell's last change is confirmed by its owner.
bool push_confirmed(const struct push *push, uint32_t cell);

// What of a sheet all builds in service carry out (enum sheet_skill).
uint32_t push_skills(const struct push *push);

// The number up to which all of the shard is confirmed.
uint64_t push_number(const struct push *push, uint8_t shard);

uint64_t push_waiting(const struct push *push); // changes not confirmed, all shards
uint64_t push_applied(const struct push *push); // sessions confirmed
