// parcel.h - the sessions of one import request, with the lines they came from and the key that names their content.
//
// The key is the same whenever the same lines are imported as the same batch in the same way, so an import that was
// interrupted may be run again: ctrl answers for what it has, and does the rest. Owned by its caller; one thread.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "ctrl/cli/row.h"

#define PARCEL_MAX 1000u

// Limits a request to well under the protocol's 1 MiB: no session is packed into more than its line's bytes and 512.
#define PARCEL_BYTES 524288u

struct parcel_key {
	uint64_t digest; // of the lines
	uint64_t number; // of the batch, from 0
	uint32_t sessions;
	uint32_t flags; // go_on, wait_applied: other content, other key
	uint64_t salt;  // 0, or what makes this import a new one
};

struct parcel {
	unsigned room, count;
	size_t bytes;
	struct parcel_key key;
	struct row *rows;
	Shoal__Oss__Session **sessions;
	uint64_t *lines;
};

int parcel_open(struct parcel *batch, unsigned room); // 0 or -ENOMEM; parcel_close is due in both cases
void parcel_close(struct parcel *batch);

// Where the next session is to be read to.
struct row *parcel_next(const struct parcel *batch);

// Takes it in. digest: of its line.
void parcel_add(struct parcel *batch, uint64_t line, size_t bytes, uint64_t digest);

// No further session of at most LINES_MAX bytes fits.
bool parcel_full(const struct parcel *batch);

void parcel_begin(struct parcel *batch); // empties it for the next one
