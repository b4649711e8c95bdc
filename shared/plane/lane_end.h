// lane_end.h - the far end of a tunnel, as a worker writes it into a packet's room: with VERDICT_END_MARKERS the handle's offset and length are
// those of a row of them. The primary copies each before it looks at it. Integers are host order.
#pragma once
#include <stdint.h>
#include "shared/wire/sheet.h"

#define LANE_ENDS SHEET_FARS // a session's rules lead to no more

struct lane_end {
	uint32_t teid;
	uint32_t ipv4;    // 0 = by IPv6:
	uint8_t ipv6[16]; // network order
	uint8_t tos;      // of the outer header
	uint8_t reserved[3];
};
_Static_assert(sizeof(struct lane_end) == 28, "crosses processes");
