// desk_note.c - requests about notes: put, get, list, delete.
#include <errno.h>
#include <string.h>
#include "ctrl/desk/job.h"
#include "ctrl/kit/wall.h"
#include "ctrl/session/record.h"

#define LIST_DEFAULT 100u
#define LIST_MAX 1000u
#define LIST_BYTES (512u * 1024) // of values in one answer

static Shoal__Oss__Note *note_of(struct job *job, const Shoal__Store__Note *stored)
{
	Shoal__Oss__Note *note = job_take(job, sizeof(*note));

	if (!note)
		return NULL;
	shoal__oss__note__init(note);
	note->name = stored->name;
	note->value = stored->value;
	note->at_ms = stored->at_ms;
	return note;
}

// Null with job->fault.
static Shoal__Oss__NoteAnswer *answer_of(struct job *job, const Shoal__Store__Note *stored)
{
	Shoal__Oss__NoteAnswer *answer = job_take(job, sizeof(*answer));

	if (!answer)
		return NULL;
	shoal__oss__note_answer__init(answer);
	answer->note = note_of(job, stored);
	return answer->note ? answer : NULL;
}

static void respond(struct job *job, Shoal__Oss__NoteAnswer *answer)
{
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_NOTE;
	job->response.note = answer;
}

// The answer to a change is stored with its key: it has no value.
static Shoal__Oss__NoteAnswer *change_answer(struct job *job, char *name, uint64_t at_ms)
{
	Shoal__Store__Note named = SHOAL__STORE__NOTE__INIT;

	named.name = name;
	named.at_ms = at_ms;
	return answer_of(job, &named);
}

static void put(struct job *job, Shoal__Oss__NoteAnswer *answer)
{
	const Shoal__Oss__NotePut *put = job->message->note_put;
	Shoal__Store__Note stored = SHOAL__STORE__NOTE__INIT;
	int error;

	stored.name = put->name;
	stored.value = put->value;
	stored.at_ms = answer->note->at_ms;
	error = notes_put(job->desk->load->notes, &stored, &job->desk->ledger->batch);
	if (!error)
		respond(job, answer);
	else if (error == -ENOSPC)
		fault_say(&job->fault, SHOAL__OSS__CODE__LIMIT, "name", "There are 4,096 notes already.");
	else
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
}

void desk_note_put(struct job *job)
{
	const Shoal__Oss__NotePut *wanted = job->message->note_put;
	Shoal__Oss__NoteAnswer *answer;

	if (!notes_name_good(wanted->name)) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "name",
			  "1 to 128 printable characters, without spaces.");
		return;
	}
	if (wanted->value.len > NOTES_VALUE_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "value", "At most 4,096 bytes.");
		return;
	}
	job->later = notes_busy(job->desk->load->notes);
	if (job->later)
		return;
	answer = change_answer(job, wanted->name, wall_ms());
	if (answer)
		put(job, answer);
}

// The note of this name, as it is stored; null with job->fault.
static const Shoal__Store__Note *note_read(struct job *job, const char *name)
{
	const struct store *store = job->desk->store;
	const struct note *note = notes_find(job->desk->load->notes, name);
	struct store_row row = { .key = note ? note->number : 0 };
	const Shoal__Store__Note *stored = NULL;

	if (note && !store->engine->get(store->self, STORE_NOTES, &row))
		stored = record_note(&row, &job->desk->arena);
	if (!note)
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "name", "No such note.");
	else if (!stored)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The stored note cannot be read.");
	return stored;
}

void desk_note_get(struct job *job)
{
	const Shoal__Store__Note *stored = note_read(job, job->message->note_get->name);

	Shoal__Oss__NoteAnswer *answer = stored ? answer_of(job, stored) : NULL;

	if (answer)
		respond(job, answer);
}

void desk_note_delete(struct job *job)
{
	struct notes *notes = job->desk->load->notes;
	const struct note *note = notes_find(notes, job->message->note_delete->name);
	Shoal__Oss__NoteAnswer *answer;

	job->later = notes_busy(notes);
	if (job->later)
		return;
	if (!note) {
		fault_say(&job->fault, SHOAL__OSS__CODE__NOT_FOUND, "name", "No such note.");
		return;
	}
	answer = change_answer(job, job->message->note_delete->name, 0);
	if (answer && notes_drop(notes, note, &job->desk->ledger->batch))
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "Out of memory.");
	else if (answer)
		respond(job, answer);
}

struct listing {
	struct job *job;
	const char *prefix;
	Shoal__Oss__NoteListAnswer *answer;
	uint32_t limit;
	size_t bytes;
};

static int list_visit(void *with, const struct store_row *row)
{
	struct listing *listing = with;
	Shoal__Oss__NoteListAnswer *answer = listing->answer;
	Shoal__Store__Note *stored;

	if (answer->n_notes == listing->limit || listing->bytes > LIST_BYTES)
		return 1;
	answer->next = row->key;
	stored = record_note(row, &listing->job->desk->arena);
	if (!stored || strncmp(stored->name, listing->prefix, strlen(listing->prefix)))
		return 0;
	listing->bytes += row->length;
	answer->notes[answer->n_notes++] = note_of(listing->job, stored);
	return listing->job->fault.code ? -ENOMEM : 0;
}

void desk_note_list(struct job *job)
{
	const Shoal__Oss__NoteList *wanted = job->message->note_list;
	const struct store *store = job->desk->store;
	struct listing listing = { .job = job, .prefix = wanted->prefix };
	int ended;

	listing.limit = wanted->limit ? wanted->limit : LIST_DEFAULT;
	if (listing.limit > LIST_MAX) {
		fault_say(&job->fault, SHOAL__OSS__CODE__INVALID_FIELD, "limit", "At most 1,000 notes a page.");
		return;
	}
	listing.answer = job_take(job, sizeof(*listing.answer));
	if (!listing.answer)
		return;
	shoal__oss__note_list_answer__init(listing.answer);
	listing.answer->notes = job_take(job, listing.limit * sizeof(*listing.answer->notes));
	if (!listing.answer->notes)
		return;
	ended = store->engine->walk(store->self, STORE_NOTES, wanted->after + 1, list_visit, &listing);
	if (ended < 0 && !job->fault.code)
		fault_say(&job->fault, SHOAL__OSS__CODE__INTERNAL, "", "The store cannot be read.");
	if (job->fault.code)
		return;
	if (!ended)
		listing.answer->next = 0;
	job->response.body_case = SHOAL__OSS__RESPONSE__BODY_NOTE_LIST;
	job->response.note_list = listing.answer;
}
