// primary_play.c - the primary's side of fleet_order and fleet_state. State: of the running test.
#include "tests/unit/primary_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct primary_play primary;

const Shoal__Fleet__State *fleet_state(const struct fleet *fleet)
{
	static const Shoal__Fleet__State state;

	return primary.there ? &state : NULL;
}

void primary_begin(void)
{
	primary = (struct primary_play){ .there = true };
}

void primary_ordered(fleet_done *done)
{
	assert_null(primary.done);
	memcpy(primary.news, primary.own, sizeof(primary.own));
	primary.done = done;
}

void primary_answers(void *with, bool heard, int error)
{
	Shoal__Fleet__Answer answer = SHOAL__FLEET__ANSWER__INIT;
	fleet_done *done = primary.done;

	if (!done)
		return;
	if (heard)
		memcpy(primary.own, primary.news, sizeof(primary.own));
	primary.done = NULL;
	answer.error = error;
	answer.message = "it says so";
	done(with, error < 0 ? NULL : &answer);
}
