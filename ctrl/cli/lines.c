// lines.c - a file cut into lines in a fixed amount of memory. Owned by its caller; one thread.
#include "ctrl/cli/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_ROOM (4u * (LINES_MAX + 1)) // one more byte is allocated, for the NUL behind a last line without end

int lines_open(struct lines *lines, int fd)
{
	*lines = (struct lines){ .fd = fd, .buffer = malloc(LINES_ROOM + 1) };
	return lines->buffer ? 0 : -ENOMEM;
}

void lines_close(struct lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

// Moves the unread part to the front and reads more behind it. 0 or -errno; sets `ended` at the end of the file.
static int refill(struct lines *lines)
{
	size_t left = lines->to - lines->from;
	ssize_t got;

	memmove(lines->buffer, lines->buffer + lines->from, left);
	lines->from = 0;
	lines->to = left;
	got = read(lines->fd, lines->buffer + left, LINES_ROOM - left);
	if (got < 0)
		return -errno;
	lines->ended = got == 0;
	lines->to += (size_t)got;
	lines->bytes += (size_t)got;
	return 0;
}

// Finds the end of the line at `from`, reading on as needed; null where LINES_MAX bytes or the file end before it.
static int find_end(struct lines *lines, char **end)
{
	size_t seen = 0;

	for (;;) {
		size_t left = lines->to - lines->from;
		char *start = lines->buffer + lines->from;
		int error;

		*end = left > seen ? memchr(start + seen, '\n', left - seen) : NULL;
		if (*end || lines->ended || left > LINES_MAX)
			return 0;
		seen = left;
		error = refill(lines);
		if (error)
			return error;
	}
}

// Throws away the rest of a line that is too long.
static int skip(struct lines *lines)
{
	char *end;

	for (;;) {
		int error = find_end(lines, &end);

		if (error)
			return error;
		lines->from = end ? (size_t)(end - lines->buffer) + 1 : lines->to;
		if (end || lines->ended)
			return 0;
	}
}

static void skip_mark(struct lines *lines)
{
	if (lines->to - lines->from >= 3 && !memcmp(lines->buffer + lines->from, "\xef\xbb\xbf", 3))
		lines->from += 3;
}

static int too_long(struct lines *lines, struct lines_line *line)
{
	int error = skip(lines);

	*line = (struct lines_line){ .text = lines->buffer, .fault = "line is longer than 65,535 bytes" };
	lines->buffer[0] = 0;
	return error ? error : 1;
}

int lines_next(struct lines *lines, struct lines_line *line)
{
	char *end, *start;
	int error = find_end(lines, &end);

	if (error)
		return error;
	if (!lines->number)
		skip_mark(lines);
	if (lines->from == lines->to)
		return 0;
	lines->number++;
	start = lines->buffer + lines->from;
	if (!end)
		end = lines->buffer + lines->to;
	if (end - start > (ptrdiff_t)LINES_MAX)
		return too_long(lines, line);
	lines->from = (size_t)(end - lines->buffer) + (end < lines->buffer + lines->to);
	if (end > start && end[-1] == '\r')
		end--;
	*end = 0;
	*line = (struct lines_line){ .text = start, .length = (size_t)(end - start) };
	if (memchr(start, 0, line->length))
		line->fault = "line has a NUL byte in it";
	return 1;
}
