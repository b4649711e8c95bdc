// plane.c - workers on a plane of ordinary memory, and as much of a primary as they need. State: struct sim.
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/plane/verdict.h"
#include "shared/wire/ip.h"
#include "tests/sim/sim.h"
#include "tests/unit/fake_plane.h"

#define PACKET_BYTES 100u

static void shape_take(struct sim *sim)
{
	const struct truth *truth = &sim->stand.truth;
	struct plane *plane = sim->view.plane;
	void *shards = sim->view.shards[0].header;
	uint64_t stride = region_stride(&plane->shape); // there is memory for that many

	plane->shape = (struct region_shape){ .slots = truth->grid.slots,
					      .foreign = sim->stand.conf.foreign_slots,
					      .rates = (uint16_t)sim->stand.conf.rates,
					      .sheet = (uint16_t)(sim->stand.conf.rules_bytes / 64),
					      .buckets = region_buckets(sim->stand.conf.foreign_slots) };
	if (region_stride(&plane->shape) > stride)
		abort();
	plane->net.gtpu_ipv4 = sim->stand.conf.gtpu_address;
	plane->net.slot_bits = truth->grid.slot_bits;
	plane->net.pools = truth->place.pools;
	memcpy(plane->net.pool, truth->place.pool, sizeof(plane->net.pool));
	memset(shards, 0, SHARDS * region_stride(&plane->shape));
	for (unsigned s = 0; s < SHARDS; s++)
		sim->view.shards[s] = region_at(shards, &plane->shape, s);
}

static void worker_begin(struct sim *sim, unsigned seat)
{
	const struct loop_wires wires = { -1, -1, -1, -1 };

	loop_open(&sim->worker[seat].loop, &sim->view, seat, &wires);
	sim->worker[seat].up = true;
}

static bool space(struct sim *sim, unsigned seat)
{
	return lane_space(&sim->worker[seat].lane) > 0;
}

static void own(struct sim *sim, unsigned shard, unsigned seat)
{
	struct lane *lane = &sim->worker[seat].lane;

	sim->owner[shard] = (uint8_t)seat;
	sim->target[shard] = PLANE_SEAT_NONE;
	space(sim, seat);
	lane_put(lane, (struct lane_handle){ .hint = shard, .code = LANE_OWN });
	lane_publish(lane);
	atomic_store(&sim->view.plane->owner[shard], (uint8_t)seat);
}

void plane_open(struct sim *sim)
{
	fake_plane_make(&sim->view);
	shape_take(sim);
	for (unsigned seat = 0; seat < SIM_SEATS; seat++) {
		atomic_store(&sim->view.plane->nest[seat], (uint8_t)(seat / 2));
		lane_init(&sim->worker[seat].lane, sim->view.seats[seat], -1);
		worker_begin(sim, seat);
	}
	for (unsigned shard = 0; shard < SHARDS; shard++)
		own(sim, shard, shard % SIM_SEATS);
}

static void came_back(struct sim *sim, unsigned seat, const struct lane_handle *back)
{
	struct lease *lease = &sim->worker[seat].lane.lease;
	const struct lane_handle *lent = lease_find(lease, back);
	struct lane_handle was = *lent;

	lease_end(lease, lent);
	if (was.code == LANE_CUT && sim->target[was.hint] != PLANE_SEAT_NONE)
		own(sim, was.hint, sim->target[was.hint]);
	else if (!lease_fence(&was) && back->code == VERDICT_FORWARD && sim->payer[was.room])
		sim->payer[was.room]->forwarded++;
}

static void primary_takes(struct sim *sim, unsigned seat)
{
	struct lane_handle back[LANE_BURST];
	int n;

	while ((n = lane_take(&sim->worker[seat].lane, back)) > 0)
		for (int i = 0; i < n; i++)
			came_back(sim, seat, &back[i]);
}

static void turn(struct sim *sim, unsigned seat)
{
	struct loop *loop = &sim->worker[seat].loop;

	loop_turn(loop);
	loop_keep_house(loop, clock_ticks());
}

void plane_work(struct sim *sim, unsigned seat)
{
	if (!sim_do(sim, turn, seat))
		plane_kill(sim, seat);
	else
		primary_takes(sim, seat);
}

// What it was lent and did not return goes to the new owners, in order; fences are decided anew.
void plane_kill(struct sim *sim, unsigned seat)
{
	struct worker *worker = &sim->worker[seat];
	struct lane_handle again[LANE_SLOTS], lent;
	unsigned count = 0, to = (seat + 1 + (unsigned)sim_draw(sim, SIM_SEATS - 1)) % SIM_SEATS;
	bool in_hand;

	sim->kills[2]++;
	sim->deaths++;
	primary_takes(sim, seat);
	while (lease_pop(&worker->lane.lease, &lent, &in_hand))
		if (!lease_fence(&lent))
			again[count++] = lent;
	lane_reset(&worker->lane);
	worker_begin(sim, seat);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		if (sim->owner[shard] == seat)
			own(sim, shard, sim->target[shard] != PLANE_SEAT_NONE ? sim->target[shard] : to);
	while (count-- > 0) {
		unsigned owner = sim->owner[again[count].hint];

		if (space(sim, owner))
			lane_put(&sim->worker[owner].lane, again[count]);
		lane_publish(&sim->worker[owner].lane);
	}
}

void plane_move(struct sim *sim, unsigned shard, unsigned seat)
{
	struct lane *lane = &sim->worker[sim->owner[shard]].lane;

	if (sim->owner[shard] == seat || sim->target[shard] != PLANE_SEAT_NONE || !space(sim, sim->owner[shard]) ||
	    lane_space(lane) < LANE_SLOTS / 2)
		return;
	sim->target[shard] = (uint8_t)seat;
	atomic_store(&sim->view.plane->owner[shard], PLANE_SEAT_NONE);
	lane_put(lane, (struct lane_handle){ .hint = shard, .code = LANE_CUT });
	lane_publish(lane);
}

void plane_packet(struct sim *sim, struct client *client)
{
	struct ip4_fields fields = { .source = 0xc6336401, .destination = client->ipv4, .ttl = 64, .protocol = 17 };
	uint32_t room = sim->next_room++ % FAKE_ROOMS;
	struct lane *lane = &sim->worker[sim->owner[client->shard]].lane;
	struct lane_handle handle = { .room = room,
				      .hint = client->shard,
				      .offset = ROOM_HEADROOM,
				      .length = PACKET_BYTES,
				      .code = LANE_DOWNLINK };

	// Until its owner has heard of the session, its address may still be that of the last one there.
	if (sim->view.shards[client->shard].rest[client->slot].teid != client->teid)
		return;
	// Behind a fence its shard is another's; the real primary holds it meanwhile.
	if (sim->target[client->shard] != PLANE_SEAT_NONE || !space(sim, sim->owner[client->shard]) ||
	    lane_space(lane) < LANE_SLOTS - FAKE_ROOMS / SIM_SEATS)
		return;
	fields.length = PACKET_BYTES;
	memset(room_at(&sim->view.rooms, room), 0, ROOM_STRIDE);
	ip4_put(room_at(&sim->view.rooms, room) + ROOM_HEADROOM, &fields);
	sim->payer[room] = client;
	lane_put(lane, handle);
	lane_publish(lane);
}

bool plane_agrees(struct sim *sim)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		const struct region_header *header = sim->view.shards[shard].header;
		const struct chain *chain = &sim->stand.truth.chains.chain[shard];

		if (header->owner != sim->owner[shard] || sim->target[shard] != PLANE_SEAT_NONE ||
		    header->digest != chain->digest || header->sessions != chain->sessions)
			return false;
	}
	return true;
}
