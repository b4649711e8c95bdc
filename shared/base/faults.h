// faults.h - named points at which a test build dies on demand. Other builds contain none of it.
//
//   SHOAL_KILL_AT=point:n[:how]  at its n-th passage of the point a process does `how`: kill (SIGKILL to itself; the default), segv,
//                                abort, loop (for ever), stop (SIGSTOP to itself) or exit
//   SHOAL_KILL_SEAT=n            of the workers, only the one at seat n
//   SHOAL_KILL_COUNT=file        how often it has happened, a uint32_t in the byte order of the host; made if it is not there
//   SHOAL_KILL_TIMES=k           no more often than k times in all (default 1), whoever it happens to; only with SHOAL_KILL_COUNT
//   SHOAL_POISON=hex             a packet that contains these bytes makes the worker that works on it abort
//
// A name stands at one place only (tests/crash/points.sh runs through all of them). Each process counts its own passages.
#pragma once
#include <stddef.h>

#ifdef SHOAL_FAULTS
// A worker says its seat before it gives up the right to open files.
void faults_sit(unsigned seat);
void faults_point(const char *name);
void faults_packet(const void *bytes, size_t length);
#define FAULT_SEAT(seat) faults_sit(seat)
#define FAULT_POINT(name) faults_point(name)
#define FAULT_PACKET(bytes, length) faults_packet(bytes, length)
#else
#define FAULT_SEAT(seat) ((void)0)
#define FAULT_POINT(name) ((void)0)
#define FAULT_PACKET(bytes, length) ((void)0)
#endif
