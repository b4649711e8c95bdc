// parcel.c - the sessions of one import request. Owned by its caller; one thread.
#include "ctrl/cli/parcel.h"

#include <errno.h>
#include <stdlib.h>

#include "ctrl/cli/lines.h"

int parcel_open(struct parcel *batch, unsigned room)
{
	*batch = (struct parcel){ .room = room };
	batch->rows = calloc(room, sizeof(*batch->rows));
	batch->sessions = calloc(room, sizeof(*batch->sessions));
	batch->lines = calloc(room, sizeof(*batch->lines));
	if (!batch->rows || !batch->sessions || !batch->lines)
		return -ENOMEM;
	for (unsigned i = 0; i < room; i++)
		batch->sessions[i] = &batch->rows[i].session;
	return 0;
}

void parcel_close(struct parcel *batch)
{
	for (unsigned i = 0; batch->rows && i < batch->room; i++)
		row_close(&batch->rows[i]);
	free(batch->rows);
	free(batch->sessions);
	free(batch->lines);
	*batch = (struct parcel){ 0 };
}

struct row *parcel_next(const struct parcel *batch)
{
	return &batch->rows[batch->count];
}

void parcel_add(struct parcel *batch, uint64_t line, size_t bytes, uint64_t digest)
{
	batch->lines[batch->count++] = line;
	batch->bytes += bytes;
	batch->key.digest = (batch->key.digest ^ digest) * UINT64_C(0x9e3779b97f4a7c15); // odd: loses nothing
	batch->key.digest ^= batch->key.digest >> 29;
	batch->key.sessions = batch->count;
}

bool parcel_full(const struct parcel *batch)
{
	return batch->count == batch->room || batch->bytes + LINES_MAX > PARCEL_BYTES;
}

void parcel_begin(struct parcel *batch)
{
	batch->count = 0;
	batch->bytes = 0;
	batch->key.digest = 0;
	batch->key.number++;
	batch->key.sessions = 0;
}
