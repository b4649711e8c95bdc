// fleet_state.c - says how things stand, in fleet.proto. The fleet thread only.
#include <sched.h>

#include "primary/fleet/fleet_inside.h"
#include "primary/loop/crew.h"
#include "shared/base/clock.h"

// enum WorkerState of oss.proto.
enum { WORKER_STARTING = 1, WORKER_READY, WORKER_DRAINING, WORKER_DEAD, WORKER_STOPPED };

// The loop's board is up to 10 ms old: whose end we have seen ourselves does not serve any more.
static uint32_t state_of(const struct tally_seat *seat, int32_t pid)
{
	static const uint8_t state[CREW_PHASES] = {
		[CREW_FREE] = WORKER_STARTING, // wanted: the nursery will be asked, or is away
		[CREW_STARTING] = WORKER_STARTING, [CREW_READY] = WORKER_READY,    [CREW_DRAINING] = WORKER_DRAINING,
		[CREW_LEAVING] = WORKER_DRAINING,  [CREW_CONDEMNED] = WORKER_DEAD, [CREW_DEAD] = WORKER_DEAD,
	};

	if (seat->phase == CREW_FREE && !seat->wanted)
		return WORKER_STOPPED; // not WORKER_FREE: a seat we tell of was wanted once
	return pid == 0 && seat->phase != CREW_FREE ? WORKER_DEAD : state[seat->phase];
}

// The processor a worker is pinned to, as the kernel has it; -1: it floats, or nobody is there.
static int32_t cpu_of(int32_t pid)
{
	cpu_set_t set;

	if (pid <= 0 || sched_getaffinity(pid, sizeof(set), &set) || CPU_COUNT(&set) != 1)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

static void seat_fill(struct fleet *fleet, unsigned seat, Shoal__Fleet__Seat *out)
{
	struct tally_seat *from = &fleet->state.tally.seat[seat];
	const struct seat *pages = &fleet->part.view->seats[seat];
	unsigned nest = brood_nest(fleet->brood, seat);

	shoal__fleet__seat__init(out);
	out->seat = seat;
	out->pid = brood_pid(fleet->brood, seat);
	out->state = state_of(from, out->pid);
	out->slow = seat == PLANE_SEAT_SLOW;
	out->cpu = cpu_of(out->pid);
	out->generation = atomic_load_explicit(&pages->primary->generation, memory_order_relaxed);
	out->deaths = (uint32_t)from->deaths;
	out->in_packets = from->in_packets;
	out->in_bytes = from->in_bytes;
	out->out_packets = from->out_packets;
	out->held = from->held;
	out->lent = from->lent;
	out->busy_ticks = pages->worker->stats.busy_ticks;
	out->clock_hz = fleet->part.view->plane->net.clock_hz;
	out->n_verdicts = VERDICT_COUNT;
	out->verdicts = from->verdict;
	out->nest = nest == PLANE_NEST_NONE ? brood_nests(fleet->brood)->home : nest;
	out->guest = from->guest != 0;
}

// A nest is told of while somebody is there or comes, and as long as it has an error to tell.
static void nests_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	struct nests *nests = brood_nests(fleet->brood);

	state->n_nests = 0;
	state->nests = fleet->state.nests;
	for (unsigned n = 0; n < PLANE_NESTS; n++) {
		struct nursery *from = &nests->nest[n];
		Shoal__Fleet__Nest *out = &fleet->state.nest[n];

		if (n != nests->home && nursery_vacant(from) && !from->error[0])
			continue;
		shoal__fleet__nest__init(out);
		out->nest = n;
		out->build = from->build;
		out->lines = from->lines;
		out->pid = nursery_there(from) ? from->pid : from->process >= 0 ? from->spawned : 0;
		out->ready = from->ready && !from->leaving;
		out->home = n == nests->home;
		out->bank = from->bank < 0 ? 0 : (uint32_t)from->bank;
		out->error = from->error;
		state->nests[state->n_nests++] = out;
	}
}

static void shards_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	const struct tally *tally = &fleet->state.tally;

	for (unsigned i = 0; i < SHARDS; i++)
		fleet->state.owners[i] = (uint8_t)tally->owner[i];
	for (unsigned i = 0; i < SHARDS / 8; i++)
		fleet->state.pins[i] = (uint8_t)(tally->pinned[i / 8] >> i % 8 * 8);
	state->owners = (ProtobufCBinaryData){ SHARDS, fleet->state.owners };
	state->pins = (ProtobufCBinaryData){ SHARDS / 8, fleet->state.pins };
}

static bool seat_known(const struct fleet *fleet, unsigned seat)
{
	const struct tally_seat *tally = &fleet->state.tally.seat[seat];

	return tally->wanted || tally->phase != CREW_FREE || tally->in_packets || tally->deaths ||
	       seat < fleet->part.conf->workers || seat == PLANE_SEAT_SLOW;
}

static void seats_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	state->n_seats = 0;
	state->seats = fleet->state.seats;
	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		if (!seat_known(fleet, seat))
			continue;
		state->seats[state->n_seats] = &fleet->state.seat[state->n_seats];
		seat_fill(fleet, seat, state->seats[state->n_seats++]);
	}
}

static void ports_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	state->n_ports = nic_ports(fleet->part.nic);
	state->ports = fleet->state.ports;
	for (unsigned i = 0; i < state->n_ports; i++) {
		Shoal__Fleet__Port *port = state->ports[i] = &fleet->state.port[i];
		struct nic_stats stats;

		nic_stats(fleet->part.nic, i, &stats);
		shoal__fleet__port__init(port);
		port->name = (char *)fleet->part.conf->port[i].name;
		port->driver = (char *)nic_driver(fleet->part.nic, i);
		port->up = stats.up;
		port->rx_packets = stats.rx_packets;
		port->rx_bytes = stats.rx_bytes;
		port->tx_packets = stats.tx_packets;
		port->tx_bytes = stats.tx_bytes;
		port->rx_missed = stats.rx_missed;
		port->tx_failed = stats.tx_failed;
	}
}

static void account_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	const struct tally *tally = &fleet->state.tally;
	Shoal__Fleet__Account *account = state->account = &fleet->state.account;

	shoal__fleet__account__init(account);
	account->rx = tally->rx;
	account->lent = tally->lent;
	account->held = tally->held + tally->waiting;
	account->rooms = tally->rooms;
	account->rooms_free = tally->rooms_idle;
	account->rooms_port = tally->rooms - tally->rooms_idle - tally->rooms_out;
	state->n_verdicts = VERDICT_COUNT;
	state->verdicts = fleet->state.tally.verdict;
}

static void poison_fill(const struct journal_entry *entry, Shoal__Fleet__Event *event, Shoal__Fleet__Suspect *suspect)
{
	shoal__fleet__suspect__init(suspect);
	suspect->teid = entry->suspect.teid;
	suspect->ipv4 = entry->suspect.ipv4;
	suspect->ipv6 = entry->suspect.ipv6;
	suspect->place = entry->suspect.place;
	event->suspect = suspect;
	event->record = (char *)entry->record;
}

static void events_fill(struct fleet *fleet, Shoal__Fleet__State *state, uint64_t after)
{
	uint64_t oldest = fleet->journal.last < JOURNAL_ENTRIES ? 0 : fleet->journal.last - JOURNAL_ENTRIES;
	const struct journal_entry *entry;

	state->n_events = 0;
	state->events = fleet->state.events;
	after = after < oldest ? oldest : after;
	while (state->n_events < FLEET_EVENTS && (entry = journal_read(&fleet->journal, ++after))) {
		Shoal__Fleet__Event *event = &fleet->state.event[state->n_events];

		shoal__fleet__event__init(event);
		event->number = entry->number;
		event->kind = entry->kind == JOURNAL_SEAT_LEFT ? SHOAL__FLEET__EVENT_KIND__SEAT_DOWN
							       : (Shoal__Fleet__EventKind)entry->kind;
		event->seat = entry->place.seat;
		event->shard = entry->place.shard;
		event->text = (char *)entry->text;
		if (entry->kind == JOURNAL_POISON)
			poison_fill(entry, event, &fleet->state.suspect[state->n_events]);
		state->events[state->n_events++] = event;
	}
}

static void extra_add(struct fleet *fleet, const char *name, const char *help, uint64_t value)
{
	Shoal__Fleet__State *state = &fleet->state.state;
	Shoal__Fleet__Extra *extra = &fleet->state.extra[state->n_extras];

	shoal__fleet__extra__init(extra);
	extra->name = (char *)name;
	extra->help = (char *)help;
	extra->value = value;
	state->extras[state->n_extras++] = extra;
}

static void extras_fill(struct fleet *fleet, Shoal__Fleet__State *state)
{
	const struct tally *tally = &fleet->state.tally;
	uint64_t forged = 0, replayed = 0, late = 0, waits = 0;

	for (unsigned seat = 0; seat < PLANE_SEATS; seat++) {
		forged += tally->seat[seat].forged;
		replayed += tally->seat[seat].replayed;
		late += tally->seat[seat].late;
		waits += tally->seat[seat].waits;
	}
	state->n_extras = 0;
	state->extras = fleet->state.extras;
	extra_add(fleet, "primary_turns", "turns of the primary's loop", tally->turns);
	extra_add(fleet, "primary_idle_turns", "turns that found nothing to do", tally->idle_turns);
	extra_add(fleet, "primary_sleeps", "times the loop slept", tally->sleeps);
	extra_add(fleet, "primary_shard_moves", "shards given to a seat", tally->moves);
	extra_add(fleet, "primary_planned_moves", "of those, planned moves from a living seat", tally->plans);
	extra_add(fleet, "primary_planned_hold_ns", "time from a planned move's CUT to its OWN's return, all together",
		  tally->plans_ns);
	extra_add(fleet, "primary_planned_hold_max_ns", "the longest of those", tally->plans_ns_max);
	extra_add(fleet, "primary_handles_forged", "handles refused because their worker did not hold them", forged);
	extra_add(fleet, "primary_packets_replayed", "packets taken from dead workers and lent again", replayed);
	extra_add(fleet, "primary_seats_late", "times a worker was not fed because it gave nothing back", late);
	extra_add(fleet, "primary_seats_waiting", "times a worker held packets and got no processor time", waits);
	extra_add(fleet, "primary_packets_held", "packets waiting for a worker now", tally->held);
	extra_add(fleet, "primary_packets_parked", "packets waiting for their session's rules to let them go now",
		  tally->parked);
	extra_add(fleet, "primary_packets_parked_ever", "packets that began such a wait", tally->parked_ever);
	extra_add(fleet, "primary_packets_released", "of those, lent again because their session's rules let them go",
		  tally->released);
	extra_add(fleet, "primary_releases", "fences lent for that and come back", tally->releases);
	extra_add(fleet, "primary_losses_lost",
		  "packets that were dropped while they waited and that their rules were to count, and do not",
		  tally->losses_lost);
	extra_add(fleet, "primary_releases_refused",
		  "orders to let packets go that found no place; they are given again", tally->releases_refused);
	extra_add(fleet, "primary_release_hold_max_ns", "the longest that a shard stood still for one",
		  tally->release_ns_max);
	extra_add(fleet, "primary_ue_to_ue", "packets from subscriber to subscriber, lent again on their way down",
		  tally->among);
	extra_add(fleet, "primary_home", "packets from one of our tunnels into another, lent again at its end",
		  tally->home);
	extra_add(fleet, "primary_cut", "packets sent in fragments", tally->cut);
	extra_add(fleet, "primary_pieces_lost", "fragments of those that could not leave, though the first one did",
		  tally->pieces_lost);
	extra_add(fleet, "primary_end_markers", "End Markers sent", tally->markers);
	extra_add(fleet, "primary_end_markers_lost", "End Markers for which there was no room, or no way to their peer",
		  tally->markers_lost);
	extra_add(fleet, "primary_echo_requests", "GTP-U Echo Requests sent", tally->asked);
	extra_add(fleet, "primary_echo_requests_lost",
		  "GTP-U Echo Requests for which there was no room, or no way to their peer", tally->asked_lost);
	extra_add(fleet, "primary_packets_waiting", "packets waiting for a next hop now", tally->waiting);
}

Shoal__Fleet__State *fleet_state_fill(struct fleet *fleet, const Shoal__Fleet__Poll *poll)
{
	Shoal__Fleet__State *state = &fleet->state.state;
	const struct plane *plane = fleet->part.view->plane;

	tally_read(fleet->part.board, &fleet->state.tally);
	shoal__fleet__state__init(state);
	state->build = (char *)plane->build;
	state->generation = plane->generation;
	state->uptime_ms = (clock_ns() - fleet->start_ns) / 1000000u;
	state->pid = plane->primary_pid;
	shards_fill(fleet, state);
	nests_fill(fleet, state);
	seats_fill(fleet, state);
	ports_fill(fleet, state);
	account_fill(fleet, state);
	events_fill(fleet, state, poll->events_after);
	fleet_refused_fill(fleet, state);
	fleet_parked_fill(fleet, state, poll->parked_from);
	if (poll->counters)
		extras_fill(fleet, state);
	return state;
}
