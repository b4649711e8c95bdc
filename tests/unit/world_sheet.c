// world_sheet.c - pieces of sheets, by the rules of shared/wire/change.h and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/world.h"

bool world_part(struct coming *coming, const struct change *change, uint64_t epoch)
{
	const struct change_part *part = &change->part;

	assert_true(part->bytes && part->bytes <= CHANGE_PART_BYTES &&
		    part->offset + part->bytes <= sizeof(coming->data));
	if (!part->offset) {
		coming->prev = change->prev;
		coming->epoch = epoch;
		coming->slot = change->slot;
	} else if (coming->prev != change->prev || coming->epoch != epoch || coming->slot != change->slot ||
		   coming->bytes != part->offset) {
		return false;
	}
	memcpy((uint8_t *)coming->data + part->offset, part->data, part->bytes);
	coming->bytes = part->offset + part->bytes;
	return true;
}

bool world_sheet(const struct coming *coming, const struct change *change, uint64_t epoch)
{
	const char *field;

	if (change->verb != CHANGE_SET || !change->bearer.sheet_bytes)
		return true;
	if (coming->prev != change->prev || coming->epoch != epoch || coming->slot != change->slot ||
	    coming->bytes != change->bearer.sheet_bytes ||
	    sheet_sum(coming->data, coming->bytes) != change->bearer.sheet_sum)
		return false;
	assert_int_equal(sheet_check(coming->data, coming->bytes, &field), 0);
	return true;
}
