// fleet_stranded.c - workers whose nursery has gone for good. They serve on, but nobody brings them changes; so others take their seats,
// one after the other, as when an operator restarts them. The fleet thread only.
#include "primary/fleet/fleet_inside.h"
#include "primary/loop/crew.h"

#define STRANDED_NS (2 * NESTS_COME_NS) // the next nursery of that build may be on its way
#define STRANDED_REST_NS 3000000000ull  // between one and the next

static bool nest_forsaken(const struct nursery *nursery, uint64_t now_ns)
{
	return !nursery_there(nursery) && nursery->process < 0 && now_ns - nursery->gone_ns > STRANDED_NS;
}

// Nobody has come back to where seats are filled from, and somebody's service has its nursery in the other nest: workers of its build had
// lived on there. One that we run is on trial.
static void home_forsaken(struct fleet *fleet, uint64_t now_ns)
{
	struct nests *nests = brood_nests(fleet->brood);

	if (!nest_forsaken(&nests->nest[nests->home], now_ns))
		return;
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		const struct nursery *nursery = &nests->nest[n];

		if (nursery->ready && !nursery->follows && !nests_move_home(nests, n, fleet->fault))
			journal_write(&fleet->journal, JOURNAL_ALARM, (struct journal_place){ 0 },
				      "nest %u is home now: nobody has come back to the other", n);
	}
}

static bool seat_comes_or_goes(const struct tally_seat *seat)
{
	return seat->wanted && seat->phase != CREW_READY && seat->phase != CREW_FREE;
}

// A guest is on trial, and its fate whoever's who has ordered that. Who lives at home is not stranded while that is ready.
static bool seat_stranded(struct fleet *fleet, unsigned seat, uint64_t now_ns)
{
	const struct nests *nests = brood_nests(fleet->brood);
	const struct nursery *home = &nests->nest[nests->home];
	const struct tally_seat *tally = &fleet->state.tally.seat[seat];
	unsigned n = brood_nest(fleet->brood, seat);

	if (n >= PLANE_NESTS || !tally->wanted || tally->guest || tally->phase != CREW_READY)
		return false;
	return home->ready && !home->leaving && nest_forsaken(&nests->nest[n], now_ns);
}

void fleet_stranded(struct fleet *fleet, uint64_t now_ns)
{
	unsigned stranded = PLANE_SEATS;

	home_forsaken(fleet, now_ns);
	if (now_ns - fleet->stranded_ns < STRANDED_REST_NS)
		return;
	tally_read(fleet->part.board, &fleet->state.tally);
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		if (seat_comes_or_goes(&fleet->state.tally.seat[seat]))
			return;
		if (stranded == PLANE_SEATS && seat_stranded(fleet, seat, now_ns))
			stranded = seat;
	}
	if (stranded == PLANE_SEATS ||
	    !post_put(fleet->part.orders, (struct post_word){ .verb = POST_RESTART, .seat = stranded }))
		return;
	fleet->stranded_ns = now_ns;
	brood_call_home(fleet->brood, stranded);
	journal_write(&fleet->journal, JOURNAL_ALARM, (struct journal_place){ stranded, 0 },
		      "seat %u: worker %d has no nursery any more: one of another build takes its place", stranded,
		      brood_pid(fleet->brood, stranded));
}
