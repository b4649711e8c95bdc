// fleet_order.c - carries out requests of fleet.proto: checks them, then posts them to the loop. The fleet thread only.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "primary/crew.h"
#include "primary/fleet_inside.h"
#include "primary/steer.h"

#define ORDER_VERSION 1u

static int order_post(struct fleet *fleet, struct post_word word)
{
	return post_put(fleet->part.orders, word) ? 0 : -EBUSY;
}

static int order_seat(struct fleet *fleet, const Shoal__Fleet__SeatOrder *order)
{
	static const uint32_t verb[] = {
		[SHOAL__FLEET__SEAT_VERB__SEAT_START] = POST_START,
		[SHOAL__FLEET__SEAT_VERB__SEAT_STOP] = POST_STOP,
		[SHOAL__FLEET__SEAT_VERB__SEAT_RESTART] = POST_RESTART,
	};

	if (order->seat >= PLANE_SEATS || order->verb < SHOAL__FLEET__SEAT_VERB__SEAT_START ||
	    order->verb > SHOAL__FLEET__SEAT_VERB__SEAT_RESTART)
		return -EINVAL;
	return order_post(fleet, (struct post_word){ .verb = verb[order->verb], .seat = order->seat });
}

static int order_move(struct fleet *fleet, const Shoal__Fleet__Move *order)
{
	if (order->shard >= SHARDS || order->seat >= PLANE_SEAT_SLOW)
		return -EINVAL;
	tally_read(fleet->part.board, &fleet->state.tally);
	if (fleet->state.tally.seat[order->seat].phase != CREW_READY)
		return -ENOENT;
	return order_post(fleet, (struct post_word){ .verb = POST_MOVE, .seat = order->seat, .shard = order->shard });
}

static int order_exceptions(struct fleet *fleet, const Shoal__Fleet__Exceptions *order)
{
	struct steer_exception *list;
	int error;

	if (order->n_exceptions > STEER_EXCEPTIONS_MAX)
		return -E2BIG;
	list = calloc(order->n_exceptions + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_exceptions; i++) {
		const Shoal__Fleet__Exception *from = order->exceptions[i];

		if (from->shard >= SHARDS) {
			free(list);
			return -EINVAL;
		}
		list[i] = (struct steer_exception){ from->ipv6, from->ipv4, (uint8_t)from->shard };
	}
	error = order_post(
	    fleet, (struct post_word){ .verb = POST_EXCEPTIONS, .list = list, .value = (int64_t)order->n_exceptions });
	if (error)
		free(list);
	return error;
}

static int order_do(struct fleet *fleet, const Shoal__Fleet__Order *order, Shoal__Fleet__Answer *answer)
{
	if (order->version != ORDER_VERSION)
		return -EPROTONOSUPPORT;
	switch (order->body_case) {
	case SHOAL__FLEET__ORDER__BODY_POLL:
		answer->body_case = SHOAL__FLEET__ANSWER__BODY_STATE;
		answer->state = fleet_state_fill(fleet, order->poll->events_after, order->poll->counters);
		return 0;
	case SHOAL__FLEET__ORDER__BODY_SEAT:
		return order_seat(fleet, order->seat);
	case SHOAL__FLEET__ORDER__BODY_MOVE:
		return order_move(fleet, order->move);
	case SHOAL__FLEET__ORDER__BODY_EXCEPTIONS:
		return order_exceptions(fleet, order->exceptions);
	default:
		return -EBADMSG;
	}
}

static const char *order_fault(int error)
{
	switch (error) {
	case -EINVAL:
		return "seat, shard or verb out of range";
	case -ENOENT:
		return "nobody who could take the shard sits there";
	case -EPROTONOSUPPORT:
		return "another version of fleet.proto";
	case -EBADMSG:
		return "not an order";
	default:
		return strerror(-error);
	}
}

void fleet_order(struct fleet *fleet, const uint8_t *bytes, size_t length, Shoal__Fleet__Answer *answer)
{
	Shoal__Fleet__Order *order = shoal__fleet__order__unpack(NULL, length, bytes);
	int error = order ? order_do(fleet, order, answer) : -EBADMSG;

	if (order)
		shoal__fleet__order__free_unpacked(order, NULL);
	answer->error = -error;
	if (error)
		answer->message = (char *)order_fault(error);
}
