// table.h - what was measured, row by row: the printed table and the JSON are the same rows.
//
// One thread fills it, in the order of the table.
#pragma once
#include "cost/stats.h"

#define TABLE_ROWS 80u
#define TABLE_NOTES 16u
#define TABLE_SAMPLES 1024u

struct table_row {
	char key[40];  // in JSON
	char what[56]; // for people
	struct stats ns;
};

struct table {
	unsigned rows, notes;
	struct table_row row[TABLE_ROWS];
	char note[TABLE_NOTES][160]; // what is missing or less exact here, and why
};

// One repeat of a measurement: nanoseconds a piece.
typedef double table_sample(void *with);

// Takes `repeats` samples (<= TABLE_SAMPLES) after one that does not count. Returns the row's median.
double table_measure(struct table *table, const struct table_row *row, table_sample *sample, void *with,
		     unsigned repeats);

// Adds a row as it is.
void table_add(struct table *table, const struct table_row *row);

void table_note(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The row's median, 0 if there is no such row.
double table_ns(const struct table *table, const char *key);
