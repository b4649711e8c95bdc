// reader.h - sessions read one by one from a file of CSV or JSON lines.
//
//   CSV:        the first line names the columns, in any order: names of row_fields, or passed over
//   JSON lines: one object a line, with the same names
//
// Blank lines and, in CSV, lines that begin with '#' are passed over. Owned by its caller; one thread.
#pragma once
#include "ctrl/cli/csv.h"
#include "ctrl/cli/lines.h"
#include "ctrl/cli/row.h"

enum reader_format { READER_LOOK, READER_CSV, READER_JSONL }; // LOOK: JSON if the first line begins with '{'

struct reader {
	struct lines lines;
	enum reader_format format;
	unsigned columns;                           // of the CSV's header; 0 = not read yet
	const struct row_field *column[CSV_FIELDS]; // null: passed over
	uint64_t header;                            // digest of the CSV's header
	uint64_t digest;                            // of the last line and of the header it was read by; FNV-1a 64
	size_t length;                              // of the last line
};

int reader_open(struct reader *reader, int fd, enum reader_format format); // 0 or -ENOMEM
void reader_close(struct reader *reader);

// Reads the next session into the row, which it clears first. 1; 0 at the end; -EBADMSG where the line is refused for
// the reason in fault (call again for the next one); -EPROTO where the file is (no header: every line would be); or -errno
// of read(2). lines.number is the line's.
int reader_next(struct reader *reader, struct row *row, struct row_fault *fault);
