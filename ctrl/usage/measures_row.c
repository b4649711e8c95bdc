// measures_row.c - between memory and the table of measures.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/session/record.h"
#include "ctrl/usage/measures_inside.h"

#define WORDS(part) (sizeof(part) / sizeof(uint64_t))

// How many are to be written: zeros at the end are what is read where nothing is.
static size_t words_count(const uint64_t *words, size_t count)
{
	while (count && !words[count - 1])
		count--;
	return count;
}

static int measures_write(const struct measured *measured, Shoal__Store__Measured *stored, struct arena *arena)
{
	Shoal__Store__Measure *list = arena_take(arena, measured->count * sizeof(*list) + 1);

	stored->measures = arena_take(arena, measured->count * sizeof(*stored->measures) + 1);
	if (!list || !stored->measures)
		return -ENOMEM;
	for (unsigned i = 0; i < measured->count; i++) {
		const struct measure *measure = &measured->measure[i];

		shoal__store__measure__init(&list[i]);
		list[i].flow = (uint64_t *)&measure->flow;
		list[i].n_flow = words_count(list[i].flow, WORDS(measure->flow));
		list[i].stand = (uint64_t *)&measure->stand;
		list[i].n_stand = words_count(list[i].stand, WORDS(measure->stand));
		stored->measures[stored->n_measures++] = &list[i];
	}
	return 0;
}

int measured_row(const struct session *session, struct batch *batch)
{
	const struct measured *measured = session->measured;
	Shoal__Store__Measured stored = SHOAL__STORE__MEASURED__INIT;
	struct store_row row = { .key = session->id };

	stored.state = (uint64_t *)&measured->state;
	stored.n_state = words_count(stored.state, WORDS(measured->state));
	if (measures_write(measured, &stored, &batch->bytes) || record_pack(&stored.base, &batch->bytes, &row) ||
	    batch_put(batch, STORE_MEASURES, &row))
		return -ENOMEM;
	return 0;
}

// A later build may have written more words, an earlier one fewer.
static void words_read(void *to, size_t room, const uint64_t *words, size_t count)
{
	memcpy(to, words, (count < room ? count : room) * sizeof(*words));
}

int measures_load(struct measures *measures, const struct store_row *row, struct arena *arena)
{
	const Shoal__Store__Measured *stored = record_measured(row, arena);
	struct measured *measured;

	if (!stored || !row->key || stored->n_measures > MEASURES_MAX || table_get(&measures->loaded, row->key))
		return -EBADMSG;
	measured = measured_make((unsigned)stored->n_measures, 0);
	if (!measured)
		return -ENOMEM;
	words_read(&measured->state, WORDS(measured->state), stored->state, stored->n_state);
	for (unsigned i = 0; i < measured->count; i++) {
		struct measure *measure = &measured->measure[i];
		const Shoal__Store__Measure *from = stored->measures[i];

		words_read(&measure->flow, WORDS(measure->flow), from->flow, from->n_flow);
		words_read(&measure->stand, WORDS(measure->stand), from->stand, from->n_stand);
	}
	if (!table_put(&measures->loaded, row->key, measured))
		return 0;
	free(measured);
	return -ENOMEM;
}

// The usage of sessions is older or newer than these rows; from then on both follow their words.
static void started(struct measures *measures, struct session *session, uint64_t now_ms)
{
	if (!session->measured)
		return;
	measures_usage(measures, session);
	measured_plan(measures, session, now_ms);
}

int measures_start(struct measures *measures, uint64_t now_ms, struct batch *batch)
{
	const struct table *sessions = &measures->sessions->by_id;
	int error = 0;

	measures->now_ms = now_ms;
	for (uint32_t i = 0; i <= sessions->mask; i++)
		if (sessions->slots[i].key)
			started(measures, sessions->slots[i].value, now_ms);
	for (uint32_t i = 0; !error && i <= measures->loaded.mask; i++) {
		struct table_slot *slot = &measures->loaded.slots[i];

		if (slot->key)
			error = batch_drop(batch, STORE_MEASURES, slot->key);
		free(slot->key ? slot->value : NULL);
	}
	table_close(&measures->loaded);
	return error ? error : table_open(&measures->loaded);
}
