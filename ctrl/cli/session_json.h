// session_json.h - a session as a JSON object: the same one in `show --json`, `ls --json`, an export and an import. Pure.
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "ctrl/cli/row.h"

// With what ctrl adds: id, teid, shard, usage ... The caller owns the result.
json_t *session_json(const Shoal__Oss__Session *session);

// Is this one of the names that ctrl adds? An import passes over them.
bool session_json_passed_over(const char *key);

// Reads one line of JSON into a cleared row. False: fault says why not.
bool session_json_read(struct row *row, const char *text, size_t length, struct row_fault *fault);
