// worker_print.h - workers as people and programs read them. One thread.
#pragma once
#include <jansson.h>
#include <stddef.h>

#include "proto/oss.pb-c.h"

// "ready", "draining"; unknown ones: "?".
const char *worker_state(Shoal__Oss__WorkerState state);

// A table on stdout; empty seats are left out.
void worker_print(Shoal__Oss__Worker *const workers[], size_t count);

// An array of objects, which the caller owns.
json_t *worker_json(Shoal__Oss__Worker *const workers[], size_t count);

// An array of {"name", "value", "help"}, which the caller owns.
json_t *worker_counters_json(Shoal__Oss__Counter *const counters[], size_t count);
