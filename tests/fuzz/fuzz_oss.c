// fuzz_oss.c - requests of any bytes, against the whole desk with a store in memory. Each must be answered once, with a
// status; and what is in memory has to be what is in the store.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session.h"
#include "shared/base/log.h"
#include "tests/unit/ctrl_stand.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define SESSIONS_MAX 300u

// Requests are separated by this, so that one input can create a session and then modify it.
static const uint8_t separator[] = { 0xff, 0xff, 0xff, 0xff };

static void image_compare(struct ctrl_stand *stand)
{
	uint64_t image = ctrl_stand_image(stand);

	ctrl_stand_restart(stand);
	if (ctrl_stand_image(stand) != image)
		abort();
}

static void requests_send(struct ctrl_stand *stand, const uint8_t *bytes, size_t length)
{
	while (length) {
		const uint8_t *end = memmem(bytes, length, separator, sizeof(separator));
		size_t part = end ? (size_t)(end - bytes) : length;
		const Shoal__Oss__Response *answer = ctrl_stand_send(stand, bytes, part);

		if (answer && !answer->status)
			abort();
		desk_tick(&stand->desk, UINT64_MAX); // whoever waits is answered too
		if (stand->desk.waiting)
			abort();
		part += end ? sizeof(separator) : 0;
		bytes += part;
		length -= part;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct ctrl_stand stand;
	static unsigned runs;
	uint64_t changes;

	if (!runs++) {
		ctrl_stand_open(&stand);
		log_open("fuzz", "error");
	}
	changes = stand.truth.load.commits;
	requests_send(&stand, bytes, length);
	if (stand.truth.load.commits != changes && runs % 16 == 0)
		image_compare(&stand);
	if (stand.truth.sessions.by_id.count <= SESSIONS_MAX && stand.truth.keys.by_hash.count <= SESSIONS_MAX)
		return 0;
	ctrl_stand_close(&stand);
	runs = 0;
	return 0;
}
