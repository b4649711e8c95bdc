// compile_play.c - what must compile, and what must not.
#include "tests/unit/compile_play.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct plan compile_made(const struct compile_play *play)
{
	struct plan plan = { 0 };
	struct fault fault = { 0 };

	if (compile_bearer(play->session, play->needs, play->about, &plan, &fault))
		fail_msg("refused: %s: %s", fault.field, fault.message);
	return plan;
}

void compile_refused(const struct compile_play *play, Shoal__Oss__Code code, const char *field)
{
	struct plan plan = { 0 };
	struct fault fault = { 0 };

	assert_true(compile_bearer(play->session, play->needs, play->about, &plan, &fault) < 0);
	assert_string_equal(fault.field, field);
	assert_int_equal(fault.code, code);
	assert_true(*fault.message);
}
