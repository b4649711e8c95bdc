// release_drop.c - drops what is parked by order of the control plane (DROBU, TS 29.244 8.2.31), once and nothing younger.
#include <errno.h>
#include "ctrl/fleet/release_inside.h"
#include "ctrl/session/session.h"
#include "ctrl/usage/measures.h"
#include "shared/base/log.h"

#define DROPS_ORDERED 256u            // in one order
#define DROPS_OLD_NS 3600000000000ull // no packet waits longer (conf.h: buffer_seconds)

uint64_t release_drop(struct release *release, uint32_t cell, uint64_t number, struct release_dropped when)
{
	if (release->drops == RELEASE_DROPS)
		return 0;
	when.cell = cell;
	when.number = number;
	when.turn = ++release->turns;
	release->drop[release->drops++] = when;
	return when.turn;
}

// Whether it was done, nobody knows: the order is given again. What waits no longer than this may be concerned.
void drops_load(struct release *release, uint32_t cell)
{
	const struct session *session = release->grid->cells[cell].session;
	const struct measured *measured = session ? session->measured : NULL;

	if (!measured || !measured->state.dropped_ns ||
	    release->opened_ns - measured->state.dropped_ns > DROPS_OLD_NS) // wraps where the host has started since
		return;
	release_drop(release, cell, release->grid->cells[cell].number,
		     (struct release_dropped){ .before_ns = measured->state.dropped_ns,
					       .generation = measured->state.dropped_by,
					       .durable = true,
					       .frees = !release_keeps(session->sheet) });
}

static void drops_keep(struct release *release, bool (*keep)(const struct release *, const struct release_dropped *))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->drops; i++)
		if (keep(release, &release->drop[i]))
			release->drop[n++] = release->drop[i];
	release->drops = n;
}

static bool is_durable(const struct release *release, const struct release_dropped *drop)
{
	return drop->durable;
}

void drops_settle(struct release *release, bool durable)
{
	for (uint32_t i = 0; i < release->drops && durable; i++)
		release->drop[i].durable = true;
	drops_keep(release, is_durable);
}

void release_undrop(struct release *release, uint32_t cell)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->drops; i++)
		if (release->drop[i].cell != cell || release->drop[i].asked)
			release->drop[n++] = release->drop[i];
	release->drops = n;
}

bool release_drops(const struct release *release, uint64_t turn, bool earlier)
{
	for (uint32_t i = 0; turn && i < release->drops; i++)
		if (release->drop[i].turn == turn || (earlier && release->drop[i].turn < turn))
			return true;
	return false;
}

bool release_dropping(const struct release *release, uint32_t cell)
{
	for (uint32_t i = 0; i < release->drops; i++)
		if (release->drop[i].cell == cell)
			return true;
	return false;
}

bool drops_hold(struct release *release, uint32_t cell)
{
	bool held = false;

	for (uint32_t i = 0; i < release->drops; i++)
		if (release->drop[i].cell == cell)
			held = release->drop[i].frees = true;
	return held;
}

// Due when its change, or a later one of the cell, is in force.
static bool is_due(const struct release *release, const struct release_dropped *drop)
{
	const struct cell *cell = &release->grid->cells[drop->cell];

	return drop->durable && cell->number >= drop->number && push_confirmed(release->push, drop->cell);
}

// Its packets went with the primary that had them.
static bool is_here(const struct release *release, const struct release_dropped *drop)
{
	return !drop->generation || !release->generation || drop->generation == release->generation;
}

static uint32_t drops_ask(struct release *release)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->drops && n < DROPS_ORDERED; i++)
		n += release->drop[i].asked = is_due(release, &release->drop[i]);
	return n;
}

static size_t drops_fill(const struct release *release, Shoal__Fleet__DropCell *out, Shoal__Fleet__DropCell **list)
{
	size_t n = 0;

	for (uint32_t i = 0; i < release->drops; i++) {
		const struct release_dropped *from = &release->drop[i];

		if (!from->asked)
			continue;
		shoal__fleet__drop_cell__init(&out[n]);
		out[n].shard = cell_shard(release->grid, from->cell);
		out[n].slot = cell_slot(release->grid, from->cell);
		out[n].before_ns = from->before_ns;
		list[n] = &out[n];
		n++;
	}
	return n;
}

// Those that were asked for, and those that nobody has any more, are done.
static void drops_end(struct release *release, bool asked)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->drops; i++) {
		struct release_dropped drop = release->drop[i];

		if (asked ? !drop.asked : is_here(release, &drop) || drop.asked || !is_due(release, &drop)) {
			release->drop[n++] = drop;
			continue;
		}
		release->drops_done++;
		if (drop.frees)
			release_cell_free(release, drop.cell);
	}
	release->drops = n;
}

bool drops_go(struct release *release)
{
	static Shoal__Fleet__DropCell cell[DROPS_ORDERED], *list[DROPS_ORDERED];
	Shoal__Fleet__Drop body = SHOAL__FLEET__DROP__INIT;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;

	if (release->drops_refused)
		return false;
	if (!release->drop_number) {
		drops_end(release, false);
		if (!drops_ask(release))
			return false;
		release->drop_number = release->drop_last = release->drop_last + 1;
	}
	body.number = release->drop_number;
	body.n_cells = drops_fill(release, cell, list);
	body.cells = list;
	order.body_case = SHOAL__FLEET__ORDER__BODY_DROP;
	order.drop = &body;
	release->drops_asked = release->order(release->with, &order);
	return release->drops_asked;
}

bool drops_answered(struct release *release, const Shoal__Fleet__Answer *answer)
{
	if (!release->drops_asked)
		return false;
	release->drops_asked = false;
	if (!answer || answer->error == EINPROGRESS || answer->error == EBUSY)
		return true; // it is given again
	release->drop_number = 0;
	if (!answer->error) {
		drops_end(release, true);
		return true;
	}
	log_warning("release.drop_refused", "the primary does not drop what waits: %s", answer->message);
	release->drops_refused = true; // until it has said something again
	for (uint32_t i = 0; i < release->drops; i++)
		release->drop[i].asked = false;
	return true;
}
