// measures_stand.h - a controller with a session whose rules are measured, a clock of the test's own, and what comes of it.
#pragma once
#include "tests/unit/ctrl_stand.h"

extern struct ctrl_stand *stand;

int measures_teardown(void **state);

void clock_pass(uint64_t seconds); // and the desk looks
uint64_t clock_ms(void);

// Two rules, one each way, that both name measure 7.
struct measures_session {
	Shoal__Oss__Session session;
	Shoal__Oss__Identity identity;
	Shoal__Oss__UeAddress ue;
	Shoal__Oss__Rule rule[2], *rules[2];
	Shoal__Oss__Match match[2];
	Shoal__Oss__Forward forward[2];
	Shoal__Oss__Measure measure[2], *measures[2];
	uint32_t ids[2];
};
void measures_session(struct measures_session *session);

// Changes it to this; the code, or CTRL_STAND_WAITS. With a key: that one.
int measures_change(struct measures_session *session, bool query_all, const char *key);
const Shoal__Oss__Response *measures_wait(void); // until there is an answer

const Shoal__Oss__ReportListAnswer *reports_after(uint64_t number);
const Shoal__Oss__ClosedSession *closed_of(uint64_t whose); // null: there is none, or there are several

// The one that most tests are about, as it is wanted, its TEID and its id.
extern struct measures_session wanted;
extern uint32_t teid;
extern uint64_t id;

int measures_one(void **state); // measures_setup, and that session made
void measures_restart(void);
const struct sheet *measures_sheet(void);
void measures_used(uint64_t life, uint64_t up, uint64_t down);  // its lines have counted so much
const Shoal__Oss__UsageReport *measures_asked(const char *key); // what a query says of its one measure
