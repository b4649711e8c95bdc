// build.h - which build this is. Whoever meets another process of Shoal compares both before anything else.
#pragma once

#define PLANE_LAYOUT_BYTES 128

// Digests of the headers that describe shared memory (generated).
extern const char plane_layout[PLANE_LAYOUT_BYTES];
extern const char plane_build[64];
