// log.c - composes a line in private memory and writes it with one system call, so that lines of several threads never
// mix. The table of repeats is the only state; a mutex guards it.
#include "shared/base/log.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "shared/base/clock.h"

#define LINE_BYTES 1024
#define EACH_SECOND 10u
#define SECOND_NS 1000000000u
#define SITES 256u // ids remembered; an id that finds no place is never swallowed

static const char *const level_names[] = { "error", "warning", "info", "debug" };

struct site {
	const char *id;
	uint64_t second_at; // when the second under count began
	unsigned said, swallowed;
};

static struct {
	pthread_mutex_t lock;
	const char *name;
	enum log_level level;
	struct site sites[SITES];
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .name = "shoal", .level = LOG_INFO };

void log_open(const char *name, const char *level)
{
	enum log_level wanted = LOG_INFO;

	for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++)
		if (!strcmp(level, level_names[i]))
			wanted = (enum log_level)i;
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_lock(&state.lock);
	state.name = name;
	state.level = wanted;
	pthread_mutex_unlock(&state.lock);
}

static unsigned id_hash(const char *id)
{
	unsigned hash = 2166136261u; // FNV-1a

	while (*id)
		hash = (hash ^ (unsigned char)*id++) * 16777619u;
	return hash;
}

static struct site *site_of(const char *id)
{
	unsigned first = id_hash(id);

	for (unsigned i = 0; i < SITES; i++) {
		struct site *site = &state.sites[(first + i) % SITES];

		if (!site->id)
			site->id = id;
		if (site->id == id || !strcmp(site->id, id))
			return site;
	}
	return NULL;
}

// True if the line may be said; *swallowed then tells how many of its kind were not.
static bool site_admit(struct site *site, uint64_t now, unsigned *swallowed)
{
	*swallowed = 0;
	if (!site)
		return true;
	if (!site->second_at || now - site->second_at >= SECOND_NS) {
		site->second_at = now;
		site->said = 0;
	}
	if (site->said >= EACH_SECOND) {
		site->swallowed++;
		return false;
	}
	site->said++;
	*swallowed = site->swallowed;
	site->swallowed = 0;
	return true;
}

static size_t stamp(char *line, size_t bytes, enum log_level level, const char *id)
{
	struct timespec now;
	struct tm utc;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
	return (size_t)snprintf(line, bytes, "%s.%03ldZ %-7s %s %s ", date, now.tv_nsec / 1000000, level_names[level],
				state.name, id);
}

// A line stays one line whatever a peer or a file put into it.
static void flatten(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

// As write, but never waits for a reader. The descriptor is whatever we were started with, and not ours to be made non-blocking; a pipe or a
// socket that has room has some for a whole line.
static ssize_t say_some(const char *line, size_t length)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
		return -1;
	return write(STDERR_FILENO, line, length);
}

// Writes what it can: a log nobody reads must not stop a process. False: nothing of it.
static bool say(const char *line, size_t length)
{
	ssize_t written = say_some(line, length);

	if (written <= 0)
		return false;
	while (written > 0 && (size_t)written < length) {
		line += written;
		length -= (size_t)written;
		written = say_some(line, length);
	}
	return true;
}

void log_write(enum log_level level, const char *id, const char *format, ...)
{
	char line[LINE_BYTES];
	struct site *site;
	unsigned swallowed;
	va_list arguments;
	size_t length;

	pthread_mutex_lock(&state.lock);
	site = level <= state.level ? site_of(id) : NULL;
	if (level <= state.level && site_admit(site, clock_ns(), &swallowed)) {
		const size_t room = sizeof line - 48; // for the tail below

		length = stamp(line, room, level, id);
		va_start(arguments, format);
		if (length < room)
			vsnprintf(line + length, room - length, format, arguments);
		va_end(arguments);
		length = strlen(line);
		if (swallowed)
			length +=
			    (size_t)snprintf(line + length, sizeof line - length, " (%u more like this)", swallowed);
		flatten(line);
		line[length] = '\n';
		if (!say(line, length + 1) && site)
			site->swallowed = swallowed + 1;
	}
	pthread_mutex_unlock(&state.lock);
}
