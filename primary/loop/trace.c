// trace.c - finds whose packets are traced, and carries copies of them from the loop to the fleet thread.
#include "primary/loop/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shared/plane/plane.h"
#include "shared/wire/ip.h"
#include "shared/wire/sheet.h"

#define TRACE_WINDOW_NS (TRACE_WINDOW_MS * 1000000ull)

_Static_assert(TRACE_KEYS <= 8, "a set of them is a byte");
_Static_assert(TRACE_CELLS < UINT16_MAX, "a room's cell and 1 are sixteen bits");

int traces_init(struct traces *traces, const struct hold *hold, const struct plane_net *net)
{
	memset(traces, 0, sizeof(*traces));
	traces->hold = hold;
	traces->teid_bits = ~sheet_tunnel_teid(0, SHEET_TUNNELS - 1, net->slot_bits);
	traces->place_bits = (1u << (SHARD_BITS + net->slot_bits)) - 1;
	traces->places = net->places;
	traces->at = calloc(hold->cells, sizeof(*traces->at));
	traces->cell = calloc(TRACE_CELLS, sizeof(*traces->cell)); // no page of it is there before it is written
	if (!traces->at || !traces->cell)
		return -ENOMEM;
	for (uint16_t i = 0; i < TRACE_CELLS; i++)
		traces->free[traces->frees++] = i;
	return 0;
}

void traces_fini(struct traces *traces)
{
	free(traces->at);
	free(traces->cell);
}

static void count_add(_Atomic uint64_t *count)
{
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

// Another trace, or none, has the place now: what is under way for the one before is nobody's.
static void place_renew(struct traces *traces, unsigned place)
{
	for (unsigned i = 0; i < TRACE_CELLS; i++)
		traces->cell[i].keys &= (uint8_t) ~(1u << place);
	traces->window_ns[place] = 0;
	traces->used[place] = 0;
	atomic_store_explicit(&traces->count[place].packets, 0, memory_order_relaxed);
	atomic_store_explicit(&traces->count[place].lost, 0, memory_order_relaxed);
}

bool traces_keys(struct traces *traces, const struct trace_key key[TRACE_KEYS])
{
	traces->shards = (struct bits){ 0 };
	for (unsigned i = 0; i < TRACE_KEYS; i++) {
		if (key[i].number != traces->key[i].number)
			place_renew(traces, i);
		traces->key[i] = key[i];
		if (key[i].number)
			bits_set(&traces->shards, shard_of_teid(key[i].teid));
	}
	return bits_any(&traces->shards);
}

static bool key_is_teid(const struct traces *traces, const struct trace_key *key, uint32_t teid)
{
	return ((key->teid ^ teid) & traces->teid_bits) == 0;
}

static bool key_is_down(const struct traces *traces, const struct trace_key *key, const struct lane_handle *lent,
			const uint8_t *packet)
{
	if (traces->places)
		return (key->teid & traces->place_bits) == lent->hint;
	if (lent->length >= IP4_HEADER && packet[0] >> 4 == 4)
		return key->ipv4 && be32_get(packet + 16) == key->ipv4;
	if (lent->length >= IP6_HEADER && packet[0] >> 4 == 6)
		return key->ipv6 && be64_get(packet + 24) == key->ipv6;
	return false;
}

unsigned trace_whose(const struct traces *traces, const struct lane_handle *lent, const uint8_t *packet)
{
	unsigned kind = lent->code & LEASE_KIND, set = 0;

	if (kind != LANE_UPLINK && !lane_kind_down(kind))
		return 0;
	for (unsigned i = 0; i < TRACE_KEYS; i++) {
		const struct trace_key *key = &traces->key[i];

		if (!key->number)
			continue;
		if (kind == LANE_DOWNLINK ? key_is_down(traces, key, lent, packet)
					  : key_is_teid(traces, key, lent->hint))
			set |= 1u << i;
	}
	return set;
}

// One more packet of this trace: whether it may be copied.
static bool place_affords(struct traces *traces, unsigned place, uint64_t now_ns)
{
	count_add(&traces->count[place].packets);
	if (now_ns - traces->window_ns[place] >= TRACE_WINDOW_NS) {
		traces->window_ns[place] = now_ns;
		traces->used[place] = 0;
	}
	if (traces->used[place] < traces->key[place].window) {
		traces->used[place]++;
		return true;
	}
	count_add(&traces->count[place].lost);
	return false;
}

static unsigned places_afford(struct traces *traces, unsigned set, uint64_t now_ns)
{
	unsigned afforded = 0;

	for (; set; set &= set - 1) {
		unsigned place = (unsigned)__builtin_ctz(set);

		afforded |= (unsigned)place_affords(traces, place, now_ns) << place;
	}
	return afforded;
}

static uint16_t *room_cell(const struct traces *traces, uint32_t room)
{
	return &traces->at[hold_index(traces->hold, room)];
}

static void ring_put(struct trace_ring *ring, uint16_t cell)
{
	uint32_t head = ring_resume(&ring->head);

	ring->cell[head % TRACE_CELLS] = cell; // there are no more cells than places
	ring_publish(&ring->head, head + 1);
}

static int ring_take(struct trace_ring *ring)
{
	uint32_t tail = ring_resume(&ring->tail);
	int cell;

	if (ring_ready(tail, &ring->head, TRACE_CELLS) <= 0)
		return -1;
	cell = ring->cell[tail % TRACE_CELLS];
	ring_publish(&ring->tail, tail + 1);
	return cell;
}

static struct trace_cell *cell_take(struct traces *traces)
{
	int cell;

	while (traces->frees < TRACE_CELLS / 2) {
		cell = ring_take(&traces->back);
		if (cell < 0)
			break;
		traces->free[traces->frees++] = (uint16_t)cell;
	}
	return traces->frees ? &traces->cell[traces->free[--traces->frees]] : NULL;
}

static void cell_open(struct traces *traces, struct trace_cell *cell, uint32_t room)
{
	cell->keys = 0;
	cell->snap = 0;
	cell->steps = 0;
	cell->seat = PLANE_SEAT_NONE;
	cell->came.length = cell->left.length = 0;
	*room_cell(traces, room) = (uint16_t)(cell - traces->cell + 1);
	traces->open++;
}

static struct trace_cell *cell_at(const struct traces *traces, uint32_t room)
{
	unsigned at = *room_cell(traces, room);

	return at ? &traces->cell[at - 1] : NULL;
}

// Without the frame's padding.
static uint16_t packet_length(const struct lane_handle *handle, const uint8_t *packet)
{
	unsigned length = handle->length;

	if (length >= IP4_HEADER && packet[0] >> 4 == 4 && be16_get(packet + 2) >= IP4_HEADER)
		length = be16_get(packet + 2);
	else if (length >= IP6_HEADER && packet[0] >> 4 == 6)
		length = IP6_HEADER + be16_get(packet + 4);
	return (uint16_t)(length < handle->length ? length : handle->length);
}

static void sight_take(struct trace_sight *sight, uint32_t snap, const struct lane_handle *handle,
		       const uint8_t *packet)
{
	sight->length = packet_length(handle, packet);
	sight->stored = (uint16_t)(sight->length < snap ? sight->length : snap);
	memcpy(sight->bytes, packet, sight->stored);
}

// Gives the packet to these traces, which afford it. Null: no cell for it.
static struct trace_cell *cell_join(struct traces *traces, uint32_t room, unsigned set)
{
	struct trace_cell *cell = cell_at(traces, room);

	if (!cell) {
		cell = cell_take(traces);
		if (cell)
			cell_open(traces, cell, room);
	}
	for (; set; set &= set - 1) {
		unsigned place = (unsigned)__builtin_ctz(set);
		uint32_t snap = traces->key[place].snap;

		if (!cell) {
			count_add(&traces->count[place].lost);
			continue;
		}
		cell->keys |= (uint8_t)(1u << place);
		cell->snap = snap > cell->snap ? snap : cell->snap;
	}
	return cell;
}

bool trace_enter(struct traces *traces, const struct lane_handle *lent, const uint8_t *packet, uint64_t now_ns)
{
	bool has = cell_at(traces, lent->room) != NULL;
	unsigned set = bits_has(&traces->shards, (uint8_t)lent->hint) ? trace_whose(traces, lent, packet) : 0;
	struct trace_cell *cell;

	set = places_afford(traces, set, now_ns);
	if (!set)
		return has;
	cell = cell_join(traces, lent->room, set);
	if (has || !cell)
		return has;
	cell->came.at_ns = now_ns;
	cell->came.core = lane_kind_down(lent->code & LEASE_KIND);
	sight_take(&cell->came, cell->snap, lent, packet);
	return true;
}

void trace_again(struct traces *traces, const struct lane_handle *lent, const uint8_t *packet, uint64_t now_ns)
{
	unsigned set;

	if (cell_at(traces, lent->room))
		return;
	set = places_afford(traces, trace_whose(traces, lent, packet), now_ns);
	if (set)
		cell_join(traces, lent->room, set);
}

void trace_void(struct traces *traces, const struct hold_cell *parked, const uint8_t *packet, uint64_t now_ns)
{
	struct lane_handle lent = parked->handle;
	struct trace_cell *cell;

	lent.code &= LEASE_KIND;
	trace_again(traces, &lent, packet, now_ns);
	cell = cell_at(traces, lent.room);
	if (!cell)
		return;
	cell->came.at_ns = parked->since_ns;
	cell->came.core = lane_kind_down(lent.code);
	sight_take(&cell->came, cell->snap, &lent, packet);
}

void trace_back(struct traces *traces, const struct trace_return *returned, uint64_t now_ns)
{
	const struct lane_handle *back = returned->back;
	struct trace_cell *cell = cell_at(traces, back->room);

	if (!cell)
		return;
	cell->seat = (uint8_t)returned->seat;
	if (back->code == VERDICT_FORWARD || back->code == VERDICT_ANSWERED) {
		cell->left.at_ns = now_ns;
		cell->left.core = returned->core;
		sight_take(&cell->left, cell->snap, back, returned->packet);
	} else if (!verdict_final(back->code) && cell->steps < TRACE_STEPS) {
		cell->step[cell->steps++] = back->code;
	}
}

bool trace_there(const struct traces *traces, uint32_t room)
{
	return cell_at(traces, room) != NULL;
}

void trace_end(struct traces *traces, uint32_t room, unsigned verdict)
{
	struct trace_cell *cell = cell_at(traces, room);

	if (!cell)
		return;
	*room_cell(traces, room) = 0;
	traces->open--;
	cell->verdict = (uint8_t)verdict;
	if (verdict != VERDICT_FORWARD && verdict != VERDICT_ANSWERED)
		cell->left.length = 0; // it was on its way, and did not get there
	for (unsigned i = 0; i < TRACE_KEYS; i++)
		cell->whose[i] = cell->keys >> i & 1 ? traces->key[i].number : 0;
	if (cell->keys)
		ring_put(&traces->done, (uint16_t)(cell - traces->cell));
	else
		traces->free[traces->frees++] = (uint16_t)(cell - traces->cell);
}

struct trace_cell *trace_pick(struct traces *traces)
{
	int cell = ring_take(&traces->done);

	return cell < 0 ? NULL : &traces->cell[cell];
}

void trace_give(struct traces *traces, const struct trace_cell *cell)
{
	ring_put(&traces->back, (uint16_t)(cell - traces->cell));
}
