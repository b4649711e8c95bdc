// wait.h - requests that are decided and whose answer waits for others: workers, the primary, the books. For desk*.c alone.
#pragma once
#include "ctrl/desk/desk.h"

struct job;

enum wait_kind {
	WAIT_CELL,    // a shard confirms a number
	WAIT_APPLIED, // shards confirm the numbers of the wait
	WAIT_ANSWER,  // the primary takes the order
	WAIT_SEAT,    // the seat does what was ordered
	WAIT_SHARD,   // the shard belongs to the seat
	WAIT_REPORT,  // there is a report that was asked for
	WAIT_TRACE,   // there are packets of the trace, or it has ended
	WAIT_PATH     // a path has come up or gone down
};

struct wait {
	struct wait *next;
	struct request *request;
	enum wait_kind kind;
	uint64_t deadline_ns;
	uint32_t missing;               // APPLIED: shards not there yet
	uint64_t aliases, framed, drop; // CELL, APPLIED: words the primary has to have (0 = none); a drop's turn
	uint64_t exceptions;            // CELL, APPLIED: changes of its table that it has to have
	uint64_t until;                 // CELL: the number
	uint32_t cell;                  // CELL: whose; CELL_NONE = nobody refuses it
	uint64_t account;               // CELL: the deleted session whose account the answer tells of, by its id and
	uint32_t teid;                  // TEID; 0 = none
	uint32_t seat, shard, verb, generation; // SEAT, SHARD; CELL: shard
	struct desk *desk;                      // of an order under way, whose answer comes to the wait
	uint64_t arrived;  // REPORT, TRACE, PATH: of the reports, traces, paths' `stand`, when last looked
	bool over;         // ANSWER: the request is answered already; goes with the order's answer
	bool refused;      // CELL: by its worker
	uint64_t number[]; // APPLIED, of all shards: 0 = nothing to wait for
};

// CELL, APPLIED: whether the primary has those words.
static inline bool wait_told(const struct wait *wait)
{
	const struct ledger *ledger = wait->desk->ledger;
	bool knows = ledger->exceptions_told >= wait->exceptions || ledger->exceptions_deaf;

	return knows && ledger->aliases->told >= wait->aliases && ledger->framed->told >= wait->framed;
}

// A new wait of this job; null: too many wait, and job->fault says so.
struct wait *job_wait(struct job *job, enum wait_kind kind);
void wait_free(struct wait *wait); // null: none
// CELL: for the last change that has been decided of this cell. Null: likewise.
struct wait *job_wait_cell(struct job *job, uint32_t cell);
// APPLIED: waits until all of the shard is confirmed up to number, too.
void wait_for_number(struct wait *wait, const struct push *push, uint8_t shard, uint64_t number);

// Puts it into the desk's list; the request's stored answer is given when it is over.
void desk_wait(struct desk *desk, struct wait *wait);

#define WAIT_REFUSED "Durable, but its worker refuses it."

// An answer, unpacked into the desk's arena: that of an import says how many of its sessions are in force, and names those that their workers refuse.
// An OK that does not hold for all of them is none any more.
void desk_import_look(struct desk *desk, Shoal__Oss__Response *response);

// REPORT, PATH: looks again; true if the answer says something new.
bool desk_report_came(struct wait *wait);
bool desk_trace_came(struct wait *wait), desk_path_turned(struct wait *wait); // TRACE, PATH: likewise

// A deletion by its owner that came again: waits as the first one did. said: what that was answered.
void account_wait_again(struct job *job, const ProtobufCBinaryData *said);
bool account_awaited(const struct wait *wait); // its last usage reports are not in yet
// The answer, with the account as it is by now. message: words for a code.
void account_answer(const struct wait *wait, Shoal__Oss__Code code, const char *message);
void account_answer_late(const struct wait *wait); // its deadline is over
