// ruled_route.c - walks the few routes of a sheet. Pure.
#include "workers/pipe/ruled_route.h"
#include "workers/pipe/ruled_room.h"

// How many there are, all of them in front of the room's tokens whatever its memory says.
static unsigned routes_find(const struct pipe_asked *asked, const struct sheet_route **routes)
{
	const struct pipe_user *user = &asked->user;
	const struct line *lines = user->way == LINE_UPLINK ? user->region->uplink : user->region->downlink;
	struct ruled_room room;
	unsigned count;

	if (!ruled_room_open(&room, user->region, &asked->pipe->shape, (uint32_t)(user->line - lines)))
		return 0;
	count = room.sheet.routes < SHEET_ROUTES ? room.sheet.routes : SHEET_ROUTES;
	*routes = sheet_routes_behind(&room.sheet, room.parts.tunnel);
	return (const uint8_t *)(*routes + count) <= (const uint8_t *)room.tokens ? count : 0;
}

static struct prefix address_of(const struct pipe_user *user, bool source)
{
	const uint8_t *at = user->packet + (user->family == 4 ? (source ? 12 : 16) : (source ? 8 : 24));

	if (user->family == 4)
		return prefix_ipv4(be32_get(at), 32);
	return (struct prefix){ .high = be64_get(at), .low = be64_get(at + 8), .length = 128 };
}

uint64_t ruled_routes_to(const struct pipe_asked *asked)
{
	const struct prefix to = address_of(&asked->user, false);
	const struct sheet_route *route = NULL;
	unsigned count = routes_find(asked, &route);
	uint64_t pdrs = 0;

	for (; count; count--, route++)
		if (prefix_holds(&route->prefix, to.high, to.low))
			pdrs |= route->pdrs;
	return pdrs;
}

bool ruled_route_from(const struct pipe_asked *asked)
{
	const struct prefix from = address_of(&asked->user, true);
	const struct sheet_route *route = NULL;
	unsigned count = routes_find(asked, &route);

	for (; count; count--, route++)
		if (prefix_holds(&route->prefix, from.high, from.low))
			return true;
	return false;
}
