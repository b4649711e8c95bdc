// release.c - which cells are let go, which tunnels end, and the orders for that.
#include "ctrl/fleet/release.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/fleet/release_inside.h"
#include "ctrl/session/session.h"
#include "ctrl/usage/measures.h"
#include "shared/base/log.h"

bool release_keeps(const struct sheet *sheet)
{
	if (!sheet)
		return false;
	for (unsigned i = 0; i < sheet->fars; i++)
		if (sheet_parts(sheet).far[i].action == SHEET_BUFFER)
			return true;
	return false;
}

bool release_parked(const struct session *session)
{
	const struct measured *measured = session->measured;
	const struct sheet *sheet = session->sheet;

	for (unsigned i = 0; sheet && i < sheet->fars; i++) {
		const struct sheet_far *far = &sheet_parts(sheet).far[i];

		if (far->action == SHEET_BUFFER && !(far->flags & SHEET_NOTIFY))
			return true;
	}
	return sheet && measured &&
	       (measured->state.episode == sheet->episode || measured->state.waiting == sheet->episode);
}

static bool cell_kept(const struct release *release, uint32_t cell)
{
	return release->keeps[cell / 64] >> cell % 64 & 1;
}

static void cell_note(struct release *release, uint32_t cell, bool keeps)
{
	uint64_t bit = 1ull << cell % 64;

	release->keeps[cell / 64] = keeps ? release->keeps[cell / 64] | bit : release->keeps[cell / 64] & ~bit;
}

// By what is durable: a change that is on its way to the disk is in force nowhere, and has its own turn.
static bool cell_keeps(const struct release *release, uint32_t cell)
{
	const struct cell *place = &release->grid->cells[cell];

	if (place->was)
		return release_keeps(place->was->sheet);
	return place->session && release_keeps(place->session->sheet);
}

static bool cell_lasts(const struct release *release, uint32_t cell)
{
	const struct session *session = release->grid->cells[cell].session;

	return session && session->measured && session->measured->state.kept_ms;
}

int release_open(struct release *release)
{
	uint32_t cells = SHARDS * release->grid->slots;

	release->drop_last = release->opened_ns;
	release->keeps = calloc(cells / 64 + 1, sizeof(*release->keeps));
	if (!release->keeps)
		return -ENOMEM;
	for (uint32_t i = 0; i < cells; i++) {
		if (cell_keeps(release, i))
			cell_note(release, i, true);
		drops_load(release, i);
		if (cell_lasts(release, i))
			release_cell_free(release, i); // perhaps what waits has not heard of it
	}
	return 0;
}

void release_close(struct release *release)
{
	free(release->keeps);
}

void release_cell_free(struct release *release, uint32_t cell)
{
	if (release->cells < RELEASE_CELLS)
		release->cell[release->cells++] = cell; // else the primary's word brings it again
}

static bool peer_of(const Shoal__Oss__Forward *forward, struct release_peer *peer)
{
	*peer = (struct release_peer){ 0 };
	if (!forward || forward->drop || !(forward->peer_ipv4 || forward->peer_ipv6.len == sizeof(peer->ipv6)))
		return false;
	peer->teid = forward->peer_teid;
	peer->ipv4 = forward->peer_ipv4;
	if (!peer->ipv4)
		memcpy(peer->ipv6, forward->peer_ipv6.data, sizeof(peer->ipv6));
	return true;
}

static const Shoal__Oss__Rule *rule_of(const Shoal__Oss__Session *session, uint32_t id)
{
	for (size_t i = 0; i < session->n_rules; i++)
		if (session->rules[i]->id == id)
			return session->rules[i];
	return NULL;
}

static bool peer_among(const struct release_peer *list, unsigned n, const struct release_peer *peer)
{
	for (unsigned i = 0; i < n; i++)
		if (!memcmp(&list[i], peer, sizeof(*peer)))
			return true;
	return false;
}

unsigned release_left(const Shoal__Oss__Session *before, const Shoal__Oss__Session *after,
		      struct release_peer peer[RELEASE_PEERS])
{
	struct release_peer old, now;
	unsigned n = 0;

	for (size_t i = 0; i < after->n_rules && n < RELEASE_PEERS; i++) {
		const Shoal__Oss__Forward *forward = after->rules[i]->forward;
		const Shoal__Oss__Rule *was = rule_of(before, after->rules[i]->id);

		if (!forward || !forward->end_marker || !was || !peer_of(was->forward, &old))
			continue;
		if (peer_of(forward, &now) && !memcmp(&old, &now, sizeof(old)))
			continue;
		if (!peer_among(peer, n, &old))
			peer[n++] = old;
	}
	return n;
}

void release_leave(struct release *release, uint32_t cell, uint64_t number, const struct release_peer *peer,
		   unsigned peers)
{
	for (unsigned i = 0; i < peers; i++) {
		if (release->markers < RELEASE_MARKERS)
			release->marker[release->markers++] =
			    (struct release_marker){ peer[i], cell, number, .durable = false };
		else
			release->lost++;
	}
}

// Leaves in those that keep says; in their order.
static void markers_keep(struct release *release, bool (*keep)(const struct release *, const struct release_marker *))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->markers; i++)
		if (keep(release, &release->marker[i]))
			release->marker[n++] = release->marker[i];
	release->markers = n;
}

static bool marker_durable(const struct release *release, const struct release_marker *marker)
{
	return marker->durable;
}

void release_settle(struct release *release, bool durable)
{
	for (uint32_t i = 0; i < release->markers && durable; i++)
		release->marker[i].durable = true;
	markers_keep(release, marker_durable);
	drops_settle(release, durable);
}

void release_applied(struct release *release, uint32_t cell)
{
	if (cell_kept(release, cell) && !drops_hold(release, cell))
		release_cell_free(release, cell);
	cell_note(release, cell, cell_keeps(release, cell));
}

void release_state(struct release *release, const Shoal__Fleet__State *state)
{
	release->generation = state ? state->generation : release->generation;
	release->drops_refused = false;
	for (size_t i = 0; state && i < state->n_parked; i++) {
		const Shoal__Fleet__Parked *parked = state->parked[i];
		uint32_t cell;

		if (parked->shard >= SHARDS || parked->slot >= release->grid->slots)
			continue;
		cell = cell_at(release->grid, (uint8_t)parked->shard, parked->slot);
		if (push_confirmed(release->push, cell) && !cell_keeps(release, cell) &&
		    !release_dropping(release, cell))
			release_cell_free(release, cell);
	}
}

void release_answered(void *with, const Shoal__Fleet__Answer *answer)
{
	struct release *release = with;

	release->asked = false;
	if (drops_answered(release, answer))
		return;
	if (answer && answer->error)
		log_warning("release.refused", "the primary does not let packets go: %s", answer->message);
}

// A marker is due when the number of its change, or a later one of the cell, is confirmed.
static bool marker_waits(const struct release *release, const struct release_marker *marker)
{
	const struct cell *cell = &release->grid->cells[marker->cell];

	return !marker->durable || cell->number < marker->number || !push_confirmed(release->push, marker->cell);
}

static uint32_t markers_fill(struct release *release, Shoal__Fleet__EndMarker *out, Shoal__Fleet__EndMarker **list)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < release->markers; i++) {
		struct release_marker *from = &release->marker[i];

		if (marker_waits(release, from))
			continue;
		shoal__fleet__end_marker__init(&out[n]);
		out[n].shard = cell_shard(release->grid, from->cell);
		out[n].teid = from->peer.teid;
		out[n].peer_ipv4 = from->peer.ipv4;
		if (!from->peer.ipv4)
			out[n].peer_ipv6 = (ProtobufCBinaryData){ sizeof(from->peer.ipv6), from->peer.ipv6 };
		list[n] = &out[n];
		n++;
	}
	return n;
}

static bool markers_go(struct release *release)
{
	static Shoal__Fleet__EndMarker marker[RELEASE_MARKERS], *list[RELEASE_MARKERS];
	Shoal__Fleet__EndMarkers body = SHOAL__FLEET__END_MARKERS__INIT;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;

	body.n_markers = markers_fill(release, marker, list);
	body.markers = list;
	order.body_case = SHOAL__FLEET__ORDER__BODY_END_MARKERS;
	order.end_markers = &body;
	if (!body.n_markers || !release->order(release->with, &order))
		return false;
	release->markers_ordered += body.n_markers;
	markers_keep(release, marker_waits);
	return true;
}

static bool cells_go(struct release *release)
{
	static Shoal__Fleet__Cell cell[RELEASE_CELLS], *list[RELEASE_CELLS];
	Shoal__Fleet__Release body = SHOAL__FLEET__RELEASE__INIT;
	Shoal__Fleet__Order order = SHOAL__FLEET__ORDER__INIT;

	for (uint32_t i = 0; i < release->cells; i++) {
		shoal__fleet__cell__init(&cell[i]);
		cell[i].shard = cell_shard(release->grid, release->cell[i]);
		cell[i].slot = cell_slot(release->grid, release->cell[i]);
		list[i] = &cell[i];
	}
	body.n_cells = release->cells;
	body.cells = list;
	order.body_case = SHOAL__FLEET__ORDER__BODY_RELEASE;
	order.release = &body;
	if (!body.n_cells || !release->order(release->with, &order))
		return false;
	release->cells_ordered += release->cells;
	release->cells = 0;
	return true;
}

// One order at a time: so what comes meanwhile goes together.
void release_go(struct release *release)
{
	if (release->asked || !(release->cells | release->markers | release->drops))
		return;
	release->asked = drops_go(release) || markers_go(release) || cells_go(release);
}
