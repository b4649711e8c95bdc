// table.c - takes samples and keeps the rows. State: the caller's struct table; one thread.
#include "cost/table.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void table_add(struct table *table, const struct table_row *row)
{
	if (table->rows < TABLE_ROWS)
		table->row[table->rows++] = *row;
}

double table_measure(struct table *table, const struct table_row *row, table_sample *sample, void *with,
		     unsigned repeats)
{
	static double samples[TABLE_SAMPLES];
	struct table_row measured = *row;

	sample(with);
	for (unsigned i = 0; i < repeats; i++)
		samples[i] = sample(with);
	measured.ns = stats_of(samples, repeats);
	table_add(table, &measured);
	return measured.ns.median;
}

void table_note(struct table *table, const char *format, ...)
{
	va_list list;

	if (table->notes == TABLE_NOTES)
		return;
	va_start(list, format);
	vsnprintf(table->note[table->notes++], sizeof(table->note[0]), format, list);
	va_end(list);
}

double table_ns(const struct table *table, const char *key)
{
	for (unsigned i = 0; i < table->rows; i++)
		if (!strcmp(table->row[i].key, key))
			return table->row[i].ns.median;
	return 0;
}
