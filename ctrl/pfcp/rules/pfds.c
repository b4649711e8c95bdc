// pfds.c - see pfds.h.
#include "ctrl/pfcp/rules/pfds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/pfcp/codec/ie_get.h"
#include "shared/wire/filter.h"

void pfds_clear(struct pfds *pfds)
{
	for (unsigned i = 0; i < pfds->count; i++)
		free(pfds->app[i]);
	pfds->count = 0;
}

// ---- Reading

static bool refuse(struct pfcp_fault *fault, uint8_t cause, uint16_t offending, const char *text)
{
	*fault = (struct pfcp_fault){ .cause = cause, .offending = offending };
	snprintf(fault->text, sizeof(fault->text), "%s", text);
	return false;
}

static bool flow_add(struct pfds_app *app, char **at, const struct pfcp_piece *flow, struct pfcp_fault *fault)
{
	const char *why;
	struct filter filter;

	if (filter_read(flow->text, flow->length, &filter, &why))
		return refuse(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_PFD_CONTENTS, why);
	if (filter.local.family) // of whose UE?
		return refuse(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_PFD_CONTENTS,
			      "An application's flows are those of any UE.");
	memcpy(*at, flow->text, flow->length);
	(*at)[flow->length] = '\0';
	*at += flow->length + 1u;
	app->flows++;
	return true;
}

static bool pfd_add(struct pfds_app *app, char **at, const struct pfcp_ie *ie, struct pfcp_fault *fault)
{
	struct pfcp_piece left, piece;
	struct pfcp_pfd pfd;
	int more = 1;

	if (pfcp_get_pfd(ie, &pfd))
		return refuse(fault, PFCP_CAUSE_INVALID_LENGTH, PFCP_IE_PFD_CONTENTS, "Not PFD Contents.");
	for (unsigned i = 0; i < PFCP_PFD_PARTS; i++)
		app->hidden |= i != PFCP_PFD_FLOW && i != PFCP_PFD_FLOWS && pfd.part[i].text;
	if (pfd.part[PFCP_PFD_FLOW].text && !flow_add(app, at, &pfd.part[PFCP_PFD_FLOW], fault))
		return false;
	left = pfd.part[PFCP_PFD_FLOWS];
	while ((more = pfcp_pfd_next(&left, &piece)) > 0)
		if (!flow_add(app, at, &piece, fault))
			return false;
	return !more || refuse(fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_PFD_CONTENTS, "A flow is cut off.");
}

static bool contexts_read(struct pfds_app *app, char *at, const struct pfcp_tree *tree, struct pfcp_fault *fault)
{
	const struct pfcp_ie *context = pfcp_first(tree, NULL, PFCP_IE_PFD_CONTEXT);

	app->gone = !context;
	for (; context; context = pfcp_again(tree, context))
		for (const struct pfcp_ie *ie = pfcp_first(tree, context, PFCP_IE_PFD_CONTENTS); ie;
		     ie = pfcp_again(tree, ie))
			if (!pfd_add(app, &at, ie, fault))
				return false;
	return true;
}

struct pfds_app *pfds_read(const uint8_t *value, size_t bytes, struct pfcp_tree *tree, struct pfcp_fault *fault)
{
	const struct pfcp_ie *id;
	struct pfds_app *app;
	uint8_t *copy;

	*fault = (struct pfcp_fault){ 0 };
	// The value, and its flows once more: where they lie there, a length of two octets stands before each.
	app = bytes <= PFDS_BYTES ? calloc(1, sizeof(*app) + 2 * bytes + 1) : NULL;
	if (!app) {
		refuse(fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_APPLICATION_IDS_PFDS,
		       "An application has at most 4,096 octets.");
		return NULL;
	}
	copy = (uint8_t *)(app + 1);
	memcpy(copy, value, bytes);
	app->value = copy;
	app->bytes = (uint16_t)bytes;
	app->flow = (char *)copy + bytes;
	if (pfcp_read(PFCP_IE_APPLICATION_IDS_PFDS, copy, bytes, tree, fault) ||
	    !contexts_read(app, (char *)copy + bytes, tree, fault)) {
		free(app);
		return NULL;
	}
	id = pfcp_first(tree, NULL, PFCP_IE_APPLICATION_ID);
	app->id = id->value;
	app->id_bytes = id->length;
	return app;
}

bool pfds_same(const struct pfds_app *a, const struct pfds_app *b)
{
	return a->bytes == b->bytes && !memcmp(a->value, b->value, a->bytes);
}

// ---- The set

static unsigned place_of(const struct pfds *pfds, const uint8_t *id, size_t bytes)
{
	unsigned i = 0;

	while (i < pfds->count && (pfds->app[i]->id_bytes != bytes || memcmp(pfds->app[i]->id, id, bytes)))
		i++;
	return i;
}

const struct pfds_app *pfds_find(const struct pfds *pfds, const uint8_t *id, size_t bytes)
{
	unsigned place = place_of(pfds, id, bytes);

	return place < pfds->count ? pfds->app[place] : NULL;
}

bool pfds_put(struct pfds *pfds, struct pfds_app *app)
{
	unsigned place = place_of(pfds, app->id, app->id_bytes);

	if (place == pfds->count && !app->gone && pfds->count == PFDS_MAX)
		return false;
	if (place < pfds->count)
		free(pfds->app[place]);
	if (!app->gone) {
		pfds->app[place] = app;
		pfds->count += place == pfds->count;
		return true;
	}
	free(app);
	if (place < pfds->count)
		pfds->app[place] = pfds->app[--pfds->count];
	return true;
}

// An id that a name can't hold as it is, or that begins with ~, has two hashes there.
void pfds_note(const struct pfds_app *app, char name[PFDS_NOTE_BYTES])
{
	bool plain = app->id_bytes <= PFDS_NOTE_BYTES - sizeof(PFDS_NOTES) && *app->id != '~';

	for (unsigned i = 0; i < app->id_bytes; i++)
		plain &= app->id[i] > ' ' && app->id[i] <= '~';
	if (plain)
		snprintf(name, PFDS_NOTE_BYTES, PFDS_NOTES "%.*s", (int)app->id_bytes, (const char *)app->id);
	else
		snprintf(name, PFDS_NOTE_BYTES, PFDS_NOTES "~%016llx%016llx",
			 (unsigned long long)hash_bytes(1, app->id, app->id_bytes),
			 (unsigned long long)hash_bytes(2, app->id, app->id_bytes));
}
