// fleet_echo.c - orders to ask GTP-U peers whether they are there. The fleet thread.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "primary/fleet/fleet_inside.h"
#include "primary/loop/echo.h"

static int echo_check(struct fleet *fleet, const Shoal__Fleet__Echo *echo, size_t i)
{
	const char *fault = NULL;

	if (echo->sequence > UINT16_MAX)
		fault = "sequence: 65535 at most";
	else if (!echo->peer_ipv4 == !echo->peer_ipv6.len || (echo->peer_ipv6.len && echo->peer_ipv6.len != 16))
		fault = "peer_ipv4, or peer_ipv6 of 16 bytes";
	if (fault)
		snprintf(fleet->fault, sizeof(fleet->fault), "echoes: %s, entry %zu", fault, i);
	return fault ? -EINVAL : 0;
}

// Those that can be asked: without an endpoint of ours over IPv6 nobody can be there.
static size_t echoes_take(struct fleet *fleet, const Shoal__Fleet__Echoes *order, struct echo_order *list)
{
	static const uint8_t none[16];
	bool ipv6 = memcmp(fleet->part.view->plane->gtpu_ipv6, none, 16) != 0;
	size_t n = 0;

	for (size_t i = 0; i < order->n_echoes; i++) {
		const Shoal__Fleet__Echo *from = order->echoes[i];

		if (!from->peer_ipv4 && !ipv6)
			continue;
		list[n] = (struct echo_order){ .ipv4 = from->peer_ipv4, .sequence = (uint16_t)from->sequence };
		if (from->peer_ipv6.len)
			memcpy(list[n].ipv6, from->peer_ipv6.data, 16);
		n++;
	}
	return n;
}

int fleet_echoes(struct fleet *fleet, const Shoal__Fleet__Echoes *order)
{
	struct post_word word = { .verb = POST_ECHOES };
	struct echo_order *list;

	if (order->n_echoes > ECHOES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < order->n_echoes; i++)
		if (echo_check(fleet, order->echoes[i], i))
			return -EINVAL;
	list = calloc(order->n_echoes + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	word.list = list;
	word.value = (int64_t)echoes_take(fleet, order, list);
	if (post_put(fleet->part.orders, word))
		return 0;
	free(list);
	return -EBUSY;
}
