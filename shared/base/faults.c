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
	struct faults_file *file; // null = nobody shares
	uint32_t number;          // of the file's wish that we know
	uint8_t mark[MARK_MAX];
	size_t mark_bytes;
} faults;

static void mark_read(const char *hex)
{
	unsigned byte;

	faults.mark_bytes = 0;
	for (; hex && faults.mark_bytes < MARK_MAX && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		faults.mark[faults.mark_bytes++] = (uint8_t)byte;
}

static struct faults_file *file_map(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *at;

	if (fd < 0 || ftruncate(fd, sizeof(struct faults_file)))
		return NULL;
	at = mmap(NULL, sizeof(struct faults_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static void wish_read(const char *wish)
{
	strcpy(faults.how, "kill");
	faults.passed = 0;
	if (!wish || sscanf(wish, "%63[^:]:%lu:%15s", faults.point, &faults.nth, faults.how) < 2)
		faults.point[0] = '\0';
}

static long number_read(const char *text, long otherwise)
{
	return text ? strtol(text, NULL, 10) : otherwise;
}

static void all_read(void)
{
	faults.read = true;
	faults.seat = number_read(getenv("SHOAL_KILL_SEAT"), -1);
	faults.times = (uint32_t)number_read(getenv("SHOAL_KILL_TIMES"), 1);
	faults.file = file_map(getenv("SHOAL_KILL_FILE"));
	faults.number = 0;
	wish_read(getenv("SHOAL_KILL_AT"));
	mark_read(getenv("SHOAL_POISON"));
}

// The nursery may have unmapped what it read.
void faults_sit(unsigned seat)
{
	all_read();
	faults.other = faults.seat >= 0 && seat != FAULTS_NO_SEAT && faults.seat != (long)seat;
}

static void news_read(void)
{
	uint32_t number = faults.file ? atomic_load_explicit(&faults.file->number, memory_order_acquire) : 0;

	if (number == faults.number)
		return;
	faults.number = number;
	wish_read(faults.file->wish);
}

// Until there is another wish.
static void tarry(void)
{
	while (atomic_load_explicit(&faults.file->number, memory_order_acquire) == faults.number)
		usleep(1000);
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
	else if (!strcmp(how, "wait") && faults.file)
		tarry();
	else if (!strcmp(how, "loop"))
		for (;;)
			atomic_signal_fence(memory_order_seq_cst);
	else
		raise(SIGKILL);
}

void faults_point(const char *name)
{
	if (!faults.read)
		all_read();
	news_read();
	if (faults.other || strcmp(name, faults.point) || ++faults.passed != faults.nth)
		return;
	if (faults.file && atomic_fetch_add(&faults.file->happened, 1) >= faults.times)
		atomic_fetch_sub(&faults.file->happened, 1);
	else
		die(faults.how);
}

void faults_packet(const void *bytes, size_t length)
{
	if (!faults.read)
		all_read();
	if (faults.mark_bytes && memmem(bytes, length, faults.mark, faults.mark_bytes))
		abort();
}

bool faults_wished(const char *name, unsigned long *nth, char how[16])
{
	if (!faults.read)
		all_read();
	news_read();
	*nth = faults.nth;
	strcpy(how, faults.how);
	return !strcmp(name, faults.point);
}

void faults_count_wild(void)
{
	if (faults.file)
		atomic_fetch_add_explicit(&faults.file->wild, 1, memory_order_relaxed);
}
