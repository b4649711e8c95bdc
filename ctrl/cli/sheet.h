// sheet.h - columns of text, as wide as their widest cell; the last one is never padded.
//
//   struct sheet t;
//   sheet_open(&t, titles);              titles: null-terminated; one that begins with '>' is right-aligned;
//                                        the first one empty: no line of titles
//   sheet_cell(&t, "%u", seat); ...      row by row, every column of each
//   sheet_close(&t, stdout);             prints and frees
//
// Owned by its caller; one thread. Without memory it prints what it has and says that rows are missing.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SHEET_COLUMNS 24u

struct sheet {
	unsigned columns;
	unsigned width[SHEET_COLUMNS];
	bool right[SHEET_COLUMNS];
	char *text; // cells one after the other, each ended by NUL, the titles first
	size_t used, room;
	size_t cells;
	bool cut; // no memory for some of them
};

void sheet_open(struct sheet *sheet, const char *const titles[]);
void sheet_cell(struct sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sheet_close(struct sheet *sheet, FILE *file); // a null file: only frees
