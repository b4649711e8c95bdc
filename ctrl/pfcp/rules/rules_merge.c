// rules_merge.c - see rules_merge.h. Pure.
#include "ctrl/pfcp/rules/rules_merge.h"
#include "ctrl/pfcp/rules/rules_pdi.h"

static bool is(const struct pfcp_ie *ie, uint16_t type)
{
	return ie->type == type && !ie->vendor;
}

static bool among(const struct pfcp_ie *ie, const uint16_t types[2])
{
	return is(ie, types[0]) || is(ie, types[1]);
}

// What is in `old` and has no successor in `update`, then what is in `update`; but for what has these types, of each.
static void level_merge(struct pfcp_writer *writer, struct group old, struct group update,
			const uint16_t left_out[2][2])
{
	for (const struct pfcp_ie *ie = old.tree ? pfcp_child(old.tree, old.ie) : NULL; ie;
	     ie = pfcp_next(old.tree, ie))
		if (!among(ie, left_out[0]) && (ie->vendor || !pfcp_first(update.tree, update.ie, ie->type)))
			pfcp_copy(writer, ie);
	for (const struct pfcp_ie *ie = pfcp_child(update.tree, update.ie); ie; ie = pfcp_next(update.tree, ie))
		if (!among(ie, left_out[1]))
			pfcp_copy(writer, ie);
}

// A FAR's parameters are merged in their turn. Flags of the moment are nobody's lasting part.
static void parameters_merge(struct pfcp_writer *writer, const struct pfcp_tree *was, struct group update)
{
	static const uint16_t flags[2][2] = { { PFCP_IE_PFCPSMREQ_FLAGS }, { PFCP_IE_PFCPSMREQ_FLAGS } };
	struct group old = { was, pfcp_first(was, NULL, PFCP_IE_FORWARDING_PARAMETERS) };
	struct group new = { update.tree, pfcp_first(update.tree, update.ie, PFCP_IE_UPDATE_FORWARDING_PARAMETERS) };
	uint8_t *mark;

	if (!new.ie) {
		if (old.ie)
			pfcp_copy(writer, old.ie);
		return;
	}
	if (!old.ie)
		old.tree = NULL;
	pfcp_begin(writer, PFCP_IE_FORWARDING_PARAMETERS, &mark);
	level_merge(writer, old, new, flags);
	pfcp_end(writer, mark);
}

void rules_merge(struct pfcp_writer *writer, enum rule_kind kind, const struct pfcp_tree *was, struct group update)
{
	static const uint16_t far[2][2] = { { PFCP_IE_FORWARDING_PARAMETERS },
					    { PFCP_IE_UPDATE_FORWARDING_PARAMETERS } };
	static const uint16_t pdr[2][2] = { { PFCP_IE_ACTIVATE_PREDEFINED_RULES, PFCP_IE_PDI },
					    { PFCP_IE_DEACTIVATE_PREDEFINED_RULES, PFCP_IE_PDI } };
	static const uint16_t other[2][2] = { { 0 } };
	const struct group old = { was, NULL };

	level_merge(writer, old, update, kind == RULE_FAR ? far : kind == RULE_PDR ? pdr : other);
	if (kind == RULE_PDR) {
		names_merge(writer, was, update);
		pdi_merge(writer, was, update);
	}
	if (kind == RULE_FAR)
		parameters_merge(writer, was, update);
}
