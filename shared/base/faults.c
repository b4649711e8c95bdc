// faults.c - dies as faults.h says. For test builds only. State: what the environment asks for, read once a process.
// The points that are asked for are passed by one thread of a process.
#include "shared/base/faults.h"
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK_MAX 64u

static struct {
	bool read;
	char point[64], how[16];
	unsigned long nth, passed;
	long seat;  // asked for; -1 = any
	bool other; // we are a worker at another one
	uint32_t times;
	_Atomic uint32_t *counted; // in the file; null = not limited
	uint8_t mark[MARK_MAX];
	size_t mark_bytes;
} faults;

static void mark_read(const char *hex)
{
	unsigned byte;

	for (; hex && faults.mark_bytes < MARK_MAX && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		faults.mark[faults.mark_bytes++] = (uint8_t)byte;
}

static _Atomic uint32_t *count_map(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	void *at;

	if (fd < 0 || ftruncate(fd, sizeof(uint32_t)))
		return NULL;
	at = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static void wishes_read(void)
{
	const char *at = getenv("SHOAL_KILL_AT"), *seat = getenv("SHOAL_KILL_SEAT"),
		   *times = getenv("SHOAL_KILL_TIMES");

	if (faults.read)
		return;
	faults.read = true;
	strcpy(faults.how, "kill");
	if (at && sscanf(at, "%63[^:]:%lu:%15s", faults.point, &faults.nth, faults.how) < 2)
		faults.point[0] = '\0';
	faults.seat = seat ? strtol(seat, NULL, 10) : -1;
	faults.times = times ? (uint32_t)strtoul(times, NULL, 10) : 1;
	mark_read(getenv("SHOAL_POISON"));
	if (faults.point[0])
		faults.counted = count_map(getenv("SHOAL_KILL_COUNT"));
}

void faults_sit(unsigned seat)
{
	faults.read = false; // the nursery may have unmapped what it read
	faults.mark_bytes = 0;
	wishes_read();
	faults.passed = 0;
	faults.other = faults.seat >= 0 && faults.seat != (long)seat;
}

static void die(const char *how)
{
	static uint8_t *volatile nowhere;

	if (!strcmp(how, "segv"))
		*nowhere = 0;
	else if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "stop"))
		raise(SIGSTOP);
	else if (!strcmp(how, "exit"))
		_exit(3);
	else if (!strcmp(how, "loop"))
		for (;;)
			atomic_signal_fence(memory_order_seq_cst);
	else
		raise(SIGKILL);
}

void faults_point(const char *name)
{
	wishes_read();
	if (faults.other || strcmp(name, faults.point) || ++faults.passed != faults.nth)
		return;
	if (faults.counted && atomic_fetch_add(faults.counted, 1) >= faults.times)
		atomic_fetch_sub(faults.counted, 1);
	else
		die(faults.how);
}

void faults_packet(const void *bytes, size_t length)
{
	wishes_read();
	if (faults.mark_bytes && memmem(bytes, length, faults.mark, faults.mark_bytes))
		abort();
}
