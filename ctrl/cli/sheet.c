// sheet.c - columns of text, as wide as their widest cell. Owned by its caller; one thread.
#include "ctrl/cli/sheet.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CELL_BYTES 512u

// UTF-8 continuation bytes take no column.
static unsigned width_of(const char *text)
{
	unsigned width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void append(struct sheet *sheet, const char *cell)
{
	unsigned column = (unsigned)(sheet->cells % sheet->columns);
	size_t length = strlen(cell) + 1;
	unsigned width = width_of(cell);

	if (sheet->used + length > sheet->room) {
		size_t room = sheet->room ? 2 * sheet->room : 4096;
		char *text = realloc(sheet->text, room);

		if (!text) {
			sheet->cut = true;
			return;
		}
		sheet->text = text;
		sheet->room = room;
	}
	memcpy(sheet->text + sheet->used, cell, length);
	sheet->used += length;
	sheet->cells++;
	if (width > sheet->width[column])
		sheet->width[column] = width;
}

void sheet_open(struct sheet *sheet, const char *const titles[])
{
	*sheet = (struct sheet){ 0 };
	while (titles[sheet->columns]) {
		assert(sheet->columns < SHEET_COLUMNS);
		sheet->right[sheet->columns] = titles[sheet->columns][0] == '>';
		sheet->columns++;
	}
	for (unsigned i = 0; titles[0][0] && i < sheet->columns; i++)
		append(sheet, titles[i] + sheet->right[i]);
}

void sheet_cell(struct sheet *sheet, const char *format, ...)
{
	char cell[CELL_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(cell, sizeof(cell), format, list);
	va_end(list);
	if (!sheet->cut)
		append(sheet, cell);
}

static void print_cell(const struct sheet *sheet, unsigned column, const char *cell, FILE *file)
{
	bool last = column + 1 == sheet->columns;
	int pad = (int)(sheet->width[column] - width_of(cell));

	if (sheet->right[column])
		fprintf(file, "%*s%s", pad, "", cell);
	else
		fprintf(file, "%s%*s", cell, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", file);
}

void sheet_close(struct sheet *sheet, FILE *file)
{
	const char *cell = sheet->text;

	for (size_t i = 0; file && i < sheet->cells; i++) {
		print_cell(sheet, (unsigned)(i % sheet->columns), cell, file);
		cell += strlen(cell) + 1;
	}
	if (file && sheet->cells % sheet->columns)
		fputc('\n', file);
	if (file && sheet->cut)
		fputs("(out of memory: rows are missing)\n", file);
	free(sheet->text);
	*sheet = (struct sheet){ 0 };
}
