// translate_filter.c - SDF filters of PDIs (TS 29.244 8.2.5). What a flow description says is ctrl's to read. Pure.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/rules/translate_read.h"

#define FLOW_MAX 1024u

static bool flow_is(const struct pfcp_sdf *sdf, const char *text)
{
	return sdf->flow && sdf->flow_bytes == strlen(text) && !memcmp(sdf->flow, text, sdf->flow_bytes);
}

// What a filter may name a packet by besides its id; none of it: the id stands for a filter that was given before.
static bool says_nothing(const struct pfcp_sdf *sdf)
{
	return !sdf->flow && !sdf->has_tos && !sdf->has_spi && !sdf->has_label;
}

// Lets everything of the UE pass: as good as no filter.
static bool takes_everything(const struct pfcp_sdf *sdf)
{
	return !sdf->has_tos && !sdf->has_spi && !sdf->has_label &&
	       (flow_is(sdf, "permit out ip from any to assigned") || flow_is(sdf, "permit out ip from any to any"));
}

static char *text_take(const struct reading *reading, size_t bytes)
{
	struct translation *to = reading->to;
	char *text = to->text + to->text_used;

	if (bytes >= sizeof(to->text) - to->text_used) {
		rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_SDF_FILTER,
			    "The session's flow descriptions are too long.");
		return NULL;
	}
	to->text_used += bytes + 1;
	text[bytes] = '\0';
	return text;
}

static int flow_read(const struct reading *reading, const struct pfcp_sdf *sdf, Shoal__Oss__Filter *filter)
{
	char *text;

	for (unsigned i = 0; i < sdf->flow_bytes; i++)
		if (sdf->flow[i] < ' ' || sdf->flow[i] > '~')
			return read_failure(reading, PFCP_IE_SDF_FILTER, "A flow description is printable text.");
	if (sdf->flow_bytes > FLOW_MAX)
		return read_failure(reading, PFCP_IE_SDF_FILTER, "The flow description is too long.");
	text = text_take(reading, sdf->flow_bytes);
	if (!text)
		return -EPROTO;
	memcpy(text, sdf->flow, sdf->flow_bytes);
	filter->flow = text;
	return 0;
}

static int filter_take(const struct reading *reading, unsigned *index)
{
	struct translation *to = reading->to;

	if (to->filters_used == TRANSLATE_FILTERS)
		return rules_fault(reading->fault, PFCP_CAUSE_NO_RESOURCES, PFCP_IE_SDF_FILTER,
				   "The session has too many SDF filters.");
	*index = to->filters_used++;
	shoal__oss__filter__init(&to->filter[*index]);
	to->filters[*index] = &to->filter[*index];
	to->filtered[*index] = (struct translated_filter){ 0 };
	return 0;
}

static int filter_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_sdf *sdf)
{
	Shoal__Oss__Filter *filter;
	unsigned index = 0;

	if (filter_take(reading, &index))
		return -EPROTO;
	filter = &reading->to->filter[index];
	reading->to->filtered[index] =
	    (struct translated_filter){ .pdr = pdr, .has_id = sdf->has_id, .empty = says_nothing(sdf), .id = sdf->id };
	filter->tos = sdf->tos >> 8;
	filter->tos_mask = sdf->tos & 0xff;
	filter->has_spi = sdf->has_spi;
	filter->spi = sdf->spi;
	filter->has_flow_label = sdf->has_label;
	filter->flow_label = sdf->label;
	return sdf->flow ? flow_read(reading, sdf, filter) : 0;
}

bool filters_given(const struct reading *reading, const struct pfcp_ie *pdi)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	const struct pfcp_ie *ie = pfcp_first(tree, pdi, PFCP_IE_SDF_FILTER);
	struct pfcp_sdf sdf;

	while (ie && !pfcp_get_sdf(ie, &sdf) && says_nothing(&sdf) && !sdf.has_id)
		ie = pfcp_again(tree, ie);
	return ie;
}

int filters_read(const struct reading *reading, const struct rule *pdr, const struct pfcp_ie *pdi, unsigned *count)
{
	const struct pfcp_tree *tree = &reading->rules->tree;
	unsigned first = reading->to->filters_used;
	bool everything = false;

	for (const struct pfcp_ie *ie = pfcp_first(tree, pdi, PFCP_IE_SDF_FILTER); ie; ie = pfcp_again(tree, ie)) {
		struct pfcp_sdf sdf;

		if (pfcp_get_sdf(ie, &sdf))
			return rules_fault(reading->fault, PFCP_CAUSE_MANDATORY_INCORRECT, PFCP_IE_SDF_FILTER,
					   "Not an SDF filter.");
		if (says_nothing(&sdf) && !sdf.has_id)
			continue;
		everything |= takes_everything(&sdf);
		if (filter_read(reading, pdr, &sdf))
			return -EPROTO;
	}
	*count = everything ? 0 : reading->to->filters_used - first;
	return 0;
}

int filter_told(const struct reading *reading, const struct rule *pdr, const char *flow, bool *everything)
{
	const struct pfcp_sdf sdf = { .flow = flow, .flow_bytes = (uint16_t)strlen(flow) };
	unsigned index = 0;

	if (filter_take(reading, &index))
		return -EPROTO;
	reading->to->filtered[index].pdr = pdr;
	reading->to->filter[index].flow = (char *)flow;
	*everything |= takes_everything(&sdf);
	return 0;
}

// Where this id was given with a meaning: in a PDR of this session, whichever came first.
static const Shoal__Oss__Filter *filter_named(const struct translation *to, uint32_t id)
{
	for (unsigned i = 0; i < to->filters_used; i++)
		if (to->filtered[i].has_id && !to->filtered[i].empty && to->filtered[i].id == id)
			return &to->filter[i];
	return NULL;
}

int filters_resolve(const struct reading *reading)
{
	struct translation *to = reading->to;

	for (unsigned i = 0; i < to->filters_used; i++) {
		const Shoal__Oss__Filter *named;

		if (!to->filtered[i].empty)
			continue;
		named = filter_named(to, to->filtered[i].id);
		if (!named) {
			read_failure(reading, PFCP_IE_SDF_FILTER, "No filter of the session has this id.");
			return rules_fault_of(reading->fault, to->filtered[i].pdr);
		}
		to->filter[i] = *named;
	}
	return 0;
}

static const char *whole(unsigned family)
{
	return family == 4 ? "0.0.0.0/0" : "::/0";
}

// "from any" is from any address of the family.
static int flow_restrict(const struct reading *reading, Shoal__Oss__Filter *filter, unsigned family)
{
	static const char any[] = " from any ";
	const char *flow = *filter->flow ? filter->flow : "permit out ip from any to assigned";
	const char *at = strstr(flow, any);
	size_t length = at ? strlen(flow) + strlen(whole(family)) : 0;
	char *text;

	if (!at)
		return 0;
	text = text_take(reading, length);
	if (!text)
		return -EPROTO;
	snprintf(text, length + 1, "%.*s from %s %s", (int)(at - flow), flow, whole(family), at + strlen(any));
	filter->flow = text;
	return 0;
}

int filters_restrict(const struct reading *reading, unsigned pdr, unsigned family)
{
	Shoal__Oss__Match *match = &reading->to->match[pdr];
	unsigned index = 0;

	if (!match->n_filters) {
		if (filter_take(reading, &index))
			return -EPROTO;
		match->filters = &reading->to->filters[index];
		match->n_filters = 1;
	}
	for (size_t i = 0; i < match->n_filters; i++)
		if (flow_restrict(reading, match->filters[i], family))
			return -EPROTO;
	return 0;
}
