// predefined.h - rules that the operator has configured by name, and CP functions activate in PDRs (TS 29.244 5.19, 8.2.72).
//
// What such a rule says is how packets are told and how fast they may be; where they come from, their precedence, where they go (FAR) and
// what measures them is said by the PDR that activates it. Constant; any thread may look.
#pragma once
#include <stddef.h>
#include "shared/base/conf.h"

#define PREDEFINED_MAX 32u

// Null: no such rule.
const struct conf_pfcp_rule *predefined_find(const struct conf *conf, const void *name, size_t bytes);

// Whether all filters can be read: 0, or -EINVAL with the fault in `error`, by file, line and field.
int predefined_check(const struct conf *conf, char *error, size_t error_bytes);
