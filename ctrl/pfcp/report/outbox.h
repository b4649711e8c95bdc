// outbox.h - reports of sessions on their way to the CP function (TS 29.244 7.5.8): each until it has it, of a session one after the other.
//
//   outbox_heard ─> waiting ── first of its session ─> ready ── its pile's turn ─> asked ── it has it ─> told ─ outbox_closed ─> gone
//                                                        ^  not now: 5 s later       │
//                                                        └── no answer: pile sleeps ─┘
//
// An answer may say something of the session itself, too: that is kept with it before the report counts as told.
//
// Nothing here is worth keeping: ctrl has every report until it is told that it is done, and after a death of ours the same ones come
// again. An association's reports are a pile. It takes so many, in the order of their numbers; then it is behind, and what it
// has not taken is listed for it alone when there is room. Where nobody answers one report at a time is tried, ever more seldom; with
// each answer more may be under way. So a peer that is away costs little, and the others nothing. One thread; time is told.
#pragma once
#include "ctrl/pfcp/node/node.h"
#include "ctrl/pfcp/report/report.h"

#define PILE_MAX 128u    // reports in hand for an association
#define PILE_ASKED 64u   // of them under way
#define ASKED_MAX 2048u  // in all: heartbeats have the rest of ASKS_MAX
#define CLOSING_MAX 256u // told to ctrl at once

struct letter;
struct pile;
TAILQ_HEAD(letter_list, letter);
TAILQ_HEAD(pile_list, pile);

// What an outbox needs. standing: where this owner's association speaks from; null: it does not stand, and nobody wants its reports.
// place: whether reports may be sent there. absent: whether nobody answers there for an owner whom another of its set answers for. ask: as node_ask. list: the reports of an owner after this number, "" all owners';
// its answer is outbox_heard. close: these are done; its answer is outbox_closed. say: the CP function says this of the session; its answer is
// outbox_said. All 0 or -errno.
struct outbox_ways {
	const struct remote *(*standing)(void *arg, const char *owner);
	bool (*place)(void *arg, const struct remote *to);
	bool (*absent)(void *arg, const char *owner, const struct remote *to);
	int (*ask)(void *arg, const struct node_question *question);
	int (*list)(void *arg, const char *owner, uint64_t after);
	int (*close)(void *arg, const uint64_t *numbers, unsigned count);
	int (*say)(void *arg, uint64_t session, const struct report_said *said);
	void *arg;
};

struct outbox {
	struct outbox_ways ways;
	uint64_t *tally;
	uint64_t now_ns;
	uint64_t after;             // number of the last one listed, whosever it is
	uint64_t list_ns, close_ns; // when next; UINT64_MAX: under way, or nothing to do
	uint64_t forget_ns;
	unsigned count, asked;
	struct table sessions; // the first report of each
	struct pile_list piles;
	struct letter_list asleep, told, closing; // asleep: the first to wake first
	struct report_reader reader;
	uint8_t body[NODE_DATAGRAM];
};

int outbox_open(struct outbox *outbox, const struct outbox_ways *ways, uint64_t tally[TALLY_COUNT]); // 0 or -ENOMEM
void outbox_close(struct outbox *outbox); // after the node: nothing is under way any more

// owner: whose list it is, "": everybody's. null: there is none, and it is asked for again.
void outbox_heard(struct outbox *outbox, const char *owner, const Shoal__Oss__ReportListAnswer *list);
void outbox_closed(struct outbox *outbox, bool done);

// What an answer said of the session is done, and outlives us; or could not be: the report is made again, and will be answered so.
void outbox_said(struct outbox *outbox, uint64_t session, bool done);

// Others hear of this session from now on: of what is in hand, too.
void outbox_moved(struct outbox *outbox, uint64_t session, const struct report_to *to);

void outbox_tick(struct outbox *outbox, uint64_t now_ns);
uint64_t outbox_due(const struct outbox *outbox); // UINT64_MAX: nothing to do
