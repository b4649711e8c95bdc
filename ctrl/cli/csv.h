// csv.h - one line of comma-separated values taken apart (RFC 4180, but a value never spans lines).
#pragma once
#include <stddef.h>
#include <stdio.h>

#define CSV_FIELDS 64u

// Cuts `line` in place: fields[i] point into it, NUL-terminated, blanks around unquoted values removed, quotes resolved.
// Returns null and *count, or why the line is refused.
const char *csv_split(char *line, char *fields[CSV_FIELDS], unsigned *count);

// Writes one value, quoted where it must be.
void csv_write(FILE *file, const char *value);
