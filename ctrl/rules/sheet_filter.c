// sheet_filter.c - SDF filters (TS 29.244 8.2.5) as lines of a sheet's groups. Those that say the same are one.
#include <errno.h>
#include <string.h>
#include "ctrl/rules/sheet_draft.h"
#include "shared/wire/filter.h"

#define PORTS_ANY 0xffff0000u
#define LABEL_BITS 0xfffffu

enum { FAMILY4, FAMILY6 };

static int flow_read(const Shoal__Oss__Filter *from, struct filter *flow, struct fault *fault)
{
	const char *words;
	int error;

	*flow = (struct filter){ .any_protocol = true };
	if (!*from->flow)
		return 0;
	error = filter_read(from->flow, strlen(from->flow), flow, &words);
	if (error)
		return fault_say(fault,
				 error == -EOPNOTSUPP ? SHOAL__OSS__CODE__UNSUPPORTED : SHOAL__OSS__CODE__INVALID_FIELD,
				 "flow", words);
	if (flow->remote.family && flow->local.family && flow->remote.family != flow->local.family)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "flow", "Its ends are of different families.");
	return 0;
}

static int rest_check(const Shoal__Oss__Filter *from, const struct filter *flow, struct fault *fault)
{
	if (from->tos > UINT8_MAX || from->tos_mask > UINT8_MAX)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "tos", "A byte, and a mask of a byte.");
	if (from->tos && !from->tos_mask)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "tos_mask", "A tos of which no bit counts.");
	if (from->spi && !from->has_spi)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "has_spi", "An spi without has_spi.");
	if (from->flow_label && !from->has_flow_label)
		return fault_say(fault, SHOAL__OSS__CODE__MISSING_FIELD, "has_flow_label",
				 "A flow_label without has_flow_label.");
	if (from->flow_label > LABEL_BITS)
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "flow_label", "A flow label has 20 bits.");
	if (from->has_flow_label && (flow->remote.family == 4 || flow->local.family == 4))
		return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "flow_label", "IPv4 has no flow labels.");
	return 0;
}

static int end_check(const struct filter *flow, uint32_t ue_ipv4, uint64_t ue_ipv6, struct fault *fault)
{
	if (filter_holds(&flow->local, ue_ipv4, ue_ipv6))
		return 0;
	return fault_say(fault, SHOAL__OSS__CODE__INVALID_FIELD, "flow",
			 "The UE's end does not hold the session's address.");
}

// A filter that names the UE's end has to take what the rule takes behind it, too: of that end workers know nothing.
static int routes_check(const struct sheet_draft *draft, const struct filter_net *local, uint64_t pdr,
			struct fault *fault)
{
	struct prefix end = prefix_ipv4(local->word[0], local->bits);
	bool up = draft->head.way[SHEET_UPLINK] & pdr;

	if (local->family == 6)
		end = (struct prefix){ .high = (uint64_t)local->word[0] << 32 | local->word[1],
				       .low = (uint64_t)local->word[2] << 32 | local->word[3],
				       .length = local->bits };
	for (unsigned i = 0; local->family && i < draft->head.routes; i++)
		if ((up || draft->route[i].pdrs & pdr) && !prefix_within(&end, &draft->route[i].prefix))
			return fault_say(fault, SHOAL__OSS__CODE__UNSUPPORTED, "flow",
					 "The UE's end does not hold all networks behind it that the rule is for.");
	return 0;
}

// What is the same for all its ranges of ports.
static struct sheet_filter filter_base(const Shoal__Oss__Filter *from, const struct filter *flow)
{
	struct sheet_filter base = { .remote_ports = PORTS_ANY, .local_ports = PORTS_ANY };

	for (unsigned i = 0; flow->remote.family && i < 4; i++) {
		base.remote[i] = flow->remote.word[i];
		base.mask[i] = filter_mask(flow->remote.bits, i);
	}
	if (!flow->any_protocol)
		base.kind = flow->protocol | 0xff00;
	base.kind |= (from->tos & from->tos_mask) << 16 | from->tos_mask << 24;
	if (from->has_spi) {
		base.spi = from->spi;
		base.has_spi = 1;
	}
	if (from->has_flow_label) {
		base.label = from->flow_label;
		base.label_mask = LABEL_BITS;
	}
	return base;
}

static int list_add(struct sheet_list *list, const struct sheet_filter *filter, uint64_t pdr)
{
	for (unsigned i = 0; i < list->count; i++)
		if (!memcmp(&list->filter[i], filter, offsetof(struct sheet_filter, pdrs))) {
			list->filter[i].pdrs |= pdr;
			return 0;
		}
	if (list->count == SHEET_FILTERS)
		return -ENOSPC;
	list->filter[list->count] = *filter;
	list->filter[list->count++].pdrs = pdr;
	return 0;
}

static uint32_t ports_word(const struct filter_ports *ports, unsigned i)
{
	return i < ports->count ? ports->range[i].first | (uint32_t)ports->range[i].last << 16 : PORTS_ANY;
}

// A line for each pair of ranges.
static int ports_add(struct sheet_list *list, struct sheet_filter *base, const struct filter *flow, uint64_t pdr)
{
	unsigned i = 0, j;

	do {
		base->remote_ports = ports_word(&flow->remote_ports, i);
		j = 0;
		do {
			base->local_ports = ports_word(&flow->local_ports, j);
			if (list_add(list, base, pdr))
				return -ENOSPC;
		} while (++j < flow->local_ports.count);
	} while (++i < flow->remote_ports.count);
	return 0;
}

static bool takes_all(const struct sheet_filter *base, const struct filter *flow)
{
	return !base->mask[0] && !base->kind && !base->has_spi && !base->label_mask && !flow->remote_ports.count &&
	       !flow->local_ports.count;
}

static int filter_add(struct sheet_draft *draft, const Shoal__Oss__Filter *from, uint64_t pdr, struct fault *fault)
{
	const struct compile_about *about = draft->about;
	struct sheet_filter base;
	struct filter flow;
	unsigned family;

	if (flow_read(from, &flow, fault) || rest_check(from, &flow, fault))
		return -EINVAL;
	draft->ends = draft->ends || flow.local.family;
	if ((about->ue_ipv4 || about->ue_ipv6) && !filter_holds(&flow.local, about->ue_ipv4, about->ue_ipv6))
		return 0; // somebody else's: no packet of this session is its
	if (routes_check(draft, &flow.local, pdr, fault))
		return -EINVAL;
	base = filter_base(from, &flow);
	family = flow.remote.family ? flow.remote.family : flow.local.family;
	if (from->has_flow_label)
		family = 6;
	for (unsigned i = FAMILY4; i <= FAMILY6; i++) {
		if (family && family != (i == FAMILY4 ? 4 : 6))
			continue;
		if (takes_all(&base, &flow))
			draft->head.open[i] |= pdr;
		else if (ports_add(&draft->list[i], &base, &flow, pdr))
			return fault_say(
			    fault, SHOAL__OSS__CODE__LIMIT, "flow",
			    "At most 64 filters of a family and session, one for each pair of ranges of ports.");
	}
	return 0;
}

int sheet_filters(struct sheet_draft *draft, const Shoal__Oss__Match *match, uint64_t pdr, struct fault *fault)
{
	Shoal__Oss__Filter alone = SHOAL__OSS__FILTER__INIT;

	if (!*match->filter && !match->n_filters) {
		draft->head.open[FAMILY4] |= pdr;
		draft->head.open[FAMILY6] |= pdr;
	}
	alone.flow = match->filter;
	if (*match->filter && filter_add(draft, &alone, pdr, fault))
		return fault_name(fault, "match.filter");
	for (size_t i = 0; i < match->n_filters; i++) {
		if (!filter_add(draft, match->filters[i], pdr, fault))
			continue;
		fault_under(fault, "match.filters", (int)i);
		return -EINVAL;
	}
	return 0;
}

static int rule_ends(const Shoal__Oss__Match *match, uint32_t ue_ipv4, uint64_t ue_ipv6, struct fault *fault)
{
	Shoal__Oss__Filter alone = SHOAL__OSS__FILTER__INIT;
	struct filter flow;

	alone.flow = match->filter;
	if (flow_read(&alone, &flow, fault) || end_check(&flow, ue_ipv4, ue_ipv6, fault))
		return fault_name(fault, "match.filter");
	for (size_t i = 0; i < match->n_filters; i++) {
		if (!flow_read(match->filters[i], &flow, fault) && !end_check(&flow, ue_ipv4, ue_ipv6, fault))
			continue;
		fault_under(fault, "match.filters", (int)i);
		return -EINVAL;
	}
	return 0;
}

int compile_ends(const Shoal__Oss__Session *session, uint32_t ue_ipv4, uint64_t ue_ipv6, struct fault *fault)
{
	for (size_t i = 0; i < session->n_rules; i++) {
		if (!rule_ends(session->rules[i]->match, ue_ipv4, ue_ipv6, fault))
			continue;
		fault_under(fault, "rules", (int)i);
		return -EINVAL;
	}
	return 0;
}
