// memory.h - what ctrl remembers for us: since when, and associations as notes. Asked at start until it answers, then looked after.
//
//   memory_open ─> StatusGet: since when ─> NoteList, page by page: found ─> ready     every 100 ms anew while ctrl says no
//   memory_note ─> NotePut or NoteDelete ─> noted
//
// A store that is another one than at start has forgotten all that we know: `lost`. One thread.
#pragma once
#include "ctrl/client/rpc.h"
#include "ctrl/pfcp/peer/assoc.h"

struct memory_ears {
	// A note, at start; value has a zero behind it. False: it is not understood.
	bool (*found)(void *arg, const Shoal__Oss__Note *note, const char *value);
	void (*ready)(void *arg, uint64_t made_ms); // all were found; when the store was made
	void (*noted)(void *arg, struct assoc *assoc, bool done);
	void (*lost)(void *arg);
	void *arg;
};

struct memory {
	struct rpc *rpc;
	struct memory_ears ears;
	uint64_t now_ns, due_ns; // when it is asked next
	uint64_t made_ms;        // 0: not known yet
	uint64_t after;          // of the notes read
	bool ready;
	unsigned load;    // percent: how busy workers are, or how full the store is
	uint32_t missing; // enum sheet_skill: what not all workers can do
};

void memory_open(struct memory *memory, struct rpc *rpc, const struct memory_ears *ears);
void memory_tick(struct memory *memory, uint64_t now_ns);

// value null: deleted. 0, then `noted` comes; or -errno, and it does not.
int memory_note(struct memory *memory, struct assoc *assoc, const char *value);

// The same of any note. bytes null: deleted. 0, then `kept` comes; or -errno, and it does not.
typedef void memory_kept(void *arg, void *about, bool done);
struct memory_value {
	const char *name;
	const void *bytes;
	size_t length;
};
int memory_keep(struct memory *memory, const struct memory_value *value, memory_kept *kept, void *arg, void *about);
