// ie_print_value.h - the value of one information element as text, by its shape. Inside of ie_print.
#pragma once
#include <stdio.h>
#include "ctrl/pfcp/codec/ie.h"
#include "ctrl/pfcp/codec/ie_table.h"

// A space, the value, and the end of the line. kind null, or a value that is not what its kind demands: as hexadecimal bytes.
void pfcp_print_value(FILE *out, const struct pfcp_kind *kind, const struct pfcp_ie *ie);
