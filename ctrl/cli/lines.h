// lines.h - a file cut into lines, at any size, in a fixed amount of memory.
//
// A line longer than LINES_MAX, or with a NUL in it, is delivered as a fault and the reading goes on behind it. "\r\n"
// ends a line as "\n" does; a last line may lack its end; a UTF-8 byte order mark at the start is skipped.
// Owned by its caller; one thread; reads from the descriptor, never closes it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MAX 65535u

struct lines {
	int fd;
	bool ended;      // nothing more to read
	char *buffer;    // LINES_ROOM bytes
	size_t from, to; // unread part of it
	uint64_t number; // of the last line given, from 1
	uint64_t bytes;  // read so far, for the progress bar
};

struct lines_line {
	char *text;        // NUL-terminated, may be written to; valid until the next call
	size_t length;     // without the line's end
	const char *fault; // null, or why this line cannot be used
};

int lines_open(struct lines *lines, int fd); // 0 or -ENOMEM
void lines_close(struct lines *lines);

// 1 and a line, 0 at the end, or -errno of read(2); -EINTR if a signal came.
int lines_next(struct lines *lines, struct lines_line *line);
