// sheet_make.c - rules in the order of precedence, where their packets go, and all of it as one block of bytes.
#include "ctrl/rules/sheet_make.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/kit/hash.h"
#include "ctrl/rules/compile_framed.h"
#include "ctrl/rules/sheet_draft.h"
#include "shared/wire/cursor.h"

#define LINE 64u // of a region; tokens and gauges begin on one of their own
#define WAITING_SEED 0x13198a2e03707344ull

_Static_assert((int)COMPILE_UPLINK == SHEET_UPLINK && (int)COMPILE_DOWNLINK == SHEET_DOWNLINK, "one order of ways");

struct ranked {
	const Shoal__Oss__Rule *rule;
	size_t index; // in the session
};

static int by_precedence(const void *a, const void *b)
{
	const Shoal__Oss__Rule *left = ((const struct ranked *)a)->rule, *right = ((const struct ranked *)b)->rule;

	if (left->precedence != right->precedence)
		return left->precedence < right->precedence ? -1 : 1;
	return left->id < right->id ? -1 : 1;
}

static void far_reach(struct sheet_far *far, const Shoal__Oss__Forward *forward)
{
	far->flags |= SHEET_HAS_PEER;
	far->peer_teid = forward->peer_teid;
	if (far->outer == SHEET_OUTER_GTPU4) {
		far->peer_ipv4 = forward->peer_ipv4;
		return;
	}
	far->peer_ipv6[0] = be64_get(forward->peer_ipv6.data);
	far->peer_ipv6[1] = be64_get(forward->peer_ipv6.data + 8);
}

static struct sheet_far far_make(const Shoal__Oss__Rule *rule)
{
	const Shoal__Oss__Forward *forward = rule->forward;
	struct sheet_far far = { .id = rule->id, .action = SHEET_FORWARD };

	if (forward->drop)
		far.action = SHEET_DROP;
	else if (forward->buffer)
		far.action = SHEET_BUFFER;
	if (forward->notify)
		far.flags |= SHEET_NOTIFY;
	if (far.action == SHEET_FORWARD && forward->destination == SHOAL__OSS__INTERFACE__CP)
		far.flags |= SHEET_BARE;
	if (forward->has_dscp) {
		far.flags |= SHEET_DSCP;
		far.dscp = (uint8_t)forward->dscp;
	}
	if (forward->destination && (forward->destination != SHOAL__OSS__INTERFACE__CORE || forward->peer_teid))
		far.outer = SHEET_OUTER_GTPU4;
	if (far.outer && forward->peer_ipv6.len)
		far.outer = SHEET_OUTER_GTPU6;
	if (forward->has_buffer_packets)
		far.waits = forward->buffer_packets + 1; // where it would go nobody asks meanwhile
	else if (far.outer && forward->peer_teid)
		far_reach(&far, forward);
	return far;
}

// Rules that forward alike share one.
static uint8_t far_add(struct sheet_draft *draft, const Shoal__Oss__Rule *rule)
{
	struct sheet_far far = far_make(rule);
	unsigned i;

	for (i = 0; i < draft->head.fars; i++)
		if (!memcmp(&draft->far[i].action, &far.action, sizeof(far) - offsetof(struct sheet_far, action)))
			return (uint8_t)i;
	draft->far[draft->head.fars++] = far;
	return (uint8_t)i;
}

static uint64_t qfis_of(const Shoal__Oss__Match *match)
{
	uint64_t qfis = match->n_qfis ? 0 : UINT64_MAX;

	for (size_t i = 0; i < match->n_qfis; i++)
		qfis |= 1ull << match->qfis[i];
	return qfis;
}

// Whose packets need not have the UE's address: those of the control plane, or for it, those on their way between radio sides or to the
// UE, and all where it has none here.
static bool source_any(const struct sheet_draft *draft, const Shoal__Oss__Rule *rule)
{
	Shoal__Oss__Interface source = rule->match->source, destination = rule->forward->destination;

	return compile_nobody(draft->session, draft->about) || rule->match->tunnelled ||
	       source == SHOAL__OSS__INTERFACE__CP || destination == SHOAL__OSS__INTERFACE__CP || destination == source;
}

// All networks behind the UE; which rules are for them, these say.
static void routes_add(struct sheet_draft *draft, const struct plan_framed *framed)
{
	for (unsigned i = 0; i < framed->count; i++)
		draft->route[i].prefix = framed->prefix[i];
	draft->head.routes = (uint8_t)framed->count;
}

static void route_lead(struct sheet_draft *draft, const Shoal__Oss__Match *match, uint64_t pdr)
{
	for (unsigned i = 0; i < draft->head.routes; i++)
		if (compile_framed_named(match, &draft->route[i].prefix) ||
		    compile_framed_all(draft->session, &draft->route[i].prefix))
			draft->route[i].pdrs |= pdr;
}

static int rule_add(struct sheet_draft *draft, const Shoal__Oss__Rule *rule, struct fault *fault)
{
	const Shoal__Oss__Match *match = rule->match;
	bool downlink = match->source == SHOAL__OSS__INTERFACE__CORE && !match->tunnelled;
	uint64_t bit = 1ull << draft->head.pdrs;
	struct sheet_pdr *pdr = &draft->pdr[draft->head.pdrs++];

	*pdr = (struct sheet_pdr){ .id = (uint16_t)rule->id, .far = far_add(draft, rule), .qfis = qfis_of(match) };
	pdr->qers = sheet_rule_qers(draft, rule);
	pdr->urrs = sheet_rule_urrs(draft, rule);
	if (!downlink && source_any(draft, rule))
		pdr->flags |= SHEET_ANY_SOURCE;
	if (match->tunnelled)
		pdr->flags |= SHEET_FROM_CORE;
	if (!match->framed_alone)
		draft->head.way[downlink ? SHEET_DOWNLINK : SHEET_UPLINK] |= bit;
	if (downlink)
		route_lead(draft, match, bit);
	draft->tunnel[match->tunnel] |= bit;
	if (match->tunnel >= draft->head.tunnels)
		draft->head.tunnels = (uint8_t)(match->tunnel + 1);
	return sheet_filters(draft, match, bit, fault);
}

static int rules_add(struct sheet_draft *draft, struct fault *fault)
{
	const Shoal__Oss__Session *session = draft->session;
	struct ranked ranked[SHEET_PDRS];

	for (size_t i = 0; i < session->n_rules; i++)
		ranked[i] = (struct ranked){ session->rules[i], i };
	qsort(ranked, session->n_rules, sizeof(ranked[0]), by_precedence);
	for (size_t i = 0; i < session->n_rules; i++) {
		if (!rule_add(draft, ranked[i].rule, fault))
			continue;
		fault_under(fault, "rules", (int)ranked[i].index);
		return -EINVAL;
	}
	return 0;
}

static void groups4_write(struct sheet_filters4 *groups, const struct sheet_list *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct sheet_filter *from = &list->filter[i];
		struct sheet_filters4 *to = &groups[i / 8];
		unsigned k = i % 8;

		to->remote[k] = from->remote[0];
		to->mask[k] = from->mask[0];
		to->remote_ports[k] = from->remote_ports;
		to->local_ports[k] = from->local_ports;
		to->kind[k] = from->kind;
		to->spi[k] = from->spi;
		to->has_spi[k] = from->has_spi;
		to->pdrs_low[k] = (uint32_t)from->pdrs;
		to->pdrs_high[k] = (uint32_t)(from->pdrs >> 32);
	}
}

static void groups6_write(struct sheet_filters6 *groups, const struct sheet_list *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct sheet_filter *from = &list->filter[i];
		struct sheet_filters6 *to = &groups[i / 8];
		unsigned k = i % 8;

		for (unsigned word = 0; word < 4; word++) {
			to->remote[word][k] = from->remote[word];
			to->mask[word][k] = from->mask[word];
		}
		to->remote_ports[k] = from->remote_ports;
		to->local_ports[k] = from->local_ports;
		to->kind[k] = from->kind;
		to->spi[k] = from->spi;
		to->has_spi[k] = from->has_spi;
		to->label[k] = from->label;
		to->label_mask[k] = from->label_mask;
		to->pdrs_low[k] = (uint32_t)from->pdrs;
		to->pdrs_high[k] = (uint32_t)(from->pdrs >> 32);
	}
}

static void sheet_write(const struct sheet_draft *draft, uint8_t *bytes)
{
	const struct sheet *head = &draft->head;
	struct sheet_parts parts;

	memset(bytes, 0, head->bytes);
	memcpy(bytes, head, sizeof(*head));
	parts = sheet_parts((struct sheet *)bytes);
	memcpy((void *)parts.tunnel, draft->tunnel, head->tunnels * sizeof(draft->tunnel[0]));
	memcpy((void *)parts.pdr, draft->pdr, head->pdrs * sizeof(draft->pdr[0]));
	memcpy((void *)parts.far, draft->far, head->fars * sizeof(draft->far[0]));
	memcpy((void *)parts.qer, draft->qer, head->qers * sizeof(draft->qer[0]));
	memcpy((void *)parts.urr, draft->urr, head->urrs * sizeof(draft->urr[0]));
	groups4_write((struct sheet_filters4 *)parts.filters4, &draft->list[0]);
	groups6_write((struct sheet_filters6 *)parts.filters6, &draft->list[1]);
	memcpy((void *)sheet_routes_behind(head, (struct sheet *)bytes + 1), draft->route,
	       head->routes * sizeof(draft->route[0]));
}

// Which rules let packets wait and tell of it, as a number; 0 = none.
static uint64_t waiting_of(const struct sheet *head, const struct sheet_pdr *pdr, const struct sheet_far *far)
{
	uint64_t waiting = 0;

	for (unsigned i = 0; i < head->pdrs; i++)
		if (far[pdr[i].far].action == SHEET_BUFFER)
			waiting ^=
			    hash_u64(WAITING_SEED, (uint64_t)pdr[i].id << 8 | (far[pdr[i].far].flags & SHEET_NOTIFY));
	return waiting;
}

static void episode_number(struct sheet_draft *draft, uint32_t *made)
{
	const struct compile_past *past = draft->about->past;
	bool goes_on = past && past->episode &&
		       (past->stored || past->waiting == waiting_of(&draft->head, draft->pdr, draft->far));

	draft->head.episode = goes_on ? past->episode : ++*made;
}

struct compile_kept sheet_keeping(const Shoal__Oss__SessionModify *modify)
{
	uint32_t packets = modify->buffer_packets < SHEET_WAITS_MAX ? modify->buffer_packets : SHEET_WAITS_MAX;

	return (struct compile_kept){ .begins = modify->buffer_s,
				      .packets = modify->has_buffer_packets ? packets + 1 : 0 };
}

// Packets that wait in this episode wait longer, and as many as that was said to be for.
static void episode_keep(struct sheet_draft *draft, const struct compile_quota *quota)
{
	const struct compile_past *past = draft->about->past;
	struct compile_kept kept = past ? past->kept : (struct compile_kept){ 0 };

	if (!kept.begins && quota->kept)
		kept = quota->kept(quota->with, draft->about->session);
	if (!kept.begins && (!kept.episode || kept.episode != draft->head.episode))
		return;
	for (unsigned i = 0; i < draft->head.fars; i++) {
		struct sheet_far *far = &draft->far[i];
		uint32_t waits = far->flags & SHEET_HAS_PEER ? 0 : far->waits;

		if (far->action != SHEET_BUFFER)
			continue;
		*far = (struct sheet_far){ .id = far->id,
					   .action = SHEET_BUFFER,
					   .outer = far->outer,
					   .flags = far->flags & SHEET_NOTIFY,
					   .lasts = 1,
					   .waits = kept.packets ? kept.packets : waits };
	}
}

static uint32_t lines_of(uint32_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

uint32_t sheet_room(const struct sheet *sheet)
{
	return LINE + lines_of(sheet->bytes) + (sheet->qers + sheet->urrs) * LINE;
}

static int size_check(const struct sheet *head, uint32_t rules_bytes, struct fault *fault)
{
	char words[sizeof(fault->message)];

	if (sheet_all_bytes(head) <= SHEET_BYTES_MAX && sheet_room(head) <= rules_bytes)
		return 0;
	snprintf(words, sizeof(words), "The rules need %u bytes, limits.rules_bytes is %u.", sheet_room(head),
		 rules_bytes);
	return fault_say(fault, SHOAL__OSS__CODE__LIMIT, "rules", words);
}

int sheet_make(const Shoal__Oss__Session *session, const struct compile_needs *needs, const struct compile_about *about,
	       struct plan *plan, struct fault *fault)
{
	struct sheet_draft draft = { .session = session, .about = about };
	const char *field;

	draft.head.version = SHEET_VERSION;
	draft.head.tunnels = 1;
	plan->made = about->past ? about->past->made : 0;
	routes_add(&draft, &plan->framed);
	if (sheet_rates(&draft, fault) || sheet_measures(&draft, &needs->quota, &plan->made, fault) ||
	    rules_add(&draft, fault))
		return -EINVAL;
	episode_number(&draft, &plan->made);
	episode_keep(&draft, &needs->quota);
	draft.head.groups4 = (uint8_t)((draft.list[0].count + 7) / 8);
	draft.head.groups6 = (uint8_t)((draft.list[1].count + 7) / 8);
	draft.head.bytes = (uint16_t)sheet_all_bytes(&draft.head);
	if (size_check(&draft.head, needs->rules_bytes, fault))
		return -EINVAL;
	sheet_write(&draft, needs->room->bytes);
	if (sheet_check(needs->room->bytes, draft.head.bytes, &field))
		return fault_say(fault, SHOAL__OSS__CODE__INTERNAL, "rules", field);
	plan->sheet = (const struct sheet *)needs->room->bytes;
	plan->ends = draft.ends;
	plan->bearer.uplink.flags = plan->bearer.downlink.flags = BEARER_SHEET;
	plan->bearer.sheet_bytes = draft.head.bytes;
	plan->bearer.sheet_sum = sheet_sum(needs->room->bytes, draft.head.bytes);
	return 0;
}

// place: 1 + of what counts for another one, or 0.
static uint32_t serial_at(const struct sheet *sheet, uint32_t place)
{
	return place ? sheet_parts(sheet).urr[place - 1].serial : 0;
}

void sheet_past(const struct sheet *sheet, uint32_t made, struct compile_past *past)
{
	struct sheet_parts parts;

	*past = (struct compile_past){ .made = made };
	if (!sheet)
		return;
	parts = sheet_parts(sheet);
	past->episode = sheet->episode;
	past->waiting = waiting_of(sheet, parts.pdr, parts.far);
	for (; past->count < sheet->urrs && parts.urr[past->count].id; past->count++) {
		past->measure[past->count].id = parts.urr[past->count].id;
		past->measure[past->count].serial = parts.urr[past->count].serial;
		past->measure[past->count].drops = serial_at(sheet, parts.urr[past->count].dropped);
		past->measure[past->count].events = serial_at(sheet, parts.urr[past->count].events);
	}
}

static const struct sheet_urr *urr_of(const struct sheet *sheet, uint32_t measure)
{
	const struct sheet_urr *urr = sheet_parts(sheet).urr;

	for (unsigned i = 0; i < sheet->urrs; i++)
		if (urr[i].id == measure)
			return &urr[i];
	return NULL;
}

uint32_t sheet_serial(const struct sheet *sheet, uint32_t measure)
{
	const struct sheet_urr *urr = urr_of(sheet, measure);

	return urr ? urr->serial : 0;
}

uint32_t sheet_drops(const struct sheet *sheet, uint32_t measure)
{
	const struct sheet_urr *urr = urr_of(sheet, measure);

	return urr ? serial_at(sheet, urr->dropped) : 0;
}

uint32_t sheet_events(const struct sheet *sheet, uint32_t measure)
{
	const struct sheet_urr *urr = urr_of(sheet, measure);

	return urr ? serial_at(sheet, urr->events) : 0;
}

size_t sheet_serials(const struct sheet *sheet, const Shoal__Oss__Session *session, uint32_t serials[SHEET_SERIALS])
{
	size_t measures = session->n_measures;

	for (size_t i = 0; i < measures; i++) {
		serials[i] = sheet_serial(sheet, session->measures[i]->id);
		serials[measures + i] = sheet_drops(sheet, session->measures[i]->id);
		serials[2 * measures + i] = sheet_events(sheet, session->measures[i]->id);
	}
	return 3 * measures;
}
