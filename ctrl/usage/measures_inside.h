// measures_inside.h - what the files of measures share. For them alone.
#pragma once
#include "ctrl/usage/measures.h"

// Room for so many measures, and delays behind them, all zero; null: no memory.
struct measured *measured_make(unsigned count, unsigned delays);

// What tells of a first packet that waits: whether a session's does so later; for how many rules that has to be noted, where they differ; the
// same into its room; and how late it is told of a packet of this rule.
bool delays_any(const Shoal__Oss__Session *message);
unsigned delays_count(const Shoal__Oss__Session *message);
void delays_take(struct measured *measured, const Shoal__Oss__Session *message);
uint32_t delay_of(const struct measured *measured, uint16_t rule);

// When to look at it next, or now; into the heap. Without memory for that it is looked at when its next word comes.
void measured_plan(struct measures *measures, struct session *session, uint64_t now_ms);
// What was due could not be done: a while later.
void measured_again(struct measures *measures, struct session *session);
// Takes the next one out of the heap; null: none is due.
struct session *measures_next(struct measures *measures, uint64_t now_ms);
// Its row has to be written.
void measured_mark(struct measures *measures, struct session *session);

// What the session's ways came to, as this measure counts them.
struct measure_words measured_ways(const struct session *session, uint8_t ways);
// What the session's usage comes to, for those that have no gauge.
void measured_follow(const struct session *session, struct measured *measured);

// Everything that has come: for each measure what to report; true if there is something to do.
bool measured_due(const struct measured *measured, uint64_t now_ms, uint32_t due[MEASURES_MAX], uint64_t *next_ms);
bool measured_silent(const struct measured *measured, uint64_t now_ms, uint64_t *next_ms);
bool measured_over(const struct measured *measured, uint64_t now_ms,
		   uint64_t *next_ms); // what waits was kept for long enough
bool measured_tells(const struct measured *measured, uint64_t now_ms,
		    uint64_t *next_ms); // a packet waits, and that is to be told

// `after` takes its place, within the transaction. 0 or -ENOMEM (then nothing has happened).
int measured_replace(struct measures *measures, struct session *session, struct measured *after);

int measured_row(const struct session *session, struct batch *batch); // 0 or -ENOMEM

// Reports in the making, in an arena: at most so many measures'. 0 or -ENOMEM.
struct usages {
	size_t count;
	Shoal__Oss__UsageReport **list;
	Shoal__Oss__UsageReport *room;
	uint64_t (*times)[MEASURE_TIMES]; // of events
};
int usages_open(struct usages *usages, unsigned measures, struct arena *arena);
void usages_add(struct usages *usages, struct measure *measure, uint32_t triggers, uint64_t now_ms);

struct measure *measured_find(struct measured *measured, uint64_t id); // null: it has none with this id, or is null
