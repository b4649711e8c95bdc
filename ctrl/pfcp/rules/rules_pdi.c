// rules_pdi.c - see rules_pdi.h. Pure.
#include "ctrl/pfcp/rules/rules_pdi.h"
#include "ctrl/pfcp/codec/ie_get.h"

// What says where packets come from; then what goes with it.
#define ENDS 6u
static const uint16_t lasting[] = { PFCP_IE_F_TEID,           PFCP_IE_TRAFFIC_ENDPOINT_ID,
				    PFCP_IE_UE_IP_ADDRESS,    PFCP_IE_FRAMED_ROUTE,
				    PFCP_IE_FRAMED_ROUTING,   PFCP_IE_FRAMED_IPV6_ROUTE,
				    PFCP_IE_NETWORK_INSTANCE, PFCP_IE_QFI };

static bool same_side(struct group old, struct group new)
{
	return pfcp_number(pfcp_first(old.tree, old.ie, PFCP_IE_SOURCE_INTERFACE)) ==
	       pfcp_number(pfcp_first(new.tree, new.ie, PFCP_IE_SOURCE_INTERFACE));
}

static bool names_end(struct group pdi)
{
	for (unsigned i = 0; i < ENDS; i++)
		if (pfcp_first(pdi.tree, pdi.ie, lasting[i]))
			return true;
	return false;
}

static void lasting_copy(struct pfcp_writer *writer, struct group old, struct group new)
{
	for (unsigned i = 0; i < sizeof(lasting) / sizeof(*lasting); i++)
		for (const struct pfcp_ie *ie = pfcp_first(old.tree, old.ie, lasting[i]);
		     ie && !pfcp_first(new.tree, new.ie, lasting[i]); ie = pfcp_again(old.tree, ie))
			pfcp_copy(writer, ie);
}

void pdi_merge(struct pfcp_writer *writer, const struct pfcp_tree *was, struct group update)
{
	struct group old = { was, pfcp_first(was, NULL, PFCP_IE_PDI) };
	struct group new = { update.tree, pfcp_first(update.tree, update.ie, PFCP_IE_PDI) };
	uint8_t *mark;

	if (!new.ie || names_end(new) || !same_side(old, new)) {
		pfcp_copy(writer, new.ie ? new.ie : old.ie);
		return;
	}
	pfcp_begin(writer, PFCP_IE_PDI, &mark);
	lasting_copy(writer, old, new);
	for (const struct pfcp_ie *ie = pfcp_child(new.tree, new.ie); ie; ie = pfcp_next(new.tree, ie))
		pfcp_copy(writer, ie);
	pfcp_end(writer, mark);
}
