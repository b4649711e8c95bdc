// police.h - the single rate three colour marker of RFC 2697, and the DSCP that goes with class and colour.
//
// Pure: the caller owns the line and says what time it is. Tokens are bits x clock hertz, so one tick adds exactly cir_bps and
// nothing is ever rounded.
#pragma once
#include <stdint.h>
#include "shared/plane/region.h"

enum police_colour { POLICE_GREEN, POLICE_YELLOW, POLICE_RED, POLICE_COLOURS };

// Colours one packet that costs `cost` tokens. `incoming` is POLICE_GREEN in colour-blind mode, the packet's colour in aware mode.
// A rate that is not defined (all zero) makes everything red.
enum police_colour police_meter(struct line *line, const struct region_rate *rate, uint64_t cost, uint64_t now,
				enum police_colour incoming);

// Colour by drop precedence: AFx1 green, AFx2 yellow, AFx3 red (RFC 2597), everything else green.
enum police_colour police_colour(uint8_t tos);

// TOS byte for class and colour; ECN stays (RFC 2474, 2597, 3246).
uint8_t police_tos(enum bearer_mark mark, enum police_colour colour, uint8_t tos);
