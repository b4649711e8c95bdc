// golden.c - a form behind pipe_golden.py's script: what it does to every golden packet must be what scapy says.
//
// usage: forms-golden FORM[@LCORE]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/graph/forms.h"
#include "tests/golden/pipe_script.h"

static void work(void *with, struct lane_handle *handles, unsigned n, uint64_t now)
{
	struct form *form = with;

	form->frozen = now;
	for (unsigned i = 0; i < n; i++)
		handles[i].turn = (uint16_t)i;
	form_begin(form, handles, NULL);
	form->kind->feed(form, n);
	form->kind->end(form);
}

int main(int argc, char **argv)
{
	static struct stand stand;
	static struct form form;
	char *at = argc > 1 ? strchr(argv[1], '@') : NULL;

	if (at)
		*at = 0;
	form = (struct form){ .kind = argc > 1 ? form_kind_named(argv[1]) : NULL,
			      .lcore = at ? (unsigned)atoi(at + 1) : 0 };
	if (!form.kind || !forms_eal(NULL))
		return 2;
	stand_open(&stand);
	form.pipe = &stand.pipe;
	return form.kind->open(&form) ? 2 : pipe_script(&stand, work, &form);
}
