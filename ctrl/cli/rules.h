// rules.h - the rules of a session beyond the short form (PDR, FAR, QER, URR of TS 29.244), to and from JSON:
//
//   "rules": [{"id": 1, "precedence": 10, "source": "access", "destination": "core", "rate_id": 1, "measure_ids": [1],
//              "filters": ["permit out 17 from any 53 to assigned", {"flow": "", "tos": 184, "tos_mask": 252}], "tunnel": 1,
//              "framed": ["192.0.2.0/28"]}, ...]
//   "rates": [{"id": 1, "rate": 10000000, "mark": "af1"}, {"id": 2, "uplink": {"cir_bps": 1000000}}, ...]
//   "measures": [{"id": 1, "volume": true, "triggers": 2, "volume_threshold": {"total": 1000000, "has_total": true}}]
//
// Filters, the directions of a rate, and measures have the names of oss.proto (plain.h). A rule's own TEIDs are written as `local_teid` and
// not read: a session made of an export gets others. Bounded: RULES_MAX of each, RULES_REFERENCES of a kind a rule, all of them
// together PLAIN_ROOM. One thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "ctrl/cli/row.h"

#define RULES_MAX 64u
#define RULES_REFERENCES 8u

// Is this key one of the three arrays?
bool rules_key(const char *key);

// Reads one of the arrays into the row. False: fault names the element at fault ("rules[2].source").
bool rules_read(struct row *row, const char *key, const json_t *array, struct row_fault *fault);

// Adds the session's arrays, if it has any, to an object.
void rules_write(const Shoal__Oss__Session *session, json_t *object);

// Whether a rule's TEID is one that ctrl gave, of a session that has `session` for its own (shared/wire/sheet.h); else the peer chose it.
bool rules_own_teid(uint32_t session, const Shoal__Oss__Match *match);

// A JSON string or whole number as a word that row_set takes; null if it is neither. `room` is for the number.
const char *rules_word(const json_t *value, char room[24]);
