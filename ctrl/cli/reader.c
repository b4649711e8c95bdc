// reader.c - sessions read one by one from a file of CSV or JSON lines. Owned by its caller; one thread.
#include "ctrl/cli/reader.h"

#include <errno.h>
#include <string.h>

#include "ctrl/cli/session_json.h"

// FNV-1a, 64 bits: names the content of a request, so it must be the same on every machine; no secret depends on it.
static uint64_t digest_of(const char *text, size_t length)
{
	uint64_t digest = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		digest = (digest ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return digest;
}

int reader_open(struct reader *reader, int fd, enum reader_format format)
{
	*reader = (struct reader){ .format = format };
	return lines_open(&reader->lines, fd);
}

void reader_close(struct reader *reader)
{
	lines_close(&reader->lines);
}

static bool column_again(const struct reader *reader, const struct row_field *field)
{
	for (unsigned i = 0; i < reader->columns; i++)
		if (reader->column[i] == field)
			return true;
	return false;
}

static int read_header(struct reader *reader, char *line, struct row_fault *fault)
{
	char *names[CSV_FIELDS];
	unsigned count;
	const char *why = csv_split(line, names, &count);

	if (why) {
		row_fault(fault, "", NULL, why);
		return -EPROTO;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct row_field *field = row_find(names[i]);

		if (!field && !session_json_passed_over(names[i]))
			why = "is no column; the first line must name them";
		else if (field && column_again(reader, field))
			why = "is there twice";
		if (why) {
			row_fault(fault, "header", names[i], why);
			return -EPROTO;
		}
		reader->column[reader->columns++] = field;
	}
	return 0;
}

static bool read_csv(struct reader *reader, char *line, struct row *row, struct row_fault *fault)
{
	char *values[CSV_FIELDS];
	unsigned count;
	const char *why = csv_split(line, values, &count);

	if (!why && count != reader->columns)
		why = count < reader->columns ? "has fewer values than the header has columns"
					      : "has more values than the header has columns";
	if (why) {
		row_fault(fault, "", NULL, why);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!reader->column[i])
			continue;
		why = row_set(row, reader->column[i], values[i]);
		if (why) {
			row_fault(fault, reader->column[i]->name, values[i], why);
			return false;
		}
	}
	return row_check(row, fault);
}

// The next line that says something, or 0, or -errno.
static int next_line(struct reader *reader, struct lines_line *line)
{
	for (;;) {
		int got = lines_next(&reader->lines, line);
		const char *first;

		if (got <= 0 || line->fault)
			return got;
		first = line->text + strspn(line->text, " \t");
		if (reader->format == READER_LOOK && *first)
			reader->format = *first == '{' ? READER_JSONL : READER_CSV;
		if (*first && (*first != '#' || reader->format == READER_JSONL))
			return 1;
	}
}

int reader_next(struct reader *reader, struct row *row, struct row_fault *fault)
{
	struct lines_line line;
	int got = next_line(reader, &line);
	bool good;

	if (got == 1 && !line.fault && reader->format == READER_CSV && !reader->columns) {
		reader->header = digest_of(line.text, line.length);
		got = read_header(reader, line.text, fault);
		got = got ? got : next_line(reader, &line);
	}
	if (got <= 0)
		return got;
	if (line.fault) {
		row_fault(fault, "", NULL, line.fault);
		return -EBADMSG;
	}
	reader->digest = digest_of(line.text, line.length) ^ reader->header;
	reader->length = line.length;
	row_clear(row);
	if (reader->format == READER_JSONL)
		good = session_json_read(row, line.text, line.length, fault);
	else
		good = read_csv(reader, line.text, row, fault);
	return good ? 1 : -EBADMSG;
}
