// fused.c - the packet path as the worker runs it: pipe_burst. One core.
#include "tests/bench/graph/forms.h"

static int fused_open(struct form *form)
{
	return form->pipe ? 0 : -1;
}

static void fused_begin(struct form *form)
{
}

__attribute__((noinline)) static void fused_feed(struct form *form, unsigned n)
{
	pipe_burst(form->pipe, form->handles + form->fed, n, form_now(form));
	form->fed += n;
}

static unsigned fused_done(const struct form *form)
{
	return form->fed;
}

const struct form_kind form_fused = { "fused",    false,      fused_open,  fused_begin,
				      fused_feed, fused_done, fused_begin, fused_begin };
