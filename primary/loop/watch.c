// watch.c - reads /proc of workers in doubt. The watcher's thread owns its descriptors; the words between it and the loop have one
// writer each.
#include "primary/loop/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/bell.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#define WATCH_LOOK_MS 1
#define WATCH_STEPS 6u            // of the clock, to measure it
#define WATCH_STEPS_NS 100000000u // at most so long

// What the thread knows of one seat.
struct watched {
	int32_t pid;
	int task, clock; // /proc/PID/task/PID and schedstat in it, opened when it sat down; -1 = none
	uint32_t doubt;  // the one being judged
	struct judge judge;
};

// One line of a file of /proc; its length, 0 = nothing.
static size_t line_read(int fd, char *line, size_t room)
{
	ssize_t n = pread(fd, line, room - 1, 0);

	line[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static bool clock_read(int fd, uint64_t *run_ns)
{
	char line[128], *end;

	if (!line_read(fd, line, sizeof(line)))
		return false;
	*run_ns = strtoull(line, &end, 10);
	return end != line;
}

static size_t file_read(int task, const char *name, char *text, size_t room)
{
	int fd = openat(task, name, O_RDONLY | O_CLOEXEC);
	size_t n;

	if (fd < 0)
		return 0;
	n = line_read(fd, text, room);
	close(fd);
	return n;
}

static char state_read(int task)
{
	char text[512], *name_end = file_read(task, "stat", text, sizeof(text)) ? strrchr(text, ')') : NULL;

	return name_end && name_end[1] == ' ' ? name_end[2] : 0;
}

// A tracer may let it run for a while: then only this file tells.
static bool tracer_read(int task)
{
	char text[1024], *line = file_read(task, "status", text, sizeof(text)) ? strstr(text, "TracerPid:") : NULL;

	return line && strtol(line + strlen("TracerPid:"), NULL, 10) != 0;
}

static bool sample_take(const struct watched *at, struct judge_sample *sample)
{
	sample->now_ns = clock_ns();
	sample->state = state_read(at->task);
	sample->traced = sample->state == 't';
	return sample->state && clock_read(at->clock, &sample->run_ns);
}

static void watched_close(struct watched *at)
{
	if (at->clock >= 0)
		close(at->clock);
	if (at->task >= 0)
		close(at->task);
	*at = (struct watched){ .task = -1, .clock = -1 };
}

static void watched_open(struct watched *at, int32_t pid)
{
	char path[64];

	watched_close(at);
	at->pid = pid;
	if (!pid)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	at->task = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at->task >= 0)
		at->clock = openat(at->task, "schedstat", O_RDONLY | O_CLOEXEC);
}

static enum judge_verdict watched_look(struct watched *at, uint32_t doubt, uint64_t tick_ns)
{
	struct judge_sample sample;
	enum judge_verdict verdict;

	if (at->clock < 0 || !sample_take(at, &sample))
		return JUDGE_BLIND;
	if (at->doubt != doubt) {
		at->doubt = doubt;
		judge_open(&at->judge, tick_ns, &sample);
		return JUDGE_NONE;
	}
	verdict = judge_look(&at->judge, &sample);
	return judge_fatal(verdict) && tracer_read(at->task) ? JUDGE_TRACED : verdict;
}

// Whether the seat is in doubt.
static bool seat_look(struct watch *watch, unsigned seat, struct watched *at)
{
	struct watch_seat *words = &watch->seat[seat];
	uint32_t doubt = atomic_load_explicit(&words->doubt, memory_order_acquire);
	int32_t pid = atomic_load_explicit(&words->pid, memory_order_relaxed); // written before the doubt about it
	uint64_t word;

	if (pid != at->pid)
		watched_open(at, pid);
	if (!doubt)
		return false;
	word = (uint64_t)doubt << 32 | watched_look(at, doubt, watch->tick_ns);
	if (word == atomic_load_explicit(&words->word, memory_order_relaxed))
		return true;
	atomic_store_explicit(&words->word, word, memory_order_release); // pairs with watch_word
	bell_ring_if(watch->loop_sleeping, watch->loop_bell);
	return true;
}

static bool watch_look(struct watch *watch, struct watched watched[PLANE_SEATS])
{
	bool doubt = false;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		doubt |= seat_look(watch, seat, &watched[seat]);
	return doubt;
}

static void *watch_run(void *with)
{
	static struct watched watched[PLANE_SEATS];
	struct watch *watch = with;
	struct pollfd bell = { watch->bell, POLLIN, 0 };

	pthread_setname_np(pthread_self(), "shoal-watch");
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		watched[seat] = (struct watched){ .task = -1, .clock = -1 };
	while (!atomic_load(&watch->over)) {
		bool doubt;

		bell_doze(&watch->sleeping);
		doubt = watch_look(watch, watched);
		if (poll(&bell, 1, doubt ? WATCH_LOOK_MS : -1) > 0)
			bell_hush(watch->bell);
		bell_rise(&watch->sleeping);
	}
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		watched_close(&watched[seat]);
	return NULL;
}

static int step_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// The middle one of some steps of this thread's own CPU clock: being interrupted makes smaller ones, a hypervisor larger ones.
static uint64_t tick_measure(void)
{
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	uint64_t step[WATCH_STEPS + 1], last = 0, now = 0, end_ns = clock_ns() + WATCH_STEPS_NS;
	unsigned steps = 0;

	while (steps <= WATCH_STEPS && clock_ns() < end_ns && fd >= 0 && clock_read(fd, &now)) {
		if (now == last)
			continue;
		step[steps++] = now - last;
		last = now;
	}
	if (fd >= 0)
		close(fd);
	if (steps < 2) // the first is no step but all there was before
		return 0;
	qsort(step + 1, steps - 1, sizeof(*step), step_order);
	return step[1 + (steps - 1) / 2];
}

int watch_start(struct watch *watch, _Atomic uint32_t *loop_sleeping, int loop_bell)
{
	int error;

	watch->loop_sleeping = loop_sleeping;
	watch->loop_bell = loop_bell;
	watch->tick_ns = tick_measure();
	if (!watch->tick_ns)
		log_warning("watch.blind", "this kernel tells no CPU clocks: hangs are judged by wall time alone");
	else
		log_info("watch", "CPU clocks step by %lu us", (unsigned long)(watch->tick_ns / 1000));
	watch->bell = bell_make();
	error = watch->bell < 0 ? watch->bell : -pthread_create(&watch->thread, NULL, watch_run, watch);
	if (error)
		log_error("watch.start", "%s", strerror(-error));
	return error;
}

void watch_stop(struct watch *watch)
{
	atomic_store(&watch->over, true);
	bell_ring(watch->bell);
	pthread_join(watch->thread, NULL);
	close(watch->bell);
}

void watch_sit(struct watch *watch, unsigned seat, int32_t pid)
{
	atomic_store_explicit(&watch->seat[seat].doubt, 0, memory_order_relaxed);
	atomic_store_explicit(&watch->seat[seat].pid, pid, memory_order_release);
	bell_ring_if(&watch->sleeping, watch->bell);
}

void watch_doubt(struct watch *watch, unsigned seat, uint32_t doubt)
{
	atomic_store_explicit(&watch->seat[seat].doubt, doubt, memory_order_release); // pairs with seat_look
	if (doubt)
		bell_ring_if(&watch->sleeping, watch->bell);
}
