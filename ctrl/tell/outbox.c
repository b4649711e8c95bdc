// outbox.c - numbers in order; rows are read back when somebody asks.
#include "ctrl/tell/outbox.h"
#include <errno.h>
#include <stdlib.h>
#include "ctrl/session/record.h"

#define LAST_KEY 0u

int outbox_open(struct outbox *outbox, const struct store *store)
{
	*outbox = (struct outbox){ .store = store, .next = 1 };
	outbox->list = calloc(OUTBOX_MAX, sizeof(*outbox->list));
	outbox->dropping = calloc(OUTBOX_MAX, sizeof(*outbox->dropping));
	return outbox->list && outbox->dropping && !table_open(&outbox->sessions) ? 0 : -ENOMEM;
}

void outbox_close(struct outbox *outbox)
{
	free(outbox->list);
	free(outbox->dropping);
	table_close(&outbox->sessions);
}

// Without memory the session has fewer than it should: then those that are left stay until they are done.
static void session_count(struct outbox *outbox, uint64_t session, int more)
{
	intptr_t count = (intptr_t)table_get(&outbox->sessions, session) + more;

	table_drop(&outbox->sessions, session);
	if (count > 0)
		table_put(&outbox->sessions, session, (void *)count);
}

bool outbox_any(const struct outbox *outbox, uint64_t session)
{
	return table_get(&outbox->sessions, session) != NULL;
}

int outbox_load(struct outbox *outbox, const struct store_row *row, struct arena *arena)
{
	const Shoal__Store__Report *stored = record_report(row, arena);

	if (stored && row->key == LAST_KEY) {
		outbox->last = outbox->last_to = stored->last;
		outbox->next = stored->last + 1;
		return 0;
	}
	if (!stored || !stored->report || !stored->report->session || outbox->count == OUTBOX_MAX)
		return -EBADMSG;
	outbox->list[outbox->count++] = (struct outbox_entry){ .number = row->key, .session = stored->report->session };
	session_count(outbox, stored->report->session, 1);
	outbox->next = row->key < outbox->next ? outbox->next : row->key + 1;
	outbox->arrived++;
	return 0;
}

int outbox_add(struct outbox *outbox, Shoal__Store__Report *stored, struct batch *batch)
{
	struct store_row row = { .key = outbox->next };

	if (!outbox_room(outbox)) {
		outbox->refused++;
		return -ENOSPC;
	}
	stored->report->number = 0; // it is the key
	if (record_pack(&stored->base, &batch->bytes, &row) || batch_put(batch, STORE_REPORTS, &row))
		return -ENOMEM;
	outbox->list[outbox->count++] =
	    (struct outbox_entry){ .number = outbox->next++, .session = stored->report->session };
	outbox->adding++;
	return 0;
}

// Null: there is none that stands, or it is being dropped already.
static struct outbox_entry *find(const struct outbox *outbox, uint64_t number)
{
	uint32_t from = 0, to = outbox->count - outbox->adding, end = to;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (outbox->list[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == end || outbox->list[from].number != number || outbox->list[from].dropping)
		return NULL;
	return &outbox->list[from];
}

// So that no number is given again: what is in the list tells of itself.
static int last_put(struct outbox *outbox, uint64_t last, struct batch *batch)
{
	Shoal__Store__Report stored = SHOAL__STORE__REPORT__INIT;
	struct store_row row = { .key = LAST_KEY };

	if (last <= outbox->last_to)
		return 0;
	stored.last = last;
	if (record_pack(&stored.base, &batch->bytes, &row) || batch_put(batch, STORE_REPORTS, &row))
		return -ENOMEM;
	outbox->last_to = last;
	return 0;
}

int outbox_drop(struct outbox *outbox, const uint64_t *numbers, size_t count, struct batch *batch)
{
	uint64_t last = 0;
	int done = 0;

	for (size_t i = 0; i < count; i++) {
		struct outbox_entry *entry = find(outbox, numbers[i]);

		if (!entry)
			continue;
		if (batch_drop(batch, STORE_REPORTS, entry->number))
			return -ENOMEM;
		entry->dropping = true;
		outbox->dropping[outbox->drops++] = (uint32_t)(entry - outbox->list);
		last = entry->number > last ? entry->number : last;
		done++;
	}
	return last_put(outbox, last, batch) ? -ENOMEM : done;
}

// Without the row: it is damaged, or there is no memory for it.
static int usages_add(const struct outbox *outbox, uint64_t number, struct outbox_usages *usages, struct batch *batch)
{
	struct store_row row = { .key = number };
	const Shoal__Store__Report *stored = NULL;
	Shoal__Oss__UsageReport **list;

	if (!outbox->store->engine->get(outbox->store->self, STORE_REPORTS, &row))
		stored = record_report(&row, &batch->bytes);
	if (!stored || !stored->report || !stored->report->n_usage)
		return 0;
	list = arena_take(&batch->bytes, (usages->count + stored->report->n_usage) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < usages->count; i++)
		list[i] = usages->list[i];
	for (size_t i = 0; i < stored->report->n_usage; i++)
		list[usages->count++] = stored->report->usage[i];
	usages->list = list;
	return 0;
}

int outbox_leave(struct outbox *outbox, uint64_t session, struct outbox_usages *usages, struct batch *batch)
{
	int error = 0;

	*usages = (struct outbox_usages){ 0 };
	for (uint32_t i = 0; !error && outbox_any(outbox, session) && i < outbox->count - outbox->adding; i++) {
		uint64_t number = outbox->list[i].number;

		if (outbox->list[i].session != session || outbox->list[i].dropping)
			continue;
		error = usages_add(outbox, number, usages, batch);
		if (!error && outbox_drop(outbox, &number, 1, batch) < 0)
			error = -ENOMEM;
	}
	return error;
}

struct outbox_mark outbox_mark(const struct outbox *outbox)
{
	return (struct outbox_mark){ outbox->adding, outbox->drops, outbox->last_to };
}

void outbox_undo(struct outbox *outbox, struct outbox_mark mark)
{
	while (outbox->drops > mark.drops)
		outbox->list[outbox->dropping[--outbox->drops]].dropping = false;
	outbox->count -= outbox->adding - mark.adding;
	outbox->next -= outbox->adding - mark.adding;
	outbox->adding = mark.adding;
	outbox->last_to = mark.last_to;
}

static void dropped_leave(struct outbox *outbox)
{
	uint32_t first = outbox->count, to;

	for (uint32_t i = 0; i < outbox->drops; i++)
		first = outbox->dropping[i] < first ? outbox->dropping[i] : first;
	to = first;
	for (uint32_t from = first; from < outbox->count; from++) {
		if (outbox->list[from].dropping)
			session_count(outbox, outbox->list[from].session, -1);
		else
			outbox->list[to++] = outbox->list[from];
	}
	outbox->count = to;
	outbox->drops = 0;
}

void outbox_settle(struct outbox *outbox, bool committed)
{
	if (!committed) {
		outbox_undo(outbox, (struct outbox_mark){ 0, 0, outbox->last });
		return;
	}
	for (uint32_t i = outbox->count - outbox->adding; i < outbox->count; i++)
		session_count(outbox, outbox->list[i].session, 1);
	outbox->arrived += outbox->adding;
	outbox->adding = 0;
	outbox->last = outbox->last_to;
	if (outbox->drops)
		dropped_leave(outbox);
}
