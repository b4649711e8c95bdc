// same.c - random bursts through every form, each on a plane of its own: handles, rooms and, in the end, all sessions must be
// the same to the last byte. Sessions are policed, closed, marked, with flows, foreign, unowned; a third of the packets is damaged.
//
// usage: forms-same BURSTS SEED [spoil]      spoil: one bit of one result is turned, so that the test shows that it looks
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/plane/verdict.h"
#include "tests/bench/graph/forms.h"
#include "tests/stand/stand.h"
#include "workers/pipe/tunnel.h"

#define SESSIONS 512u
#define UNOWNED 77u // shard
#define BYTES_MAX 400u

struct sample {
	uint8_t bytes[BYTES_MAX];
	struct lane_handle handle;
};

static struct contestant {
	const char *name;
	unsigned lcore;
	struct form form;
	struct stand stand;
	struct lane_handle handles[LANE_BURST];
} contestants[] = { { .name = "fused" },
		    { .name = "graph" },
		    { .name = "split" },
		    { .name = "split", .lcore = 1 },
		    { .name = "dispatch", .lcore = 1 } };

#define CONTESTANTS (sizeof(contestants) / sizeof(*contestants))

static struct bearer bearers[SESSIONS];
static uint64_t state;

static uint32_t pick(uint32_t below)
{
	return stand_pick(&state, below);
}

static void sessions_plan(const struct stand *stand)
{
	for (uint32_t i = 0; i < SESSIONS; i++) {
		unsigned shard = i % SHARDS;
		bool foreign = pick(8) == 0;
		uint32_t slot = foreign ? STAND_FIRST_FOREIGN + i / SHARDS : i / SHARDS;

		bearers[i] = foreign ? stand_foreign_bearer(stand, shard, slot, 1) : stand_bearer(stand, shard, slot);
		if (foreign) {
			bearers[i].ue_ipv4 += shard << 8;
			bearers[i].ue_ipv6 += shard << 8;
		}
		bearers[i].uplink = stand_way_random(&state);
		bearers[i].downlink = stand_way_random(&state);
		if (pick(4) == 0) {
			bearers[i].downlink.flags |= BEARER_QFI;
			bearers[i].qfi = (uint8_t)pick(64);
		}
		bearers[i].peer_ipv4 = pick(16) ? STAND_PEER : 0;
	}
}

static bool sessions_make(struct stand *stand)
{
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct lines lines = {
			.region = &stand->pipe.shard[i % SHARDS], .shape = &stand->shape, .net = &stand->net, .life = 1
		};
		uint32_t slot = shard_slot_of_teid(bearers[i].teid, stand->net.slot_bits);

		for (uint32_t rate = 1; rate < 3 && i < SHARDS; rate++)
			if (lines_rate_set(&lines, rate, &(struct bearer_rate){ 1000000 * rate, 3000, 2000 * rate }))
				return false;
		if (lines_set(&lines, slot, &bearers[i]))
			return false;
	}
	pipe_disown(&stand->pipe, UNOWNED);
	return true;
}

static unsigned user_make(uint8_t *bytes, const struct bearer *bearer, bool up)
{
	unsigned length = 48 + pick(200);
	uint8_t ttl = (uint8_t)(pick(20) ? 64 : pick(2)), tos = (uint8_t)pick(256);
	uint32_t ends[2] = { STAND_SERVER, STAND_SERVER };
	struct ip4_fields v4;

	for (unsigned i = 0; i < length; i++)
		bytes[i] = (uint8_t)pick(256);
	if (pick(2)) {
		ends[!up] = bearer->ue_ipv4;
		v4 = (struct ip4_fields){ ends[0], ends[1], (uint16_t)length,
					  tos,     ttl,     (uint8_t)(pick(4) ? IP_UDP : IP_TCP) };
		ip4_put(bytes, &v4);
		return length;
	}
	be32_put(bytes, 6u << 28 | (uint32_t)tos << 20 | pick(1 << 20));
	be32_put(bytes + 4, (length - IP6_HEADER) << 16 | IP_UDP << 8 | ttl);
	be64_put(bytes + (up ? 8 : 24), bearer->ue_ipv6);
	return length;
}

// A third of the packets is not as it should be: a byte, its length, or what the primary says of it.
static void sample_damage(struct sample *sample)
{
	switch (pick(15)) {
	case 0:
	case 1:
	case 2:
		sample->bytes[pick(pick(2) ? 48 : 100)] ^= (uint8_t)(1u << pick(8));
		break;
	case 3:
		sample->handle.length = (uint16_t)pick(sample->handle.length + 1u);
		break;
	case 4:
		sample->handle.hint = pick(2) ? pick(UINT32_MAX) : pick(SHARDS);
	}
}

static struct sample sample_make(uint32_t room)
{
	const struct bearer *bearer = &bearers[pick(SESSIONS)];
	bool up = pick(2);
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, bearer->teid, GTPU_PORT, (uint8_t)pick(256) };
	struct sample sample = { .handle = {
				     .room = room, .offset = STAND_OFFSET, .turn = (uint16_t)room, .port = 2 } };
	unsigned length = user_make(sample.bytes + (up ? TUNNEL_BYTES : 0), bearer, up);

	if (up)
		tunnel_close(sample.bytes + TUNNEL_BYTES, length, &ends);
	sample.handle.code = up ? LANE_UPLINK : LANE_DOWNLINK;
	sample.handle.hint = up ? bearer->teid : shard_of_teid(bearer->teid);
	sample.handle.length = (uint16_t)(length + (up ? TUNNEL_BYTES : 0));
	sample_damage(&sample);
	return sample;
}

// Loans that are none: nothing may be touched for them.
static void handle_forge(struct lane_handle *handle)
{
	if (pick(200))
		return;
	if (pick(2))
		handle->room = pick(UINT32_MAX);
	else
		handle->code = (uint8_t)pick(256);
	if (pick(2))
		handle->length = (uint16_t)pick(1 << 16);
}

static void burst_run(struct contestant *who, const struct sample *samples, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++) {
		memset(room_at(&who->stand.rooms, i), 0xa5, ROOM_STRIDE);
		memcpy(room_at(&who->stand.rooms, i) + STAND_OFFSET, samples[i].bytes, BYTES_MAX);
		who->handles[i] = samples[i].handle;
	}
	who->form.frozen = now;
	form_begin(&who->form, who->handles, NULL);
	who->form.kind->feed(&who->form, n);
	who->form.kind->end(&who->form);
}

static bool burst_same(const struct contestant *who, const struct contestant *first, unsigned n)
{
	return !memcmp(who->handles, first->handles, n * sizeof(*who->handles)) &&
	       !memcmp(room_at(&who->stand.rooms, 0), room_at(&first->stand.rooms, 0), (size_t)n * ROOM_STRIDE);
}

static bool burst_try(unsigned number, bool spoil, uint64_t verdicts[VERDICT_COUNT])
{
	struct sample samples[LANE_BURST];
	unsigned n = 1 + pick(LANE_BURST);
	bool same = true;

	for (unsigned i = 0; i < n; i++) {
		samples[i] = sample_make(i);
		handle_forge(&samples[i].handle);
	}
	for (unsigned k = 0; k < CONTESTANTS; k++) {
		struct contestant *who = &contestants[k];

		if (!who->form.kind)
			continue;
		burst_run(who, samples, n, (number + 1) * STAND_HZ / 100000);
		if (spoil && k == 1)
			room_at(&who->stand.rooms, n - 1)[STAND_OFFSET + 3] ^= 4;
		if (!burst_same(who, contestants, n))
			same = !fprintf(stderr, "burst %u: %s@%u is not as %s\n", number, who->name, who->lcore,
					contestants->name);
	}
	for (unsigned i = 0; i < n; i++)
		verdicts[contestants->handles[i].code]++;
	return same;
}

static unsigned contestants_make(void)
{
	unsigned there = 0;

	for (unsigned k = 0; k < CONTESTANTS; k++) {
		struct contestant *who = &contestants[k];

		who->form =
		    (struct form){ .kind = form_kind_named(who->name), .lcore = who->lcore, .pipe = &who->stand.pipe };
		if (!who->form.kind)
			continue;
		stand_open(&who->stand);
		if (!k)
			sessions_plan(&who->stand);
		if (!sessions_make(&who->stand) || who->form.kind->open(&who->form))
			return 0;
		there++;
	}
	return there;
}

int main(int argc, char **argv)
{
	unsigned bursts = argc > 2 ? (unsigned)atoi(argv[1]) : 0, there, faults = 0, kinds = 0;
	uint64_t verdicts[256] = { 0 };

	state = argc > 2 ? strtoull(argv[2], NULL, 0) * 2 + 1 : 0;
	if (!bursts || !forms_eal(NULL))
		return 2;
	there = contestants_make();
	for (unsigned i = 0; i < bursts && there && faults < 10; i++)
		faults += !burst_try(i, argc > 3 && i == bursts / 2, verdicts);
	for (unsigned k = 1; k < CONTESTANTS; k++)
		if (contestants[k].form.kind &&
		    memcmp(contestants[k].stand.zone, contestants->stand.zone, contestants->stand.zone_bytes))
			faults += (unsigned)!!fprintf(stderr, "sessions of %s@%u differ\n", contestants[k].name,
						      contestants[k].lcore);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		kinds += verdicts[i] != 0;
	printf("%u bursts through %u forms, %u kinds of verdict, %lu forwarded, %u faults\n", bursts, there, kinds,
	       verdicts[VERDICT_FORWARD], faults);
	return faults || there < 4 || kinds < 14;
}
