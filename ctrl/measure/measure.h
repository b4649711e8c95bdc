// measure.h - one URR of a session: what its packets came to, what of that has been reported, and what has to be reported when.
//
//   gauge (life, words) --measure_hear--> flow     cumulative: what comes late or twice changes nothing (count.h)
//   flow - what was reported = usage now            a report takes it all, and the measurement begins anew (TS 29.244 5.2.2.3)
//
// Flow follows what workers tell; stand changes in transactions alone, together with the report that it is about. Both are plain words,
// so that they are stored as they are: new ones go to the end of each. Pure: the caller says what time it is. Milliseconds since 1970.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "ctrl/measure/measure_event.h"
#include "ctrl/measure/measure_trigger.h"
#include "proto/oss.pb-c.h"
#include "shared/wire/sheet.h"

enum measure_way { MEASURE_UP, MEASURE_DOWN, MEASURE_WAYS };

struct measure_words {
	uint64_t packets[MEASURE_WAYS], bytes[MEASURE_WAYS];
};

// Bytes in all, up, down (enum sheet_volume), seconds, and events; UINT64_MAX = none.
struct measure_limit {
	uint64_t bytes[SHEET_VOLUMES], seconds, events;
};

// What the OSS asked for.
struct measure_rules {
	uint32_t id, triggers; // Reporting Triggers, 8.2.19; bit 1 of octet 5 first
	uint32_t period_s, holding_s, inactivity_s, grant, validity_s;
	uint16_t linked; // places in the session's list
	uint8_t ways;    // that it counts where the session has no sheet, a bit each
	bool later_threshold_given, later_quota_given;
	bool at_once; // time counts from the start on, not from the first packet (ISTM, 8.2.68)
	bool whole;   // all that its ways count is its, and is all it needs: it can do without a gauge
	uint64_t dropped_packets, dropped_bytes; // threshold of what is dropped; UINT64_MAX = none
	uint64_t monitoring_ms;
	struct measure_limit threshold, quota, later_threshold, later_quota; // later: from the monitoring time on
};

// A word about a gauge, or about the session's ways (life 0). first: of its life; 0 = not told.
struct measure_word {
	uint64_t life;
	struct measure_words words;
	uint64_t first_ms, last_ms;
};

struct measure_flow {
	uint64_t id, serial; // serial: of the gauge; 0 = it counts the session's ways
	uint64_t life;
	struct measure_words base, seen; // of lives before this one; of this one
	uint64_t first_ms, last_ms;      // packets: first since the last report, last ever; 0 = none
	uint64_t active_ms, mark_ms;     // time that counts up to the mark; mark 0 = it has not begun
	uint64_t spare, spare_life;      // serial of a gauge that counts, too, while the ways are what counts; its life
	struct measure_words spared;     // what it came to
	uint64_t drop_serial, drop_life; // of the gauge that counts what is dropped; 0 = none does. What it came to
	struct measure_words drop_base, drop_seen;
	uint64_t turned_ways; // that counted until a gauge did, and whose end is still to be told, a bit each; 0 = none
	struct measure_words turned; // what they came to, as far as that is known
	struct measure_events events;
	uint64_t knock_ms; // a packet came that a quota refused, last; 0 = none has
};

struct measure_stand {
	uint64_t number; // UR-SEQN of the next report
	uint64_t start_ms;
	struct measure_words reported;
	uint64_t reported_ms; // of active_ms
	uint64_t grant, granted_at_ms;
	struct measure_words granted; // where the quota begins
	uint64_t granted_ms;          // of active_ms
	uint64_t flags;               // enum measure_flag (measure_inside.h)
	struct measure_words split;   // at the monitoring time
	uint64_t split_ms, split_at_ms;
	uint64_t period_ms;                                  // next end of a period
	uint64_t told[SHEET_VOLUMES], told_flags, told_life; // what the sheet says of it
	struct measure_words drop_reported; // of what is dropped: until the last report of that (DROTH)
	uint64_t event_reported, event_granted, event_split; // of events, as above
	uint64_t event_started;                              // ... that START has been told of
	uint64_t told_events; // 1 + what the sheet says they may come to in this life; 0 = no limit
};

struct measure {
	struct measure_rules rules;
	struct measure_flow flow;
	struct measure_stand stand;
};

// `ways`: measure_ways. linked is the caller's.
void measure_read(struct measure_rules *rules, const Shoal__Oss__Measure *wanted, uint8_t ways);
bool measure_drops(const Shoal__Oss__Measure *wanted); // somebody has to count what is dropped of its packets
// Which ways rules count this measure for.
uint8_t measure_ways(const Shoal__Oss__Session *session, uint32_t id);

// A measure begins. `from`: what its ways came to so far.
void measure_begin(struct measure *measure, const struct measure_words *from, uint64_t now_ms);
// Other rules for one that goes on; `before`: those it had.
void measure_follow(struct measure *measure, const struct measure_rules *before, uint64_t now_ms);
// From now on another gauge counts (serial; 0 = the session's ways, which came to `from`).
void measure_turn(struct measure *measure, uint32_t serial, const struct measure_words *from);

// A word of its gauge; true if it says more than was known.
bool measure_hear(struct measure *measure, const struct measure_word *word);
struct measure_words measure_total(const struct measure *measure);

// What has to be reported now (enum measure_trigger); *next_ms: when to look again at the latest, UINT64_MAX = when packets come.
uint32_t measure_due(const struct measure *measure, uint64_t now_ms, uint64_t *next_ms);

// The report, or two around the monitoring time; the stand begins anew. Returns how many.
#define MEASURE_REPORTS 2u
unsigned measure_report(struct measure *measure, uint32_t triggers, uint64_t now_ms,
			Shoal__Oss__UsageReport reports[MEASURE_REPORTS]);

// Whether measure_settle has something to do.
bool measure_settles(const struct measure *measure, uint64_t now_ms);
// What the monitoring time, quotas and their end mean from now on. True if the sheet has to say something else.
bool measure_settle(struct measure *measure, uint64_t now_ms);
// What it says: urr[0], and what counts its events, urr[1].
void measure_fill(const struct measure *measure, struct sheet_urr urr[2]);
