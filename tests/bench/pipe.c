// pipe.c - what a packet costs in the packet path alone: ns by the clock, instructions under callgrind.
//
// usage: bench-pipe up|down|mixed [SESSIONS [BURSTS [v6]]]      SESSIONS: up to 65536; random ones, all policed
//   valgrind --tool=callgrind --toggle-collect=pipe_burst bench-pipe up 1024 1000
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"
#include "tests/stand/stand.h"
#include "workers/tunnel.h"

#define USER_BYTES 92u

static struct stand stand;
static uint8_t frames[2][2][TUNNEL_BYTES + USER_BYTES]; // by way and family, addresses left open

static void frames_make(void)
{
	struct ip4_fields fields = { 0, 0, USER_BYTES, 0, 64, IP_UDP };
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, 0, 2152, 0 };

	for (unsigned way = 0; way < 2; way++) {
		ip4_put(frames[way][0] + TUNNEL_BYTES, &fields);
		be32_put(frames[way][1] + TUNNEL_BYTES, 6u << 28);
		be32_put(frames[way][1] + TUNNEL_BYTES + 4, (USER_BYTES - IP6_HEADER) << 16 | IP_UDP << 8 | 64);
		for (unsigned v6 = 0; v6 < 2; v6++)
			tunnel_close(frames[way][v6] + TUNNEL_BYTES, USER_BYTES, &ends);
	}
}

static void sessions_make(unsigned sessions)
{
	struct bearer_rate rate = { 10000000000, 1000000, 1000000 };

	for (unsigned i = 0; i < sessions; i++) {
		unsigned shard = i % SHARDS, slot = i / SHARDS;
		struct lines lines = stand_lines(&stand, shard);
		struct bearer bearer = stand_bearer(&stand, shard, slot);

		bearer.uplink.rate = bearer.downlink.rate = 1;
		bearer.uplink.mark = bearer.downlink.mark = BEARER_MARK_AF1;
		if (lines_rate_set(&lines, 1, &rate) || lines_set(&lines, slot, &bearer))
			abort();
	}
}

static void addresses_put(uint8_t *packet, const struct bearer *bearer, bool up, bool v6)
{
	struct ip4_fields fields = { 0xcb007109, bearer->ue_ipv4, USER_BYTES, 0, 64, IP_UDP };

	if (v6) {
		be64_put(packet + (up ? 8 : 24), bearer->ue_ipv6);
		return;
	}
	if (up)
		fields = (struct ip4_fields){ bearer->ue_ipv4, 0xcb007109, USER_BYTES, 0, 64, IP_UDP };
	ip4_put(packet, &fields);
}

// A burst for random sessions, written by this core: headers are in its cache, session lines are where they are.
static void burst_make(struct lane_handle *handles, unsigned sessions, int way, bool v6)
{
	for (unsigned i = 0; i < LANE_BURST; i++) {
		unsigned session = (unsigned)random() % sessions;
		bool up = way == 2 ? random() & 1 : way == 0;
		struct bearer bearer = stand_bearer(&stand, session % SHARDS, session / SHARDS);
		uint8_t *frame = frames[up][v6], *packet = frame + TUNNEL_BYTES;

		addresses_put(packet, &bearer, up, v6);
		be32_put(packet - 4, bearer.teid);
		if (up)
			handles[i] = stand_lend(&stand, i, LANE_UPLINK, frame, TUNNEL_BYTES + USER_BYTES);
		else
			handles[i] = stand_lend(&stand, i, LANE_DOWNLINK, packet, USER_BYTES);
		handles[i].hint = up ? bearer.teid : session % SHARDS;
	}
}

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

int main(int argc, char **argv)
{
	unsigned sessions = argc > 2 ? (unsigned)atoi(argv[2]) : 65536,
		 bursts = argc > 3 ? (unsigned)atoi(argv[3]) : 20000;
	int way = argc > 1 && !strcmp(argv[1], "down") ? 1 : argc > 1 && !strcmp(argv[1], "mixed") ? 2 : 0;
	uint64_t hz, forwarded = 0, *spent = calloc(bursts, sizeof(*spent));
	struct lane_handle handles[LANE_BURST];

	if (!spent || bursts < 1 || sessions < 1 || sessions > STAND_FIRST_FOREIGN * SHARDS)
		return 2;
	stand_open(&stand);
	frames_make();
	sessions_make(sessions);
	hz = clock_hz();
	for (unsigned b = 0; b < bursts; b++) {
		uint64_t began;

		burst_make(handles, sessions, way, argc > 4);
		began = clock_ticks();
		pipe_burst(&stand.pipe, handles, LANE_BURST, began);
		spent[b] = clock_ticks() - began;
		for (unsigned i = 0; i < LANE_BURST; i++)
			forwarded += handles[i].code == VERDICT_FORWARD;
	}
	qsort(spent, bursts, sizeof(*spent), by_size);
	printf("%llu packets, %llu forwarded, median %.1f ns a packet, best tenth %.1f\n",
	       (unsigned long long)bursts * LANE_BURST, (unsigned long long)forwarded,
	       (double)spent[bursts / 2] * 1e9 / (double)hz / LANE_BURST,
	       (double)spent[bursts / 10] * 1e9 / (double)hz / LANE_BURST);
	free(spent);
	stand_close(&stand);
	return forwarded != (uint64_t)bursts * LANE_BURST;
}
