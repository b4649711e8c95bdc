// sheet.c - what a sheet may say. Pure.
#include "shared/wire/sheet.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "shared/wire/bearer.h"

static uint64_t ones(unsigned count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

static const char *counts_fault(const struct sheet *sheet)
{
	if (sheet->version != SHEET_VERSION)
		return "version";
	if (!sheet->pdrs || sheet->pdrs > SHEET_PDRS)
		return "pdrs";
	if (!sheet->fars || sheet->fars > SHEET_FARS)
		return "fars";
	if (sheet->qers > SHEET_QERS)
		return "qers";
	if (sheet->urrs > SHEET_URRS)
		return "urrs";
	if (!sheet->tunnels || sheet->tunnels > SHEET_TUNNELS)
		return "tunnels";
	if (sheet->groups4 > SHEET_FILTERS / 8)
		return "groups4";
	if (sheet->groups6 > SHEET_FILTERS / 8)
		return "groups6";
	return sheet->routes > SHEET_ROUTES ? "routes" : NULL;
}

static const char *header_fault(const struct sheet *sheet, size_t length)
{
	uint64_t all;
	const char *fault = counts_fault(sheet);

	if (fault)
		return fault;
	if (sheet->bytes != length || sheet_all_bytes(sheet) != length)
		return "bytes";
	if (!sheet->episode)
		return "episode";
	all = ones(sheet->pdrs);
	if (((sheet->way[SHEET_UPLINK] | sheet->way[SHEET_DOWNLINK]) & ~all) ||
	    (sheet->way[SHEET_UPLINK] & sheet->way[SHEET_DOWNLINK]))
		return "way";
	return (sheet->open[0] | sheet->open[1]) & ~all ? "open" : NULL;
}

static const char *far_fault(const struct sheet_far *far)
{
	bool there = far->outer == SHEET_OUTER_GTPU4 ? far->peer_ipv4 : far->peer_ipv6[0] | far->peer_ipv6[1];

	if (far->action >= SHEET_ACTIONS)
		return "far.action";
	if (far->outer >= SHEET_OUTERS)
		return "far.outer";
	if (far->flags & ~(SHEET_NOTIFY | SHEET_DSCP | SHEET_HAS_PEER) || far->dscp > 63)
		return "far.flags";
	if (!(far->flags & SHEET_HAS_PEER) && far->action == SHEET_BUFFER)
		return far->waits > SHEET_WAITS_MAX + 1 || far->lasts > 1 ? "far.waits" : NULL;
	if (!(far->flags & SHEET_HAS_PEER))
		return NULL;
	return far->outer == SHEET_OUTER_NONE || !far->peer_teid || !there ? "far.peer" : NULL;
}

static const char *rules_fault(const struct sheet *sheet, const struct sheet_parts *parts)
{
	const char *fault = NULL;

	for (unsigned i = 0; i < sheet->tunnels; i++)
		if (parts->tunnel[i] & ~ones(sheet->pdrs))
			return "tunnel";
	for (unsigned i = 0; i < sheet->pdrs; i++) {
		const struct sheet_pdr *pdr = &parts->pdr[i];

		if (pdr->flags & ~(SHEET_ANY_SOURCE | SHEET_FROM_CORE))
			return "pdr";
		if (pdr->far >= sheet->fars)
			return "pdr.far";
		if (pdr->qers & ~ones(sheet->qers))
			return "pdr.qers";
		if (pdr->urrs & ~ones(sheet->urrs))
			return "pdr.urrs";
	}
	for (unsigned i = 0; i < sheet->fars && !fault; i++)
		fault = far_fault(&parts->far[i]);
	return fault;
}

static bool limit_good(const struct sheet_qer *qer, unsigned way)
{
	const struct bearer_rate rate = { qer->cir_bps[way], qer->cbs_bytes[way], qer->ebs_bytes[way] };
	const char *field;

	return !rate.cir_bps || !bearer_rate_check(&rate, &field);
}

// What is dropped, or events, are counted by one that no packet is counted by otherwise: it lies behind whom it counts for. counter: 1 + its
// place, or 0.
static bool counter_good(const struct sheet *sheet, const struct sheet_parts *parts, unsigned i, uint32_t counter)
{
	if (!counter)
		return true;
	if (counter - 1 <= i || counter > sheet->urrs || parts->urr[counter - 1].id)
		return false;
	for (unsigned k = 0; k < sheet->pdrs; k++)
		if (parts->pdr[k].urrs >> (counter - 1) & 1)
			return false;
	return true;
}

static bool urr_good(const struct sheet *sheet, const struct sheet_parts *parts, unsigned i)
{
	const struct sheet_urr *urr = &parts->urr[i];
	uint64_t silence;

	if (urr->flags & ~(uint32_t)(SHEET_QUOTA | SHEET_STOPPED | SHEET_BEFORE | SHEET_EVENTS) || !urr->serial ||
	    !counter_good(sheet, parts, i, urr->dropped) || !counter_good(sheet, parts, i, urr->events) ||
	    !(urr->flags & SHEET_EVENTS) != !urr->events || (urr->events && urr->events == urr->dropped))
		return false;
	silence = urr->events ? parts->urr[urr->events - 1].quota[SHEET_EVENTS_SILENCE] : 1;
	return silence && silence <= UINT32_MAX;
}

static const char *treatment_fault(const struct sheet *sheet, const struct sheet_parts *parts)
{
	for (unsigned i = 0; i < sheet->qers; i++) {
		const struct sheet_qer *qer = &parts->qer[i];

		if (qer->flags &
		    ~(SHEET_GATE_UP | SHEET_GATE_DOWN | SHEET_QFI | SHEET_REMARK | SHEET_AWARE | SHEET_RQI))
			return "qer.flags";
		if (qer->qfi > 63)
			return "qer.qfi";
		if (qer->mark >= BEARER_MARK_COUNT)
			return "qer.mark";
		if (!limit_good(qer, SHEET_UPLINK) || !limit_good(qer, SHEET_DOWNLINK))
			return "qer.cir_bps";
	}
	for (unsigned i = 0; i < sheet->urrs; i++)
		if (!urr_good(sheet, parts, i))
			return "urr";
	return NULL;
}

static bool column_good(const uint32_t *low, const uint32_t *high, uint64_t all)
{
	for (unsigned i = 0; i < 8; i++)
		if ((low[i] | (uint64_t)high[i] << 32) & ~all)
			return false;
	return true;
}

static bool ports_good(const uint32_t *range)
{
	for (unsigned i = 0; i < 8; i++)
		if ((range[i] & 0xffff) > range[i] >> 16)
			return false;
	return true;
}

static const char *filters4_fault(const struct sheet_filters4 *filters, uint64_t all)
{
	if (!column_good(filters->pdrs_low, filters->pdrs_high, all))
		return "filters4.pdrs";
	return ports_good(filters->remote_ports) && ports_good(filters->local_ports) ? NULL : "filters4.ports";
}

static const char *filters6_fault(const struct sheet_filters6 *filters, uint64_t all)
{
	if (!column_good(filters->pdrs_low, filters->pdrs_high, all))
		return "filters6.pdrs";
	return ports_good(filters->remote_ports) && ports_good(filters->local_ports) ? NULL : "filters6.ports";
}

static const char *filters_fault(const struct sheet *sheet, const struct sheet_parts *parts)
{
	const char *fault = NULL;

	for (unsigned i = 0; i < sheet->groups4 && !fault; i++)
		fault = filters4_fault(&parts->filters4[i], ones(sheet->pdrs));
	for (unsigned i = 0; i < sheet->groups6 && !fault; i++)
		fault = filters6_fault(&parts->filters6[i], ones(sheet->pdrs));
	return fault;
}

static const char *routes_fault(const struct sheet *sheet)
{
	const struct sheet_route *route = sheet_routes_behind(sheet, sheet + 1);
	uint64_t all = ones(sheet->pdrs) & ~sheet->way[SHEET_UPLINK];

	for (unsigned i = 0; i < sheet->routes; i++)
		if (!prefix_sound(&route[i].prefix) || route[i].pdrs & ~all)
			return "routes";
	return NULL;
}

int sheet_check(const void *bytes, size_t length, const char **field)
{
	const struct sheet *sheet = bytes;
	struct sheet_parts parts;

	*field = length < sizeof(*sheet) || length > SHEET_BYTES_MAX ? "bytes" : header_fault(sheet, length);
	if (*field)
		return -EINVAL;
	parts = sheet_parts(sheet);
	*field = rules_fault(sheet, &parts);
	if (!*field)
		*field = treatment_fault(sheet, &parts);
	if (!*field)
		*field = filters_fault(sheet, &parts);
	if (!*field)
		*field = routes_fault(sheet);
	return *field ? -EINVAL : 0;
}

uint32_t sheet_sum(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t sum = 0x9e3779b97f4a7c15ull ^ length, word;

	for (; length; at += word, length -= word) {
		uint64_t piece = 0;

		word = length < sizeof(piece) ? length : sizeof(piece);
		memcpy(&piece, at, word);
		sum = (sum ^ piece) * 0xd6e8feb86659fd93ull;
		sum ^= sum >> 32;
	}
	sum ^= sum >> 29;
	return (uint32_t)sum ? (uint32_t)sum : 1;
}
