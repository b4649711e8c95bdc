// nursery.c - speaks with the nursery of one nest. The fleet thread only.
#include "primary/brood/nursery.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "primary/brood/brood.h"
#include "shared/base/log.h"

void nursery_init(struct nursery *nursery, const struct brood_parts *parts, unsigned number)
{
	*nursery = (struct nursery){ .part = parts, .number = number, .socket = -1, .bank = -1, .process = -1 };
}

void nursery_close(struct nursery *nursery)
{
	if (nursery->socket >= 0)
		close(nursery->socket);
	if (nursery->process >= 0)
		close(nursery->process);
}

void nursery_fault(struct nursery *nursery, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(nursery->error, sizeof(nursery->error), format, arguments);
	va_end(arguments);
	log_warning("nest.fault", "nest %u: %s", nursery->number, nursery->error);
}

void nursery_hang_up(struct nursery *nursery, const char *why)
{
	if (nursery->socket < 0)
		return;
	journal_write(nursery->part->journal, JOURNAL_NEST_DOWN, (struct journal_place){ 0 },
		      "nest %u: nursery %d %s%s", nursery->number, nursery->pid, why,
		      nursery->told ? "" : "; its workers live on");
	close(nursery->socket);
	nursery->socket = -1;
	nursery->ready = false;
	nursery->gone_ns = nursery->now_ns;
}

void nursery_welcome(struct nursery *nursery, int socket, const struct nest_word *hello)
{
	const struct brood_parts *part = nursery->part;
	struct nest_word word = { .verb = NEST_WELCOME,
				  .generation = part->view->plane->generation,
				  .nest = nursery->number };

	snprintf(word.prefix, sizeof(word.prefix), "%s", part->prefix);
	snprintf(word.dir, sizeof(word.dir), "%s", part->hugepage_dir);
	if (strcmp(nursery->lines, hello->lines) != 0)
		nursery->bank = -1;
	memcpy(nursery->lines, hello->lines, sizeof(nursery->lines));
	memcpy(nursery->build, hello->build, sizeof(nursery->build));
	nursery->socket = socket;
	nursery->pid = hello->pid;
	nursery->follows = nursery->process >= 0 || hello->status == 1;
	nursery->ready = nursery->leaving = nursery->told = false;
	nursery->since_ns = nursery->now_ns;
	log_info("nursery.hello", "nest %u: nursery %d, build %s", nursery->number, hello->pid, hello->build);
	if (nest_send(socket, &word, part->bell, NEST_BELLS))
		nursery_hang_up(nursery, "takes no words");
}

static void nursery_refuse(struct nursery *nursery, uint64_t bytes, int error)
{
	struct nest_word word = { .verb = NEST_REFUSE };

	nursery_fault(nursery, "BANK of %llu bytes for its lines: %s", (unsigned long long)bytes,
		      error == -EINVAL   ? "bytes is not what a bank of these lines has"
		      : error == -ENOSPC ? "both banks are of other lines"
					 : "too few hugepages are free");
	snprintf(word.dir, sizeof(word.dir), "%s", nursery->error);
	nest_send(nursery->socket, &word, NULL, 0);
	nursery_hang_up(nursery, "gets no bank");
}

// The nursery says how large all shards are as its build lays them out: it gets the bank of that layout.
static void nursery_bank(struct nursery *nursery, uint64_t bytes)
{
	struct banks *banks = nursery->part->banks;
	struct nest_word word = { .verb = NEST_BANK, .bytes = bytes };
	int bank = banks_get(banks, nursery->lines, bytes);

	if (bank < 0) {
		nursery_refuse(nursery, bytes, bank);
		return;
	}

	int fds[2] = { banks->bank[bank].fd, banks->image };

	nursery->bank = bank;
	if (nest_send(nursery->socket, &word, fds, 2))
		nursery_hang_up(nursery, "takes no words");
}

static void nursery_ready(struct nursery *nursery)
{
	if (nursery->bank < 0) {
		nursery_fault(nursery, "READY before BANK");
		nursery_hang_up(nursery, "is ready without a bank");
		return;
	}
	nursery->ready = true;
	nursery->error[0] = '\0';
	journal_write(nursery->part->journal, JOURNAL_NEST_UP, (struct journal_place){ 0 },
		      "nest %u: nursery %d is ready, build %s", nursery->number, nursery->pid, nursery->build);
}

#define NURSERY_GONE (-1)

// What the kernel says whose pidfd it is; NURSERY_GONE: of somebody who has died, and been waited for; 0: it is none.
static int32_t nursery_pidfd(int pidfd)
{
	char path[64], line[128];
	int32_t pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "Pid: %d", &pid) != 1)
		;
	if (file)
		fclose(file);
	return pid;
}

// A worker may be dead before we hear that it was born.
static bool nursery_sound(const struct nest_word *word, int pidfd)
{
	int32_t whose;

	if (word->verb != NEST_FORKED)
		return pidfd < 0;
	whose = pidfd >= 0 ? nursery_pidfd(pidfd) : 0;
	return word->pid > 0 && (whose == word->pid || whose == NURSERY_GONE);
}

// True: it was about a seat.
static bool nursery_take(struct nursery *nursery, const struct nest_word *word, int pidfd)
{
	bool forked = word->verb == NEST_FORKED, died = word->verb == NEST_DIED;

	if (!nursery_sound(word, pidfd)) {
		nursery_fault(nursery, "word %u about seat %u, pid %d: its descriptor does not fit", word->verb,
			      word->seat, word->pid);
		nursery_hang_up(nursery, "speaks nonsense");
		return false;
	}
	if (word->verb == NEST_BANK && !nursery->ready) {
		nursery_bank(nursery, word->bytes);
	} else if (word->verb == NEST_READY && !nursery->ready) {
		nursery_ready(nursery);
	} else if (!forked && !died) {
		nursery_fault(nursery, "word %u, which is none of its own", word->verb);
		nursery_hang_up(nursery, "speaks nonsense");
	}
	return forked || died;
}

bool nursery_hear(struct nursery *nursery, struct nest_word *word, int *pidfd)
{
	while (nursery->socket >= 0) {
		unsigned nfds = 1;
		int error;

		*pidfd = -1;
		error = nest_receive(nursery->socket, word, pidfd, &nfds);
		if (error == -EAGAIN)
			return false;
		if (error)
			nursery_hang_up(nursery, error == -EPROTO ? "speaks nonsense" : "hung up");
		else if (nursery_take(nursery, word, nfds ? *pidfd : -1))
			return true;
		if (!error && nfds)
			close(*pidfd);
	}
	return false;
}

void nursery_start(struct nursery *nursery, unsigned seat)
{
	struct nest_word word = { .verb = NEST_START,
				  .seat = seat,
				  .generation = nursery->part->view->plane->generation };

	if (nest_send(nursery->socket, &word, NULL, 0))
		nursery_hang_up(nursery, "takes no words");
}

void nursery_leave(struct nursery *nursery)
{
	struct nest_word word = { .verb = NEST_LEAVE };

	nursery->told = true;
	if (nest_send(nursery->socket, &word, NULL, 0))
		nursery_hang_up(nursery, "takes no words");
}
