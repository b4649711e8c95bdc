// fleet_trace.c - orders about sessions that are traced, and the copies of their packets as ctrl gets them. The fleet thread only.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "primary/fleet/fleet_inside.h"
#include "shared/base/clock.h"

#define TRACE_FORGET_NS 3000000000ull // without an order
#define TRACE_PER_SECOND_MAX 100000u

static const char *key_fault(const Shoal__Fleet__TraceKey *key, const struct trace_key *keys)
{
	if (key->place >= TRACE_KEYS || keys[key->place].number)
		return "place: out of range, or given twice";
	if (!key->number)
		return "number: missing";
	if (!key->teid)
		return "teid: missing";
	if (!key->snap || key->snap > TRACE_SNAP)
		return "snap: out of range";
	if (!key->per_second || key->per_second > TRACE_PER_SECOND_MAX)
		return "per_second: out of range";
	return NULL;
}

static int key_check(struct fleet *fleet, const Shoal__Fleet__TraceKey *key, const struct trace_key *keys)
{
	const char *fault = key_fault(key, keys);

	if (fault)
		snprintf(fleet->fault, sizeof(fleet->fault), "keys.%s, trace %u", fault, key->number);
	return fault ? -EINVAL : 0;
}

// Keys are compared as bytes: those between their fields stay zero.
static int keys_read(struct fleet *fleet, const Shoal__Fleet__Traces *order, struct trace_key keys[TRACE_KEYS])
{
	for (size_t i = 0; i < order->n_keys; i++) {
		const Shoal__Fleet__TraceKey *from = order->keys[i];
		int error = key_check(fleet, from, keys);
		struct trace_key *to;

		if (error)
			return error;
		to = &keys[from->place];
		to->number = from->number;
		to->teid = from->teid;
		to->ipv4 = from->ipv4;
		to->ipv6 = from->ipv6;
		to->snap = from->snap;
		to->window = (uint32_t)((uint64_t)from->per_second * TRACE_WINDOW_MS / 1000u) + 1;
	}
	return 0;
}

// Tells the loop, unless it knows.
static int keys_post(struct fleet *fleet, const struct trace_key keys[TRACE_KEYS])
{
	struct fleet_traced *traced = &fleet->traced;
	struct trace_key *list;

	if (!memcmp(keys, traced->key, sizeof(traced->key)))
		return 0;
	list = malloc(sizeof(traced->key));
	if (!list)
		return -ENOMEM;
	memcpy(list, keys, sizeof(traced->key));
	if (!post_put(fleet->part.orders, (struct post_word){ .verb = POST_TRACES, .list = list })) {
		free(list);
		return -EBUSY;
	}
	for (unsigned i = 0; i < TRACE_KEYS; i++)
		if (traced->key[i].number != keys[i].number)
			traced->told[i] = 0;
	memcpy(traced->key, keys, sizeof(traced->key));
	return 0;
}

static Shoal__Fleet__TracedSight *sight_fill(Shoal__Fleet__TracedSight *out, struct trace_sight *sight,
					     uint64_t since_1970_ns)
{
	if (!sight->length)
		return NULL;
	shoal__fleet__traced_sight__init(out);
	out->at_ns = sight->at_ns + since_1970_ns;
	out->core = sight->core;
	out->length = sight->length;
	out->bytes = (ProtobufCBinaryData){ sight->stored, sight->bytes };
	return out;
}

static void packet_fill(struct fleet *fleet, unsigned i, struct trace_cell *cell, uint64_t since_1970_ns)
{
	struct fleet_traced *traced = &fleet->traced;
	Shoal__Fleet__TracedPacket *out = &traced->packet[i];

	shoal__fleet__traced_packet__init(out);
	out->numbers = traced->numbers[i];
	for (unsigned k = 0; k < TRACE_KEYS; k++) {
		if (!cell->whose[k])
			continue;
		out->numbers[out->n_numbers++] = cell->whose[k];
		traced->told[k] += cell->whose[k] == traced->key[k].number;
	}
	out->verdict = cell->verdict;
	out->through = traced->through[i];
	for (; out->n_through < cell->steps; out->n_through++)
		out->through[out->n_through] = cell->step[out->n_through];
	out->seat = cell->seat;
	out->came = sight_fill(&traced->came[i], &cell->came, since_1970_ns);
	out->left = sight_fill(&traced->left[i], &cell->left, since_1970_ns);
	traced->packets[i] = out;
	traced->cell[i] = cell;
}

static void packets_fill(struct fleet *fleet)
{
	struct fleet_traced *traced = &fleet->traced;
	uint64_t since_1970_ns = clock_wall_ns() - clock_ns();

	while (traced->cells < FLEET_TRACED) {
		struct trace_cell *cell = trace_pick(fleet->part.traces);

		if (!cell)
			break;
		packet_fill(fleet, traced->cells++, cell, since_1970_ns);
	}
	traced->traced.packets = traced->packets;
	traced->traced.n_packets = traced->cells;
	traced->traced.more = traced->cells == FLEET_TRACED;
}

static void counts_fill(struct fleet *fleet)
{
	struct fleet_traced *traced = &fleet->traced;

	traced->traced.counts = traced->counts;
	for (unsigned i = 0; i < TRACE_KEYS; i++) {
		const struct trace_count *count = &fleet->part.traces->count[i];
		Shoal__Fleet__TraceCount *out = &traced->count[traced->traced.n_counts];

		if (!traced->key[i].number)
			continue;
		shoal__fleet__trace_count__init(out);
		out->number = traced->key[i].number;
		out->packets = atomic_load_explicit(&count->packets, memory_order_relaxed);
		out->lost = atomic_load_explicit(&count->lost, memory_order_relaxed);
		out->told = traced->told[i];
		traced->counts[traced->traced.n_counts++] = out;
	}
}

int fleet_traces(struct fleet *fleet, const Shoal__Fleet__Traces *order)
{
	struct trace_key keys[TRACE_KEYS] = { 0 };
	int error = keys_read(fleet, order, keys);

	shoal__fleet__traced__init(&fleet->traced.traced);
	if (!error)
		error = keys_post(fleet, keys);
	if (error)
		return error;
	fleet->traced.ordered_ns = order->n_keys ? clock_ns() : 0;
	packets_fill(fleet);
	counts_fill(fleet);
	return 0;
}

void fleet_traced_sent(struct fleet *fleet)
{
	struct fleet_traced *traced = &fleet->traced;

	while (traced->cells > 0)
		trace_give(fleet->part.traces, traced->cell[--traced->cells]);
}

// The last copies are thrown away when somebody orders again.
void fleet_trace_tick(struct fleet *fleet, uint64_t now_ns)
{
	static const struct trace_key none[TRACE_KEYS];

	if (fleet->traced.ordered_ns && now_ns - fleet->traced.ordered_ns > TRACE_FORGET_NS && !keys_post(fleet, none))
		fleet->traced.ordered_ns = 0;
}
