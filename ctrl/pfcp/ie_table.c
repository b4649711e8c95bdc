// ie_table.c - looking into the rows of ie.table (ie_table.h).
#include "ctrl/pfcp/ie_table.h"
#include "ctrl/pfcp/ie.h"

const struct pfcp_kind *pfcp_kind(unsigned group)
{
	unsigned message = group ^ PFCP_MESSAGE(0);
	const struct pfcp_kind *kind = NULL;

	if (group < PFCP_IE_TYPES)
		kind = &pfcp_kinds[group];
	else if (message < PFCP_MESSAGE_TYPES)
		kind = &pfcp_messages[message];
	return kind && kind->name ? kind : NULL;
}
