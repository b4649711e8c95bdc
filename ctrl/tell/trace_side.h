// trace_side.h - which side of a session a traced packet's tunnel is on. Pure.
//
// The primary says by which ports a packet came and left; but tunnels of the core side (N9; S5/S8 of an SGW-U) lead by the same ports as the
// radio side's. What tells them apart are the session's rules: PDRs whose source is the core (SHEET_FROM_CORE), FARs that uplink PDRs lead to.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "ctrl/session/session.h"

#define TRACE_SIDE_BYTES 76u // of a packet tell: IPv4 with all options, UDP, GTP-U; those of IPv6 are fewer

// A packet from its outer IP header on, or its first TRACE_SIDE_BYTES: whether it is in a tunnel of the session's that comes from the core,
// or leads there. slot_bits: struct grid.
bool trace_side_from_core(const struct session *session, unsigned slot_bits, const uint8_t *packet, size_t length);
bool trace_side_to_core(const struct session *session, const uint8_t *packet, size_t length);
