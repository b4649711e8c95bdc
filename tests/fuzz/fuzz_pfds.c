// fuzz_pfds.c - an application as any CP function may provision it. What is accepted has flows that can be read, a name that a note may have,
// and is the same when it is read again.
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/rules/pfds.h"
#include "shared/wire/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct pfcp_tree tree;

static void flows_check(const struct pfds_app *app)
{
	const char *flow = app->flow, *why;
	struct filter filter;

	for (unsigned i = 0; i < app->flows; i++, flow += strlen(flow) + 1)
		if (filter_read(flow, strlen(flow), &filter, &why))
			abort();
}

static void name_check(const struct pfds_app *app)
{
	char name[PFDS_NOTE_BYTES];

	memset(name, ' ', sizeof(name));
	pfds_note(app, name);
	if (!memchr(name, 0, sizeof(name)))
		abort();
	for (const char *at = name; *at; at++)
		if (*at <= ' ' || *at > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct pfds pfds = { 0 };
	struct pfcp_fault fault;
	struct pfds_app *app = pfds_read(bytes, length, &tree, &fault), *again;
	bool gone;

	if (!app) {
		if (!fault.cause)
			abort();
		return 0;
	}
	flows_check(app);
	name_check(app);
	again = pfds_read(app->value, app->bytes, &tree, &fault);
	if (!again || !pfds_same(app, again) || again->flows != app->flows || again->hidden != app->hidden)
		abort();
	free(again);
	gone = app->gone;
	if (!pfds_put(&pfds, app) || pfds.count != !gone)
		abort();
	pfds_clear(&pfds);
	return 0;
}
