// build.h - which build this is, and what it can share with others.
#pragma once

// The words between processes of one plane: the plane's head, seats, lanes, handles, changes, reports, rooms, images, nest words.
// Builds of one ABI serve side by side; another one needs a restart of the primary. A field that uses a reserved byte leaves it as
// it is; anything else raises it. tests/lint/abi.py asks.
#define PLANE_ABI 1u

// Added to it where there are several networks, which may share subscribers' addresses (plane_net.places): builds that would look for a
// subscriber by his address alone then find another ABI, and do not serve there.
#define PLANE_ABI_PLACES 0x80000000u

#define PLANE_LINES_BYTES 64

// How this build lays out the lines of its shards: a digest of the headers that say so (generated). Builds that agree share a
// bank of shards, others have one each (bank.h).
extern const char plane_lines[PLANE_LINES_BYTES];
extern const char plane_build[64];
