// sheets.c - sheets by hand. Pure.
#include "tests/stand/sheets.h"
#include <string.h>
#include "tests/stand/stand.h"

void sheets_plain(struct sheets *sheets)
{
	*sheets = (struct sheets){ .head = { .version = SHEET_VERSION,
					     .pdrs = 2,
					     .fars = 2,
					     .tunnels = 1,
					     .episode = 1,
					     .way = { 1, 2 },
					     .open = { 3, 3 } } };
	sheets->tunnel[0] = 3;
	sheets->pdr[0] = (struct sheet_pdr){ .id = 1, .far = 0, .qfis = UINT64_MAX };
	sheets->pdr[1] = (struct sheet_pdr){ .id = 2, .far = 1, .qfis = UINT64_MAX };
	sheets->far[0] = (struct sheet_far){ .id = 1, .action = SHEET_FORWARD };
	sheets->far[1] = (struct sheet_far){ .id = 2,
					     .action = SHEET_FORWARD,
					     .outer = SHEET_OUTER_GTPU4,
					     .flags = SHEET_HAS_PEER,
					     .peer_teid = 0xbeef,
					     .peer_ipv4 = 0xc6336402 };
}

static void group_counted(uint8_t *groups, unsigned n)
{
	if (*groups < n / 8 + 1)
		*groups = (uint8_t)(n / 8 + 1);
}

void sheets_filter4(struct sheets *sheets, unsigned n, uint64_t pdrs)
{
	struct sheet_filters4 *group = &sheets->filters4[n / 8];

	group_counted(&sheets->head.groups4, n);
	group->remote_ports[n % 8] = group->local_ports[n % 8] = SHEETS_ANY;
	group->pdrs_low[n % 8] = (uint32_t)pdrs;
	group->pdrs_high[n % 8] = (uint32_t)(pdrs >> 32);
}

void sheets_filter6(struct sheets *sheets, unsigned n, uint64_t pdrs)
{
	struct sheet_filters6 *group = &sheets->filters6[n / 8];

	group_counted(&sheets->head.groups6, n);
	group->remote_ports[n % 8] = group->local_ports[n % 8] = SHEETS_ANY;
	group->pdrs_low[n % 8] = (uint32_t)pdrs;
	group->pdrs_high[n % 8] = (uint32_t)(pdrs >> 32);
}

size_t sheets_write(struct sheets *sheets)
{
	struct sheet *head = &sheets->head;
	const struct {
		const void *from;
		size_t bytes;
	} parts[] = {
		{ head, sizeof(*head) },
		{ sheets->tunnel, head->tunnels * sizeof(*sheets->tunnel) },
		{ sheets->pdr, head->pdrs * sizeof(*sheets->pdr) },
		{ sheets->far, head->fars * sizeof(*sheets->far) },
		{ sheets->qer, head->qers * sizeof(*sheets->qer) },
		{ sheets->urr, head->urrs * sizeof(*sheets->urr) },
		{ sheets->filters4, head->groups4 * sizeof(*sheets->filters4) },
		{ sheets->filters6, head->groups6 * sizeof(*sheets->filters6) },
		{ sheets->route, head->routes * sizeof(*sheets->route) },
	};
	size_t length = 0;

	head->bytes = (uint16_t)sheet_all_bytes(head);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		memcpy(sheets->bytes + length, parts[i].from, parts[i].bytes);
		length += parts[i].bytes;
	}
	return length;
}

static uint8_t qer_flags(unsigned i, unsigned k)
{
	if (k)
		return SHEET_QFI | (i % 2 ? SHEET_RQI : 0);
	return i % 3 ? SHEET_REMARK : SHEET_AWARE;
}

void sheets_mixed(struct sheets *sheets, unsigned i)
{
	sheets_plain(sheets);
	sheets->head.pdrs = sheets->head.fars = 6;
	sheets->head.tunnels = 2;
	sheets->tunnel[0] = 0x07, sheets->tunnel[1] = 0x38;
	sheets->head.way[SHEET_UPLINK] = 0x15, sheets->head.way[SHEET_DOWNLINK] = 0x2a;
	sheets->head.open[0] = sheets->head.open[1] = i % 4 ? 0x36 : 0x14;
	for (unsigned k = 0; k < 6; k++) {
		sheets->pdr[k] = (struct sheet_pdr){ .id = (uint16_t)(k + 1),
						     .far = (uint8_t)k,
						     .qers = (k + i) & 3,
						     .urrs = (k + i / 2) & 3,
						     .qfis = k == 2 ? 0x3e : UINT64_MAX };
		sheets->far[k] = (struct sheet_far){ .id = k + 1,
						     .action = k == 5 ? SHEET_BUFFER : SHEET_FORWARD,
						     .outer = (uint8_t)((k + i) % 3),
						     .flags = (k + i) % 3 ? SHEET_HAS_PEER : SHEET_DSCP,
						     .dscp = 8,
						     .peer_teid = 7,
						     .peer_ipv4 = STAND_PEER,
						     .peer_ipv6 = { 1, 2 } };
	}
	if (!(sheets->far[5].flags & SHEET_HAS_PEER)) { // it says how packets wait
		sheets->far[5].lasts = i & 1;
		sheets->far[5].waits = i % 5;
	}
	sheets_filter4(sheets, 3, 0x09);
	sheets_filter6(sheets, 3, 0x09);
	sheets->filters4[0].remote_ports[3] = sheets->filters6[0].local_ports[3] = 40000u << 16 | 22;
	sheets->head.qers = sheets->head.urrs = 2;
	for (unsigned k = 0; k < 2; k++) {
		sheets->qer[k] = (struct sheet_qer){ .id = k + 1,
						     .flags = qer_flags(i, k),
						     .qfi = 9,
						     .mark = (uint8_t)(k * 3),
						     .cir_bps = { i % 5 ? 6400000 : 0, 640000 },
						     .cbs_bytes = { 1500, 1500 },
						     .ebs_bytes = { 3000, 3000 } };
		sheets->urr[k] = (struct sheet_urr){ .id = k + 1,
						     .serial = k + 1,
						     .flags = k       ? SHEET_QUOTA
							      : i % 7 ? 0
								      : SHEET_STOPPED,
						     .quota = { 1 << 20, 1 << 20, 1 << 20 } };
	}
	sheets_write(sheets);
}
