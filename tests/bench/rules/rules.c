// rules.c - what a packet costs whose session has a sheet, with one rule and with many: for callgrind --toggle-collect=measured.
//
// usage: bench-rules WAY RULES BURSTS
// WAY: uplink, downlink: each rule has a filter; flows: uplink, each rule has a QFI. RULES: 1 to 63; the last one is the packet's. All are
// policed by two QERs, counted by a URR, marked, and downlink has a QFI.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/stand/stand.h"
#include "workers/pipe/pipe_parts.h"

#define SESSIONS 64u
#define SLOT 3u

static struct stand stand;
static struct sheets sheets;

static void rule_add(unsigned i, unsigned rules, bool flows)
{
	sheets.pdr[i] = (struct sheet_pdr){
		.id = (uint16_t)(i + 1), .far = 1, .qers = 3, .urrs = 1, .qfis = flows ? 1ull << i : UINT64_MAX
	};
	if (flows) {
		sheets.head.open[0] |= 1ull << i;
		return;
	}
	sheets_filter4(&sheets, i, 1ull << i);
	sheets.filters4[i / 8].remote[i % 8] = STAND_SERVER;
	sheets.filters4[i / 8].mask[i % 8] = UINT32_MAX;
	sheets.filters4[i / 8].kind[i % 8] = IP_UDP | 0xff << 8;
	if (i != rules - 1) // somebody else's port
		sheets.filters4[i / 8].remote_ports[i % 8] = (i + 100) << 16 | (i + 100);
}

static void sheet_make(unsigned way, unsigned rules, bool flows)
{
	sheets_plain(&sheets);
	sheets.head.pdrs = (uint8_t)rules;
	sheets.head.open[0] = sheets.head.open[1] = 0;
	sheets.head.way[way] = sheets.tunnel[0] = (1ull << rules) - 1;
	sheets.head.way[!way] = 0;
	if (way == LINE_UPLINK)
		sheets.far[1] = (struct sheet_far){ .id = 2, .action = SHEET_FORWARD };
	sheets.head.qers = 2;
	for (unsigned i = 0; i < 2; i++)
		sheets.qer[i] = (struct sheet_qer){ .id = i + 1,
						    .flags = SHEET_QFI,
						    .qfi = 9,
						    .mark = BEARER_MARK_AF1,
						    .cir_bps = { 10000000000, 10000000000 },
						    .cbs_bytes = { 1000000, 1000000 } };
	sheets.head.urrs = 1;
	sheets.urr[0] = (struct sheet_urr){ .id = 1, .serial = 1, .flags = SHEET_QUOTA };
	memset(sheets.urr[0].quota, 0xff, sizeof(sheets.urr[0].quota));
	for (unsigned i = 0; i < rules; i++)
		rule_add(i, rules, flows);
	sheets_write(&sheets);
}

static void sessions_make(void)
{
	const char *field = "";

	if (sheet_check(sheets.bytes, sheets.head.bytes, &field)) {
		fprintf(stderr, "bench-rules: %s\n", field);
		exit(1);
	}
	for (unsigned n = 0; n < SESSIONS; n++) {
		struct bearer bearer = stand_bearer(&stand, n, SLOT);
		struct lines lines = stand_lines(&stand, n);

		if (lines_set(&lines, SLOT, &bearer))
			abort();
		stand_rules(&stand, n, SLOT, 0, &sheets);
	}
}

static struct lane_handle lend_up(const struct bearer *bearer, uint32_t room, uint8_t qfi)
{
	uint8_t bytes[TUNNEL_BYTES_QFI + STAND_USER_BYTES];
	struct tunnel_ends ends = { STAND_PEER, STAND_GTPU, bearer->teid, 2152, 0 };
	struct lane_handle handle;

	stand_user_packet(bytes + TUNNEL_BYTES_QFI, bearer->ue_ipv4, STAND_SERVER, 64);
	tunnel_put(bytes, sizeof(bytes), &ends);
	gtpu_put_container(bytes + TUNNEL_BYTES_QFI - GTPU_HEADER_QFI,
			   (uint8_t)(GTPU_CONTAINER | GTPU_CONTAINER_UP | qfi));
	handle = stand_lend(&stand, room, LANE_UPLINK, bytes, sizeof(bytes));
	handle.hint = bearer->teid;
	return handle;
}

static __attribute__((noipa)) void measured(struct lane_handle *handles, uint64_t now)
{
	pipe_burst(&stand.pipe, handles, LANE_BURST, now);
}

int main(int argc, char **argv)
{
	unsigned rules = argc == 4 ? (unsigned)atoi(argv[2]) : 0, bursts = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	bool down = rules && !strcmp(argv[1], "downlink");

	if (!rules || rules > 63) {
		fprintf(stderr, "usage: bench-rules uplink|downlink|flows RULES BURSTS\n");
		return 2;
	}
	stand_open_ruled(&stand);
	sheet_make(down ? LINE_DOWNLINK : LINE_UPLINK, rules, !strcmp(argv[1], "flows"));
	sessions_make();
	for (unsigned b = 1; b <= bursts; b++) {
		struct lane_handle handles[LANE_BURST];

		for (unsigned i = 0; i < LANE_BURST; i++) {
			struct bearer bearer = stand_bearer(&stand, (b * 7 + i * 5) % SESSIONS, SLOT);

			handles[i] = down ? stand_lend_down(&stand, i, bearer.ue_ipv4, 64)
					  : lend_up(&bearer, i, (uint8_t)(rules - 1));
		}
		measured(handles, b * STAND_HZ / 1000000);
		for (unsigned i = 0; i < LANE_BURST; i++)
			if (handles[i].code != VERDICT_FORWARD)
				abort();
	}
	stand_close(&stand);
	return 0;
}
