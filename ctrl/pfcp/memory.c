// memory.c - see memory.h.
#include "ctrl/pfcp/memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "shared/base/log.h"

#define AGAIN_NS 100000000ull // after a refusal at start
#define WATCH_NS 5000000000ull
#define DEADLINE_MS 1000u // of what is read
#define PAGE 256u
#define PREFIX "pfcp" // associations, and what pfds.h and provision.h keep

void memory_open(struct memory *memory, struct rpc *rpc, const struct memory_ears *ears)
{
	*memory = (struct memory){ .rpc = rpc, .ears = *ears };
}

static void ask_later(struct memory *memory, uint64_t pause_ns)
{
	memory->due_ns = memory->now_ns + pause_ns;
}

// Whether the answer is what was asked for; if not, it is asked again.
static bool is_good(struct memory *memory, const Shoal__Oss__Response *response, int error)
{
	bool good = response && response->status && response->status->code == SHOAL__OSS__CODE__OK;

	if (error == -ECANCELED || good)
		return good;
	if (!memory->ready)
		log_warning("pfcp.waiting", "the controller does not answer: %s",
			    !response          ? strerror(-error)
			    : response->status ? response->status->message
					       : "no status");
	ask_later(memory, memory->ready ? WATCH_NS : AGAIN_NS);
	return false;
}

// ---- Start

static void notes_ask(struct memory *memory);

static void note_read(struct memory *memory, const Shoal__Oss__Note *note)
{
	char value[ASSOC_NOTE_BYTES] = "";

	if (note->value.len < sizeof(value))
		memcpy(value, note->value.data, note->value.len);
	if (!memory->ears.found(memory->ears.arg, note, value))
		log_warning("pfcp.note_odd", "%s: a note that is not understood is left alone", note->name);
}

static void notes_told(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct memory *memory = arg;
	const Shoal__Oss__NoteListAnswer *list;

	if (!is_good(memory, response, error) || !response->note_list)
		return;
	list = response->note_list;
	for (size_t i = 0; i < list->n_notes; i++)
		note_read(memory, list->notes[i]);
	memory->after = list->next;
	if (list->next) {
		notes_ask(memory);
		return;
	}
	memory->ready = true;
	ask_later(memory, WATCH_NS);
	memory->ears.ready(memory->ears.arg, memory->made_ms);
}

static void ask(struct memory *memory, Shoal__Oss__Request *request, rpc_done *done)
{
	memory->due_ns = UINT64_MAX;
	request->deadline_ms = DEADLINE_MS;
	if (rpc_call(memory->rpc, request, done, memory))
		ask_later(memory, AGAIN_NS);
}

static void notes_ask(struct memory *memory)
{
	Shoal__Oss__NoteList list = SHOAL__OSS__NOTE_LIST__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	list.after = memory->after;
	list.limit = PAGE;
	list.prefix = PREFIX;
	request.body_case = SHOAL__OSS__REQUEST__BODY_NOTE_LIST;
	request.note_list = &list;
	ask(memory, &request, notes_told);
}

static unsigned load_of(const Shoal__Oss__StatusAnswer *status)
{
	uint64_t full = status->store_limit_bytes ? status->store_used_bytes * 100 / status->store_limit_bytes : 0;
	uint64_t busy = 0, workers = 0;

	for (size_t i = 0; i < status->n_workers; i++) {
		const Shoal__Oss__Worker *worker = status->workers[i];

		if (worker->slow || worker->state != SHOAL__OSS__WORKER_STATE__WORKER_READY)
			continue;
		busy += worker->busy_permille / 10;
		workers++;
	}
	busy = workers ? busy / workers : 0;
	return (unsigned)(busy > full ? busy : full);
}

static void status_told(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct memory *memory = arg;
	uint64_t made_ms;

	if (!is_good(memory, response, error) || !response->status_answer)
		return;
	made_ms = response->status_answer->store_made_ms;
	if (memory->made_ms && made_ms != memory->made_ms) {
		memory->ears.lost(memory->ears.arg);
		return;
	}
	memory->made_ms = made_ms;
	memory->load = load_of(response->status_answer);
	memory->missing = response->status_answer->skills_missing;
	if (memory->ready)
		ask_later(memory, WATCH_NS);
	else
		notes_ask(memory);
}

void memory_tick(struct memory *memory, uint64_t now_ns)
{
	Shoal__Oss__StatusGet get = SHOAL__OSS__STATUS_GET__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;

	memory->now_ns = now_ns;
	if (now_ns < memory->due_ns)
		return;
	if (memory->made_ms && !memory->ready) {
		notes_ask(memory);
		return;
	}
	request.body_case = SHOAL__OSS__REQUEST__BODY_STATUS_GET;
	request.status_get = &get;
	ask(memory, &request, status_told);
}

// ---- Notes

struct writing {
	memory_kept *kept;
	void *arg, *about;
	char name[];
};

static void note_told(void *arg, const Shoal__Oss__Response *response, int error)
{
	struct writing *writing = arg;
	bool done =
	    response && response->status &&
	    (response->status->code == SHOAL__OSS__CODE__OK || response->status->code == SHOAL__OSS__CODE__NOT_FOUND);

	if (response && response->status && !done)
		log_warning("pfcp.note", "%s: %s", writing->name, response->status->message);
	writing->kept(writing->arg, writing->about, done);
	free(writing);
}

int memory_keep(struct memory *memory, const struct memory_value *value, memory_kept *kept, void *arg, void *about)
{
	Shoal__Oss__NotePut put = SHOAL__OSS__NOTE_PUT__INIT;
	Shoal__Oss__NoteDelete delete = SHOAL__OSS__NOTE_DELETE__INIT;
	Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
	size_t name = strlen(value->name) + 1;
	struct writing *writing = malloc(sizeof(*writing) + name);
	uint8_t key[16];
	int error;

	if (!writing)
		return -ENOMEM;
	*writing = (struct writing){ kept, arg, about };
	memcpy(writing->name, value->name, name);
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		memset(key, 0, sizeof(key)); // ctrl refuses the second of them
	request.key = (ProtobufCBinaryData){ sizeof(key), key };
	put.name = delete.name = writing->name;
	put.value = (ProtobufCBinaryData){ value->length, (uint8_t *)value->bytes };
	request.body_case = value->bytes ? SHOAL__OSS__REQUEST__BODY_NOTE_PUT : SHOAL__OSS__REQUEST__BODY_NOTE_DELETE;
	if (value->bytes)
		request.note_put = &put;
	else
		request.note_delete = &delete;
	error = rpc_call(memory->rpc, &request, note_told, writing);
	if (error)
		free(writing);
	return error;
}

static void assoc_kept(void *arg, void *about, bool done)
{
	struct memory *memory = arg;

	memory->ears.noted(memory->ears.arg, about, done);
}

int memory_note(struct memory *memory, struct assoc *assoc, const char *value)
{
	const struct memory_value note = { assoc->note, value, value ? strlen(value) : 0 };

	return memory_keep(memory, &note, assoc_kept, memory, assoc);
}
