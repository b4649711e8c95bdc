// status_json.h - the gateway's status as a JSON object. Pure but for the memory it returns.
#pragma once
#include <jansson.h>

#include "proto/oss.pb-c.h"

// The caller owns the result.
json_t *status_json(const Shoal__Oss__StatusAnswer *status);
