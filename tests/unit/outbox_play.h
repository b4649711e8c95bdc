// outbox_play.h - an outbox whose peers, clock and controller are played.
#pragma once
#include "ctrl/pfcp/report/outbox.h"
#include "ctrl/pfcp/rules/front.h"

#define SECOND 1000000000ull
#define ONE_OWNER "pfcp:10.0.0.1#00000001"
#define OTHER_OWNER "pfcp:10.0.0.2#00000002"
#define QUESTIONS 512u

struct asked {
	struct node_question question;
	uint8_t body[512];
};

struct world {
	struct outbox outbox;
	uint64_t tally[TALLY_COUNT];
	uint64_t now_ns;
	bool gone, deaf; // the association of ONE_OWNER; ctrl, when told what is done
	bool absent;     // another of the set answers for who does not
	struct remote remote[2];
	unsigned asked;
	struct asked question[QUESTIONS];
	unsigned lists, listed; // asked for; of one owner alone
	uint64_t after;
	unsigned closes, numbers;
	uint64_t number[CLOSING_MAX];
	unsigned says; // what answers said of sessions,
	uint64_t of;   // the last of this one,
	struct report_said said;
	int say_error; // and what comes of the next
	struct rules rules;
	uint8_t front[FRONT_MAX];
	struct pfcp_tree tree;
};

int world_open(void **state); // for cmocka; at one second
int world_close(void **state);
void tick(struct world *world, uint64_t later_ns);

// ---- Reports as ctrl lists them

struct wish {
	const char *owner;
	uint64_t number, session;
};

size_t front_of(struct world *world, uint32_t address); // of the CP function, into world->front; its length
Shoal__Oss__Report made(struct world *world, const struct wish *wish);
void hear_from(struct world *world, const char *owner, Shoal__Oss__Report *report, uint64_t next);
void hear(struct world *world, const char *owner, uint64_t number, uint64_t session);
// The i-th question is answered; 0: not at all.
void answer(struct world *world, unsigned i, uint8_t cause);
// It is accepted, with another F-SEID (null: the same), or with what waits dropped.
void answer_says(struct world *world, unsigned i, const struct pfcp_fseid *cp, bool drops);
void answer_elsewhere(struct world *world, unsigned i, uint8_t cause, const struct pfcp_address *elsewhere);
