// notes.c - names in a short list; rows are read back when somebody asks.
#include "ctrl/tell/notes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/record.h"

int notes_open(struct notes *notes, const struct store *store)
{
	*notes = (struct notes){ .store = store, .next = 1 };
	notes->list = calloc(NOTES_MAX, sizeof(*notes->list));
	return notes->list ? 0 : -ENOMEM;
}

void notes_close(struct notes *notes)
{
	free(notes->list);
}

bool notes_name_good(const char *name)
{
	size_t length = 0;

	while (name[length] > ' ' && name[length] <= '~')
		length++;
	return !name[length] && length && length <= NOTES_NAME_MAX;
}

static struct note *find(const struct notes *notes, const char *name)
{
	for (unsigned i = 0; i < notes->count; i++)
		if (!strcmp(notes->list[i].name, name))
			return &notes->list[i];
	return NULL;
}

const struct note *notes_find(const struct notes *notes, const char *name)
{
	return find(notes, name);
}

static void join(struct notes *notes, const struct note *note)
{
	notes->list[notes->count++] = *note;
	notes->next = note->number + 1;
}

int notes_load(struct notes *notes, const struct store_row *row, struct arena *arena)
{
	const Shoal__Store__Note *stored = record_note(row, arena);
	struct note note = { .number = row->key };

	if (!stored || !notes_name_good(stored->name) || notes->count == NOTES_MAX || find(notes, stored->name))
		return -EBADMSG;
	snprintf(note.name, sizeof(note.name), "%s", stored->name);
	join(notes, &note);
	return 0;
}

int notes_put(struct notes *notes, const Shoal__Store__Note *stored, struct batch *batch)
{
	const struct note *old = find(notes, stored->name);
	struct note note = { .number = old ? old->number : notes->next };
	struct store_row row = { .key = note.number };

	if (!old && notes->count == NOTES_MAX)
		return -ENOSPC;
	if (record_pack(&stored->base, &batch->bytes, &row) || batch_put(batch, STORE_NOTES, &row))
		return -ENOMEM;
	snprintf(note.name, sizeof(note.name), "%s", stored->name);
	notes->wanted = note;
	notes->pending = NOTES_PUTTING;
	return 0;
}

int notes_drop(struct notes *notes, const struct note *note, struct batch *batch)
{
	if (batch_drop(batch, STORE_NOTES, note->number))
		return -ENOMEM;
	notes->wanted = *note;
	notes->pending = NOTES_DROPPING;
	return 0;
}

void notes_settle(struct notes *notes, bool committed)
{
	struct note *old = notes_busy(notes) ? find(notes, notes->wanted.name) : NULL;

	if (committed && notes->pending == NOTES_PUTTING && !old)
		join(notes, &notes->wanted);
	if (committed && notes->pending == NOTES_DROPPING)
		memmove(old, old + 1, (size_t)(&notes->list[--notes->count] - old) * sizeof(*old));
	notes->pending = NOTES_RESTING;
}
