// rules.h - the rules of a session beyond the short form (PDR, FAR, QER, URR of TS 29.244), to and from JSON:
//
//   "rules": [{"id": 1, "precedence": 10, "source": "access", "destination": "core", "rate_id": 1, "measure_ids": [1]}, ...]
//   "rates": [{"id": 1, "rate": 10000000, "mark": "af1"}, ...]
//   "measures": [{"id": 1, "volume": true}]
//
// Bounded: RULES_MAX of each, RULES_MEASURES references a rule. One thread.
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "ctrl/cli/row.h"

#define RULES_MAX 32u
#define RULES_MEASURES 8u

// Is this key one of the three arrays?
bool rules_key(const char *key);

// Reads one of the arrays into the row. False: fault names the element at fault ("rules[2].source").
bool rules_read(struct row *row, const char *key, const json_t *array, struct row_fault *fault);

// Adds the session's arrays, if it has any, to an object.
void rules_write(const Shoal__Oss__Session *session, json_t *object);

// A JSON string or whole number as a word that row_set takes; null if it is neither. `room` is for the number.
const char *rules_word(const json_t *value, char room[24]);
