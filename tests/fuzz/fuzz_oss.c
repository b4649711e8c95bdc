// fuzz_oss.c - requests of any bytes, against the whole desk with a store in memory. Each must be answered once, with a
// status; and what is in memory has to be what is in the store.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/session.h"
#include "shared/base/log.h"
#include "tests/unit/ctrl_stand.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define SESSIONS_MAX 300u

// Requests are separated by this, so that one input can create a session and then modify it.
static const uint8_t separator[] = { 0xff, 0xff, 0xff, 0xff };

static struct ctrl_stand stand;
static unsigned runs; // of this stand; 0: it is not there

static void stand_close(void)
{
	if (runs)
		ctrl_stand_close(&stand);
	runs = 0;
}

static void stand_open(void)
{
	static bool once;

	ctrl_stand_open(&stand);
	log_open("fuzz", "error");
	if (!once)
		atexit(stand_close); // its folder stays behind otherwise
	once = true;
}

static void image_compare(void)
{
	uint64_t image = ctrl_stand_image(&stand);

	ctrl_stand_restart(&stand);
	if (ctrl_stand_image(&stand) != image)
		abort();
}

static void requests_send(const uint8_t *bytes, size_t length)
{
	while (length) {
		const uint8_t *end = memmem(bytes, length, separator, sizeof(separator));
		size_t part = end ? (size_t)(end - bytes) : length;
		const Shoal__Oss__Response *answer = ctrl_stand_send(&stand, bytes, part);

		if (answer && !answer->status)
			abort();
		desk_tick(&stand.desk, UINT64_MAX); // whoever waits is answered too
		if (stand.desk.waiting)
			abort();
		part += end ? sizeof(separator) : 0;
		bytes += part;
		length -= part;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	uint64_t changes;

	if (!runs++)
		stand_open();
	changes = stand.truth.load.commits;
	requests_send(bytes, length);
	if (stand.truth.load.commits != changes && runs % 16 == 0)
		image_compare();
	if (stand.truth.sessions.by_id.count <= SESSIONS_MAX && stand.truth.keys.by_hash.count <= SESSIONS_MAX)
		return 0;
	stand_close();
	return 0;
}
