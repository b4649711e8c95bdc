// fleet_order.c - carries out requests of fleet.proto: checks them, then posts them to the loop. The fleet thread only.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "primary/edge/steer.h"
#include "primary/fleet/fleet_inside.h"
#include "primary/loop/crew.h"
#include "shared/base/clock.h"

#define ORDER_VERSION 1u
#define ORDER_ALIASES_MAX 256u // the loop takes them between two bursts

static int order_post(struct fleet *fleet, struct post_word word)
{
	return post_put(fleet->part.orders, word) ? 0 : -EBUSY;
}

// Says which field is wrong, and how.
static int __attribute__((format(printf, 3, 4))) order_refuse(struct fleet *fleet, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fleet->fault, sizeof(fleet->fault), format, arguments);
	va_end(arguments);
	return error;
}

static int order_start(struct fleet *fleet, const Shoal__Fleet__SeatOrder *order)
{
	const struct nests *nests = brood_nests(fleet->brood);

	if (order->nest >= PLANE_NESTS)
		return order_refuse(fleet, -EINVAL, "nest %u: there are %u", order->nest, PLANE_NESTS);
	if (order->guest && order->seat == PLANE_SEAT_SLOW)
		return order_refuse(fleet, -EINVAL, "guest: seat %u is the slow lane's", order->seat);
	if ((order->nest != nests->home && nursery_vacant(&nests->nest[order->nest])) ||
	    nests->nest[order->nest].leaving)
		return order_refuse(fleet, -ENOENT, "nest %u: nobody is there", order->nest);
	if (brood_place(fleet->brood, order->seat, order->nest))
		return order_refuse(fleet, -EBUSY, "seat %u: is occupied by a worker of nest %u", order->seat,
				    brood_nest(fleet->brood, order->seat));
	brood_pardon(fleet->brood, order->seat, clock_ns());
	return order_post(fleet, (struct post_word){ .verb = POST_START, .seat = order->seat, .value = order->guest });
}

// A guest's next one is of its own build: that is on trial.
static int order_restart(struct fleet *fleet, const Shoal__Fleet__SeatOrder *order)
{
	int error = order_post(fleet, (struct post_word){ .verb = POST_RESTART, .seat = order->seat });

	tally_read(fleet->part.board, &fleet->state.tally);
	if (!error && !fleet->state.tally.seat[order->seat].guest)
		brood_call_home(fleet->brood, order->seat);
	return error;
}

static bool order_last_regular(struct fleet *fleet, unsigned seat)
{
	for (unsigned other = 0; other < PLANE_SEAT_SLOW; other++) {
		const struct tally_seat *tally = &fleet->state.tally.seat[other];

		if (other != seat && tally->phase == CREW_READY && !tally->guest)
			return false;
	}
	return true;
}

static int order_stand(struct fleet *fleet, const Shoal__Fleet__SeatOrder *order)
{
	bool guest = order->verb == SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN;

	tally_read(fleet->part.board, &fleet->state.tally);
	if (order->seat == PLANE_SEAT_SLOW)
		return order_refuse(fleet, -EINVAL, "seat %u: is the slow lane's", order->seat);
	if (!fleet->state.tally.seat[order->seat].wanted)
		return order_refuse(fleet, -ENOENT, "seat %u: nobody is wanted there", order->seat);
	if (guest && !fleet->state.tally.seat[order->seat].guest && order_last_regular(fleet, order->seat))
		return order_refuse(fleet, -EBUSY, "seat %u: no other seat that serves regularly would be left",
				    order->seat);
	return order_post(fleet, (struct post_word){ .verb = guest ? POST_GUEST : POST_REGULAR, .seat = order->seat });
}

static int order_seat(struct fleet *fleet, const Shoal__Fleet__SeatOrder *order)
{
	if (order->seat >= PLANE_SEATS)
		return order_refuse(fleet, -EINVAL, "seat %u: there are %u", order->seat, PLANE_SEATS);
	switch (order->verb) {
	case SHOAL__FLEET__SEAT_VERB__SEAT_START:
		return order_start(fleet, order);
	case SHOAL__FLEET__SEAT_VERB__SEAT_STOP:
		return order_post(fleet, (struct post_word){ .verb = POST_STOP, .seat = order->seat });
	case SHOAL__FLEET__SEAT_VERB__SEAT_RESTART:
		return order_restart(fleet, order);
	case SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN:
	case SHOAL__FLEET__SEAT_VERB__SEAT_JOIN:
		return order_stand(fleet, order);
	default:
		return order_refuse(fleet, -EINVAL, "verb %d: unknown", (int)order->verb);
	}
}

static int order_move(struct fleet *fleet, const Shoal__Fleet__Move *order)
{
	if (order->shard >= SHARDS)
		return order_refuse(fleet, -EINVAL, "shard %u: there are %u", order->shard, SHARDS);
	if (order->seat >= PLANE_SEAT_SLOW && order->seat != PLANE_SEAT_NONE)
		return order_refuse(fleet, -EINVAL, "seat %u: no seat for shards", order->seat);
	tally_read(fleet->part.board, &fleet->state.tally);
	if (order->seat != PLANE_SEAT_NONE && fleet->state.tally.seat[order->seat].phase != CREW_READY)
		return order_refuse(fleet, -ENOENT, "seat %u: nobody who could take the shard sits there", order->seat);
	return order_post(fleet, (struct post_word){ .verb = POST_MOVE, .seat = order->seat, .shard = order->shard });
}

static uint32_t order_wanted(struct fleet *fleet)
{
	uint32_t wanted = 0;

	tally_read(fleet->part.board, &fleet->state.tally);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++)
		wanted |= (uint32_t)(fleet->state.tally.seat[seat].wanted != 0) << seat;
	return wanted;
}

static int order_nest(struct fleet *fleet, const Shoal__Fleet__NestOrder *order)
{
	struct nests *nests = brood_nests(fleet->brood);

	if (order->nest >= PLANE_NESTS)
		return order_refuse(fleet, -EINVAL, "nest %u: there are %u", order->nest, PLANE_NESTS);
	switch (order->verb) {
	case SHOAL__FLEET__NEST_VERB__NEST_LOAD:
		return nests_load(nests, order->path, fleet->fault);
	case SHOAL__FLEET__NEST_VERB__NEST_RETIRE:
		return nests_retire(nests, order->nest, brood_use(fleet->brood, order_wanted(fleet)), fleet->fault);
	case SHOAL__FLEET__NEST_VERB__NEST_HOME:
		return nests_move_home(nests, order->nest, fleet->fault);
	default:
		return order_refuse(fleet, -EINVAL, "verb %d: unknown", (int)order->verb);
	}
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
		list[i] = (struct steer_exception){ from->ipv6, from->ipv4, from->teid, (uint8_t)from->shard };
	}
	error = order_post(
	    fleet, (struct post_word){ .verb = POST_EXCEPTIONS, .list = list, .value = (int64_t)order->n_exceptions });
	if (error)
		free(list);
	return error;
}

static int order_aliases(struct fleet *fleet, const Shoal__Fleet__Aliases *order)
{
	struct alias *list;
	int error;

	if (order->n_aliases > ORDER_ALIASES_MAX)
		return -E2BIG;
	list = calloc(order->n_aliases + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_aliases; i++)
		list[i] = (struct alias){ order->aliases[i]->teid, order->aliases[i]->own };
	error = order_post(
	    fleet, (struct post_word){ .verb = POST_ALIASES, .list = list, .value = (int64_t)order->n_aliases });
	if (error)
		free(list);
	return error;
}

static int order_framed(struct fleet *fleet, const Shoal__Fleet__FramedRoutes *order)
{
	struct framed_word *list;
	int error = 0;

	if (order->n_routes > ORDER_ALIASES_MAX)
		return -E2BIG;
	list = calloc(order->n_routes + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < order->n_routes && !error; i++) {
		const Shoal__Fleet__Framed *from = order->routes[i];

		list[i] = (struct framed_word){ { from->high, from->low, from->length, 0 }, from->own, from->was };
		if (!prefix_sound(&list[i].prefix))
			error = order_refuse(fleet, -EINVAL, "routes[%zu]: no prefix", i);
	}
	if (!error)
		error = order_post(
		    fleet, (struct post_word){ .verb = POST_FRAMED, .list = list, .value = (int64_t)order->n_routes });
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
		answer->state = fleet_state_fill(fleet, order->poll);
		return 0;
	case SHOAL__FLEET__ORDER__BODY_SEAT:
		return order_seat(fleet, order->seat);
	case SHOAL__FLEET__ORDER__BODY_MOVE:
		return order_move(fleet, order->move);
	case SHOAL__FLEET__ORDER__BODY_EXCEPTIONS:
		return order_exceptions(fleet, order->exceptions);
	case SHOAL__FLEET__ORDER__BODY_EXCEPTIONS_APART:
		return order_exceptions(fleet, order->exceptions_apart);
	case SHOAL__FLEET__ORDER__BODY_ALIASES:
		return order_aliases(fleet, order->aliases);
	case SHOAL__FLEET__ORDER__BODY_FRAMED:
		return order_framed(fleet, order->framed);
	case SHOAL__FLEET__ORDER__BODY_FRAMED_APART:
		return order_framed(fleet, order->framed_apart);
	case SHOAL__FLEET__ORDER__BODY_QUARANTINE:
		return fleet_quarantine(fleet, order->quarantine);
	case SHOAL__FLEET__ORDER__BODY_NEST:
		return order_nest(fleet, order->nest);
	case SHOAL__FLEET__ORDER__BODY_RELEASE:
		return fleet_release(fleet, order->release);
	case SHOAL__FLEET__ORDER__BODY_DROP:
		return fleet_drop(fleet, order->drop);
	case SHOAL__FLEET__ORDER__BODY_END_MARKERS:
		return fleet_markers(fleet, order->end_markers);
	case SHOAL__FLEET__ORDER__BODY_TRACES:
		answer->body_case = SHOAL__FLEET__ANSWER__BODY_TRACED;
		answer->traced = &fleet->traced.traced;
		return fleet_traces(fleet, order->traces);
	case SHOAL__FLEET__ORDER__BODY_ECHOES:
		return fleet_echoes(fleet, order->echoes);
	default:
		return -EBADMSG;
	}
}

static const char *order_fault(int error)
{
	switch (error) {
	case -EINVAL:
		return "exceptions: shard out of range";
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
	int error;

	fleet->fault[0] = '\0';
	error = order ? order_do(fleet, order, answer) : -EBADMSG;

	if (order)
		shoal__fleet__order__free_unpacked(order, NULL);
	answer->error = -error;
	if (error)
		answer->message = fleet->fault[0] ? fleet->fault : (char *)order_fault(error);
}
