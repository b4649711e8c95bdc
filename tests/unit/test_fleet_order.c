// test_fleet_order.c - ctrl's orders to the primary: what cannot be is refused, with nothing posted, and what can is posted as it was said.
// Nests, seats and the loop are played. It is longer than the house allows because each order has its own ways to be wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "primary/edge/alias.h"
#include "primary/edge/framed.h"
#include "primary/edge/steer.h"
#include "primary/fleet/fleet_inside.h"
#include "primary/loop/crew.h"
#include "primary/loop/marker.h"
#include "primary/loop/release.h"

#define SLOTS (1u << SHARD_SLOT_BITS_MAX)

static struct fleet *fleet;
static struct plane plane;
static struct plane_view view = { .plane = &plane };
static struct nests nests;
static struct tally tally;
static struct post_word posted;
static unsigned posts, called_home, pardons;
static bool full, occupied;

// ---- What is played

struct nests *brood_nests(struct brood *brood)
{
	return &nests;
}

unsigned brood_nest(const struct brood *brood, unsigned seat)
{
	return 0;
}

int brood_place(struct brood *brood, unsigned seat, unsigned nest)
{
	return occupied ? -EBUSY : 0;
}

void brood_pardon(struct brood *brood, unsigned seat, uint64_t now_ns)
{
	pardons++;
}

void brood_call_home(struct brood *brood, unsigned seat)
{
	called_home++;
}

struct nests_use brood_use(const struct brood *brood, uint32_t wanted)
{
	return (struct nests_use){ .used = wanted };
}

int nests_load(struct nests *at, const char *path, char *why)
{
	assert_string_equal(path, "/some/nursery");
	return 0;
}

int nests_retire(struct nests *at, unsigned nest, struct nests_use use, char *why)
{
	assert_int_equal(use.used, 0x8003); // seats 0, 1 and 15 are wanted
	return 0;
}

int nests_move_home(struct nests *at, unsigned nest, char *why)
{
	at->home = nest;
	return 0;
}

void tally_read(struct tally_board *board, struct tally *to)
{
	*to = tally;
}

bool post_put(struct post *post, struct post_word word)
{
	if (full)
		return false;
	posts++;
	posted = word;
	return true;
}

Shoal__Fleet__State *fleet_state_fill(struct fleet *of, const Shoal__Fleet__Poll *poll)
{
	return &of->state.state;
}

int fleet_traces(struct fleet *of, const Shoal__Fleet__Traces *order)
{
	return 0;
}

int fleet_echoes(struct fleet *of, const Shoal__Fleet__Echoes *order)
{
	return 0;
}

bool park_told(const struct park *park, uint32_t cell, uint64_t now_ns, struct park_news *news)
{
	return false;
}

// Seats 0 and 1 serve, 1 as a guest; nest 1 is vacant.
static int setup(void **state)
{
	fleet = calloc(1, sizeof(*fleet));
	fleet->part.view = &view;
	plane = (struct plane){ 0 };
	nests = (struct nests){ .home = 0 };
	nests.nest[0] = (struct nursery){ .socket = 5, .process = -1, .ready = true, .build = "this" };
	nests.nest[1] = (struct nursery){ .socket = -1, .process = -1 };
	tally = (struct tally){ 0 };
	tally.seat[0] = tally.seat[1] = tally.seat[15] = (struct tally_seat){ .wanted = 1, .phase = CREW_READY };
	tally.seat[1].guest = 1;
	posts = called_home = pardons = 0;
	posted = (struct post_word){ 0 };
	full = occupied = false;
	return !fleet;
}

static int teardown(void **state)
{
	free(fleet);
	return 0;
}

// ---- Orders

#define PIECES 4200u

static int errno_of(Shoal__Fleet__Order *order, Shoal__Fleet__Order__BodyCase body, void *what)
{
	Shoal__Fleet__Answer answer = SHOAL__FLEET__ANSWER__INIT;
	unsigned before = posts;
	uint8_t *bytes;
	size_t length;

	shoal__fleet__order__init(order);
	order->version = 1;
	order->body_case = body;
	order->poll = what;
	length = shoal__fleet__order__get_packed_size(order);
	bytes = malloc(length + 1);
	shoal__fleet__order__pack(order, bytes);
	fleet_order(fleet, bytes, length, &answer);
	free(bytes);
	if (answer.error && answer.error != EINPROGRESS) {
		assert_int_equal(posts, before);
		assert_true(answer.message && *answer.message);
	}
	return answer.error;
}

#define ORDER(NAME, what) errno_of(&(Shoal__Fleet__Order){ 0 }, SHOAL__FLEET__ORDER__BODY_##NAME, what)

static int seat_order(unsigned verb, unsigned seat, unsigned nest, bool guest)
{
	Shoal__Fleet__SeatOrder order = SHOAL__FLEET__SEAT_ORDER__INIT;

	order.verb = verb;
	order.seat = seat;
	order.nest = nest;
	order.guest = guest;
	return ORDER(SEAT, &order);
}

static int move(unsigned shard, unsigned seat)
{
	Shoal__Fleet__Move order = SHOAL__FLEET__MOVE__INIT;

	order.shard = shard;
	order.seat = seat;
	return ORDER(MOVE, &order);
}

static void was_posted(unsigned verb, unsigned seat, int64_t value)
{
	assert_int_equal(posted.verb, verb);
	assert_int_equal(posted.seat, seat);
	assert_int_equal(posted.value, value);
}

#define START SHOAL__FLEET__SEAT_VERB__SEAT_START
#define STOP SHOAL__FLEET__SEAT_VERB__SEAT_STOP
#define RESTART SHOAL__FLEET__SEAT_VERB__SEAT_RESTART
#define DRAIN SHOAL__FLEET__SEAT_VERB__SEAT_DRAIN
#define JOIN SHOAL__FLEET__SEAT_VERB__SEAT_JOIN

static void what_is_no_order_is_refused(void **state)
{
	Shoal__Fleet__Answer answer = SHOAL__FLEET__ANSWER__INIT;
	static const uint8_t other[] = { 0x08, 2 }, nothing[] = { 0x08, 1 }, no[] = { 0xff };

	fleet_order(fleet, other, sizeof(other), &answer);
	assert_int_equal(answer.error, EPROTONOSUPPORT);
	fleet_order(fleet, nothing, sizeof(nothing), &answer);
	assert_int_equal(answer.error, EBADMSG);
	fleet_order(fleet, no, sizeof(no), &answer);
	assert_int_equal(answer.error, EBADMSG);
	assert_int_equal(posts, 0);
}

static void a_worker_starts_where_there_is_a_place(void **state)
{
	assert_int_equal(seat_order(START, PLANE_SEATS, 0, false), EINVAL);
	assert_int_equal(seat_order(START, 3, PLANE_NESTS, false), EINVAL);
	assert_int_equal(seat_order(START, PLANE_SEAT_SLOW, 0, true), EINVAL);
	assert_int_equal(seat_order(START, 3, 1, false), ENOENT); // vacant
	occupied = true;
	assert_int_equal(seat_order(START, 3, 0, false), EBUSY);
	assert_int_equal(pardons, 0);
	occupied = false;
	assert_int_equal(seat_order(START, 3, 0, true), 0);
	was_posted(POST_START, 3, 1);
	assert_int_equal(seat_order(START, PLANE_SEAT_SLOW, 0, false), 0);
	was_posted(POST_START, PLANE_SEAT_SLOW, 0);
	assert_int_equal(pardons, 2);
	nests.nest[0].leaving = true;
	assert_int_equal(seat_order(START, 3, 0, false), ENOENT);
	nests.nest[0] = nests.nest[1]; // home, where nobody has come yet
	assert_int_equal(seat_order(START, 3, 0, false), 0);
	assert_int_equal(seat_order(6, 3, 0, false), EINVAL);
	assert_int_equal(seat_order(STOP, 3, 0, false), 0);
	was_posted(POST_STOP, 3, 0);
}

static void who_is_restarted_comes_from_home_but_guests(void **state)
{
	full = true;
	assert_int_equal(seat_order(RESTART, 0, 0, false), EBUSY);
	assert_int_equal(called_home, 0);
	full = false;
	assert_int_equal(seat_order(RESTART, 1, 0, false), 0);
	assert_int_equal(called_home, 0);
	assert_int_equal(seat_order(RESTART, 0, 0, false), 0);
	was_posted(POST_RESTART, 0, 0);
	assert_int_equal(called_home, 1);
}

static void one_regular_seat_is_left(void **state)
{
	assert_int_equal(seat_order(DRAIN, PLANE_SEAT_SLOW, 0, false), EINVAL);
	assert_int_equal(seat_order(DRAIN, 3, 0, false), ENOENT);
	assert_int_equal(seat_order(DRAIN, 0, 0, false), EBUSY); // the other one is a guest
	assert_int_equal(seat_order(DRAIN, 1, 0, false), 0);     // and so already
	was_posted(POST_GUEST, 1, 0);
	tally.seat[0].phase = CREW_STARTING; // it served no more than before
	assert_int_equal(seat_order(DRAIN, 1, 0, false), 0);
	tally.seat[0].phase = CREW_READY;
	assert_int_equal(seat_order(JOIN, 0, 0, false), 0); // so already
	assert_int_equal(seat_order(JOIN, 1, 0, false), 0);
	was_posted(POST_REGULAR, 1, 0);
	tally.seat[1].guest = 0;
	tally.seat[1].phase = CREW_STARTING;
	assert_int_equal(seat_order(DRAIN, 0, 0, false), EBUSY);
	tally.seat[1].phase = CREW_READY;
	assert_int_equal(seat_order(DRAIN, 0, 0, false), 0);
	was_posted(POST_GUEST, 0, 0);
}

static void a_shard_moves_to_who_can_take_it(void **state)
{
	assert_int_equal(move(SHARDS, 0), EINVAL);
	assert_int_equal(move(7, PLANE_SEAT_SLOW), EINVAL);
	assert_int_equal(move(7, PLANE_SEAT_NONE - 1), EINVAL);
	assert_int_equal(move(7, 2), ENOENT);
	assert_int_equal(move(SHARDS - 1, 1), 0);
	was_posted(POST_MOVE, 1, 0);
	assert_int_equal(posted.shard, SHARDS - 1);
	assert_int_equal(move(7, PLANE_SEAT_NONE), 0); // where it likes
	was_posted(POST_MOVE, PLANE_SEAT_NONE, 0);
}

static void nests_are_two(void **state)
{
	Shoal__Fleet__NestOrder order = SHOAL__FLEET__NEST_ORDER__INIT;

	order.path = "/some/nursery";
	for (unsigned verb = 0; verb < 5; verb++) {
		order.verb = verb;
		order.nest = 1;
		assert_int_equal(ORDER(NEST, &order), verb && verb < 4 ? 0 : EINVAL);
		order.nest = PLANE_NESTS;
		assert_int_equal(ORDER(NEST, &order), EINVAL);
	}
	assert_int_equal(nests.home, 1);
}

static void addresses_that_hash_apart(void **state)
{
	Shoal__Fleet__Exceptions order = SHOAL__FLEET__EXCEPTIONS__INIT;
	Shoal__Fleet__Exception one = SHOAL__FLEET__EXCEPTION__INIT, two = one, *list[] = { &one, &two };
	const struct steer_exception *at;

	order.exceptions = list;
	order.n_exceptions = 2;
	one.ipv4 = 0x0a000001;
	two.ipv6 = 0x20010db8;
	two.shard = SHARDS;
	assert_int_equal(ORDER(EXCEPTIONS, &order), EINVAL);
	two.shard = SHARDS - 1;
	full = true;
	assert_int_equal(ORDER(EXCEPTIONS, &order), EBUSY);
	full = false;
	assert_int_equal(ORDER(EXCEPTIONS, &order), 0);
	was_posted(POST_EXCEPTIONS, 0, 2);
	at = posted.list;
	assert_true(at[0].ipv4 == 0x0a000001 && !at[0].ipv6 && at[0].shard == 0);
	assert_true(!at[1].ipv4 && at[1].ipv6 == 0x20010db8 && at[1].shard == SHARDS - 1);
	free(posted.list);
	for (unsigned n = STEER_EXCEPTIONS_MAX; n <= STEER_EXCEPTIONS_MAX + 1; n++) {
		order.exceptions = calloc(n, sizeof(*order.exceptions));
		for (unsigned i = 0; i < n; i++)
			order.exceptions[i] = &one;
		order.n_exceptions = n;
		assert_int_equal(ORDER(EXCEPTIONS, &order), n > STEER_EXCEPTIONS_MAX ? E2BIG : 0);
		free(order.exceptions);
	}
	free(posted.list);
}

static void teids_and_networks_of_others(void **state)
{
	Shoal__Fleet__Aliases aliases = SHOAL__FLEET__ALIASES__INIT;
	Shoal__Fleet__Alias alias = SHOAL__FLEET__ALIAS__INIT, *some[257];
	Shoal__Fleet__FramedRoutes routes = SHOAL__FLEET__FRAMED_ROUTES__INIT;
	Shoal__Fleet__Framed framed = SHOAL__FLEET__FRAMED__INIT, *many[257];

	alias.teid = 0x77;
	alias.own = 0x1234;
	framed.low = 0xffffull << 32 | 0x0a090000;
	framed.length = 96 + 16;
	framed.own = 7;
	framed.was = 6;
	for (unsigned i = 0; i < 257; i++) {
		some[i] = &alias;
		many[i] = &framed;
	}
	aliases.aliases = some;
	routes.routes = many;
	for (unsigned n = 256; n <= 257; n++) {
		aliases.n_aliases = routes.n_routes = n;
		assert_int_equal(ORDER(ALIASES, &aliases), n > 256 ? E2BIG : 0);
		if (n == 256) {
			was_posted(POST_ALIASES, 0, 256);
			assert_true(((const struct alias *)posted.list)[255].teid == 0x77);
			assert_true(((const struct alias *)posted.list)[255].own == 0x1234);
			free(posted.list);
		}
		assert_int_equal(ORDER(FRAMED, &routes), n > 256 ? E2BIG : 0);
		if (n == 256) {
			was_posted(POST_FRAMED, 0, 256);
			assert_true(((const struct framed_word *)posted.list)[255].own == 7);
			assert_true(((const struct framed_word *)posted.list)[255].was == 6);
			assert_true(((const struct framed_word *)posted.list)[255].prefix.length == 112);
			free(posted.list);
		}
	}
	routes.n_routes = 3;
	framed.low |= 1; // beyond its length
	assert_int_equal(ORDER(FRAMED, &routes), EINVAL);
	framed.length = 129;
	assert_int_equal(ORDER(FRAMED_APART, &routes), EINVAL);
}

// ctrl's table must not set free whom the loop has set apart since ctrl looked.
static void who_was_set_apart_meanwhile_stays_so(void **state)
{
	struct record record = { .number = 1, .suspect = { .teid = 0x11 } };
	Shoal__Fleet__Quarantine order = SHOAL__FLEET__QUARANTINE__INIT;
	Shoal__Fleet__Suspect one = SHOAL__FLEET__SUSPECT__INIT, *list[QUARANTINE_MAX + 1];
	const struct quarantine_suspect *at;

	for (unsigned i = 0; i <= QUARANTINE_MAX; i++)
		list[i] = &one;
	one.teid = 0x33;
	one.ipv4 = 0x0a000007;
	order.suspects = list;
	fleet->journal.last = 8;
	fleet_apart(fleet, &record);
	fleet->journal.last = 9;
	record.number = 2;
	record.suspect.teid = 0x22;
	fleet_apart(fleet, &record);
	fleet_apart(fleet, &(struct record){ .suspect = { .teid = 0x44 } }); // it was there already
	for (unsigned heard = 7; heard <= 9; heard++) {
		order.heard = heard;
		order.n_suspects = 1;
		assert_int_equal(ORDER(QUARANTINE, &order), 0);
		was_posted(POST_QUARANTINE, 0, 1 + 9 - heard);
		assert_int_equal(posted.shard, 2);
		at = posted.list;
		assert_true(at[0].teid == 0x33 && at[0].ipv4 == 0x0a000007);
		if (heard == 8)
			assert_int_equal(at[1].teid, 0x22);
		free(posted.list);
	}
	order.heard = 0;
	order.n_suspects = QUARANTINE_MAX; // ours have no room, and nothing is written beyond
	assert_int_equal(ORDER(QUARANTINE, &order), 0);
	was_posted(POST_QUARANTINE, 0, QUARANTINE_MAX);
	free(posted.list);
	order.n_suspects++;
	assert_int_equal(ORDER(QUARANTINE, &order), E2BIG);
}

static void packets_that_wait_are_let_go(void **state)
{
	Shoal__Fleet__Release order = SHOAL__FLEET__RELEASE__INIT;
	Shoal__Fleet__Cell cell = SHOAL__FLEET__CELL__INIT, *cells[PIECES];

	for (unsigned i = 0; i < PIECES; i++)
		cells[i] = &cell;
	order.cells = cells;
	order.n_cells = FLEET_RELEASES + 1;
	assert_int_equal(ORDER(RELEASE, &order), E2BIG);
	order.n_cells = FLEET_RELEASES;
	cell.shard = SHARDS;
	assert_int_equal(ORDER(RELEASE, &order), EINVAL);
	cell.shard = 9;
	cell.slot = SLOTS;
	assert_int_equal(ORDER(RELEASE, &order), EINVAL);
	cell.slot = SLOTS - 1;
	assert_int_equal(ORDER(RELEASE, &order), 0);
	was_posted(POST_RELEASE, 0, FLEET_RELEASES);
	assert_int_equal(((const struct release_cell *)posted.list)[FLEET_RELEASES - 1].slot, SLOTS - 1);
	assert_int_equal(((const struct release_cell *)posted.list)[0].shard, 9);
	free(posted.list);
}

// One at a time, each known by its number, until the loop has given its list back.
static void packets_that_wait_are_dropped(void **state)
{
	Shoal__Fleet__Drop order = SHOAL__FLEET__DROP__INIT;
	Shoal__Fleet__DropCell cell = SHOAL__FLEET__DROP_CELL__INIT, *cells[FLEET_DROPS + 1];
	void *list;

	for (unsigned i = 0; i <= FLEET_DROPS; i++)
		cells[i] = &cell;
	order.cells = cells;
	order.n_cells = FLEET_DROPS;
	cell.before_ns = 4711;
	assert_int_equal(ORDER(DROP, &order), EINVAL); // no number
	order.number = 5;
	cell.shard = SHARDS;
	assert_int_equal(ORDER(DROP, &order), EINVAL);
	cell.shard = 0;
	cell.slot = SLOTS;
	assert_int_equal(ORDER(DROP, &order), EINVAL);
	cell.slot = 3;
	order.n_cells++;
	assert_int_equal(ORDER(DROP, &order), E2BIG);
	order.n_cells--;
	full = true;
	assert_int_equal(ORDER(DROP, &order), EBUSY);
	full = false;
	assert_int_equal(ORDER(DROP, &order), EINPROGRESS);
	was_posted(POST_DROP, 0, FLEET_DROPS);
	list = posted.list;
	assert_int_equal(((const struct release_drop *)list)[FLEET_DROPS - 1].before_ns, 4711);
	assert_int_equal(ORDER(DROP, &order), EINPROGRESS);
	assert_int_equal(posts, 1);
	order.number = 6;
	assert_int_equal(ORDER(DROP, &order), EBUSY);
	fleet_returned(fleet, &order); // another list
	assert_int_equal(ORDER(DROP, &order), EBUSY);
	fleet_returned(fleet, list);
	free(list);
	order.number = 5;
	assert_int_equal(ORDER(DROP, &order), 0);
	assert_int_equal(posts, 1);
	order.number = 6;
	assert_int_equal(ORDER(DROP, &order), EINPROGRESS);
	free(posted.list);
}

static void end_markers_go_to_somebody(void **state)
{
	Shoal__Fleet__EndMarkers order = SHOAL__FLEET__END_MARKERS__INIT;
	Shoal__Fleet__EndMarker marker = SHOAL__FLEET__END_MARKER__INIT, *markers[PIECES];
	uint8_t ipv6[17] = { 0x20, [15] = 9 };
	const struct marker_order *at;

	for (unsigned i = 0; i < PIECES; i++)
		markers[i] = &marker;
	order.markers = markers;
	order.n_markers = 2;
	marker.teid = 0x77;
	assert_int_equal(ORDER(END_MARKERS, &order), EINVAL); // nobody
	marker.peer_ipv6 = (ProtobufCBinaryData){ 16, ipv6 };
	assert_int_equal(ORDER(END_MARKERS, &order), EAFNOSUPPORT);
	plane.gtpu_ipv6[0] = 0x20;
	marker.peer_ipv6.len = 17;
	assert_int_equal(ORDER(END_MARKERS, &order), EINVAL);
	marker.peer_ipv6.len = 16;
	marker.peer_ipv4 = 1; // one of them
	assert_int_equal(ORDER(END_MARKERS, &order), EINVAL);
	marker.peer_ipv4 = 0;
	marker.copies = MARKER_COPIES + 1;
	assert_int_equal(ORDER(END_MARKERS, &order), EINVAL);
	marker.copies = MARKER_COPIES;
	marker.shard = SHARDS;
	assert_int_equal(ORDER(END_MARKERS, &order), EINVAL);
	marker.shard = 9;
	assert_int_equal(ORDER(END_MARKERS, &order), 0);
	was_posted(POST_MARKERS, 0, 2);
	at = posted.list;
	assert_true(at[1].shard == 9 && at[1].copies == MARKER_COPIES && at[1].teid == 0x77 && !at[1].ipv4);
	assert_memory_equal(at[1].ipv6, ipv6, 16);
	free(posted.list);
	marker.peer_ipv6.len = marker.copies = 0;
	marker.peer_ipv4 = 0x0a000001;
	order.n_markers = FLEET_RELEASES + 1;
	assert_int_equal(ORDER(END_MARKERS, &order), E2BIG);
	order.n_markers--;
	assert_int_equal(ORDER(END_MARKERS, &order), 0);
	at = posted.list;
	assert_true(at[0].copies == 1 && at[FLEET_RELEASES - 1].ipv4 == 0x0a000001);
	free(posted.list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_order_is_refused),
		TEST(a_worker_starts_where_there_is_a_place),
		TEST(who_is_restarted_comes_from_home_but_guests),
		TEST(one_regular_seat_is_left),
		TEST(a_shard_moves_to_who_can_take_it),
		TEST(nests_are_two),
		TEST(addresses_that_hash_apart),
		TEST(teids_and_networks_of_others),
		TEST(who_was_set_apart_meanwhile_stays_so),
		TEST(packets_that_wait_are_let_go),
		TEST(packets_that_wait_are_dropped),
		TEST(end_markers_go_to_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
