// fleet_wait.c - orders about packets that wait for the radio side, End Markers, and what ctrl is told of the parked. The fleet thread.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "primary/fleet/fleet_inside.h"
#include "primary/loop/marker.h"
#include "primary/loop/park.h"
#include "primary/loop/release.h"
#include "shared/base/clock.h"

// Hands a list to the loop, which hands it back.
static int wait_post(struct fleet *fleet, uint32_t verb, void *list, size_t count)
{
	if (post_put(fleet->part.orders, (struct post_word){ .verb = verb, .list = list, .value = (int64_t)count }))
		return 0;
	free(list);
	return -EBUSY;
}

static int wait_refuse(struct fleet *fleet, int error, const char *text, size_t i)
{
	snprintf(fleet->fault, sizeof(fleet->fault), "%s", text);
	snprintf(fleet->fault + strlen(fleet->fault), sizeof(fleet->fault) - strlen(fleet->fault), ", entry %zu", i);
	return error;
}

int fleet_release(struct fleet *fleet, const Shoal__Fleet__Release *order)
{
	struct release_cell *list;

	if (order->n_cells > FLEET_RELEASES)
		return -E2BIG;
	for (size_t i = 0; i < order->n_cells; i++)
		if (order->cells[i]->shard >= SHARDS || order->cells[i]->slot >> SHARD_SLOT_BITS_MAX)
			return wait_refuse(fleet, -EINVAL, "cells: shard or slot out of range", i);
	list = calloc(order->n_cells + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_cells; i++)
		list[i] = (struct release_cell){ (uint8_t)order->cells[i]->shard, (uint16_t)order->cells[i]->slot };
	return wait_post(fleet, POST_RELEASE, list, order->n_cells);
}

static int drop_take(struct fleet *fleet, const Shoal__Fleet__Drop *order)
{
	struct release_drop *list = calloc(order->n_cells + 1, sizeof(*list));
	int error;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_cells; i++)
		list[i] = (struct release_drop){ order->cells[i]->before_ns, (uint8_t)order->cells[i]->shard,
						 (uint16_t)order->cells[i]->slot };
	error = wait_post(fleet, POST_DROP, list, order->n_cells);
	if (error)
		return error;
	fleet->drop_list = list;
	fleet->drop_asked = order->number;
	return -EINPROGRESS;
}

int fleet_drop(struct fleet *fleet, const Shoal__Fleet__Drop *order)
{
	if (!order->number)
		return wait_refuse(fleet, -EINVAL, "drop: number: 0", 0);
	if (order->number == fleet->drop_done)
		return 0;
	if (fleet->drop_list)
		return order->number == fleet->drop_asked ? -EINPROGRESS : -EBUSY;
	if (order->n_cells > FLEET_DROPS)
		return -E2BIG;
	for (size_t i = 0; i < order->n_cells; i++)
		if (order->cells[i]->shard >= SHARDS || order->cells[i]->slot >> SHARD_SLOT_BITS_MAX)
			return wait_refuse(fleet, -EINVAL, "drop: cells: shard or slot out of range", i);
	return drop_take(fleet, order);
}

void fleet_returned(struct fleet *fleet, const void *list)
{
	if (!list || list != fleet->drop_list)
		return;
	fleet->drop_list = NULL;
	fleet->drop_done = fleet->drop_asked;
}

static int marker_check(struct fleet *fleet, const Shoal__Fleet__EndMarker *marker, size_t i)
{
	static const uint8_t none[16];

	if (marker->shard >= SHARDS)
		return wait_refuse(fleet, -EINVAL, "markers: shard out of range", i);
	if (marker->copies > MARKER_COPIES)
		return wait_refuse(fleet, -EINVAL, "markers: copies: 3 at most", i);
	if (!marker->peer_ipv4 == !marker->peer_ipv6.len || (marker->peer_ipv6.len && marker->peer_ipv6.len != 16))
		return wait_refuse(fleet, -EINVAL, "markers: peer_ipv4, or peer_ipv6 of 16 bytes", i);
	if (marker->peer_ipv6.len && !memcmp(fleet->part.view->plane->gtpu_ipv6, none, 16))
		return wait_refuse(fleet, -EAFNOSUPPORT, "markers: peer_ipv6: we have no GTP-U endpoint over IPv6", i);
	return 0;
}

int fleet_markers(struct fleet *fleet, const Shoal__Fleet__EndMarkers *order)
{
	struct marker_order *list;
	int error = order->n_markers > FLEET_RELEASES ? -E2BIG : 0;

	for (size_t i = 0; !error && i < order->n_markers; i++)
		error = marker_check(fleet, order->markers[i], i);
	if (error)
		return error;
	list = calloc(order->n_markers + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_markers; i++) {
		const Shoal__Fleet__EndMarker *from = order->markers[i];

		list[i] = (struct marker_order){ .shard = (uint8_t)from->shard,
						 .copies = (uint8_t)(from->copies ? from->copies : 1),
						 .teid = from->teid,
						 .ipv4 = from->peer_ipv4 };
		if (from->peer_ipv6.len)
			memcpy(list[i].ipv6, from->peer_ipv6.data, 16);
	}
	return wait_post(fleet, POST_MARKERS, list, order->n_markers);
}

void fleet_parked_fill(struct fleet *fleet, Shoal__Fleet__State *state, uint32_t from)
{
	const struct park *park = fleet->part.park;
	uint64_t now_ns = clock_ns();
	struct park_news news;

	state->n_parked = 0;
	state->parked = fleet->state.parks;
	for (; from < park->cells && state->n_parked < FLEET_PARKED; from++) {
		Shoal__Fleet__Parked *out = &fleet->state.parked[state->n_parked];

		if (!park_told(park, from, now_ns, &news))
			continue;
		shoal__fleet__parked__init(out);
		out->shard = news.shard;
		out->slot = news.slot;
		out->packets = news.packets;
		out->age_ms = (uint32_t)(news.age_ns / 1000000u);
		state->parked[state->n_parked++] = out;
	}
	state->parked_next = from < park->cells ? from : 0;
}
