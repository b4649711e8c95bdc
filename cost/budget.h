// budget.h - how much time a packet has: the time its frame takes on the wire.
//
// Pure functions; any thread may call.
#pragma once

// Beside its own bytes a frame takes preamble, start delimiter and the gap to the next one (IEEE 802.3).
#define BUDGET_WIRE_BYTES 20u

// Nanoseconds from one frame of `bytes` (FCS included) to the next at `gbps` billion bits per second: 67.2 for 64 bytes at 10.
// 0 for a rate that is not above 0.
double budget_ns(unsigned bytes, double gbps);

// What so many cores may spend on each packet.
double budget_cores_ns(unsigned bytes, double gbps, unsigned cores);
