// csv.c - one line of comma-separated values taken apart. Keeps nothing; any thread.
#include "ctrl/cli/csv.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char *skip_blanks(char *p)
{
	return p + strspn(p, " \t");
}

// p is behind the opening quote. Writes the value over itself and returns the place behind the closing quote, or null.
static char *unquote(char *p)
{
	char *out = p;

	for (; *p; p++) {
		if (*p == '"' && p[1] != '"') {
			*out = 0;
			return p + 1;
		}
		if (*p == '"')
			p++;
		*out++ = *p;
	}
	return NULL;
}

// Cuts one plain value at `end` and takes the blanks before it away.
static void trim(char *start, char *end)
{
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = 0;
}

const char *csv_split(char *line, char *fields[CSV_FIELDS], unsigned *count)
{
	char *p = line;
	bool more = true;

	for (*count = 0; more; ++*count) {
		char *value = skip_blanks(p);
		char *end;

		if (*count == CSV_FIELDS)
			return "has more than 64 values";
		fields[*count] = value;
		if (*value == '"') {
			fields[*count] = value + 1;
			end = unquote(value + 1);
			if (!end)
				return "has a quote that is not closed on the same line";
			end = skip_blanks(end);
			if (*end && *end != ',')
				return "has text behind a closing quote";
		} else {
			end = value + strcspn(value, ",");
		}
		more = *end == ',';
		p = end + more;
		if (*value != '"')
			trim(value, end);
	}
	return NULL;
}

void csv_write(FILE *file, const char *value)
{
	if (!value[strcspn(value, ",\"\r\n")] && value[0] != ' ' && value[0] != '#') {
		fputs(value, file);
		return;
	}
	fputc('"', file);
	for (; *value; value++) {
		if (*value == '"')
			fputc('"', file);
		fputc(*value, file);
	}
	fputc('"', file);
}
