// journal.c - keeps and logs what happened. The fleet thread only.
#include "primary/brood/journal.h"

#include <stdarg.h>
#include <stdio.h>

#include "shared/base/log.h"

static void journal_log(const struct journal_entry *entry)
{
	static const char *const id[] = {
		[JOURNAL_SEAT_UP] = "seat.up",
		[JOURNAL_SEAT_DOWN] = "seat.down",
		[JOURNAL_PORT_UP] = "port.up",
		[JOURNAL_PORT_DOWN] = "port.down",
		[JOURNAL_ALARM] = "alarm",
		[JOURNAL_POISON] = "poison",
		[JOURNAL_SEAT_LEFT] = "seat.left",
		[JOURNAL_NEST_UP] = "nest.up",
		[JOURNAL_NEST_DOWN] = "nest.down",
		[JOURNAL_NEST_LOADED] = "nest.loaded",
		[JOURNAL_NEST_RETIRED] = "nest.retired",
	};
	enum log_level level = LOG_INFO;

	if (entry->kind == JOURNAL_SHARD_MOVED)
		return;
	if (entry->kind == JOURNAL_SEAT_DOWN || entry->kind == JOURNAL_PORT_DOWN || entry->kind == JOURNAL_ALARM ||
	    entry->kind == JOURNAL_NEST_DOWN || entry->kind == JOURNAL_POISON)
		level = LOG_WARNING;
	log_write(level, id[entry->kind], "%s", entry->text);
}

void journal_write(struct journal *journal, enum journal_kind kind, struct journal_place place, const char *format, ...)
{
	struct journal_entry *entry = &journal->entry[++journal->last % JOURNAL_ENTRIES];
	va_list arguments;

	entry->number = journal->last;
	entry->kind = kind;
	entry->place = place;
	va_start(arguments, format);
	vsnprintf(entry->text, sizeof(entry->text), format, arguments);
	va_end(arguments);
	journal_log(entry);
}

void journal_poison(struct journal *journal, const struct record *record, const char *path)
{
	struct journal_entry *entry = &journal->entry[(journal->last + 1) % JOURNAL_ENTRIES];

	entry->suspect = record->suspect;
	snprintf(entry->record, sizeof(entry->record), "%s", path);
	journal_write(
	    journal, JOURNAL_POISON, (struct journal_place){ record->second.seat, (uint8_t)record->lent.hint },
	    "a packet of %s killed seats %u (signal %u) and %u (signal %u)", record_whose(&record->suspect).text,
	    record->first.seat, record->first.signal, record->second.seat, record->second.signal);
}

const struct journal_entry *journal_read(const struct journal *journal, uint64_t number)
{
	const struct journal_entry *entry = &journal->entry[number % JOURNAL_ENTRIES];

	return number > 0 && entry->number == number ? entry : NULL;
}
