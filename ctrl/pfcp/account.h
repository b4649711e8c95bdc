// account.h - what each URR of a session has to report: what the session has used since its last report, as far as its PDRs name it.
//
// ctrl counts a session's packets for ever; an account remembers what that count was when it last looked. So a report says each byte
// once, however often the counters are read and whoever dies in between: accounts lie with the session (front.h). Pure.
#pragma once
#include "ctrl/pfcp/translate.h"

struct usage {
	uint64_t bytes[TRANSLATE_WAYS], packets[TRANSLATE_WAYS];
};

struct account {
	uint32_t urr, reports; // reports: UR-SEQN of the next one
	uint8_t ways;          // bit enum translate_way: whose packets it counts
	bool packets;          // number of packets is wanted, too
	uint64_t since_ms;     // end of the last report
	struct usage counted;  // since then, up to `seen`
	struct usage seen;     // the session's count when it was last looked at
};

struct accounts {
	unsigned count;
	struct account account[TRANSLATE_URRS];
};

struct usage usage_of(const Shoal__Oss__Session *session);

struct account *account_find(struct accounts *accounts, uint32_t urr); // null = none

// Whether the rules want accounts that are not there, count other packets, or need some no more.
bool accounts_differ(const struct accounts *accounts, const struct translation *translation);

// From here on the accounts are those the rules want. Those they want no more go to `ended`, which holds them all.
void accounts_follow(struct accounts *accounts, const struct translation *translation, const struct usage *now,
		     uint64_t now_ms, struct accounts *ended);

// What a usage report is given for.
struct occasion {
	uint16_t type;           // of its IE
	uint64_t trigger;        // flags of Usage Report Trigger
	const struct usage *now; // the session's count
	uint64_t now_ms;
};

// Writes a usage report, and begins the next.
void account_report(struct account *account, const struct occasion *occasion, struct pfcp_writer *writer);
