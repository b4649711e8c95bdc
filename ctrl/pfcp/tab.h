// tab.h - what each URR of a session has to report: what the session has used since its last report, as far as its PDRs name it.
//
// ctrl counts a session's packets for ever; a tab remembers what that count was when it last looked. So a report says each byte
// once, however often the counters are read and whoever dies in between: tabs lie with the session (front.h). Pure.
#pragma once
#include "ctrl/pfcp/translate.h"

#define TAB_FROM_START 0u // since the session was made

struct usage {
	uint64_t bytes[TRANSLATE_WAYS], packets[TRANSLATE_WAYS];
};

struct tab {
	uint32_t urr, reports; // reports: UR-SEQN of the next one
	uint8_t ways;          // bit enum translate_way: whose packets it counts
	bool packets;          // number of packets is wanted, too
	uint64_t since_ms;     // end of the last report; TAB_FROM_START
	struct usage counted;  // since then, up to `seen`
	struct usage seen;     // the session's count when it was last looked at
};

struct tabs {
	unsigned count;
	struct tab tab[TRANSLATE_URRS];
};

struct usage usage_of(const Shoal__Oss__Session *session);

void tabs_start(struct tabs *tabs, uint64_t made_ms); // those that run from the session's start know when that was

struct tab *tabs_find(struct tabs *tabs, uint32_t urr); // null = none

// Whether the rules want tabs that are not there, count other packets, or need some no more.
bool tabs_differ(const struct tabs *tabs, const struct translation *translation);

// From here on the tabs are those the rules want. Those they want no more go to `ended`, which holds them all.
void tabs_follow(struct tabs *tabs, const struct translation *translation, const struct usage *now, uint64_t now_ms,
		 struct tabs *ended);

// What a usage report is given for.
struct occasion {
	uint16_t type;           // of its IE
	uint64_t trigger;        // flags of Usage Report Trigger
	const struct usage *now; // the session's count
	uint64_t now_ms;
};

// Writes a usage report, and begins the next.
void tab_report(struct tab *tab, const struct occasion *occasion, struct pfcp_writer *writer);
