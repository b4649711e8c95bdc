// sheets.c - sheets by hand. Pure.
#include "tests/stand/sheets.h"
#include <string.h>

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
	};
	size_t length = 0;

	head->bytes = (uint16_t)sheet_bytes(head);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		memcpy(sheets->bytes + length, parts[i].from, parts[i].bytes);
		length += parts[i].bytes;
	}
	return length;
}
