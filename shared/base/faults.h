// faults.h - named points at which a test build dies on demand. Other builds contain none of it.
//
//   SHOAL_KILL_AT=point:n[:how]  at its n-th passage of the point a process does `how`: kill (SIGKILL to itself; the default), segv,
//                                abort, loop (for ever), stop (SIGSTOP to itself), exit, or wait (for another wish)
//   SHOAL_KILL_SEAT=n            of the workers, only the one at seat n
//   SHOAL_KILL_FILE=file         shared by all who name it: how often it has happened, and another wish, if one is written there
//                                later (struct faults_file); made if it is not there
//   SHOAL_KILL_TIMES=k           no more often than k times in all (default 1), whoever it happens to; only with SHOAL_KILL_FILE
//   SHOAL_POISON=hex             a packet that contains these bytes makes the worker that works on it abort
//
// A name stands at one place only (tests/crash/points.sh runs through all of them). Each process counts its own passages.
#pragma once
#include <stddef.h>

#ifdef SHOAL_FAULTS
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct faults_file {
	_Atomic uint32_t happened; // since the wish was written
	_Atomic uint32_t
	    number;     // of the wish, written last; another number: read it again. 0 = none, the environment's holds
	char wish[116]; // as SHOAL_KILL_AT
	_Atomic uint32_t wild; // stray writes so far (workers/loop/wild.h)
};

#define FAULTS_NO_SEAT ~0u

// A fork says who it is before it gives up the right to open files.
void faults_sit(unsigned seat);
void faults_point(const char *name);
void faults_packet(const void *bytes, size_t length);
// Whether the wish names that point now; it happens to whoever asks, as he sees fit.
bool faults_wished(const char *name, unsigned long *nth, char how[16]);
void faults_count_wild(void);
#define FAULT_SEAT(seat) faults_sit(seat)
#define FAULT_POINT(name) faults_point(name)
#define FAULT_PACKET(bytes, length) faults_packet(bytes, length)
#else
#define FAULT_SEAT(seat) ((void)0)
#define FAULT_POINT(name) ((void)0)
#define FAULT_PACKET(bytes, length) ((void)0)
#endif
